"""Read a file of any format into sheets of text cells."""
