"""A seed goes in; what goes wrong in one scenario, and how rostersync is set up for it, comes out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from rostersync.sandbox.faults import Fault, FaultKind
from tests.faults.world import FUNCTIONS
from tests.invented import WRITES

LISTS = "core_enrol_get_enrolled_users"
PLANNING, PROOFS = 58, range(26, 52)
"""So many lists are read for a plan; and which of those that are read when it is carried out prove something."""
TIMEOUT = 0.3
LATE = 0.45
"""Seconds that a slow answer takes: longer than the client waits."""
NETWORK = (
    FaultKind.REFUSED,
    FaultKind.RESET_BEFORE,
    FaultKind.RESET_AFTER_COMMIT,
    FaultKind.SLOW_FIRST_BYTE,
    FaultKind.SLOW_BODY,
    FaultKind.TRUNCATED,
    FaultKind.HTML_200,
    FaultKind.REDIRECT,
    FaultKind.TOO_MANY,
    FaultKind.ERROR_500,
    FaultKind.UNAVAILABLE,
    FaultKind.GATEWAY_TIMEOUT,
)
AWAY = (
    FaultKind.DATABASE_AWAY,
    FaultKind.DATABASE_LOST,
    FaultKind.MAINTENANCE,
    FaultKind.MAINTENANCE_ANSWER,
    FaultKind.RESET_BEFORE,
    FaultKind.RESET_AFTER_COMMIT,
    FaultKind.TRUNCATED,
    FaultKind.HTML_200,
    FaultKind.ERROR_500,
    FaultKind.UNAVAILABLE,
)
"""What an outage can look like."""
OUTAGE_MINUTES = 2.0
"""The limit of each scenario. Its waits are cut short, and count all the same: it is over after ten tries or so."""
SLOW = frozenset({FaultKind.SLOW_FIRST_BYTE, FaultKind.SLOW_BODY})
MOODS = (
    FaultKind.MAINTENANCE,
    FaultKind.MAINTENANCE_CLI,
    FaultKind.MAINTENANCE_ANSWER,
    FaultKind.TOKEN_EXPIRED,
    FaultKind.TOKEN_UNKNOWN,
    FaultKind.SERVICE_OFF,
    FaultKind.WEB_SERVICES_OFF,
    FaultKind.ACCOUNT_SUSPENDED,
    FaultKind.SEPARATE_GROUPS,
)
LOST = (
    "enrol/manual:enrol",
    "enrol/manual:unenrol",
    "moodle/course:enrolreview",
    "moodle/course:view",
    "moodle/course:viewparticipants",
    "moodle/grade:viewall",
    "moodle/role:assign",
    "moodle/site:accessallgroups",
    "moodle/user:viewdetails",
    "moodle/user:viewalldetails",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What goes wrong, from when on, and the settings of the run that it goes wrong in."""

    faults: tuple[Fault, ...]
    planned_before: bool
    """The plan was made in fair weather: only carrying it out meets the faults."""
    settings: dict[str, Any]
    outage: str = ""
    """An outage of the whole site, "within" its limit or "beyond" it; else ""."""
    replaced: int = 0
    """So many people's accounts are other ones when the plan is carried out."""

    @property
    def untold(self) -> bool:
        """Dates may be accepted and not set."""
        return any(f.kind is FaultKind.NOT_DONE and f.function == WRITES[0] for f in self.faults)

    @property
    def passes(self) -> bool:
        """There is nothing but an outage that is shorter than its limit; a page at first may be a wrong address."""
        return self.outage == "within" and len(self.faults) == 1 and self.faults[0].kind is not FaultKind.HTML_200

    def __str__(self) -> str:
        """Everything that is needed to see what it was."""
        when = "apply" if self.planned_before else "sync"
        others = f", {self.replaced} accounts replaced," if self.replaced else ""
        long = f", an outage {self.outage} its limit," if self.outage else ""
        return f"{when}{others}{long} with {' '.join(map(str, self.faults))} under {self.settings}"


def forecast(seed: int) -> Weather:
    """The weather of a seed: one to four faults of the network by chance or by number, and sometimes a mood."""
    rng = random.Random(seed)
    planned_before = rng.random() < 0.65
    calls = 125 if planned_before else 280
    faults = [_network(rng, calls) for _ in range(rng.choice([1, 1, 2, 3, 4]))]
    if rng.random() < 0.35:
        faults.append(_mood(rng, calls))
    if rng.random() < 0.3:
        faults = [*faults[:1], *_short(rng, calls)]
    if rng.random() < 0.3:
        faults = [*faults[-2:], *_blind(rng, 0 if planned_before else PLANNING)]
    outage = rng.choice(["", "", "within", "beyond"])
    if outage:
        faults = [_outage(rng, calls, outage), *(faults[:1] if rng.random() < 0.5 else [])]
    return Weather(
        faults=tuple(faults),
        outage=outage,
        planned_before=planned_before,
        settings={
            "timeout": TIMEOUT,
            "attempts": rng.choice([1, 2, 3, 3]),
            "outage_minutes": OUTAGE_MINUTES,
            "chunk_rows": rng.choice([11, 50, 50, 200]),
            "connections": rng.choice([1, 3, 3]),
        },
        replaced=rng.choice([0, 0, 0, 3, 20]),
    )


def _outage(rng: random.Random, calls: int, outage: str) -> Fault:
    """A site that is away as a whole from some call on: for a few calls, which is within the limit, or for good."""
    kind = rng.choice(AWAY if outage == "beyond" else [one for one in AWAY if one is not FaultKind.MAINTENANCE])
    times = rng.randint(2, 6) if outage == "within" else None
    return Fault(kind=kind, n=rng.randint(2, calls), times=times)


def _short(rng: random.Random, calls: int) -> tuple[Fault, ...]:
    """Lists that are cut short from a moment on, without an error."""
    n = rng.randint(1, calls)
    if rng.random() < 0.5:
        return (Fault(kind=FaultKind.CAPABILITY, subject="moodle/user:viewdetails", n=n),)
    groups = Fault(kind=FaultKind.SEPARATE_GROUPS, n=n)
    return groups, Fault(kind=FaultKind.CAPABILITY, subject="moodle/site:accessallgroups", n=n)


def _blind(rng: random.Random, before: int) -> tuple[Fault, ...]:
    """Proofs that cannot be read, or would show that what was accepted was not done; or both."""
    kind, times = rng.choice([FaultKind.TRUNCATED, FaultKind.ERROR_500, FaultKind.HTML_200]), rng.choice([3, 10, None])
    lists = Fault(kind=kind, function=LISTS, n=before + rng.choice(PROOFS), times=times)
    function = rng.choice((WRITES[0], *WRITES))
    writes = Fault(kind=FaultKind.NOT_DONE, function=function, n=rng.randint(1, 5), times=rng.choice([1, 3, None]))
    return rng.choice([(lists,), (writes,), (writes, lists)])


def _network(rng: random.Random, calls: int) -> Fault:
    kind = rng.choice(NETWORK)
    said: dict[str, Any] = {}
    if kind in SLOW:
        said["seconds"] = LATE
    elif kind is FaultKind.REFUSED:
        said["seconds"] = rng.choice([0.01, 0.05, 0.15])
    elif kind is FaultKind.GATEWAY_TIMEOUT:
        said["seconds"] = rng.choice([0.0, 0.02, 0.1])
    elif kind in {FaultKind.TOO_MANY, FaultKind.UNAVAILABLE}:
        said["retry_after"] = rng.choice([None, 1, 30])
    if kind is not FaultKind.REFUSED and rng.random() < 0.5:
        said["function"] = rng.choice(FUNCTIONS[1:] + FUNCTIONS[-4:])
    if rng.random() < 0.5:
        most = 2 if kind in SLOW else rng.choice([1, 3, 10])
        return Fault(kind=kind, n=rng.randint(1, 12 if said.get("function") else calls), times=most, **said)
    if kind in SLOW:
        return Fault(kind=kind, p=0.05, times=2, **said)
    return Fault(kind=kind, p=rng.choice([0.02, 0.1, 0.3]), times=rng.choice([None, 20]), **said)


def _mood(rng: random.Random, calls: int) -> Fault:
    if rng.random() < 0.5:
        kind, subject = FaultKind.CAPABILITY, rng.choice(LOST)
    else:
        kind, subject = rng.choice(MOODS), ""
    times = rng.choice([None, 1, 10])
    return Fault(kind=kind, subject=subject, n=rng.randint(2, calls), times=times)
