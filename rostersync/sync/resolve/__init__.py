"""Resolve the keys of a roster's rows to ids of users and courses."""
