"""Packed integer keys, distinct values, schema checks, digests, rows as JSON: the only place for speed tricks."""
