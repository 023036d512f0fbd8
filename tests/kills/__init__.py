"""A real process is killed at any moment; what is left of its run is resumed, proved and undone."""
