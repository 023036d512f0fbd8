"""Plan files in the hands of people: shown again, spoiled, too large, too old."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from rostersync.sandbox.server import Server

from .conftest import CHANGED, written

Run = Callable[..., Any]
OFFLINE = {"ROSTERSYNC_SITE": "", "ROSTERSYNC_TOKEN": ""}


@pytest.fixture
def plan(run: Run, connected: Server, changed: Path) -> Path:
    """Hugo comes, Finn goes."""
    assert run("plan", changed, "--out", "plan.json").code == 0
    return Path("plan.json")


def test_show_says_who_had_what_and_what_they_would_have(run: Run, plan: Path) -> None:
    """By action and course: the old state, the new one, why, and the row that asks for it; no site is needed."""
    lines = [line.strip() for line in run("show", plan, **OFFLINE).out.splitlines()]
    assert "To be unenrolled: 1" in lines
    assert "the roster does not name this person in this course (1)" in lines
    assert "BIO101  Finn Offinn (finn)  student; active → not enrolled" in lines
    assert lines[lines.index("To be enrolled: 1") + 1] == (
        "BIO101  Hugo Ofhugo (hugo)  not enrolled → student; active; no dates  row 7 of changed.csv"
    )
    start = lines.index("What they would lose")
    assert lines[start + 1 : start + 4] == [
        "grades: of the 1 to be unenrolled, Moodle shows no grades or feedback for any, item by item",
        "no course left: of the 1 to be unenrolled, 1 are in no other course then, as far as the token sees",
        "seen lately: of the 1 to be unenrolled, 0 were in the course within the last 14 days",
    ]


def test_show_prints_one_document_and_writes_the_report(run: Run, plan: Path) -> None:
    """In JSON and in the workbook stand the same changes and the same forecast."""
    ran = run("show", plan, "--json", "--report", "again", **OFFLINE)
    made = json.loads(ran.out)
    assert (ran.code, made["preview"], made["digest"]) == (0, True, json.loads(plan.read_text())["digest"])
    assert [(c["what"], c["user"], c["before"], c["after"], c["removal"]) for c in made["changes"]] == [
        ("enrol as student", "hugo", "not enrolled", "student; active; no dates", False),
        ("unenrol", "finn", "student; active", "not enrolled", True),
    ]
    assert made["forecast"] == {
        "unenrolled": 1,
        "graded": 0,
        "maybe_graded": 0,
        "none_left": 1,
        "left_unknown": 0,
        "seen": 0,
        "seen_unknown": 0,
        "at_risk": 0,
        "unknown_grades": [],
        "graded_held": 0,
        "mails": 1,
        "mails_suspended": 0,
        "mails_courses": 1,
    }
    assert json.loads(Path("again/preview.json").read_text()) == made
    book = load_workbook("again/preview.xlsx")
    assert [c.value for c in book["Changes"][3]][:7] == [
        1,
        "BIO101",
        "finn",
        "Finn Offinn",
        "unenrol",
        "student; active",
        "not enrolled",
    ]
    summary = [[c.value for c in row][:2] for row in book["Summary"].iter_rows()]
    assert [
        "What they would lose",
        "grades: of the 1 to be unenrolled, Moodle shows no grades or feedback for any, item by item",
    ] in summary


def spoil(plan: Path, how: str) -> None:
    """Make something else of the file."""
    content = plan.read_bytes()
    match how:
        case "cut":
            plan.write_bytes(content[: len(content) // 2])
        case "empty":
            plan.write_bytes(b"")
        case "binary":
            plan.write_bytes(bytes(range(256)) * 99)
        case "zeros":
            plan.write_bytes(content[:500] + bytes(500) + content[1000:])
        case "folder":
            plan.unlink()
            plan.mkdir()
        case "pipe":
            plan.unlink()
            os.mkfifo(plan)
        case "missing":
            plan.unlink()


@pytest.mark.parametrize(
    ("how", "code", "told"),
    [
        ("cut", 4, "plan.json is a damaged plan: it is cut off or not as it was written"),
        ("empty", 4, "plan.json is not a plan of rostersync"),
        ("binary", 2, "the plan plan.json cannot be read: it is not text"),
        ("zeros", 4, "plan.json is a damaged plan"),
        ("folder", 2, "the plan plan.json cannot be read: it is no file"),
        ("pipe", 2, "the plan plan.json cannot be read: it is no file"),
        ("missing", 2, "the plan plan.json cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_plan_any_more_is_told_with_a_remedy(
    run: Run, connected: Server, plan: Path, how: str, code: int, told: str
) -> None:
    """Both commands that take a plan say what is wrong with it, and nothing is changed."""
    spoil(plan, how)
    before = connected.state.document()
    for command in ("show", "apply"):
        ran = run(command, plan)
        assert ran.code == code
        assert ran.err.startswith(f"Error: {told}")
        assert "What to do: " in ran.err
    assert connected.state.document() == before


def test_a_plan_that_is_too_large_is_not_read(run: Run, connected: Server, plan: Path) -> None:
    """A file of 100 MB is refused by its size where the setting says so, before it costs memory."""
    with plan.open("r+b") as file:
        file.truncate(100 << 20)
    ran = run("show", plan, ROSTERSYNC_MAX_MEGABYTES="99")
    assert ran.code == 4
    assert "plan.json has 100 MB, and 99 are allowed (max_megabytes)" in ran.err


def test_a_changed_roster_refuses_the_plan_with_exit_code_4(run: Run, connected: Server, plan: Path) -> None:
    """Who edits the file after the plan was approved is told to plan again; nothing is changed."""
    roster = Path("changed.csv")
    roster.write_text(roster.read_text() + "finn,BIO101,student,active\n")
    before = connected.state.document()
    ran = run("apply", plan, "--json")
    assert ran.code == 4
    assert "changed.csv has changed since the plan was made" in json.loads(ran.out)["message"]
    assert connected.state.document() == before
    assert run("show", plan).code == 0


def test_an_old_plan_is_refused_with_exit_code_4(run: Run, connected: Server, plan: Path) -> None:
    """The setting says how old a plan may be; without time nothing is applied."""
    ran = run("apply", plan, ROSTERSYNC_PLAN_MAX_AGE_HOURS="0")
    assert ran.code == 4
    assert "0 are allowed (plan_max_age_hours)" in ran.err


def test_a_plan_with_nothing_to_do_is_not_offered_to_be_applied(run: Run, connected: Server, roster: Path) -> None:
    """There is nothing to carry out, and that is what is said."""
    ran = run("plan", roster, "--out", "idle.json")
    assert "rostersync show idle.json" in ran.err
    assert "rostersync apply" not in ran.err
    assert "there is nothing to carry out" in ran.err
    assert "rostersync apply plan.json" in run("plan", written("c.csv", CHANGED), "--out", "plan.json").err
