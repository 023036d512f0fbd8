"""Runs that are over, over real HTTP: their reports again, what differs, and why somebody is in a course or not."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import Server
from rostersync.store import open_store

Run = Callable[..., Any]


@pytest.fixture
def past(run: Run, connected: Server, roster: Path, changed: Path) -> list[dict[str, Any]]:
    """Three runs: nothing to do; Finn leaves and Hugo comes; the same with a row that nobody understands."""
    first = run("sync", roster, "--yes", "--json")
    second = run("sync", changed, "--yes", "--json")
    changed.write_text(changed.read_text() + "hogu,BIO101,student,active\n", encoding="utf-8")
    third = run("sync", changed, "--yes", "--json")
    assert [first.code, second.code, third.code] == [0, 0, 3]
    return [json.loads(ran.out) for ran in (first, second, third)]


def document(run: Run, *words: object, code: int = 0) -> dict[str, Any]:
    ran = run(*words, "--json")
    assert ran.code == code
    told: dict[str, Any] = json.loads(ran.out)
    return told


def test_a_run_is_shown_again_as_it_was(run: Run, past: list[dict[str, Any]]) -> None:
    """The document of each run is the one that was printed when it ended, to the last field."""
    for number, told in enumerate(past, start=1):
        assert document(run, "runs", "show", number) == told


def test_a_run_is_shown_again_in_words_and_files(run: Run, connected: Server, changed: Path) -> None:
    """The terminal shows what it showed, and the files have the same contents."""
    then = run("sync", changed, "--yes", "--report", "then")
    again = run("runs", "show", 1, "--report", "again")
    result = then.out[then.out.index("Result of run 1") :]
    assert again.out == result
    assert again.code == 0
    for name in ("run-000001.csv", "run-000001.removals.csv", "run-000001.json"):
        assert (Path("again") / name).read_bytes() == (Path("then") / name).read_bytes()
    assert (Path("again") / "run-000001.xlsx").exists()


def test_the_runs_are_listed(run: Run, past: list[dict[str, Any]]) -> None:
    """In order, with how they ended; only those of the site that is named."""
    runs = document(run, "runs", "list")["runs"]
    assert [(one["run"], one["kind"], one["state"], one["exit_code"]) for one in runs] == [
        (1, "apply", "done", 0),
        (2, "apply", "done", 0),
        (3, "apply", "done", 3),
    ]
    assert [(one["verdict"], one["digest"]) for one in runs] == [(told["verdict"], told["digest"]) for told in past]
    assert "2 enrolments changed" in run("runs", "list").out
    assert document(run, "runs", "list", "--site", "https://other.example")["runs"] == []


def test_two_runs_are_compared(run: Run, past: list[dict[str, Any]]) -> None:
    """Files, settings, buckets, and who came and went."""
    told = document(run, "runs", "compare", 1, 2)
    assert [one["what"] for one in told["sources"]] == ["roster.csv", "changed.csv"]
    assert told["settings"] == []
    assert told["buckets"] == [
        {"what": "enrolled", "first": 0, "second": 1},
        {"what": "unchanged", "first": 7, "second": 6},
    ]
    assert [(one["user"], one["course"], one["line"]) for one in told["came"]] == [("hugo", "BIO101", 7)]
    assert [(one["user"], one["course"], one["line"]) for one in told["went"]] == [("finn", "BIO101", 7)]
    third = document(run, "runs", "compare", 2, 3)
    assert [(one["user"], one["bucket"]) for one in third["came"]] == [("hogu", "rejected")]
    assert third["went"] == []
    same = document(run, "runs", "compare", 2, 2)
    assert [same[name] for name in ("runs", "sources", "settings", "buckets", "came", "went")] == [[]] * 6


def test_settings_that_differ_are_told(run: Run, connected: Server, roster: Path) -> None:
    """A limit that was lifted for one run stands in the comparison."""
    run("sync", roster, "--yes")
    run("sync", roster, "--yes", "--allow-removals", 7)
    assert document(run, "runs", "compare", 1, 2)["settings"] == [{"what": "allow_removals", "first": 0, "second": 7}]
    assert "allow_removals  0      7" in run("runs", "compare", 1, 2).out


def test_why_somebody_is_out(run: Run, past: list[dict[str, Any]]) -> None:
    """Finn: a row in the first run; in the second none, the rule, the call, the proof."""
    told = document(run, "explain", "finn", "BIO101")
    assert (told["user_id"], told["course_id"], told["known"]) == (106, 11, True)
    first, second, third = told["steps"]
    assert [(row["file"], row["line"], row["bucket"]) for row in first["rows"]] == [("roster.csv", 7, "unchanged")]
    assert [(gone["bucket"], gone["proof"], gone["code"]) for gone in second["removals"]] == [
        ("unenrolled", "proved", "absent")
    ]
    assert [(call["op"], call["event"]) for call in second["calls"]] == [("unenrol", "sent"), ("unenrol", "done")]
    assert second["calls"][0]["at"] <= second["calls"][1]["at"]
    assert third["rows"] == third["removals"] == third["calls"] == []
    assert told["now"].startswith("Out of the course (run 2).")
    shown = run("explain", "finn", "BIO101")
    assert shown.code == 0
    assert "roster.csv, line 7: finn, BIO101, student" in shown.out
    assert "→ unenrolled, proved: the roster does not name this person in this course" in shown.out


@pytest.mark.parametrize(
    ("user", "course"),
    [("HUGO", "bio101"), ("108", "11"), (" hugo ", "B-1")],
    ids=["letter case", "ids", "blanks and an ID number"],
)
def test_people_and_courses_are_found_by_any_of_their_names(
    run: Run, past: list[dict[str, Any]], user: str, course: str
) -> None:
    """Keys as in the roster, ids, and what Moodle told of them."""
    told = document(run, "explain", user, course)
    assert (told["user_id"], told["course_id"]) == (108, 11)
    assert told["remembered"] == (
        "rostersync last set that it starts at once and ends never; enrolled by the manual method"
    )


def test_a_row_that_was_not_understood_is_explained(run: Run, past: list[dict[str, Any]]) -> None:
    """There is no such person in Moodle; the row's cell and its problem are told all the same."""
    told = document(run, "explain", "hogu", "BIO101")
    assert told["user_id"] == 0
    assert [(row["line"], row["bucket"], row["code"]) for row in told["steps"][-1]["rows"]] == [
        (9, "rejected", "user_not_found")
    ]
    assert told["now"].startswith("As it was before: rejected (run 3).")


@pytest.mark.parametrize(("user", "course"), [("zed", "BIO101"), ("dan@host.example", "BIO101"), ("finn", "PHY")])
def test_nothing_is_claimed_of_whom_no_run_knows(run: Run, past: list[dict[str, Any]], user: str, course: str) -> None:
    """An address that no run asked for is nobody's: that no row names Dan would not be so. Exit code 1."""
    told = document(run, "explain", user, course, code=1)
    assert told["known"] is False
    assert told["steps"] == []
    assert "No run that is kept knows this person" in run("explain", user, course).out


def test_a_person_whom_two_sites_know_needs_the_site(
    run: Run, past: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids of one Moodle are not those of another."""
    with open_store(os.environ["ROSTERSYNC_STORE"], clock=time.time) as store:
        store.end(store.begin("https://other.example", "d9"), "done", 0)
    site = os.environ["ROSTERSYNC_SITE"]
    monkeypatch.delenv("ROSTERSYNC_SITE")
    ran = run("explain", "finn", "BIO101")
    assert ran.code == 2
    assert "--site" in ran.err
    assert run("explain", "finn", "BIO101", "--site", site).code == 0


def test_a_run_that_was_killed_is_shown_by_its_journal(
    run: Run, connected: Server, changed: Path, tmp_path: Path
) -> None:
    """What Moodle accepted, what was on its way and what was not sent are told apart; nothing is called proved."""
    run("sync", changed, "--yes")
    with open_store(os.environ["ROSTERSYNC_STORE"], clock=time.time) as store:
        digest = store.runs()[0].digest
        killed = store.begin(connected.url, digest)
        store.write_journal(killed, [0], "sent")
    told = document(run, "runs", "show", killed)
    assert told["verdict"].startswith("the run did not end: it was killed")
    assert told["exit_code"] == 1
    by_user = {row["user"]: (row["bucket"], row["proof"], row["code"]) for row in told["rows"]}
    assert by_user["hugo"] == ("unproved", "unproved", "no_answer")
    assert by_user["ada"] == ("unchanged", "", "")
    assert [(gone["user"], gone["bucket"], gone["code"]) for gone in told["removals"]] == [("finn", "held", "stopped")]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("runs", "show", 9), 2, "there is no run 9"),
        (("runs", "compare", 1, 9), 2, "there is no run 9"),
        (("runs", "show", "x"), 2, "not a valid integer"),
    ],
    ids=["show", "compare", "no number"],
)
def test_a_run_that_is_not_there_is_named(
    run: Run, past: list[dict[str, Any]], words: tuple[object, ...], code: int, said: str
) -> None:
    """Exit code 2, and where the list is."""
    ran = run(*words)
    assert ran.code == code
    assert said in ran.err


@pytest.mark.parametrize("words", [("runs", "list"), ("runs", "show", 1), ("explain", "a", "b"), ("store", "check")])
def test_history_makes_no_store(run: Run, words: tuple[object, ...]) -> None:
    """A question to a store that is not there is answered, not with an empty store but with exit code 1."""
    ran = run(*words)
    assert ran.code == 1
    assert "there is no store at" in ran.err
    assert not Path(os.environ["ROSTERSYNC_STORE"]).exists()


def test_an_emptied_course_is_not_believed_until_somebody_says_so(run: Run, connected: Server, roster: Path) -> None:
    """A course that had seven people after the last run and reads empty is held whole; --courses lets it go on."""
    assert run("sync", roster, "--yes").code == 0
    for one in list(connected.state.enrolments_of(11)):
        connected.state.drop_enrolment(one)
    held = document(run, "sync", roster, "--dry-run", code=3)
    assert held["buckets"]["held"] == 7
    assert {row["code"] for row in held["rows"]} == {"read_incomplete"}
    assert "nobody is listed, where 7 people were after the last run" in held["rows"][0]["message"]
    assert "--courses" in held["rows"][0]["message"]
    believed = document(run, "sync", roster, "--dry-run", "--courses", "BIO101")
    assert (believed["buckets"]["enrolled"], believed["buckets"]["suspended"]) == (6, 1)


def test_the_list_of_runs_has_room_for_its_sentences(run: Run, past: list[dict[str, Any]]) -> None:
    """At 80 columns a verdict stands on lines of its own, the site once above all runs."""
    lines = run("runs", "list", COLUMNS="80").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(os.environ["ROSTERSYNC_SITE"] in line for line in lines) == 1
    assert past[2]["verdict"] in " ".join(" ".join(lines).split())
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["3"])
    assert lines[at + 1].strip() == past[2]["verdict"]
