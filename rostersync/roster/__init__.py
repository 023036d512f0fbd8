"""What the registrar sent goes in; the roster table and its problems come out."""

from rostersync.roster.reading import load
from rostersync.roster.torn import refusal

__all__ = ["load", "refusal"]
