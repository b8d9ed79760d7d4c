"""Speed of a nation's first load, September and unchanged day beside the raw limit of the same database; of the portal's
pages in it; and of signing in."""
