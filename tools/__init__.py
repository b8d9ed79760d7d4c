"""Checks of the project itself; none of this is installed."""
