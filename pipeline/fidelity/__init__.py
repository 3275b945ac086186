"""How real, how diverse and how new synthetic samples are: one measure a file."""
