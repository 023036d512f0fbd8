"""Figures as ratios of one run: `python -m tests.bench` prints a table, `--json` a document."""
