"""Template tags; settings make `words` and `parts` known to every template."""
