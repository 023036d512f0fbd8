"""Give every row of the roster its one bucket, and every change its outcome."""
