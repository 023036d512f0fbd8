"""Work out the changes that make Moodle say what the roster says."""
