"""Whose a key was is remembered: it saves look-ups, and changes nothing of what is decided."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rostersync.sandbox.records import User
from rostersync.store import KEPT
from rostersync.sync.plan import Plan

from .conftest import World

Make = Callable[..., World]
LOOK_UP, LIST = "core_user_get_users_by_field", "core_enrol_get_enrolled_users"
PEOPLE = ("ada", "ben", "cyd", "dot", "eve", "fay")
COURSES = ("BIO101", "CHE101")
SITE = {"BIO101": "ada:student ben:student cyd:student", "CHE101": "cyd:student dot:student eve:teacher"}
FIELDS = ("username", "idnumber", "email")
OPTIONS: dict[str, Any] = {"teacher_means": "teacher", "allow_removals": 99}


def key(user: User, field: str) -> str:
    return str(getattr(user, field))


def text(rows: Sequence[tuple[str, str, str]], header: str = "username") -> str:
    return f"{header},course short name,role\n" + "\n".join(",".join(row) for row in rows)


def everybody(world: World, field: str = "username") -> list[tuple[str, str, str]]:
    """The roster that says what the site says."""
    return [
        (key(world.state.user(name), field), course, role)
        for course in COURSES
        for name, role in world.people(course).items()
    ]


def asked(world: World, since: int) -> list[set[str]]:
    """The values that each look-up of users asked for, from some call on."""
    calls = [c for c in world.gate.calls[since:] if c.function == LOOK_UP]
    return [{v for k, v in c.form.items() if k.startswith("values[")} for c in calls]


def forget(world: World) -> None:
    """Empty the memory of keys, and nothing else of the store."""
    with closing(sqlite3.connect(world.store_path)) as file, file:
        file.execute("DELETE FROM known_users")


@pytest.mark.parametrize("field", FIELDS)
def test_a_second_run_that_changes_nothing_looks_nobody_up(make: Make, field: str) -> None:
    """One call for each course's page, one for who of them is active, one for each course, and no more."""
    world = make(SITE, **OPTIONS)
    roster = text(everybody(world, field), field)
    assert world.sync(roster).buckets()["unchanged"] == 6
    before = len(world.gate.calls)
    assert world.plan(roster).changes.empty
    counts = Counter(c.function for c in world.gate.calls[before:])
    assert counts == {"core_webservice_get_site_info": 1, "core_course_get_courses_by_field": 2, LIST: 4}


def test_only_who_was_not_seen_before_is_looked_up(make: Make) -> None:
    """One new key among six is one look-up of one value; the accounts' keys are asked of lists from then on."""
    world = make(SITE, people=["fay"], **OPTIONS)
    rows = everybody(world)
    world.plan(text(rows))
    assert {c.form["options[0][value]"] for c in world.gate.calls if c.function == LIST} == {"id,roles", "id"}
    before = len(world.gate.calls)
    report = world.apply_at_once(plan := world.plan(text([*rows, ("fay", "BIO101", "student")])))
    assert asked(world, before) == [{"fay"}, {"fay"}] or asked(world, before) == [{"fay"}]
    assert (len(plan.changes), report.buckets()["enrolled"]) == (1, 1)
    lists = [c.form["options[0][value]"] for c in world.gate.calls[before:] if c.function == LIST]
    assert lists[:2] == ["id,roles,username,email,idnumber"] * 2


def test_where_somebody_may_be_lost_all_keys_of_the_course_are_looked_up(make: Make) -> None:
    """Rule 2; and those who stay in the other course are not asked for."""
    world = make(SITE, **OPTIONS)
    rows = everybody(world)
    world.plan(text(rows))
    before = len(world.gate.calls)
    plan = world.plan(text([r for r in rows if r[:2] != ("ben", "BIO101")]))
    assert plan.changes["removal"].tolist() == [True]
    looked_up = [values for values in asked(world, before) if not next(iter(values)).isdigit()]
    assert looked_up == [{"ada", "cyd"}]


def test_what_is_remembered_does_not_last_longer_than_a_week(make: Make) -> None:
    """A second account with the same id number shows in a look-up only; nor is a time ahead of the clock believed."""
    world = make(SITE, **OPTIONS)
    roster = text(everybody(world))
    for passed, looks in ((0.0, 1), (0.0, 0), (KEPT - 3600, 0), (7200.0, 1), (-KEPT, 1)):
        world.now[0] += passed
        before = len(world.gate.calls)
        world.plan(roster)
        assert len(asked(world, before)) == looks, passed


def test_a_key_that_is_not_exactly_one_accounts_is_not_remembered(make: Make) -> None:
    """Two accounts with one id number, a key in other letters, an unknown one: each is looked up every time."""
    world = make(SITE, people=["fay"], **OPTIONS)
    fay, dot = world.state.user("fay"), world.state.user("dot")
    world.state.put_user(replace(fay, idnumber=dot.idnumber))
    world.state.put_user(replace(world.state.user("eve"), idnumber="A7"))
    rows = [(dot.idnumber, "CHE101", "student"), ("a7", "CHE101", "teacher"), ("nobody", "CHE101", "student")]
    roster = text([*rows, (world.state.user("cyd").idnumber, "CHE101", "student")], "idnumber")
    world.plan(roster)
    before = len(world.gate.calls)
    world.plan(roster)
    assert asked(world, before)[0] == {dot.idnumber, "a7", "nobody"}


def test_a_token_that_sees_less_in_lists_has_everybody_looked_up(make: Make) -> None:
    """Where the list does not show what the look-up had shown, the key is no nearer than before."""
    world = make(SITE, **OPTIONS)
    roster = text(everybody(world))
    world.plan(roster)
    for name in ("ada", "ben", "cyd", "dot", "eve"):
        world.state.put_user(replace(world.state.user(name), idnumber=""))
    before = len(world.gate.calls)
    world.plan(roster)
    assert asked(world, before) == [{"ada", "ben", "cyd", "dot", "eve"}]


# What can happen to accounts between two nights


def rename(world: World, one: User, other: User) -> None:
    """Somebody gets another user name, and it goes to somebody else."""
    world.state.put_user(replace(one, username=f"{one.username}2"))
    world.state.put_user(replace(other, username=one.username))


def swap(world: World, one: User, other: User) -> None:
    """Two people get each other's keys."""
    world.state.put_user(replace(one, username=other.username, idnumber=other.idnumber, email=other.email))
    world.state.put_user(replace(other, username=one.username, idnumber=one.idnumber, email=one.email))


def delete(world: World, one: User, _: User) -> None:
    """An account is deleted."""
    world.state.put_user(replace(one, deleted=1, username=f"{one.email}.1", idnumber="", email="gone"))


def recreate(world: World, one: User, _: User) -> None:
    """An account is deleted and made anew, with another id."""
    delete(world, one, one)
    world.state.put_user(replace(one, id=world.state.next_id("user")))


def merge(world: World, one: User, other: User) -> None:
    """One account takes over another's number and address."""
    delete(world, one, one)
    world.state.put_user(replace(other, idnumber=one.idnumber, email=one.email))


def marry(world: World, one: User, _: User) -> None:
    """Somebody gets another name."""
    world.state.put_user(replace(one, lastname="Other"))


def lose_number(world: World, one: User, _: User) -> None:
    """Somebody has no id number any more."""
    world.state.put_user(replace(one, idnumber=""))


def share_number(world: World, one: User, other: User) -> None:
    """A second account gets the same id number and address: no list shows it."""
    world.state.put_user(replace(other, idnumber=one.idnumber, email=one.email))


@pytest.mark.parametrize("field", FIELDS)
def test_a_key_that_went_to_somebody_else_means_somebody_else(make: Make, field: str) -> None:
    """Two people got each other's keys: it is the other one who is named now, and they are looked up."""
    world = make({"BIO101": "ada:student"}, people=["ben"], **OPTIONS)
    roster = text([(key(world.state.user("ada"), field), "BIO101", "student")], field)
    ada, ben = world.state.user("ada"), world.state.user("ben")
    world.plan(roster)
    swap(world, ada, ben)
    assert world.plan(roster).rows["user_id"].tolist() == [ben.id]


@pytest.mark.parametrize("field", FIELDS[1:])
def test_nobody_is_enrolled_by_what_is_remembered(make: Make, field: str) -> None:
    """A second account has the same key by now: the row that would enrol its first owner elsewhere is rejected."""
    world = make({"BIO101": "ada:student", "CHE101": "ben:student"}, people=["fay"], **OPTIONS)
    ada, ben = (key(world.state.user(name), field) for name in ("ada", "ben"))
    rows = [(ada, "BIO101", "student"), (ben, "CHE101", "student")]
    world.plan(text(rows, field))
    share_number(world, world.state.user("ada"), world.state.user("fay"))
    plan = world.plan(text([*rows, (ada, "CHE101", "student")], field))
    assert plan.rows["code"].tolist() == ["user_not_unique", "", "user_not_unique"]
    assert plan.changes[plan.changes["hold"] == ""].empty


EVENTS = (rename, swap, delete, recreate, merge, marry, lose_number)
pairs = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).filter(lambda pair: pair[0] != pair[1])
HERE = {(person.partition(":")[0], course) for course, people in SITE.items() for person in people.split()}
turns = st.sets(st.tuples(st.sampled_from((*PEOPLE, "nobody")), st.sampled_from(COURSES)), max_size=3)
"""Pairs that the roster has while the site has not, or the other way round."""
TABLES = ("rows", "problems", "courses", "roles", "reads", "people", "changes", "holders", "losses")


def plans_of(
    world: World, field: str, turned: Sequence[set[tuple[str, str]]], happen: Sequence[tuple[Any, Any]]
) -> tuple[Plan, Plan]:
    """The plan of the second roster after something happened, from memory, and then the one without."""
    keys = {name: key(world.state.user(name), field) for name in PEOPLE} | {"nobody": "nobody"}
    rosters = (HERE ^ pairs for pairs in turned)
    first, second = (text([(keys[n], c, "student") for n, c in sorted(roster)], field) for roster in rosters)
    accounts = {name: world.state.user(name).id for name in PEOPLE}
    world.plan(first)
    for event, names in happen:
        people = [world.state.users.rows[accounts[name]] for name in names]
        if not any(person.deleted for person in people):
            event(world, *people)
    known = world.plan(second)
    forget(world)
    return known, world.plan(second)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(FIELDS),
    before=turns,
    after=turns,
    happen=st.lists(st.tuples(st.sampled_from(EVENTS), pairs), max_size=3),
)
def test_a_plan_from_memory_is_the_plan_without_one(
    make: Make,
    field: str,
    before: set[tuple[str, str]],
    after: set[tuple[str, str]],
    happen: list[tuple[Any, Any]],
) -> None:
    """Whatever happened to the accounts meanwhile: row by row, change by change, word by word."""
    world = make(SITE, people=["fay"], **OPTIONS)
    known, fresh = plans_of(world, field, (before, after), happen)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(known, name), getattr(fresh, name), obj=name)
    assert (known.notes, known.refused) == (fresh.notes, fresh.refused)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(FIELDS[1:]),
    before=turns,
    after=turns,
    happen=st.lists(st.tuples(st.sampled_from((share_number, share_number, *EVENTS)), pairs), min_size=1, max_size=3),
)
def test_a_second_account_with_the_same_key_changes_nothing_that_is_sent(
    make: Make,
    field: str,
    before: set[tuple[str, str]],
    after: set[tuple[str, str]],
    happen: list[tuple[Any, Any]],
) -> None:
    """What no list can show: at most a row is called unchanged, as the site shows it, that a look-up would reject."""
    world = make(SITE, people=["fay"], **OPTIONS)
    known, fresh = plans_of(world, field, (before, after), happen)

    def sent(plan: Plan) -> list[list[Any]]:
        changes = plan.changes[(plan.changes["hold"] == "") & (plan.changes["op"] != "nothing")]
        return changes[["op", "course_id", "user_id", "role_id"]].astype(str).to_numpy().tolist()

    assert sent(known) == sent(fresh)
    other = (known.rows["state"].astype(str) != fresh.rows["state"].astype(str)).to_numpy()
    enrolled = {(c, world.state.user(u).id) for c in COURSES for u in world.people(c)}
    numbers = {world.state.course(c).id: c for c in COURSES}
    for course, user, state in known.rows.loc[other, ["course_id", "user_id", "state"]].to_numpy().tolist():
        assert (state, (numbers[course], user) in enrolled) == ("ok", True)
    assert set(fresh.rows.loc[other, "code"]) <= {"user_not_unique"}


def test_keys_that_differ_in_letter_case_are_asked_for_together(make: Make) -> None:
    """Where the database tells case apart, an answer to one of them decides what the other means."""
    courses = {"BIO101": "ada:student", "CHE101": "ada:student ben:student cyd:student"}
    world = make(courses, people=["zoe"], collation="exact", **OPTIONS)
    mine = world.state.user("ada").email
    other = mine.replace("ada", "Ada")
    rows = [(mine, "BIO101", "student"), (other, "CHE101", "student")]
    rows += [(world.state.user(name).email, "CHE101", "student") for name in ("ben", "cyd")]
    roster = text(rows, "email")
    assert [world.plan(roster).rows["state"].tolist() for _ in range(2)] == [["ok"] * 4] * 2
    world.state.put_user(replace(world.state.user("zoe"), email=other))
    plan = world.plan(roster)
    assert plan.rows["code"].tolist() == ["user_not_unique", "user_not_unique", "", ""]
    assert not ((plan.changes["hold"] == "") & plan.changes["removal"]).any()
    assert sorted(world.people("CHE101")) == ["ada", "ben", "cyd"]
