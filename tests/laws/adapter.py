"""Make the decision's own tables of states, have it decide, and say for each state what would be done and what is held.

This is the only file here that knows what the decision takes and gives. All states of a batch stand in a few courses,
one for each combination of what courses can be; three bystanders in each, who stay, keep the course from being emptied.

No release of Moodle is among the factors: no decision is told one, which a test holds. What a release answers otherwise
has become something else before: grades that are known or not, accounts that cannot be enrolled, reads that are to be
believed or not. These are factors; `tests/faults`, `tests/kills` and `tests/cases` run on several releases.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rostersync.enums import Action, Mode, RowState, Status
from rostersync.frames.distinct import Distinct
from rostersync.settings import Settings
from rostersync.sync import proposal
from rostersync.sync import snapshot as bases
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.sync.safety.graded import to_ask
from rostersync.sync.safety.protected_names import UnknownName
from rostersync.sync.snapshot import Snapshot
from rostersync.tables import (
    BLOCKERS,
    COURSES,
    CURRENT,
    GRADES,
    LEDGER,
    PEOPLE,
    PROBLEMS,
    READS,
    RESOLVED,
    ROSTER,
    Roster,
    Source,
)
from rostersync.tables import (
    ROLES as ROLES_TABLE,
)
from tests.laws.outcomes import FIRST, Outcomes, outcomes
from tests.laws.states import ADD, BLANK, HIGH, LOW, NONE, NOW, OTHER, ROLE_IDS, ROLES, Ints, Mask, States

LIMITLESS = 10**9
OWN, LOW_HOLDER, HIGH_HOLDER, OTHER_HOLDER, SOMEBODY = range(1, 6)
RANKS: tuple[dict[str, int], ...] = ({}, {"student": 3}, {}, {"student": 4})
UNRANKED = 2
"""The place among ranks where the second role is one that has no rank: another short name, nothing else."""
UNKNOWN_NAME = 2
"""The place among protections where a name fits nobody."""
GUARDED: tuple[tuple[str, ...], ...] = (("editingteacher", "manager", "guide"), (), ("student",))
NO_ROLE, UNREADABLE = 0, 4
_ID_OF_BIT = np.array(ROLE_IDS)
_INDEX_OF_BITS = {LOW: 1, HIGH: 2, OTHER: 3}
_ACTION = {
    1: list(Action).index(Action.ADD),
    2: list(Action).index(Action.REMOVE),
    3: list(Action).index(Action.SUSPEND),
}
_STATUS = np.array([list(Status).index(s) for s in (Status.NONE, Status.ACTIVE, Status.SUSPENDED)])
OK, REJECTED = list(RowState).index(RowState.OK), list(RowState).index(RowState.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings of a batch, by their places among the factors' values."""

    on_missing: int = 0
    ranks: int = 0
    guarded: int = 0
    trust: int = 0
    protection: int = 0

    def settings(self, **more: Any) -> Settings:  # noqa: ANN401 - as Settings takes them
        """As the decision takes them; limits are lifted, they have a scope of their own."""
        said: dict[str, Any] = {
            "on_missing": ("unenrol", "suspend", "keep")[self.on_missing],
            "role_ranks": RANKS[self.ranks],
            "guarded_roles": GUARDED[self.guarded],
            "trust_reads": self.trust == 1,
            "protected_users": ("guarded.person",),
            "protected_courses": ("P",),
            "protected_roles": ("student",) if self.protection == 1 else (),
            "assignable_roles": ("student", "editingteacher", "guide"),
            "allow_removals": LIMITLESS,
            "allow_rises": LIMITLESS,
            **more,
        }
        return Settings.model_validate(said)

    @property
    def roles(self) -> tuple[str, ...]:
        """Short names of the roles, in the order of their bits."""
        return ("student", "guide", "manager") if self.ranks == UNRANKED else ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Columns of the roster's rows, as numbers."""

    source: Ints
    user: Ints
    course: Ints
    role: Ints
    """0: blank; 1, 2: a role of the scope; UNREADABLE."""
    action: Ints
    status: Ints
    start: Ints
    end: Ints
    state: Ints

    @staticmethod
    def joined(parts: list[dict[str, Any]]) -> Rows:
        """Rows of these parts; what a part does not say is nothing."""
        blank = {"action": _ACTION[ADD], "status": 0, "start": BLANK, "end": BLANK, "state": OK, "role": 0}
        made: dict[str, list[Any]] = {f.name: [] for f in fields(Rows)}
        for part in parts:
            length = len(part["user"])
            for name, values in made.items():
                values.append(np.broadcast_to(np.asarray(part.get(name, blank.get(name)), dtype=np.int64), length))
        return Rows(**{name: np.concatenate(values) for name, values in made.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """Courses that are made up by hand: nobody is in them but the states."""

    course: Ints
    """Each state's course, from 1, all of them there."""
    may_empty: Mask
    """Which courses stand in `--courses`."""


def basis_of(states: States, rules: Rules, settings: Settings, courses: Courses | None = None) -> Snapshot:
    """What the decision is made from."""
    if courses:
        course = courses.course
        heads = states.of(np.unique(course, return_index=True)[1])
    else:
        course, heads = courses_of(states)
    ids = np.arange(1, len(heads) + 1)
    user = FIRST + np.arange(len(states))
    bystanders = ids if courses is None else ids[:0]
    rows, blockers = _rows(states, course, user, heads, bystanders)
    roster, resolution = _roster(rows, blockers, heads, rules.roles)
    read = (_current(states, course, user, bystanders), _reads(heads, ids), _site_roles(rules.roles))
    known = bases.snapshot_of(
        roster,
        resolution,
        _courses(heads, ids, courses),
        read,
        _ledger(states, course, user),
        settings,
        own_id=OWN,
    )
    nobody = UnknownName(setting="protected_users", name="nobody", words="is nobody on this site")
    unknown = (nobody,) if rules.protection == UNKNOWN_NAME else ()
    return replace(known, people=_people(states, user), unknown=unknown)


def courses_of(states: States) -> tuple[Ints, States]:
    """The number of each state's course, from 1, and one state of each course."""
    parts = (
        states.mirror,
        states.complete,
        states.proven,
        states.believed,
        states.only_manual,
        states.manual_here,
        states.protected == 2,
        states.used == LOW,
        states.apart,
    )
    code = states.beside.copy()
    for part in parts:
        code = code * 2 + part
    size = 8 * 2 ** len(parts)
    there = np.zeros(size, dtype=np.bool_)
    there[code] = True
    first = np.zeros(size, dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return np.cumsum(there)[code], states.of(first[there])


def _rows(states: States, course: Ints, user: Ints, heads: States, ids: Ints) -> tuple[Rows, pd.DataFrame]:
    parts: list[dict[str, Any]] = []
    action = np.array([0, *(_ACTION[a] for a in (1, 2, 3))])[states.action]
    says = {
        "action": action,
        "status": _STATUS[states.status],
        "start": states.start,
        "end": states.end,
        "course": course,
        "source": course * 2 - 2,
        "user": user,
    }
    for role, index in ((LOW, 1), (HIGH, 2), (0, 0)):
        named = states.want & role if role else states.want == 0
        chosen = (states.action != NONE) & (named > 0)
        part = {**{name: values[chosen] for name, values in says.items()}, "role": index}
        part["source"] = part["source"] + (states.apart[chosen] & (role == HIGH))
        parts.append(part)
    for role, index, who in ((LOW, 1, LOW_HOLDER), (HIGH, 2, HIGH_HOLDER)):
        here = ids[(heads.used & role > 0)[: len(ids)]]
        parts.append(
            {
                "user": np.full(len(here), who),
                "course": here,
                "source": here * 2 - 2 + (heads.apart[here - 1] & (role == HIGH)),
                "role": index,
            }
        )
    held: list[dict[str, Any]] = []

    def reject(kind: int, who: Any, where: Any, holds: tuple[Any, Any, str] | None, role: int = 2) -> None:  # noqa: ANN401
        own = isinstance(who, np.ndarray)
        place = course[states.beside == kind] if own else ids[(heads.beside == kind)[: len(ids)]]
        people = who[states.beside == kind] if own else np.full(len(place), who)
        row = sum(len(p["user"]) for p in parts)
        parts.append(
            {
                "user": people,
                "course": place if where is None else np.full(len(place), where),
                "source": place * 2 - 2,
                "role": role,
                "state": REJECTED,
            }
        )
        if holds:
            in_course, of_user, code = holds
            held.append(
                {
                    "row": row + np.arange(len(place)),
                    "course_id": place if in_course else np.zeros(len(place), dtype=np.int64),
                    "user_id": people if of_user else np.zeros(len(place), dtype=np.int64),
                    "code": np.full(len(place), code, dtype=object),
                }
            )

    reject(1, user, None, (True, True, "unreadable_row"))
    reject(2, SOMEBODY, None, (True, True, "unreadable_row"))
    reject(3, SOMEBODY, None, (True, True, "unreadable_row"), role=UNREADABLE)
    reject(4, 0, None, (True, False, "unresolved_user"))
    reject(5, 0, None, None)
    reject(6, user, 0, (False, True, "unresolved_course"))
    blockers = BLOCKERS.frame({name: np.concatenate([h[name] for h in held]) for name in held[0]} | {"like": False})
    return Rows.joined(parts), blockers


def _roster(rows: Rows, blockers: pd.DataFrame, heads: States, roles: tuple[str, ...]) -> tuple[Roster, Resolution]:
    count = len(rows.user)
    common = {"row": np.arange(count), "source": rows.source, "twin": np.full(count, -1)}
    state = _chosen(rows.state, RESOLVED, "state")
    texts = pa.array(["", *roles, "of no language"])
    encoded = Distinct(texts=texts, index=rows.role.astype(np.int32))
    roster = Roster(
        rows=ROSTER.frame({**common, "line": common["row"] + 2, "state": state, "role_name": _text(texts, rows.role)}),
        problems=PROBLEMS.empty(),
        sources=_sources(heads),
        known={"role_name": encoded},
    )
    resolved = RESOLVED.frame(
        {
            **common,
            "user_id": rows.user,
            "course_id": rows.course,
            "action": _chosen(rows.action, RESOLVED, "action"),
            "status": _chosen(rows.status, RESOLVED, "status"),
            "start": rows.start,
            "end": rows.end,
            "state": state,
        }
    )
    return roster, Resolution(rows=resolved, blockers=blockers, problems=PROBLEMS.empty())


def _sources(heads: States) -> tuple[Source, ...]:
    """Two files for each course: what a rejected row says of one concerns no other."""
    mirrors = np.stack([heads.mirror, heads.mirror & ~heads.apart], axis=1).ravel()
    return tuple(
        Source(path=f"{n}.csv", sheet="", sha256="", rows=0, mode=Mode.MIRROR if mirror else Mode.EXPLICIT)
        for n, mirror in enumerate(mirrors.tolist())
    )


def _chosen(codes: Ints, table: Any, name: str) -> pd.Categorical:  # noqa: ANN401 - a table
    return pd.Categorical.from_codes(codes.astype(np.int8), dtype=table.columns[name].dtype)


def _text(texts: pa.Array, index: Ints) -> Any:  # noqa: ANN401 - an Arrow column
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([texts.take(pa.array(index))]))


def _current(states: States, course: Ints, user: Ints, bystanders: Ints) -> pd.DataFrame:
    parts = []
    for bit, role in ((1, ROLE_IDS[0]), (2, ROLE_IDS[1]), (4, ROLE_IDS[2]), (0, 0)):
        chosen = states.there & ((states.roles & bit > 0) if bit else (states.roles == 0))
        parts.append((course[chosen], user[chosen], np.full(int(chosen.sum()), role), states.inactive[chosen]))
    for who, role in zip((LOW_HOLDER, HIGH_HOLDER, OTHER_HOLDER), ROLE_IDS, strict=True):
        nothing = np.zeros(len(bystanders), dtype=np.int64)
        parts.append((bystanders, nothing + who, nothing + role, nothing))
    columns = (np.concatenate(one) for one in zip(*parts, strict=True))
    return CURRENT.frame(dict(zip(("course_id", "user_id", "role_id", "inactive"), columns, strict=True)))


def _reads(heads: States, ids: Ints) -> pd.DataFrame:
    said = {"course_id": ids, "complete": heads.complete, "proven": heads.proven, "status_known": True}
    believed = _text(pa.array(["", "sample", "count"]), np.where(heads.proven, 2, heads.believed))
    return READS.frame(said | {"believed": believed})


def _courses(heads: States, ids: Ints, courses: Courses | None) -> pd.DataFrame:
    return COURSES.frame(
        {
            "course_id": ids,
            "shortname": _text(pa.array(["C", "P"]), (heads.protected == 2).astype(np.int64)),
            "visible": True,
            "manual": heads.manual_here,
            "only_manual": heads.only_manual,
            "mirrored": heads.mirror,
            "may_empty": courses.may_empty if courses else False,
        }
    )


def _site_roles(roles: tuple[str, ...]) -> pd.DataFrame:
    lines = [{"role_id": i, "shortname": n, "learnt": True} for i, n in zip(ROLE_IDS, roles, strict=True)]
    return ROLES_TABLE.records(lines)


def _ids(roles: int) -> str:
    return "+".join(str(i) for i in sorted(i for bit, i in enumerate(ROLE_IDS) if roles >> bit & 1))


STUCK_TEXTS = pa.array(
    [
        f"{_ids(roles)}|{manual}{active}{f'|kept={_ids(kept)}' if kept else ''}"
        for roles, manual, active, kept in itertools.product(range(8), ("any", "manual"), ("", "|active"), range(8))
    ]
    + [""]
)


def _ledger(states: States, course: Ints, user: Ints) -> pd.DataFrame:
    stuck = ((states.stuck_roles * 2 + states.stuck_manual) * 2 + states.stuck_active) * 8 + states.stuck_kept
    stuck = np.where(states.stuck_roles < 0, len(STUCK_TEXTS) - 1, stuck)
    said = (
        (states.known_start >= 0)
        | (states.known_end >= 0)
        | states.ours
        | states.led_manual
        | (states.stuck_roles >= 0)
    )
    at = np.flatnonzero(said)
    at = at[np.lexsort((user[at], course[at]))]
    return LEDGER.frame(
        {
            "course_id": course[at],
            "user_id": user[at],
            "start": states.known_start[at],
            "end": states.known_end[at],
            "suspended": states.ours[at],
            "manual": states.led_manual[at],
            "stuck": _text(STUCK_TEXTS, stuck[at]),
        }
    )


def _people(states: States, user: Ints) -> pd.DataFrame:
    names = _text(pa.array(["somebody", "guarded.person"]), (states.protected == 1).astype(np.int64))
    others = PEOPLE.frame({"user_id": np.arange(1, FIRST), "username": "bystander"})
    return pd.concat([others, PEOPLE.frame({"user_id": user, "username": names})], ignore_index=True)


def decide(
    states: States,
    rules: Rules,
    courses: Courses | None = None,
    **more: Any,  # noqa: ANN401 - settings
) -> tuple[Outcomes, pd.DataFrame]:
    """What the decision makes of these states, and its changes for bystanders.

    Args:
        states: who is to be decided on.
        rules: the settings that are factors.
        courses: where they are; without it in courses with bystanders.
        more: further settings.
    """
    settings = rules.settings(**more)
    known = basis_of(states, rules, settings, courses)
    changes = proposal.propose(known, settings, now=NOW)
    changes = proposal.with_grades(known, changes, _grades(states, to_ask(changes)), settings, now=NOW)
    changes, _ = proposal.limit(known, changes, settings, now=NOW)
    return outcomes(changes, len(states)), changes[changes["user_id"] < FIRST]


def _grades(states: States, asked: pd.DataFrame) -> pd.DataFrame:
    user = asked["user_id"].to_numpy()
    graded = np.where(user >= FIRST, states.graded[np.maximum(user - FIRST, 0)], 0)
    return GRADES.frame(
        {"user_id": user, "course_id": asked["course_id"].to_numpy(), "graded": graded > 0, "known": graded < 2}
    )
