"""Pages of signing in: by username and password, the first time by link, own account and password."""
