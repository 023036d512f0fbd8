"""The laws of guide/rules.md, over small random worlds; conftest.py says how the texts are to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from rostersync.settings import Settings
from rostersync.sync.changes.diff import diff
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import reconcile
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state.access import Access
from tests.examples import many, while_time_lasts

Texts = Mapping[str, str]
Planned = Callable[[Texts], Plan]
Proposed = Callable[[Texts], tuple[Snapshot, pd.DataFrame, Settings]]
Row = tuple[str, ...]

HEADER = "user,course,role,action,status,start,end,file,state"
PEOPLE = ("anna", "ben", "cleo", "dora", "eva")
COURSES = ("BIO", "CHE", "DEU", "ENG", "FRA", "GEO")
ROLES = ("student", "teacher", "guide")
ROLE_NAMES = {1: "manager", 3: "editingteacher", 4: "teacher", 5: "student", 9: "guide"}
USERS = {101 + i: name for i, name in enumerate(PEOPLE)}
DATES = (("", ""), ("", ""), ("0", "0"), ("100", "5000"), ("", "900"))
LOSES = ("unassign", "unenrol")

mirrored = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(COURSES),
    st.sampled_from(("student", "student", "teacher")),
    st.just(""),
    st.sampled_from(("", "", "", "active", "suspended", "removed")),
    st.sampled_from(DATES),
    st.sampled_from(("list:mirror", "list:mirror", "more:add-only")),
    st.just(""),
)
explicit = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(COURSES),
    st.sampled_from(("student", "teacher")),
    st.sampled_from(("add", "remove", "suspend")),
    st.just(""),
    st.just(("", "")),
    st.just("delta:explicit"),
    st.just(""),
)
broken = st.one_of(
    st.tuples(
        st.sampled_from((*PEOPLE, "zoe?", "zoe!", "x~anna", "ben|cleo", "")),
        st.sampled_from((*COURSES, "QQQ?", "BIO|CHE", "")),
        st.sampled_from(("student", "teacher")),
        st.sampled_from(("", "remove")),
        st.just(""),
        st.just(("", "")),
        st.just("list:mirror"),
        st.sampled_from(("date_bad", "row_length", "role_unknown")),
    ),
    st.tuples(
        st.sampled_from(("zoe?", "zoe!", "x~anna", "ben|cleo")),
        st.sampled_from((*COURSES, "QQQ?")),
        st.sampled_from(("student", "teacher")),
        st.just(""),
        st.just(""),
        st.just(("", "")),
        st.just("list:mirror"),
        st.just(""),
    ),
)


def line(row: Sequence[Any]) -> str:
    user, course, role, action, status, (start, end), file, state = row
    return f"{user},{course},{role},{action},{status},{start},{end},{file},{state}"


def roster(rows: Sequence[Sequence[Any]]) -> str:
    return "\n".join([HEADER, *map(line, rows)]) + "\n"


enrolment = st.fixed_dictionaries(
    {
        "roles": st.sets(st.sampled_from(ROLES), max_size=2),
        "manual": st.booleans(),
        "self": st.booleans(),
        "suspended": st.sampled_from((False, False, True)),
        "dates": st.sampled_from(((0, 0), (0, 0), (0, 900), (0, 5000), (2000, 5000))),
        "known": st.booleans(),
        "ours": st.booleans(),
    }
)
State = dict[tuple[str, str], dict[str, Any]]
ANNA = {
    "roles": {"student"},
    "manual": True,
    "self": False,
    "suspended": False,
    "dates": (0, 0),
    "known": True,
    "ours": False,
}


@st.composite
def states(draw: st.DrawFn) -> State:
    """Who is enrolled where, how, and what rostersync knows of it."""
    state: State = {}
    for course in COURSES:
        only_manual = draw(st.booleans())
        for user in draw(st.sets(st.sampled_from(PEOPLE), min_size=1)):
            made = draw(enrolment)
            made["self"] = made["self"] and not only_manual
            made["manual"] = made["manual"] or not made["self"]
            state[course, user] = made
    return state


def texts(state: State, rows: Sequence[Sequence[Any]], extra: str = "", grades: str = "") -> dict[str, str]:
    """The world as conftest.py reads it; the limits are lifted, they have tests of their own."""
    # A course that no row names: everybody in it is known, and ids do not shift from world to world.
    moodle, ledger = ["ZZZ", *(f"  {user} student" for user in PEOPLE)], []
    for course in COURSES:
        mine = {u: e for (c, u), e in sorted(state.items()) if c == course}
        methods = "manual,self" if any(e["self"] for e in mine.values()) else "manual"
        moodle.append(f"{course} methods={methods}")
        for user, e in mine.items():
            start, end = e["dates"]
            live = e["manual"] and not e["suspended"] and start <= 1000 and not 0 < end <= 1000
            moodle.append(f"  {user} {'+'.join(sorted(e['roles'])) or '-'}{'' if live or e['self'] else ' inactive'}")
            if e["manual"] and e["known"]:
                ours = " suspended" if e["ours"] and e["suspended"] else ""
                stuck = f" stuck={e['stuck']}" if e.get("stuck") else ""
                ledger.append(f"{course} {user} {start} {end}{ours} manual{stuck}")
            elif e.get("stuck"):
                ledger.append(f"{course} {user} stuck={e['stuck']}")
    return {
        "roster.csv": roster(rows),
        "moodle.txt": "\n".join(moodle),
        "ledger.txt": "\n".join(ledger),
        "settings.toml": f"allow_removals = 1000\n{extra}",
        "grades.txt": grades,
    }


settings_lines = st.sampled_from(
    (
        "",
        'on_missing = "suspend"',
        'on_missing = "keep"',
        'managed_roles = ["teacher"]',
        'managed_roles = ["student", "teacher"]',
        'courses = ["CHE"]',
    )
)


def person(row: Row) -> Row:
    return row[:2]


@st.composite
def good_rows(draw: st.DrawFn) -> list[Row]:
    """Rows that do not contradict each other; some people have two roles."""
    rows = draw(st.lists(st.one_of(mirrored, mirrored, mirrored, explicit), min_size=1, max_size=20, unique_by=person))
    twice = draw(st.sets(st.sampled_from(rows), max_size=4))
    return [*rows, *((*r[:2], "teacher" if r[2] == "student" else "student", *r[3:]) for r in sorted(twice))]


@st.composite
def any_rows(draw: st.DrawFn) -> list[Row]:
    """Good rows, a few more that may contradict or repeat them, and sometimes broken ones."""
    more = draw(st.lists(st.one_of(mirrored, explicit), max_size=3))
    return [*draw(good_rows()), *more, *draw(st.lists(broken, max_size=2))]


def losses(changes: pd.DataFrame) -> set[tuple[Any, ...]]:
    """What somebody would lose: people's removals, and roles that are replaced."""
    losing = changes[(changes["hold"] == "") & (changes["removal"] | changes["op"].isin(LOSES))]
    return set(losing[["course_id", "user_id"]].itertuples(index=False, name=None))


def named(snapshot: Snapshot, changes: set[tuple[Any, ...]]) -> set[tuple[str, int]]:
    """The same with the courses' names: a course more would shift their ids."""
    names = dict(zip(snapshot.courses["course_id"], snapshot.courses["shortname"], strict=True))
    return {(names[c], u) for c, u in changes}


@many
@given(state=states(), rows=any_rows(), extra=settings_lines)
@while_time_lasts
def test_the_buckets_add_up_and_claim_nothing_that_is_not_so(
    planned: Planned, state: State, rows: list[Row], extra: str
) -> None:
    """Every row ends in one bucket; who is to be added and is called unchanged does hold the role."""
    given_ = texts(state, rows, extra)
    plan = planned(given_)
    report = reconcile.reconcile(plan, None, run="", started="", finished="")
    assert sum(report.buckets().values()) == len(rows) == len(report.rows)
    assert report.rows["row"].tolist() == list(range(len(rows)))
    for row, bucket in zip(rows, report.rows["bucket"].tolist(), strict=True):
        if bucket == "unchanged" and row[3] in {"", "add"} and row[4] != "removed":
            assert row[2] in state[row[1], row[0]]["roles"]


@many
@given(
    state=states(),
    rows=any_rows(),
    extra=settings_lines,
    more=st.lists(broken, min_size=1, max_size=4),
    at=st.integers(0, 30),
)
@while_time_lasts
def test_a_rejected_row_adds_no_removal(
    proposed: Proposed, state: State, rows: list[Row], extra: str, more: list[Row], at: int
) -> None:
    """Rows that cannot be read or resolved take nothing from anybody, wherever they stand in the roster."""
    before, without, _ = proposed(
        texts(state, [*rows, ("anna", "QQQ?", "", "", "", ("", ""), "list:mirror", "row_blank")], extra)
    )
    after, with_it, _ = proposed(texts(state, [*rows[:at], *more, *rows[at:]], extra))
    assert named(after, losses(with_it)) <= named(before, losses(without))


@many
@given(
    state=states(),
    rows=good_rows(),
    extra=settings_lines,
    wrong=st.lists(st.sampled_from(("", "", "row", "row", "row", "user", "course")), min_size=24, max_size=24),
)
# Found by seed 186781408878149249823848085766647407451: the row that goes wrong drops its role from the managed ones;
# somebody suspended, who would have been left alone, lost the other role.
@example(
    state={("DEU", "anna"): ANNA, ("DEU", "ben"): {**ANNA, "roles": {"student", "teacher"}, "suspended": True}},
    rows=[
        ("anna", "DEU", "student", "", "", ("", ""), "list:mirror", ""),
        ("anna", "DEU", "teacher", "", "", ("", ""), "list:mirror", ""),
    ],
    extra='on_missing = "suspend"',
    wrong=["", "course"],
)
# Found by seed 8007293043262784070: the row that goes wrong is the only one that says that all of the file is over.
@example(
    state={("CHE", "cleo"): {**ANNA, "roles": {"student", "guide"}}},
    rows=[
        ("anna", "CHE", "student", "", "", ("", ""), "list:mirror", ""),
        ("ben", "BIO", "student", "", "", ("", "900"), "list:mirror", ""),
    ],
    extra="",
    wrong=["", "course"],
)
@while_time_lasts
def test_rows_that_go_wrong_remove_nobody(
    proposed: Proposed, state: State, rows: list[Row], extra: str, wrong: list[str]
) -> None:
    """If rows of a good roster were bad, or named nobody, nobody would be removed who is not removed as it is."""
    snapshot, as_it_is, _ = proposed(texts(state, rows, extra))
    bad = [gone_wrong(row, how) for row, how in zip(rows, wrong, strict=False)]
    other, if_bad, _ = proposed(texts(state, bad, extra))
    assert named(other, losses(if_bad)) <= named(snapshot, losses(as_it_is))


def gone_wrong(row: Row, how: str) -> Row:
    user, course, *rest, state = row
    match how:
        case "row":
            return (user, course, *rest, "date_bad")
        case "user":
            return ("zoe?", course, *rest, state)
        case "course":
            return (user, "QQQ?", *rest, state)
        case _:
            return row


@many
@given(state=states(), rows=any_rows(), extra=settings_lines, random=st.integers(0, 1 << 32).map(Random))
@while_time_lasts
def test_the_order_of_rows_does_not_matter(
    planned: Planned, state: State, rows: list[Row], extra: str, random: Random
) -> None:
    """Rows and current enrolments in another order make the same changes, held or not."""
    mixed, people = list(rows), list(state.items())
    random.shuffle(mixed)
    random.shuffle(people)
    columns = ["course_id", "user_id", "op", "role_id", "start", "end", "suspend", "effect", "removal", "reason"]

    def told(plan: Plan) -> list[tuple[Any, ...]]:
        shown = plan.changes[columns].assign(held=plan.changes["hold"] != "")
        return sorted(shown.itertuples(index=False, name=None))

    assert told(planned(texts(dict(people), mixed, extra))) == told(planned(texts(state, rows, extra)))


@many
@given(state=states(), rows=any_rows(), extra=settings_lines)
@while_time_lasts
def test_nothing_follows_of_those_who_are_settled(
    proposed: Proposed, state: State, rows: list[Row], extra: str
) -> None:
    """Whether everybody is looked at, or only those for whom something may have to be done, is the same."""
    snapshot, _, chosen = proposed(texts(state, rows, extra))
    every, some = (
        diff(facts, chosen, Access.of(snapshot.roles, chosen, now=1000))
        for facts in (snapshot.facts(), snapshot.comparison.unsettled.facts(snapshot.reads, snapshot.courses))
    )
    pd.testing.assert_frame_equal(every, some)


@many
@given(state=states(), rows=any_rows(), extra=settings_lines)
@while_time_lasts
def test_nobody_outside_the_plan_loses_anything(proposed: Proposed, state: State, rows: list[Row], extra: str) -> None:
    """A loss stands in a mirrored course or is asked for, concerns managed roles alone, and keeps who holds others."""
    snapshot, changes, _ = proposed(texts(state, rows, extra))
    courses = dict(zip(snapshot.courses["course_id"], snapshot.courses["shortname"], strict=True))
    ok = snapshot.resolution.rows[snapshot.resolution.rows["state"].isin(["ok", "duplicate"])]
    mirrors = {rows[r][1] for r in ok["row"].tolist() if rows[r][6] == "list:mirror"} | ({"CHE"} & {extra[12:15]})
    asked = {
        (rows[r][1], rows[r][0]) for r in ok["row"].tolist() if rows[r][3] or rows[r][4] in {"removed", "suspended"}
    }
    used = {(rows[r][1], rows[r][2]) for r in ok["row"].tolist()}
    used |= {(c, r) for c in COURSES for r in ROLES if "managed_roles" in extra and r in extra}
    for change in changes[changes["hold"] == ""].itertuples(index=False):
        course, user = courses[change.course_id], USERS[change.user_id]
        if change.removal or change.op in LOSES:
            roles = state[course, user]["roles"]
            assert course in mirrors or (course, user) in asked
            given_ = change.op == "update" and ROLE_NAMES[change.role_id] not in roles
            assert given_ or {(course, r) for r in roles} & used
            assert change.op != "unenrol" or {(course, r) for r in roles} <= used | {
                (course, r[2]) for r in rows if (r[0], r[1]) == (user, course)
            }


def apply(state: State, changes: pd.DataFrame, courses: Mapping[int, str]) -> None:
    """What Moodle makes of the changes (guide/moodle.md, facts 19 to 22), and what is remembered of them."""
    stuck: set[tuple[str, str]] = set()
    for change in changes[changes["hold"] == ""].itertuples(index=False):
        key = courses[change.course_id], USERS[change.user_id]
        role = ROLE_NAMES.get(change.role_id, "")
        match change.op:
            case "enrol" | "update":
                blank = {"roles": set(), "self": False, "manual": False}
                made = state.setdefault(key, blank)
                made["roles"].add(role)
                made |= {
                    "manual": True,
                    "dates": (change.start, change.end),
                    "suspended": bool(change.suspend),
                    "known": True,
                    "ours": bool(change.suspend),
                }
            case "assign":
                state[key]["roles"].add(role)
            case "unassign":
                state[key]["roles"].discard(role)
            case "unenrol" if state[key]["self"]:
                state[key]["manual"] = False
            case "unenrol":
                del state[key]
        if change.removal and change.op in {"update", "unenrol"} and key in state and state[key]["self"]:
            stuck.add(key)
    for key in stuck:
        ids = sorted(i for i, n in ROLE_NAMES.items() if n in state[key]["roles"])
        known = "manual" if state[key]["manual"] and state[key]["known"] else "any"
        state[key]["stuck"] = f"{'+'.join(map(str, ids))}|{known}"


@many
@given(state=states(), rows=any_rows(), extra=settings_lines, graded=st.sets(st.sampled_from(PEOPLE)))
@while_time_lasts
def test_the_second_plan_is_empty(
    planned: Planned, state: State, rows: list[Row], extra: str, graded: set[str]
) -> None:
    """After a complete run nothing is left to do, save for what was held."""
    grades = "\n".join(f"{c} {u} graded" for c in COURSES for u in sorted(graded))
    first = planned(texts(state, rows, extra, grades))
    names = dict(zip(first.courses["course_id"], first.courses["shortname"], strict=True))
    held = {(names[c], USERS[u]) for c, u in _pairs(first.changes[first.changes["hold"] != ""])}
    apply(state, first.changes, names)
    second = planned(texts(state, rows, extra, grades))
    open_ = second.changes[(second.changes["hold"] == "") & (second.changes["op"] != "nothing")]
    assert {(names[c], USERS[u]) for c, u in _pairs(open_)} <= held


def _pairs(changes: pd.DataFrame) -> list[tuple[int, int]]:
    return list(changes[["course_id", "user_id"]].itertuples(index=False, name=None))
