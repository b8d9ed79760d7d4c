"""Speed of a nation beside the raw limit of the same database, of the portal's pages in it, and of signing in."""
