"""Tiny texts go in: a roster, a Moodle, settings, a ledger, grades; a plan comes out of the whole chain of decisions.

roster.csv    user,course,role and, where wanted, action,status,start,end,file,state,name,email,number,part.
              Anna is Anna Example in Moodle, anna@people.example, with the ID number no-anna; and so with everybody.
              A user or course `zoe?` is not found, `zoe!` refused, `x~anna` nearly anna, `anna|ben` not unique; `zoe*`
              is not confirmed.
              `file` is `name:mode`; `state` is a code of problems.ROWS that the reader would have given.
moodle.txt    a line for each course, `BIO` and its traits: methods=manual,self  unproven  incomplete  untold  hidden
              groups=separate  groups=own (separate, and the token sees its own alone)  unasked (nobody is told of their
              own courses); below it, indented, its people:
              `anna student+teacher inactive`. `ben*` is not confirmed, and
              Moodle does not unenrol him. `-` is enrolled without a role, `unlisted` somebody the list lacks.
unread.csv    sheet,block,row,value: what stands in parts of roster.csv that were not read.
settings.toml settings.
ledger.txt    `BIO anna 0 500 suspended manual stuck=5|any`, all after the name as wanted.
before-1.csv  an earlier roster, after which before-2.csv may have come; its courses are those of moodle.txt.
grades.txt    `BIO anna graded` or `unknown`; everybody else is ungraded.
The clock stands at 1000.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import pandas as pd
import pytest

from rostersync import problems
from rostersync.enums import Mode, RowState
from rostersync.settings import Settings
from rostersync.sync import proposal, snapshot
from rostersync.sync.compose import Head, compose
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import reconcile
from rostersync.sync.resolve import identity, row_ids, scrambled
from rostersync.sync.resolve.distinct_keys import both_asked, fields_of
from rostersync.sync.resolve.matches import both_matched
from rostersync.sync.resolve.resolved_keys import look_up
from rostersync.sync.safety import believed_reads, signs
from rostersync.sync.safety.graded import to_ask
from rostersync.sync.safety.protected_names import UnknownName, unknown_courses, unknown_roles, unknown_users
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state import mirrored, scope
from rostersync.tables import (
    COURSE_MATCHES,
    CURRENT,
    GRADES,
    LEDGER,
    LOSSES,
    PEOPLE,
    PROBLEMS,
    READS,
    ROLES,
    ROSTER,
    ROSTERS_SEEN,
    UNREAD,
    USER_MATCHES,
    Roster,
    Source,
)

NOW = 1000
ROLE_IDS = {"manager": 1, "editingteacher": 3, "teacher": 4, "student": 5, "guide": 9}


@dataclass(slots=True)
class World:
    """The texts, taken apart. Ids are given in the order of the names."""

    rows: list[dict[str, str]]
    traits: dict[str, dict[str, str]] = field(default_factory=dict)
    people: list[tuple[str, str, str, int]] = field(default_factory=list)
    unlisted: set[tuple[str, str]] = field(default_factory=set)
    users: dict[str, int] = field(default_factory=dict)
    courses: dict[str, int] = field(default_factory=dict)
    unread: list[dict[str, str]] = field(default_factory=list)
    unconfirmed: set[str] = field(default_factory=set)
    trusting: bool = False
    """The setting trust_reads."""


def _names(keys: list[str]) -> set[str]:
    """The names that keys like `anna`, `x~anna`, `anna|ben` speak of; none for `zoe?` and `zoe!`."""
    return {part.rstrip("*") for k in keys for part in k.split("~")[-1].split("|") if part and part[-1] not in "?!"}


def read_world(texts: Mapping[str, str]) -> World:
    world = World(rows=list(csv.DictReader(io.StringIO(texts.get("roster.csv", "user,course,role\n")))))
    world.unread = list(csv.DictReader(io.StringIO(texts.get("unread.csv", ""))))
    course = ""
    for line in texts.get("moodle.txt", "").splitlines():
        words = line.split()
        if not words:
            continue
        if not line.startswith(" "):
            course = words[0]
            world.traits[course] = {w.partition("=")[0]: w.partition("=")[2] for w in words[1:]}
        elif "unlisted" in words:
            world.unlisted.add((course, words[0]))
        else:
            name = words[0].rstrip("*")
            world.unconfirmed |= {name} if words[0] != name else set()
            world.people += [(course, name, role.strip("-"), int("inactive" in words)) for role in words[1].split("+")]
    ledger = [line.split() for line in texts.get("ledger.txt", "").splitlines()]
    users = _names([r["user"] for r in world.rows]) | {p[1] for p in world.people} | {w[1] for w in ledger}
    users |= {name for _, name in world.unlisted}
    courses = _names([r["course"] for r in world.rows]) | set(world.traits)
    world.users = {name: 101 + i for i, name in enumerate(sorted(users))}
    world.courses = {name: 11 + i for i, name in enumerate(sorted(courses))}
    return world


def _matches(keys: list[str], ids: Mapping[str, int]) -> list[tuple[str, int, str, str]]:
    """(key, id, name, match) for each key, as `conftest` words them."""
    lines = []
    for key in sorted(set(keys)):
        if key.endswith("!"):
            lines.append((key, 0, "", "error"))
        elif key and not key.endswith("?"):
            match = "near" if "~" in key else "exact"
            lines += [(key, ids[n], n, match) for n in key.rstrip("*").split("~")[-1].split("|")]
    return lines


def roster_of(world: World) -> Roster:
    sources: dict[str, int] = {}
    lines = []
    for at, row in enumerate(world.rows):
        source = sources.setdefault(row.get("file") or "roster.csv:mirror", len(sources))
        code = row.get("state") or ""
        severity = str(problems.ROWS[code].severity) if code else ""
        state = {"rejects": RowState.REJECTED, "ignores": RowState.IGNORED}.get(severity, RowState.OK)
        first, _, last = (row.get("name") or "").partition(" ")
        lines.append(
            {
                **{n: row.get(n) or "" for n in ("user", "course", "role", "action", "status", "email", "part")},
                **{n: int(row.get(n) or -1) for n in ("start", "end")},
                "row": at,
                "source": source,
                "line": at + 2,
                "user_field": "username",
                "other": row.get("number") or "",
                "other_field": "idnumber",
                "course_field": "shortname",
                "role_name": row["role"] or "",
                "first_name": first,
                "last_name": last,
                "state": str(state),
                "code": code,
                "twin": -1,
            }
        )
    made = tuple(
        Source(path=n.partition(":")[0], sheet="", sha256="", rows=0, mode=Mode(n.partition(":")[2])) for n in sources
    )
    unread = UNREAD.records([{**line, "row": int(line["row"])} for line in world.unread])
    return Roster(rows=ROSTER.records(lines), problems=PROBLEMS.empty(), sources=made, unread=unread)


def _users(world: World) -> pd.DataFrame:
    found = _matches([r["user"] for r in world.rows], world.users)
    return USER_MATCHES.records(
        [
            {
                "field": "username",
                "key": k,
                "match": m,
                "detail": "refused" * (m == "error"),
                "unconfirmed": k.endswith("*") or n == "guest",
                **(_account(n, i) if n else {}),
            }
            for k, i, n, m in found
        ]
    )


def _account(name: str, number: int) -> dict[str, Any]:
    return {
        "user_id": number,
        "username": name,
        "email": f"{name}@people.example",
        "idnumber": f"no-{name}",
        "fullname": f"{name.title()} Example",
    }


def _owners(world: World, differing: Sequence[identity.DifferingKeys]) -> pd.DataFrame:
    """USER_MATCHES of what stands beside the keys."""
    accounts = [_account(name, number) for name, number in world.users.items()]
    return USER_MATCHES.records(
        [
            {"field": one.field, "key": value, "match": "exact", **account}
            for one in differing
            for value in one.values()
            for account in accounts
            if account[one.field] == value
        ]
    )


def _resolved(world: World, roster: Roster, courses: pd.DataFrame, settings: Settings) -> row_ids.Resolution:
    """The rows after all that is found out about their people: the story of `gather.read` up to the decision."""
    found = both_matched(both_asked(roster), _users(world), courses)
    user = look_up(found[0], fields_of(found[0].keys, ()))
    differing = identity.differing(roster, user)
    beside = identity.beside(differing, user, _owners(world, differing))
    resolution = row_ids.resolve(roster, found, ((), ()), settings, beside=beside)
    listed = {name: world.users[name] for _, name, _, _ in world.people}
    people = PEOPLE.records([_account(name, number) for name, number in sorted(listed.items())])
    return scrambled.reject_scrambled(roster, resolution, found[0].matches, people)


def _courses(world: World, settings: Settings) -> pd.DataFrame:
    keys = [r["course"] for r in world.rows] + list(settings.courses)
    lines = []
    for key, number, name, match in _matches(keys, world.courses):
        methods = world.traits.get(name, {}).get("methods", "manual").split(",")
        lines.append(
            {
                "field": "shortname",
                "key": key,
                "course_id": number,
                "shortname": name,
                "fullname": f"Course {name}",
                "visible": "hidden" not in world.traits.get(name, {}),
                "groupmode": int("groups" in world.traits.get(name, {})),
                "manual": "manual" in methods,
                "only_manual": methods == ["manual"],
                "match": match,
                "detail": "refused" * (match == "error"),
            }
        )
    return COURSE_MATCHES.records(lines)


def _read(world: World, ids: list[int], status: set[int], *, prove: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CURRENT and READS of these courses, as `moodle.read_courses` would make them."""
    names = {i: n for n, i in world.courses.items()}
    traits = {i: world.traits.get(names[i], {}) for i in ids}
    told = {i: i in status and "untold" not in traits[i] for i in ids}
    lines = [
        {
            "course_id": world.courses[c],
            "user_id": world.users[u],
            "role_id": ROLE_IDS.get(r, 0),
            "inactive": idle if told[world.courses[c]] else -1,
        }
        for c, u, r, idle in world.people
        if world.courses[c] in traits
    ]
    reads = [
        {
            "course_id": i,
            "complete": "incomplete" not in traits[i],
            "proven": prove and not {"incomplete", "unproven"} & set(traits[i]),
            "status_known": told[i],
            "listed": len({u for c, u, _, _ in world.people if world.courses[c] == i}),
            "counted": -1,
            "detail": "a page was short" if "incomplete" in traits[i] else "",
        }
        for i in ids
    ]
    return CURRENT.records(lines), READS.records(reads)


def _ledger(world: World, text: str) -> pd.DataFrame:
    lines = []
    for course, user, *words in (line.split() for line in text.splitlines()):
        dates = [int(w) for w in words if w.isdecimal()] or [-1, -1]
        stuck = next((w.partition("=")[2] for w in words if w.startswith("stuck=")), "")
        lines.append(
            {
                "course_id": world.courses[course],
                "user_id": world.users[user],
                "start": dates[0],
                "end": dates[1],
                "suspended": "suspended" in words,
                "manual": "manual" in words,
                "stuck": stuck,
            }
        )
    return LEDGER.records(lines)


def _grades(world: World, text: str, pairs: pd.DataFrame) -> pd.DataFrame:
    said = {(world.users[u], world.courses[c]): w for c, u, w in (line.split() for line in text.splitlines())}
    lines = []
    for user, course in pairs[["user_id", "course_id"]].itertuples(index=False, name=None):
        word = said.get((user, course), "")
        lines.append({"user_id": user, "course_id": course, "graded": bool(word), "known": word != "unknown"})
    return GRADES.records(lines)


def basis_of(texts: Mapping[str, str]) -> tuple[Snapshot, Settings, World]:
    """What the first decision is made from: the story of `gather.read` without a network."""
    world, settings = read_world(texts), Settings.model_validate(tomllib.loads(texts.get("settings.toml", "")))
    roster, courses = roster_of(world), _courses(world, settings)
    resolution = _resolved(world, roster, courses, settings)
    in_scope = scope.courses_in_scope(roster, resolution, courses, settings)
    ids = in_scope["course_id"].tolist()
    ledger = _ledger(world, texts.get("ledger.txt", ""))
    status = set(scope.needs_status(resolution, in_scope, ledger, settings))
    roles = ROLES.records([{"role_id": i, "shortname": n, "learnt": True} for n, i in ROLE_IDS.items()])
    read = (*_read(world, ids, status, prove=False), roles)
    ledger = ledger[ledger["course_id"].isin(ids)]
    own_id = world.users.get("robot", 1)
    made = snapshot.snapshot_of(roster, resolution, in_scope, read, ledger, settings, own_id=own_id)
    past = mirrored.all_past(roster, made.resolution, NOW)
    before = _seen(texts, settings)
    told = signs.signs_of(mirrored.courses_of(roster, made.resolution), before, past, settings)
    return replace(made, signs=told), settings, world


def _seen(texts: Mapping[str, str], settings: Settings) -> pd.DataFrame:
    """ROSTERS_SEEN: what the rosters before this one had, in the order of their names."""
    found = [ROSTERS_SEEN.empty()]
    for at, name in enumerate(sorted(n for n in texts if n.startswith("before"))):
        world = read_world({"roster.csv": texts[name], "moodle.txt": texts["moodle.txt"]})
        roster = roster_of(world)
        matched = both_matched(both_asked(roster), _users(world), _courses(world, settings))
        mine = mirrored.courses_of(roster, row_ids.resolve(roster, matched, ((), ()), settings))
        found.append(ROSTERS_SEEN.frame({n: mine[n] for n in mine.columns} | {"seen": at * 86_400}))
    return pd.concat(found, ignore_index=True)


def _unknown(known: Snapshot, world: World, settings: Settings) -> tuple[UnknownName, ...]:
    """The story of `protection.unknown`: names that nobody and no course in these texts has."""
    people = PEOPLE.records(
        [{"user_id": i, "username": n, "fullname": f"{n.title()} Example"} for n, i in sorted(world.users.items())]
    )
    keys = {n: n for n in world.users} | {f"{n}@people.example": n for n in world.users}
    users = [
        {"field": "username", "key": k, "user_id": world.users[keys[k.lower()]], "match": "exact"}
        for k in map(str.strip, settings.protected_users)
        if k.lower() in keys
    ]
    courses = [
        {"field": "shortname", "key": k, "course_id": i, "match": "exact"}
        for k in settings.protected_courses
        for name, i in world.courses.items()
        if k.strip().lower() in {name.lower(), str(i)}
    ]
    return (
        *unknown_users(USER_MATCHES.records(users), people, settings),
        *unknown_courses(COURSE_MATCHES.records(courses), settings),
        *unknown_roles(known.roles, settings),
    )


def closer(known: Snapshot, changes: pd.DataFrame, world: World) -> Snapshot:
    """The story of `gather.look_closer`: courses that may lose or gain somebody are read again and counted."""
    losing, going = proposal.may_lose(changes), set(proposal.may_go(changes))
    peopled = set(known.reads.loc[known.reads["listed"] > 0, "course_id"])
    counted = sorted({*losing, *(set(proposal.may_gain(changes)) & peopled)})
    people = [
        {"user_id": i, "username": n, "email": f"{n}@people.example", "fullname": f"{n.title()} Example"}
        for n, i in sorted(world.users.items())
        if i in going
    ]
    status = {*losing, *known.reads.loc[known.reads["status_known"], "course_id"]}
    known = snapshot.read_closer(known, *_read(world, counted, status, prove=True))
    known = snapshot.with_belief(known, _believed(known, changes, world))
    unconfirmed = frozenset(world.users[name] for name in world.unconfirmed)
    return replace(known, people=PEOPLE.records(people), unconfirmed=unconfirmed)


def _believed(known: Snapshot, changes: pd.DataFrame, world: World) -> pd.DataFrame:
    """READS as `belief.bear_out` makes them."""
    if world.trusting:
        return believed_reads.trusted(known.reads)
    listed = known.comparison.lists.table
    own = {world.courses[course] for course, traits in world.traits.items() if traits.get("groups") == "own"}
    seen = {c: c not in own for c in believed_reads.separate(changes, listed, known.reads, known.courses)}
    doubt = believed_reads.doubtful(changes, listed, known.reads, known.courses, known.roles, seen=seen)
    names = {i: n for n, i in world.users.items()}
    there = world.unlisted | {(c, u) for c, u, _, idle in world.people if not idle}
    silent = any("unasked" in traits for traits in world.traits.values())
    told = {i: None if silent else frozenset(world.courses[c] for c, u in there if u == names[i]) for i in doubt.people}
    return believed_reads.believe(known.reads, doubt, told)


def proposed_of(texts: Mapping[str, str]) -> tuple[Snapshot, pd.DataFrame, Settings]:
    """CHANGES before rules 3 and 4."""
    known, settings, world = basis_of(texts)
    world.trusting = settings.trust_reads
    known = replace(known, unknown=_unknown(known, world, settings))
    known = closer(known, proposal.propose(known, settings, now=NOW), world)
    changes = proposal.propose(known, settings, now=NOW)
    grades = _grades(world, texts.get("grades.txt", ""), to_ask(changes))
    return known, proposal.with_grades(known, changes, grades, settings, now=NOW), settings


def plan_of(texts: Mapping[str, str]) -> Plan:
    known, changes, settings = proposed_of(texts)
    changes, verdict = proposal.limit(known, changes, settings, now=NOW)
    head = Head(
        site="https://moodle.example",
        address="https://moodle.example",
        site_name="Example",
        release="4.4",
        made="2026-09-01T00:00:00+00:00",
    )
    return compose(head, known, changes, settings, refused=verdict.refused, notes=(), losses=LOSSES.empty())


def lines_of(plan: Plan, texts: Mapping[str, str]) -> str:
    """A plan for people: its changes with their holds, the bucket of each row, the verdict."""
    world = read_world(texts)
    users, courses = ({i: n for n, i in d.items()} for d in (world.users, world.courses))
    roles = {i: n for n, i in ROLE_IDS.items()}
    made = []
    for c in plan.changes.itertuples(index=False):
        words = [courses[c.course_id], users[c.user_id], c.op, roles.get(c.role_id, "")]
        if c.op in {"enrol", "update"}:
            words += [f"{c.start}..{c.end}", "suspend" * c.suspend]
        words += [f"→ {c.effect}", "(removal)" * c.removal, "(absent)" * c.absent]
        words += ["" if c.reason in {"roster", "absent", "row_removes"} else f"because {c.reason}"]
        words += [f"HELD {c.hold}: {c.hold_detail}".strip(" :") if c.hold else ""]
        made.append(" ".join(w for w in words if w))
    report = reconcile.reconcile(plan, None, run="", started="", finished="")
    ends = [
        (r.line, r.bucket + f" + {r.effects}" * bool(r.effects) + f" ({r.code})" * bool(r.code))
        for r in report.rows.itertuples(index=False)
    ]
    for words, group in groupby(ends, key=lambda end: end[1]):
        numbers = [line for line, _ in group]
        made.append(f"row {numbers[0]}{f'-{numbers[-1]}' if len(numbers) > 1 else ''}: {words}")
    return "\n".join([*made, f"exit {report.exit_code}"]) + "\n"


Texts = Mapping[str, str]


@pytest.fixture(scope="session")
def planned() -> Callable[[Texts], Plan]:
    """Makes a plan of texts."""
    return plan_of


@pytest.fixture(scope="session")
def proposed() -> Callable[[Texts], tuple[Snapshot, pd.DataFrame, Settings]]:
    """Makes the changes before rules 3 and 4, with what they were made from."""
    return proposed_of


@pytest.fixture(scope="session")
def shown() -> Callable[[Plan, Texts], str]:
    """Words a plan as expected.txt does."""
    return lines_of
