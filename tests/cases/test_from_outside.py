"""Rosters that rostersync has to get right, judged by what they make of a site."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.cases.outside import Case, cases, compared, faults, tried

from .seeds import with_releases

CASES = with_releases([*cases("cases.toml"), *cases("own.toml")])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    """Its `why` says what comes in, and what has to come of it."""
    changed, ended = tried(case, tmp_path)
    wrong = faults(case, changed, ended)
    shown = "\n\n".join(f"$ rostersync {one.command}\n{one.said}(exit code {one.code})" for one in ended)
    assert not wrong, f"{case.why}\n{'; '.join(wrong)}\n\n{shown}\n{changed}"


def test_every_case_has_a_name_of_its_own_and_asks_for_something() -> None:
    """One that asks for nothing would be right whatever happens."""
    assert len({case.id for case in CASES}) == len(CASES)
    numbers = ("lost", "shut_out", "enrolled", "given", "redated")
    assert [case.id for case in CASES if all(getattr(case, name) is None for name in numbers)] == []


def site(*people: tuple[int, int, int, int, int]) -> dict[str, Any]:
    """The state of a site with one course: user, role, status, start, end."""
    return {
        "enrol_instances": [{"id": 21, "courseid": 11}],
        "enrolments": [
            {"enrolid": 21, "userid": user, "status": status, "timestart": start, "timeend": end}
            for user, _, status, start, end in people
        ],
        "role_assignments": [{"courseid": 11, "userid": user, "roleid": role} for user, role, *_ in people if role],
    }


AHEAD = 4_000_000_000


@pytest.mark.parametrize(
    ("after", "differs"),
    [
        ([(1, 5, 0, 0, 0), (2, 3, 0, 0, 0)], {}),
        ([(1, 5, 0, 0, 0)], {"lost": 1}),
        ([(1, 5, 0, 0, 0), (2, 0, 0, 0, 0)], {"lost": 1}),
        ([(1, 5, 0, 0, 0), (2, 5, 0, 0, 0)], {"lost": 1, "given": 1}),
        ([(1, 5, 1, 0, 0), (2, 3, 0, 0, 0)], {"shut_out": 1, "redated": 1}),
        ([(1, 5, 0, 0, 1), (2, 3, 0, AHEAD, 0)], {"shut_out": 2, "redated": 2}),
        ([(1, 5, 0, 1, AHEAD), (2, 3, 0, 0, 0)], {"redated": 1}),
        ([(1, 5, 0, 0, 0), (2, 3, 0, 0, 0), (3, 5, 0, 0, 0)], {"enrolled": 1}),
    ],
)
def test_what_differs_is_counted(after: list[tuple[int, int, int, int, int]], differs: dict[str, int]) -> None:
    """A role that goes with its enrolment counts once; who is suspended, over or not yet begun is shut out."""
    changed = asdict(compared(site((1, 5, 0, 0, 0), (2, 3, 0, 0, 0)), site(*after)))
    assert {name: many for name, many in changed.items() if many} == differs
