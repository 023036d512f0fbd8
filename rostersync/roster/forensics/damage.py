"""What one distinct value suffered: a code of `problems.DAMAGED`, and what its message is filled with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Damage:
    """One code and its detail."""

    code: str
    detail: str = ""


def was(*values: str) -> str:
    """What a value probably was, in words."""
    *most, last = [f"“{v}”" for v in dict.fromkeys(values)]
    return f" — it probably was {', '.join(most)} or {last}" if most else f" — it probably was {last}"
