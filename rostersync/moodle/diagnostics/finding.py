"""What an examination says of one thing: a finding with its state, its possible causes, and what to click."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    """How a finding turned out."""

    OK = "ok"
    MISSING = "missing"  # certainly not there
    ONE_OF = "one_of"  # at least one of the causes, which Moodle answers alike
    NOT_TESTED = "not_tested"  # neither seen to be there nor to be missing: it counts as neither
    WARNING = "warning"  # works, but a person should know


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    code: str
    """What it is about, in a word that does not change: a capability, a function, or a word like "address"."""
    state: FindingState
    what: str
    """A sentence that says what was found."""
    causes: tuple[str, ...] = ()
    """What is missing; for ONE_OF, all that Moodle answers alike; for NOT_TESTED, what stays unknown."""
    remedy: str = ""
    """What an administrator clicks, by the names of Moodle's English interface; for NOT_TESTED, how to find out."""
    blocks: bool = False
    """Whether rostersync cannot be used until this is put right."""

    @property
    def bad(self) -> bool:
        """Whether something has to be put right."""
        return self.state in {FindingState.MISSING, FindingState.ONE_OF}


def not_tested(code: str, why: str, how: str) -> Finding:
    """Nothing is known of this.

    Args:
        code: what it is about.
        why: why it was not, or could not be, tested.
        how: how somebody finds out.
    """
    return Finding(code=code, state=FindingState.NOT_TESTED, what=why, causes=(code,), remedy=how)
