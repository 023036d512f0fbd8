"""What the registrar sent goes in; the roster table and its problems come out."""

from rostersync.roster.reading import load

__all__ = ["load"]
