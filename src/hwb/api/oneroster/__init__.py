"""OneRoster 1.2 and 1.1 for services: rosters to read, and as files."""
