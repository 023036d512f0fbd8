"""Tell whether a file is whole: counts, cut ends, parts that were not read."""
