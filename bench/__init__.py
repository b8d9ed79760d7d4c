"""Speed of a nation's first load, September and unchanged day, beside the raw limit of the same database."""
