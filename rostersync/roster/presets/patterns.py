"""Match the regular expressions that presets bring, each value within a time limit: some would take for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rostersync.errors import SettingsError

SECONDS = 1.0
"""How long one value may take. Those that are meant well take microseconds."""
SHOWN = 60
"""Characters of a value that stand in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A regular expression of a preset, with what it is called where it cannot be used."""

    expression: str
    name: str
    """Where it stands: [strip] of the preset “ours” for “Student”."""

    def first_group(self, value: str) -> str | None:
        """What its first group holds where it is found in a value; None where it is not found.

        Raises:
            SettingsError: it takes longer than SECONDS.
        """
        found = self._within(value, "search")
        return None if found is None else str(found[1] or "")

    def fits(self, value: str) -> bool:
        """Whether the whole value fits it.

        Raises:
            SettingsError: it takes longer than SECONDS.
        """
        return self._within(value, "fullmatch") is not None

    def _within(self, value: str, how: str) -> Any:  # noqa: ANN401 - a match of regex, which has no types
        try:
            return getattr(compiled(self.expression), how)(value, timeout=SECONDS)
        except TimeoutError:
            shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
            message = f"{self.name}: “{self.expression}” takes longer than {SECONDS:g} s for the value “{shown}”"
        raise SettingsError(message, remedy="write it so that it can match in one way only: no (a+)+ and no (a|a)*")


def compiled(expression: str) -> Any:  # noqa: ANN401 - a pattern of regex, which has no types
    """A regular expression, to be matched with a time limit.

    Raises:
        ValueError: it is none.
    """
    import regex

    try:
        return regex.compile(expression)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(str(error) or type(error).__name__) from None
