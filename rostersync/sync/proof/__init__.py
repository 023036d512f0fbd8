"""Compare what was sent with a fresh read."""
