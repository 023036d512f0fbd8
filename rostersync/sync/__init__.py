"""Decisions only: tables in, tables out. No I/O, no clock, no logging."""
