"""Undoing a run gives the state before it, and touches nothing that the run did not do."""

from __future__ import annotations

from typing import Any, TypeAlias

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync.settings import Settings
from rostersync.sync.effects import Effects, effects_of, managed, wanted
from rostersync.sync.state.access import Access
from rostersync.sync.state.facts import Facts, facts
from rostersync.sync.undo import may_empty, take_back
from rostersync.tables import CHANGES, COURSES, CURRENT, LEDGER, OUTCOMES, READS
from rostersync.tables import ROLES as SITE_ROLES

STUDENT, TEACHER, EDITOR = 5, 4, 3
NOW = 1000
COURSE = 11

Person: TypeAlias = tuple[tuple[int, ...], bool, tuple[int, int]]
"""Roles, suspended, dates; an enrolment that rostersync made and remembers."""
State: TypeAlias = dict[int, Person]


def sent(state: State, changes: pd.DataFrame) -> State:
    """What Moodle has after these changes."""
    made = dict(state)
    for user, op, role, start, end, suspend, hold in changes[
        ["user_id", "op", "role_id", "start", "end", "suspend", "hold"]
    ].itertuples(index=False, name=None):
        roles, out, dates = made.get(user, ((), False, (0, 0)))
        if hold or op == "nothing":
            continue
        if op == "unenrol":
            made.pop(user, None)
            continue
        if op in {"enrol", "update"}:
            out, dates = suspend > 0, (start, end)
        roles = tuple(sorted(set(roles) - {role} if op == "unassign" else {*roles, role}))
        made[user] = (roles, out, dates)
    return made


def idle(person: Person) -> int:
    _, out, (start, end) = person
    return int(out or start > NOW or 0 < end <= NOW)


def current(state: State) -> pd.DataFrame:
    lines = [
        {"course_id": COURSE, "user_id": u, "role_id": r, "inactive": idle(p)}
        for u, p in sorted(state.items())
        for r in (p[0] or (0,))
    ]
    return CURRENT.records(lines)


def ledger(state: State) -> pd.DataFrame:
    lines = [
        {"course_id": COURSE, "user_id": u, "start": s, "end": e, "suspended": out, "manual": True}
        for u, (_, out, (s, e)) in sorted(state.items())
    ]
    return LEDGER.records(lines)


def change(before: State, user: int, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of CHANGES
    there = before.get(user)
    return {
        "course_id": COURSE,
        "user_id": user,
        "roles_before": "+".join(map(str, there[0])) if there else "-",
        "inactive_before": idle(there) if there else -1,
        **columns,
    }


def run(before: State, rows: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame, Effects]:
    changes = CHANGES.records([{"change": at, **row} for at, row in enumerate(rows)])
    outcomes = OUTCOMES.records([{"change": at, "proof": "proved"} for at in range(len(rows))])
    return changes, outcomes, effects_of(changes, outcomes, ledger(before))


def undone(after: State, done: Effects) -> tuple[Facts, pd.DataFrame]:
    reads = READS.records([{"course_id": COURSE, "complete": True, "proven": True, "listed": len(after)}])
    courses = COURSES.records([{"course_id": COURSE, "shortname": "BIO", "manual": True, "only_manual": True}])
    seen = facts(wanted(done), current(after), reads, courses, ledger(after), managed(done))
    names = {STUDENT: "student", TEACHER: "teacher", EDITOR: "editingteacher"}
    roles = SITE_ROLES.records([{"role_id": i, "shortname": n} for i, n in names.items()])
    return seen, take_back(seen, done, Access.of(roles, Settings(), now=NOW))


ROLES = st.sets(st.sampled_from([STUDENT, TEACHER, EDITOR]), min_size=1).map(lambda r: tuple(sorted(r)))
DATES = st.sampled_from([(0, 0), (0, 500), (0, 2000), (2000, 3000), (500, 2000)])
PERSON = st.tuples(ROLES, st.booleans(), DATES)
USERS = st.integers(101, 106)


@st.composite
def runs(draw: st.DrawFn) -> tuple[State, list[dict[str, Any]]]:
    """A state, and changes of each person that a plan could hold."""
    before: State = draw(st.dictionaries(USERS, PERSON, max_size=6))
    rows: list[dict[str, Any]] = []
    for user in range(101, 107):
        what = draw(st.sampled_from(["keep", "go", "roles", "suspend", "back", "dates"]))
        start, end = draw(DATES)
        if user not in before:
            if what != "keep":
                dates = {"start": start, "end": end, "suspend": int(what == "suspend")}
                effect = "suspended" if what == "suspend" else "enrolled"
                rows += [change(before, user, op="enrol", role_id=r, effect=effect, **dates) for r in draw(ROLES)]
            continue
        roles, out, (had_start, had_end) = before[user]
        kept = {"role_id": roles[0], "op": "update"}
        if what == "go":
            rows.append(change(before, user, op="unenrol", effect="unenrolled", removal=True))
        elif what == "roles":
            new = draw(ROLES)
            moves = [("assign", r) for r in new if r not in roles] + [("unassign", r) for r in roles if r not in new]
            rows += [change(before, user, op=op, role_id=r, effect="role changed") for op, r in moves]
        elif what == "suspend" and not idle(before[user]):
            dates = {"start": had_start, "end": had_end, "suspend": 1}
            rows.append(change(before, user, **kept, **dates, effect="suspended", removal=True))
        elif what == "back" and out and not idle((roles, False, (had_start, had_end))):
            rows.append(change(before, user, **kept, start=had_start, end=had_end, effect="reactivated"))
        elif what == "dates" and not out:
            rows.append(change(before, user, **kept, start=start, end=end, effect="dates changed"))
    return before, rows


@given(runs())
@settings(max_examples=80, deadline=None)
def test_undo_gives_the_state_before(case: tuple[State, list[dict[str, Any]]]) -> None:
    """Roles, suspensions and dates that rostersync knew come back, and what the run enrolled is gone."""
    before, rows = case
    changes, _, done = run(before, rows)
    after = sent(before, changes)
    _, back = undone(after, done)
    assert sent(after, back) == before
    assert undone(before, done)[1].empty or sent(before, undone(before, done)[1]) == before


def test_what_others_did_since_is_left_alone() -> None:
    """A role given by hand keeps the enrolment; one taken by hand is not taken again; strangers are not touched."""
    changes, _, done = run({}, [change({}, u, op="enrol", role_id=STUDENT, effect="enrolled") for u in (101, 102, 103)])
    after = sent({}, changes) | {
        101: ((TEACHER, STUDENT), False, (0, 0)),
        102: ((TEACHER,), False, (0, 0)),
        104: ((STUDENT,), False, (0, 0)),
    }
    _, back = undone(after, done)
    assert back[["user_id", "op", "role_id"]].astype(object).to_numpy().tolist() == [
        [101, "unassign", STUDENT],
        [103, "unenrol", 0],
    ]


def test_what_failed_is_nobodys_deed() -> None:
    """A change that failed or was in place already is not taken back."""
    rows = [change({}, u, op="enrol", role_id=STUDENT, effect="enrolled") for u in (101, 102, 103)]
    changes, _, _ = run({}, rows)
    proofs = ["failed", "unchanged", "disproved"]
    outcomes = OUTCOMES.records([{"change": at, "proof": proof} for at, proof in enumerate(proofs)])
    assert not len(effects_of(changes, outcomes, LEDGER.empty()).people())


def test_dates_that_were_never_known_do_not_come_back() -> None:
    """Somebody who was unenrolled and whose dates nobody knew comes back without any, suspended as before."""
    before: State = {101: ((STUDENT,), True, (0, 2000))}
    changes, outcomes, _ = run(before, [change(before, 101, op="unenrol", effect="unenrolled", removal=True)])
    _, back = undone({}, effects_of(changes, outcomes, LEDGER.empty()))
    assert back[["op", "role_id", "start", "end", "suspend"]].astype(object).to_numpy().tolist() == [
        ["enrol", STUDENT, 0, 0, 1]
    ]


def test_a_course_that_was_empty_before_may_be_empty_again() -> None:
    """Rule 3 speaks of courses that had people before the run and would have none."""
    changes, _, done = run({}, [change({}, 101, op="enrol", role_id=STUDENT, effect="enrolled")])
    seen, back = undone(sent({}, changes), done)
    for listed, free in ((0, True), (1, False)):
        reads = READS.records([{"course_id": COURSE, "complete": True, "listed": listed}])
        courses = COURSES.records([{"course_id": COURSE}])
        assert may_empty(seen, back, courses, reads).tolist() == [free]
