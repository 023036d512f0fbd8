"""What the registrar sent goes in; the roster table and its problems come out."""

from rostersync.roster.completeness.cut_files import refusal
from rostersync.roster.load import load

__all__ = ["load", "refusal"]
