"""Accounts that nobody can enrol: those that are not confirmed, and the guest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.tables import Report

Make = Callable[..., Any]
LINES = "username,course,role\nada,BIO101,student\nben,BIO101,student\nguest,BIO101,student\n"


def ends(report: Report) -> list[tuple[str, str]]:
    return list(report.rows[["bucket", "code"]].astype(str).itertuples(index=False, name=None))


def confirm(world: Any, name: str, confirmed: int) -> None:  # noqa: ANN401 - a World
    world.state.put_user(replace(world.state.user(name), confirmed=confirmed))


@pytest.mark.parametrize("release", ["4.4 (Build: 20240422)", "5.1.3 (Build: 20260216)"])
def test_their_rows_are_ignored_and_the_others_enrolled(make: Make, release: str) -> None:
    """On every release: one of them would make Moodle refuse the whole call, or would be enrolled and never get in."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben"])
    world.state.release = release
    confirm(world, "ben", 0)
    report = world.sync(LINES)
    assert ends(report) == [("enrolled", ""), ("ignored", "unconfirmed"), ("ignored", "unconfirmed")]
    assert world.people("BIO101") == {"ada": "student", "tom": "editingteacher"}
    assert [message.partition(" — ")[0] for message in report.rows["message"].tolist()[1:]] == [
        "username “ben” is an account that nobody can enrol: it is not confirmed yet",
        "username “guest” is an account that nobody can enrol: it is the guest account",
    ]
    assert report.exit_code == 3
    assert "2 accounts are new that cannot be enrolled" in report.verdict
    assert world.sync(LINES).exit_code == 0


def test_they_are_listed_in_each_run_until_they_are_confirmed(make: Make) -> None:
    """What is remembered of keys makes nobody confirmed, and the remedy works."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben"])
    lines = LINES.partition("guest")[0]
    confirm(world, "ben", 0)
    for _ in range(3):
        report = world.sync(lines)
        assert ends(report)[1] == ("ignored", "unconfirmed")
    confirm(world, "ben", 1)
    assert ends(world.sync(lines))[1] == ("enrolled", "")
    confirm(world, "ben", 0)  # by now the list shows them, and they are known
    world.put("BIO101", "ada", "teacher")
    world.sync(lines)
    assert world.people("BIO101")["ben"] == "student"


@pytest.mark.parametrize("release", ["4.4 (Build: 20240422)", "5.1.3 (Build: 20260216)"])
def test_who_is_enrolled_all_the_same_is_not_touched_and_not_absent(make: Make, release: str) -> None:
    """The row enrols nobody, but it names them."""
    world = make({"BIO101": "ada:student ben:student cyd:student"})
    world.state.release = release
    confirm(world, "ben", 0)
    report = world.sync(LINES.partition("guest")[0])
    assert ends(report) == [("unchanged", ""), ("ignored", "unconfirmed")]
    assert world.people("BIO101") == {"ada": "student", "ben": "student"}
    held = report.removals[["user", "bucket", "code"]].astype(str)
    assert ("ben", "held", "unconfirmed_account") in list(held.itertuples(index=False, name=None))


def test_an_absent_one_that_moodle_does_not_let_go_keeps_nobody_else(make: Make) -> None:
    """Whether an account that is not confirmed has grades cannot be told: it stays, and the others go."""
    world = make({"BIO101": "ada:student ben:student cyd:student"})
    world.state.release = "5.1.3 (Build: 20260216)"
    confirm(world, "ben", 0)
    report = world.sync("username,course,role\nada,BIO101,student", allow_removals=2)
    assert world.people("BIO101") == {"ada": "student", "ben": "student"}
    gone = report.removals[["user", "bucket"]].astype(str)
    assert sorted(gone.itertuples(index=False, name=None)) == [("ben", "held"), ("cyd", "unenrolled")]


RELEASES = ["4.4 (Build: 20240422)", "4.5.6 (Build: 20250811)", "5.1.3 (Build: 20260216)", ""]
STAYING = ("ada", "cyd", "dot", "eve", "fay")
MIRROR = "username,course,role\n" + "".join(f"{name},BIO101,student\n" for name in STAYING)


def mirrored(make: Make, release: str, **settings: object) -> Any:  # noqa: ANN401 - a World
    """A course in which one more than the roster has is enrolled, whose account is not confirmed."""
    people = " ".join(f"{name}:student" for name in (*STAYING, "ben"))
    world = make({"BIO101": people}, methods={"BIO101": ["manual"]}, **settings)
    world.state.release = release
    confirm(world, "ben", 0)
    return world


def removals(report: Report) -> list[tuple[str, str, str]]:
    return list(report.removals[["user", "bucket", "code"]].astype(str).itertuples(index=False, name=None))


@pytest.mark.parametrize("release", RELEASES[1:])
@pytest.mark.parametrize("settings", [{}, {"on_missing": "suspend"}, {"on_unknown_grades": "unenrol"}])
def test_an_absent_one_whom_moodle_refuses_is_held_beforehand(
    make: Make, release: str, settings: dict[str, str]
) -> None:
    """From 4.5 on, and where the release is not told: nothing is sent that fails, and it is news only once."""
    world = mirrored(make, release, **settings)
    report = world.sync(MIRROR)
    assert removals(report) == [("ben", "held", "not_confirmed")]
    assert "confirm the account in Moodle" in report.removals["message"].tolist()[0]
    assert (report.exit_code, world.wrote()) == (3, [])
    assert "1 account is new" in report.verdict
    for _ in range(2):
        report = world.sync(MIRROR)
        assert (report.exit_code, removals(report)) == (0, [("ben", "held", "not_confirmed")])
    assert world.people("BIO101")["ben"] == "student"
    assert world.wrote() == []


@pytest.mark.parametrize("release", RELEASES[1:])
def test_the_remedy_of_an_absent_one_works(make: Make, release: str) -> None:
    """Once the account is confirmed, it goes."""
    world = mirrored(make, release, on_missing="suspend")
    world.sync(MIRROR)
    confirm(world, "ben", 1)
    report = world.sync(MIRROR)
    assert [(user, bucket) for user, bucket, _ in removals(report)] == [("ben", "suspended")]
    assert world.people("BIO101")["ben"] == "!student"


def test_on_4_4_an_absent_one_goes_like_anybody(make: Make) -> None:
    """Moodle refuses nobody there (accounts 23), so that nothing is held."""
    for settings in ({}, {"on_missing": "suspend"}):  # whether there are grades is told of confirmed accounts alone
        world = mirrored(make, RELEASES[0], **settings)
        assert [bucket for _, bucket, _ in removals(world.sync(MIRROR))] == ["suspended"]
        assert world.people("BIO101")["ben"] == "!student"


def test_whom_moodle_refuses_counts_for_no_limit(make: Make) -> None:
    """Nobody is lost by what cannot be done: the others go as if these were not there."""
    there = [*STAYING, "ben", "gus", "hal"]
    world = make({"BIO101": " ".join(f"{name}:student" for name in there)}, methods={"BIO101": ["manual"]})
    world.state.release = RELEASES[2]
    for name in ("ben", "gus", "hal"):
        confirm(world, name, 0)
    report = world.sync(MIRROR.replace("ada,BIO101,student\n", ""))
    assert sorted(removals(report))[1:] == [(name, "held", "not_confirmed") for name in ("ben", "gus", "hal")]
    assert "ada" not in world.people("BIO101")


NEWER = pytest.mark.parametrize("release", ["4.5.6 (Build: 20250811)", "5.1.3 (Build: 20260216)"])


@NEWER
def test_who_cannot_get_in_replaces_no_teacher(make: Make, release: str) -> None:
    """An unconfirmed teacher who stays is no reason to take the last one who gets in."""
    world = make({"BIO101": "tom:editingteacher gus:editingteacher ada:student"}, methods={"BIO101": ["manual"]})
    world.state.release = release
    confirm(world, "gus", 0)
    before = world.people("BIO101")
    report = world.sync("username,course,role\nada,BIO101,student\n", managed_roles=["editingteacher"])
    assert world.people("BIO101") == before
    assert {line.user: line.code for line in report.removals.itertuples()} == {
        "gus": "not_confirmed",
        "tom": "would_lose_role",
    }


@NEWER
def test_a_course_in_which_nobody_gets_in_is_empty(make: Make, release: str) -> None:
    """All who get in are not let go because somebody stays who does not."""
    world = make({"BIO101": "ada:student ben:student eve:student"}, methods={"BIO101": ["manual"]})
    world.state.release = release
    confirm(world, "eve", 0)
    lines = "username,course,role,status\nada,BIO101,student,withdrawn\nben,BIO101,student,withdrawn\n"
    report = world.sync(lines, managed_roles=["student"])
    assert set(world.people("BIO101")) == {"ada", "ben", "eve"}
    assert ends(report) == [("held", "would_empty"), ("held", "would_empty")]
