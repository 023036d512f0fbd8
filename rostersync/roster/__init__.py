"""Read the registrar's files into one roster."""

from rostersync.roster.completeness.cut_files import refusal
from rostersync.roster.load import load

__all__ = ["load", "refusal"]
