"""Reports: every row in one bucket, by the worst that became of its enrolment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import pytest

from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation.reconcile import reconcile
from rostersync.tables import OUTCOMES, Report

Texts = Mapping[str, str]
Planned = Callable[[Texts], Plan]
Told = dict[tuple[str, str], tuple[str, str, str]]

WORLD = {
    "roster.csv": """user,course,role,start,end,status,state
anna,BIO,student,,,,
ben,BIO,student,100,5000,,
ben,BIO,teacher,100,5000,,
ben,BIO,teacher,100,5000,,
cleo,BIO,student,,,removed,
dora,BIO,student,,,,
zoe?,CHE,student,,,,
,,,,,,row_blank
""",
    "moodle.txt": """BIO
  ben guide+student
  cleo student
  dora student
  eva student
CHE
""",
    "settings.toml": "allow_removals = 10",
}


def report(plan: Plan, told: Told | None) -> Report:
    """The report on a preview, or on a run in which changes, by user and op, came out so."""
    if told is None:
        return reconcile(plan, None, run="", started="", finished="")
    names = {i: n for n, i in zip(("anna", "ben", "cleo", "dora", "eva"), range(101, 106), strict=True)}
    lines = [
        {"change": c.change, **dict(zip(("proof", "code", "message"), told[names[c.user_id], c.op], strict=True))}
        for c in plan.changes.itertuples(index=False)
        if (names[c.user_id], c.op) in told
    ]
    return reconcile(plan, OUTCOMES.records(lines), run="7", started="", finished="")


DONE: Told = {
    ("anna", "enrol"): ("proved", "", ""),
    ("ben", "update"): ("accepted", "", ""),
    ("ben", "assign"): ("proved", "", ""),
    ("cleo", "unenrol"): ("proved", "", ""),
    ("eva", "unenrol"): ("proved", "", ""),
}


def ends(frame: pd.DataFrame, *columns: str) -> list[tuple[str, ...]]:
    return list(frame[list(columns)].astype(str).itertuples(index=False, name=None))


def test_a_preview_says_what_would_happen(planned: Planned) -> None:
    """Buckets in their order, further effects beside, removals apart; nothing is proved yet."""
    made = report(planned(WORLD), None)
    assert ends(made.rows, "bucket", "effects", "proof") == [
        ("enrolled", "", ""),
        ("role changed", "dates changed", ""),
        ("role changed", "dates changed", ""),
        ("duplicate", "", ""),
        ("unenrolled", "", ""),
        ("unchanged", "", ""),
        ("rejected", "", ""),
        ("ignored", "", ""),
    ]
    assert ends(made.removals, "user", "what", "bucket", "code") == [("eva", "unenrolled", "unenrolled", "absent")]
    assert sum(made.buckets().values()) == 8
    assert (made.preview, made.exit_code) == (True, 3)
    assert made.verdict == "4 enrolments to change; 1 row rejected"


def test_what_is_known_of_a_row_is_the_worst_of_its_changes(planned: Planned) -> None:
    """A role that is proved beside dates that no read can show leaves the row accepted."""
    made = report(planned(WORLD), DONE)
    assert ends(made.rows, "bucket", "proof")[:6] == [
        ("enrolled", "proved"),
        ("role changed", "accepted"),
        ("role changed", "accepted"),
        ("duplicate", ""),
        ("unenrolled", "proved"),
        ("unchanged", ""),
    ]
    assert made.verdict == "4 enrolments changed; 1 row rejected"


@pytest.mark.parametrize(
    ("outcome", "bucket", "effects", "proof", "code"),
    [
        (("failed", "wsnoinstance", "No manual instance"), "failed", "dates changed", "accepted", "wsnoinstance"),
        (("disproved", "disproved", "not shown"), "failed", "dates changed", "disproved", "disproved"),
        (("held", "changed_since_plan", "roles were 5"), "held", "dates changed", "accepted", "changed_since_plan"),
        (("unchanged", "", "in place"), "dates changed", "", "accepted", ""),
    ],
)
def test_the_first_bucket_counts(
    planned: Planned, outcome: tuple[str, str, str], bucket: str, effects: str, proof: str, code: str
) -> None:
    """Failed goes before held, held before done, done before unchanged; what else was done stands beside."""
    made = report(planned(WORLD), {**DONE, ("ben", "assign"): outcome})
    assert ends(made.rows, "bucket", "effects", "proof", "code")[1] == (bucket, effects, proof, code)


def test_a_change_that_was_not_sent_is_held(planned: Planned) -> None:
    """A run that stopped claims nothing of what it did not come to, and counts it."""
    made = report(planned(WORLD), {})
    assert ends(made.rows, "bucket", "code")[:3] == [("held", "stopped")] * 3
    assert ends(made.removals, "bucket", "code") == [("held", "stopped")]
    assert made.exit_code == 3
    assert made.verdict == "nothing was changed; 4 enrolments held; 1 row rejected"


def test_a_duplicate_names_its_twin_and_the_twins_file(planned: Planned) -> None:
    """A twin in another file is named with that file."""
    roster = "user,course,role,file\nanna,BIO,student,a.csv:mirror\nanna,BIO,student,a.csv:mirror\n"
    plan = planned({"roster.csv": f"{roster}anna,BIO,student,b.csv:mirror\n", "moodle.txt": "BIO\n"})
    assert report(plan, None).rows["message"].tolist() == [
        "",
        "the row says the same as row 2",
        "the row says the same as row 2 of a.csv",
    ]


@pytest.mark.parametrize(
    ("world", "exit_code", "verdict"),
    [
        (
            {"roster.csv": "user,course,role\nanna,BIO,student\n", "moodle.txt": "BIO\n  anna student"},
            0,
            "nothing to do",
        ),
        ({"roster.csv": "user,course,role\nanna,BIO,student\n", "moodle.txt": "BIO\n"}, 0, "1 enrolment to change"),
        (
            {
                "moodle.txt": "BIO\n  anna student\n  ben student",
                "settings.toml": 'protected_users = ["ben"]',
            },
            0,
            "nothing to do",
        ),
        (
            {
                "moodle.txt": "BIO unproven\n  anna student\n  ben student",
            },
            3,
            "nothing to do; 1 enrolment held",
        ),
    ],
)
def test_exit_codes(planned: Planned, world: Texts, exit_code: int, verdict: str) -> None:
    """0 where all is well, 3 where something is held; people who are protected ask for nobody's attention."""
    made = report(planned({"roster.csv": "user,course,role\nanna,BIO,student\n", **world}), None)
    assert (made.exit_code, made.verdict) == (exit_code, verdict)


def test_courses_count_people(planned: Planned) -> None:
    """A line for each course, with its people by what happens to them."""
    made = report(planned(WORLD), None)
    columns = ("course", "enrolled", "rows", "enrolling", "role_changing", "dates_changing", "unenrolling", "held")
    assert ends(made.courses, *columns) == [
        ("BIO", "4", "6", "1", "1", "1", "2", "0"),
        ("CHE", "0", "1", "0", "0", "0", "0", "0"),
    ]
