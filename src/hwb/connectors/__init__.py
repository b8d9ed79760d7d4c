"""One package for each kind of service that accounts are carried to. They know the wish, never the tables."""
