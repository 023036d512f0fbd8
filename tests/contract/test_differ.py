"""What two releases answer differently is told in plain words, from the recordings alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.differ import differ
from tests.contract.recordings import FOLDERS

ROOT = Path(__file__).parents[2]


def of(name: str, told: list[str]) -> list[str]:
    """The lines below a heading."""
    start = told.index(f"{name}:") + 1
    rest = told[start:]
    return rest[: next((at for at, line in enumerate(rest) if not line.startswith("  ")), len(rest))]


def test_between_the_later_releases_only_what_is_not_found_differs() -> None:
    """Six calls of 186 differ, and in each it is the code for something that is not there."""
    told = list(differ("4.5", "5.1"))
    assert of("calls.jsonl", told) == [
        f"  {line}, 5.1 refuses with invalidrecordunknown"
        for line in (
            "37 unknown course (core_enrol_get_enrolled_users): 4.5 refuses with invalidrecord",
            "66 unknown user: whole call rolled back (enrol_manual_enrol_users): 4.5 refuses with invaliduser",
            "113 unknown user: whole call rolled back (enrol_manual_unenrol_users): 4.5 refuses with invaliduser",
            "115 unknown course (enrol_manual_unenrol_users): 4.5 refuses with invalidrecord",
            "136 unknown function (core_no_such_function): 4.5 refuses with invalidrecord",
            "170 grades of an unknown user (gradereport_overview_get_course_grades): 4.5 refuses with invaliduser",
        )
    ]
    assert {"faults.jsonl: nothing differs", "mail.jsonl: nothing differs"} <= set(told)
    assert len(of("grades.jsonl", told)) == 1


def test_what_4_5_brought_is_told() -> None:
    """Accounts that are refused, errors that are spelled otherwise, names apart, and who was enrolled in the end."""
    told = list(differ("4.4", "4.5"))
    calls, accounts = of("calls.jsonl", told), of("accounts.jsonl", told)
    assert "  64 guest user (enrol_manual_enrol_users): 4.4 does it, 4.5 refuses with guestsarenotallowed" in calls
    assert "  10 errors: moodle_exception in 4.4 is core\\exception\\moodle_exception in 4.5" in calls
    assert "  core_enrol_get_enrolled_users: only 4.5 gives firstname (1 call, first 30 default fields)" in calls
    assert (
        "  4 who is in CHE201 after that (unconfirmed): the database held ada, alan, barbara in 4.4, and nobody in 4.5"
        in accounts
    )
    assert "  40 it is gone: recorded of 4.5 alone" in accounts
    assert told[-1].startswith("Recorded of 4.5 alone: custom_report.jsonl, database_lost.jsonl, details.jsonl")


@pytest.mark.parametrize("release", sorted(FOLDERS))
def test_a_release_does_not_differ_from_itself(release: str) -> None:
    """Nothing is told that is not there."""
    told = list(differ(release, release))
    assert told
    assert all(line.endswith(".jsonl: nothing differs") for line in told)


def test_it_is_a_command() -> None:
    """With two releases it prints, with another word it says which there are."""
    command = [sys.executable, "-m", "tests.contract.differ"]
    ran = subprocess.run([*command, "4.5", "5.1"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == list(differ("4.5", "5.1"))
    wrong = subprocess.run([*command, "4.5", "6.0"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert all(release in wrong.stderr for release in ("4.4", "4.5", "5.1"))
