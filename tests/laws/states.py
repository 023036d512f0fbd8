"""The small scope: every combination of what is desired, what is current, and what stands beside it, by number.

A state is one person in one course. Its number is written in mixed radix, one digit a factor; the factors of the
settings come first, so that neighbours share them and are decided in one call.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NOW = 1000
ROLES = ("student", "editingteacher", "manager")
"""Bit 0, 1 and 2 of every set of roles; nobody's roster gives the last one, and no roster manages it."""
ROLE_IDS = (5, 3, 1)
LOW, HIGH, OTHER = 1, 2, 4
NONE, ADD, REMOVE, SUSPEND = range(4)
SAYS_NOTHING, SAYS_ACTIVE, SAYS_SUSPENDED = range(3)
BLANK = -1
NOT_ENROLLED = 8


@dataclass(frozen=True, slots=True)
class Factor:
    """One digit of a state's number: its values in words, of which the first `core` are in the reduced scope."""

    name: str
    values: tuple[str, ...]
    core: int


ROW_DATES = ((BLANK, BLANK), (BLANK, 500), (5000, BLANK), (0, 0), (100, 9000), (0, 9000))
ROW_DATE_WORDS = ("", "end past", "start ahead", "no dates", "running", "running to the same end")
KNOWN_DATES = ((BLANK, BLANK), (0, 0), (100, 9000), (0, 500), (5000, 0), (BLANK, 500))
STATUS_WORDS = ("", "active", "suspended")


def _desires() -> list[tuple[int, int, int, int, int, int]]:
    """(used roles, action, roles, status, dates, is in the reduced scope); used: those that the course's rows give."""
    made = []
    for used in (LOW | HIGH, LOW):
        some = [roles for roles in (LOW, HIGH, LOW | HIGH) if roles & ~used == 0]
        made.append((used, NONE, 0, 0, 0, 1))
        made += [
            (used, ADD, roles, status, dates, int(dates < 4))
            for roles, status, dates in itertools.product(some, range(3), range(len(ROW_DATES)))
        ]
        made += [(used, REMOVE, roles, 0, 0, 1) for roles in (0, *some)]
        made += [
            (used, SUSPEND, roles, 0, dates, int(dates < 2))
            for roles, dates in itertools.product((0, *some), range(len(ROW_DATES)))
        ]
    return sorted(made, key=lambda one: -one[5])


DESIRES = _desires()


def names_of(roles: int) -> str:
    """A set of roles in words."""
    return "+".join(name for bit, name in enumerate(ROLES) if roles >> bit & 1) or "no role"


def _desire_words(desire: tuple[int, ...]) -> str:
    used, action, roles, status, dates, _ = desire
    says = ("no row", "row adds", "row removes", "row suspends")[action]
    if action:
        says += f" {names_of(roles) if roles else 'with a blank role'}"
    more = [w for w in (STATUS_WORDS[status] and f"status {STATUS_WORDS[status]}", ROW_DATE_WORDS[dates]) if w]
    return f"{', '.join([says, *more])}; the course's rows use {names_of(used)}"


SETTINGS = (
    Factor("on_missing", ("unenrol", "suspend", "keep"), 3),
    Factor(
        "ranks", ("editingteacher above student", "equal ranks", "the second role has no rank", "student above it"), 2
    ),
    Factor("guarded", ("editingteacher and manager", "nothing", "student"), 2),
    Factor("trust", ("reads not trusted", "trust_reads"), 1),
    Factor("protection", ("no role protected", "student protected", "a protected name fits nobody"), 1),
)
COURSE = (
    Factor("mode", ("mirror", "explicit", "mirror, but rows for editingteacher are of an explicit file"), 2),
    Factor("read", ("read proven", "read believed", "read neither proven nor believed", "read incomplete"), 3),
    Factor(
        "beside",
        (
            "no rejected row",
            "a rejected row of this person here, role editingteacher",
            "a rejected row of somebody else here, role editingteacher",
            "a rejected row of somebody else here, unreadable role",
            "a row of an unknown user here",
            "a row of an unknown user here, who is expected to be unknown, role editingteacher",
            "a row of this person in an unknown course of the same file, role editingteacher",
        ),
        4,
    ),
)
PERSON = (
    Factor("protected", ("", "the user is protected", "the course is protected"), 2),
    Factor(
        "method",
        ("known to be manual", "the course has manual alone", "method unknown", "the course has no manual method"),
        3,
    ),
    Factor("graded", ("ungraded", "graded", "grades cannot be told"), 1),
    Factor("desire", tuple(map(_desire_words, DESIRES)), sum(one[5] for one in DESIRES)),
    Factor("has", (*(f"enrolled with {names_of(roles)}" for roles in range(8)), "not enrolled"), 9),
    Factor("inactive", ("active", "inactive", "not told whether active"), 3),
    Factor(
        "known",
        (
            "dates unknown",
            "known without dates",
            "known dates running",
            "known to be over",
            "known to be ahead",
            "only the end known",
        ),
        4,
    ),
    Factor("ours", ("", "suspended by rostersync"), 2),
    Factor(
        "stuck",
        (
            "",
            "a removal had no effect in this state",
            "a suspension had none",
            "a removal had none in another state",
            "the role editingteacher was kept in this state",
        ),
        2,
    ),
)
FACTORS = (*SETTINGS, *COURSE, *PERSON)
SETTINGS_NAMES = tuple(factor.name for factor in SETTINGS)
SIZES = tuple(len(factor.values) for factor in FACTORS)
CORE = tuple(factor.core for factor in FACTORS)
WHOLE = math.prod(SIZES)
BELOW = math.prod(SIZES[len(SETTINGS) :])
"""How many states share their settings."""

Digits = Mapping[str, Ints]


def digits(numbers: Ints) -> dict[str, Ints]:
    """The digits of these numbers, by the factor's name."""
    return _digits(numbers, SIZES)


def _digits(numbers: Ints, sizes: tuple[int, ...]) -> dict[str, Ints]:
    made, rest = {}, numbers
    for factor, size in zip(reversed(FACTORS), reversed(sizes), strict=True):
        rest, made[factor.name] = np.divmod(rest, size)
    return made


def number(of: Digits) -> Ints:
    """The numbers that have these digits."""
    made = np.zeros(len(of["has"]), dtype=np.int64)
    for factor in FACTORS:
        made = made * len(factor.values) + of[factor.name]
    return made


def possible(of: Digits) -> Mask:
    """Which combinations mean something: somebody who is not enrolled is not active, and nobody's removal failed."""
    there = of["has"] != NOT_ENROLLED
    return there | ((of["inactive"] == 0) & (of["stuck"] == 0) & (of["graded"] == 0))


def core_settings() -> list[tuple[int, ...]]:
    """The settings of the reduced scope; ranks and guarded roles, which no rule has together, change together."""
    ranks, guarded = SETTINGS_NAMES.index("ranks"), SETTINGS_NAMES.index("guarded")
    every = itertools.product(*(range(factor.core) for factor in SETTINGS))
    return [chosen for chosen in every if chosen[ranks] == chosen[guarded]]


def whole_settings() -> list[tuple[int, ...]]:
    """All settings."""
    return list(itertools.product(*(range(len(factor.values)) for factor in SETTINGS)))


def of_settings(chosen: tuple[int, ...], below: Ints) -> dict[str, Ints]:
    """Digits of states with these settings; `below` are numbers of the other factors."""
    base = 0
    for digit, factor in zip(chosen, SETTINGS, strict=True):
        base = base * len(factor.values) + digit
    return digits(base * BELOW + below)


CORE_BELOW = math.prod(CORE[len(SETTINGS) :])
"""How many combinations of the reduced scope share their settings."""


def core_batch(chosen: tuple[int, ...], start: int, size: int) -> dict[str, Ints]:
    """Some states of the reduced scope with these settings, in their order; combinations that mean nothing left out."""
    below = np.arange(start, min(start + size, CORE_BELOW))
    made = _digits(below, (*(1 for _ in SETTINGS), *CORE[len(SETTINGS) :]))
    for digit, factor in zip(chosen, SETTINGS, strict=True):
        made[factor.name] = np.full(len(below), digit, dtype=np.int64)
    return only(made, possible(made))


def random_batch(chosen: tuple[int, ...], seed: int, size: int) -> dict[str, Ints]:
    """Random states of the whole scope with these settings."""
    made = of_settings(chosen, np.random.default_rng(seed).integers(0, BELOW, size))
    return only(made, possible(made))


def only(of: Digits, chosen: Any) -> dict[str, Ints]:  # noqa: ANN401 - a mask or positions
    """The digits of some of these states."""
    return {name: values[chosen] for name, values in of.items()}


def words(one: int) -> str:
    """A state in words."""
    of = {name: int(value[0]) for name, value in digits(np.array([one])).items()}
    plain = {"trust", "protection", "graded", "beside"}
    said = {f.name: f.values[of[f.name]] for f in FACTORS if of[f.name] or f.name not in plain}
    first = [said.pop(name) for name in ("desire", "has", "inactive", "known", "mode", "read")]
    last = f"on_missing={said.pop('on_missing')}, {said.pop('ranks')}, guarded: {said.pop('guarded')}"
    return "; ".join(word for word in (*first, *said.values(), last) if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """States by their values. Sets of roles are bits; dates are epoch seconds, BLANK where they are not said."""

    number: Ints
    mirror: Mask
    complete: Mask
    proven: Mask
    believed: Mask
    beside: Ints
    used: Ints
    """Roles that good rows of the course give."""
    apart: Mask
    """Rows for the second role are of another file, which is explicit."""
    protected: Ints
    manual_here: Mask
    only_manual: Mask
    led_manual: Mask
    graded: Ints
    action: Ints
    want: Ints
    status: Ints
    start: Ints
    end: Ints
    there: Mask
    roles: Ints
    inactive: Ints
    """1, 0, or -1 where it is not told."""
    known_start: Ints
    known_end: Ints
    ours: Mask
    stuck_roles: Ints
    """The roles with which a removal had no effect; BLANK: none."""
    stuck_manual: Mask
    stuck_active: Mask
    """It was a suspension that had no effect."""
    stuck_kept: Ints
    """Roles that something else kept; 0: it was not about roles."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.number)

    def of(self, chosen: Any) -> States:  # noqa: ANN401 - a mask or positions
        """Some of them."""
        return States(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


_DESIRES, _ROW_DATES, _KNOWN = (np.array(table, dtype=np.int64) for table in (DESIRES, ROW_DATES, KNOWN_DATES))


def states(of: Digits) -> States:
    """The values that these digits stand for."""
    used, action, want, status, dates, _ = _DESIRES[of["desire"]].T
    there = of["has"] != NOT_ENROLLED
    roles = np.where(there, of["has"], 0)
    led_manual, only_manual = of["method"] == 0, of["method"] == 1
    stuck, read = of["stuck"], of["read"]
    return States(
        number=number(of),
        mirror=of["mode"] != 1,
        apart=of["mode"] == 2,
        complete=read != 3,
        proven=read == 0,
        believed=read <= 1,
        beside=of["beside"],
        used=used,
        protected=of["protected"],
        manual_here=of["method"] != 3,
        only_manual=only_manual,
        led_manual=led_manual,
        graded=of["graded"],
        action=action,
        want=want,
        status=status,
        start=_ROW_DATES[dates, 0],
        end=_ROW_DATES[dates, 1],
        there=there,
        roles=roles,
        inactive=np.where(there, np.array([0, 1, -1])[of["inactive"]], 0),
        known_start=_KNOWN[of["known"], 0],
        known_end=_KNOWN[of["known"], 1],
        ours=of["ours"] == 1,
        stuck_roles=np.where(stuck == 0, BLANK, np.where(stuck == 3, roles ^ OTHER, roles)),
        stuck_manual=led_manual | only_manual,
        stuck_active=stuck == 2,
        stuck_kept=np.where(stuck == 4, HIGH, 0),
    )
