"""Find out what a token can and cannot do, by calls that change nothing.

The parts, each of which uses only those above it:

    finding, needs, asking       what is said; what is needed and why; one question that never raises
    entrance                     address, token, release, functions
    survey                       the courses to examine, with their people
    reads, profiles, changes     what can be seen, who can be found, what may be changed
    limits                       PHP's max_input_vars, how quick the site is, and whom it mails
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from rostersync.enums import ExitCode
from rostersync.moodle.client import Client
from rostersync.moodle.diagnostics.accounts import KEYS, grades, profiles
from rostersync.moodle.diagnostics.connection import enter
from rostersync.moodle.diagnostics.course_views import COMPLETE, courses, people
from rostersync.moodle.diagnostics.finding import Finding, FindingState
from rostersync.moodle.diagnostics.site_limits import CEILING, input_limit, speed, welcome
from rostersync.moodle.diagnostics.survey import look_around
from rostersync.moodle.diagnostics.writing import changes
from rostersync.settings import Settings

__all__ = ["Conclusion", "Examination", "Finding", "FindingState", "examine"]

MUST_SHOW = (
    COMPLETE,
    KEYS,
    "moodle/course:view",
    "moodle/course:enrolreview",
    "moodle/site:accessallgroups",
    "moodle/user:viewdetails",
    "moodle/user:viewalldetails",
)
"""What has to be seen to be there before a site's reads are called trustworthy: all that can cut a read short."""


class Conclusion(StrEnum):
    """What all findings come to."""

    WELL = "well"
    INCOMPLETE = "incomplete"  # can be used, but something is missing
    UNUSABLE = "unusable"


_EXIT_CODES = {
    Conclusion.WELL: ExitCode.DONE,
    Conclusion.INCOMPLETE: ExitCode.INCOMPLETE,
    Conclusion.UNUSABLE: ExitCode.SITE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Everything that was found."""

    site: str
    release: str
    findings: tuple[Finding, ...]
    max_input_vars: int | None = None
    """Form fields that PHP reads; None where it was not found out, CEILING where it is that or more."""
    milliseconds: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> Conclusion:
        """What all findings come to."""
        bad = [f for f in self.findings if f.bad]
        if any(f.blocks for f in bad):
            return Conclusion.UNUSABLE
        return Conclusion.INCOMPLETE if bad else Conclusion.WELL

    @property
    def exit_code(self) -> int:
        """0, 3 or 5 (guide/exit-codes.md)."""
        return _EXIT_CODES[self.verdict]

    @property
    def counts(self) -> dict[FindingState, int]:
        """How many findings turned out so; each counts once."""
        return {state: sum(f.state is state for f in self.findings) for state in FindingState}

    @property
    def not_tested(self) -> tuple[str, ...]:
        """The codes of what was neither seen to be there nor to be missing."""
        return tuple(f.code for f in self.findings if f.state is FindingState.NOT_TESTED)

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """What can cut a read short, and was not seen to be in order."""
        shown = {f.code for f in self.findings if f.state is FindingState.OK}
        return tuple(code for code in MUST_SHOW if code not in shown)

    @property
    def trust_reads(self) -> bool:
        """Whether `trust_reads = true` can be proposed: nothing is missing, and what can cut a read was seen."""
        return self.verdict is Conclusion.WELL and not self.in_the_way

    def document(self) -> dict[str, Any]:
        """It as JSON can hold it."""
        return {
            "format": "rostersync-doctor",
            "version": 2,
            "site": self.site,
            "release": self.release,
            "verdict": str(self.verdict),
            "exit_code": self.exit_code,
            "trust_reads": self.trust_reads,
            "counts": {str(state): count for state, count in self.counts.items()},
            "not_tested": list(self.not_tested),
            "max_input_vars": self.max_input_vars,
            "milliseconds": self.milliseconds,
            "findings": [
                {
                    "code": f.code,
                    "state": str(f.state),
                    "what": f.what,
                    "causes": list(f.causes),
                    "remedy": f.remedy,
                    "blocks": f.blocks,
                }
                for f in self.findings
            ],
        }


def examine(
    settings: Settings,
    token: SecretStr,
    named: Sequence[str] = (),
    *,
    clock: Callable[[], float] = time.perf_counter,
    progress: Callable[[str, int, int], object] = lambda *_: None,
) -> Examination:
    """Everything that can be told of a site and a token from outside. Changes nothing, and raises nothing Moodle says.

    Args:
        settings: the site and how to talk to it; its max_fields is what PHP's limit is compared with.
        token: the web service token.
        named: short names, ID numbers or ids of courses to look at; else some are chosen.
        clock: seconds, for the speed.
        progress: told the stage, how many are done, and of how many.
    """
    # One try for each question: what is down now is a finding, not something to wait for.
    own = settings.model_copy(update={"max_fields": CEILING + 100, "attempts": 1, "outage_minutes": 0})
    with Client(settings.site, token, settings=own) as client:
        progress("examining", 0, 6)
        info, found = enter(client)
        if info is None:
            return Examination(site=client.address, release="", findings=tuple(found))
        progress("examining", 1, 6)
        survey = look_around(client, info, named, settings.courses, page_size=settings.page_size)
        progress("examining", 2, 6)
        found += [*courses(survey), *people(survey)]
        progress("examining", 3, 6)
        found += [*profiles(survey), *grades(survey)]
        progress("examining", 4, 6)
        found += changes(survey, settings.roles, settings.assignable_roles)
        progress("examining", 5, 6)
        limit, finding = input_limit(client, settings.max_fields)
        times, quick = speed(survey, clock)
        progress("examining", 6, 6)
    return Examination(
        site=client.address,
        release=info.release,
        findings=(*found, finding, quick, welcome(survey)),
        max_input_vars=limit,
        milliseconds=times,
    )
