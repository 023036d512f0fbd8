"""rostersync."""
