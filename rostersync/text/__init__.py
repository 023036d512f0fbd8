"""Text from outside: names that may be one person's, and what is safe on a terminal or in a cell."""
