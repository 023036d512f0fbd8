"""Whether a state is what the run itself made, or somebody else's doing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rostersync.sync.proof.own_changes import own_doing
from rostersync.tables import CHANGES

ANNA = {"course_id": 11, "user_id": 101, "inactive_before": 0}


def op(name: str, role: int = 0) -> dict[str, Any]:
    return {**ANNA, "op": name, "role_id": role}


@pytest.mark.parametrize(
    ("before", "sent", "now", "woken", "own"),
    [
        ("-", [op("enrol", 5)], "5", False, True),
        ("-", [op("enrol", 5)], "-", False, True),
        ("-", [op("enrol", 5)], "4+5", False, False),
        ("-", [op("enrol", 5), op("enrol", 4)], "4+5", False, True),
        ("-", [op("assign", 5)], "5", False, False),
        ("5", [op("unenrol")], "-", False, True),
        ("5", [op("unenrol")], "5", False, True),
        ("5", [op("unassign", 5)], "-", False, False),
        ("4+5", [op("assign", 3), op("unassign", 5)], "3+4", False, True),
        ("4+5", [op("assign", 3), op("unassign", 5)], "3+4+5", False, True),
        ("4+5", [op("assign", 3), op("unassign", 5)], "3", False, False),
        ("5", [op("update", 5)], "5", True, True),
        ("5", [op("assign", 4)], "4+5", True, False),
    ],
)
def test_only_what_was_sent_explains_a_state(
    before: str, sent: list[dict[str, Any]], now: str, *, woken: bool, own: bool
) -> None:
    """Each call may have been carried out or not; roles and enrolments beyond that are somebody else's."""
    change = CHANGES.records([{**ANNA, "change": 0, "roles_before": before}])
    made = own_doing(change, np.array([now], dtype=object), np.array([woken]), CHANGES.records(sent))
    assert made.tolist() == [own]


def test_other_people_are_not_explained() -> None:
    """What was sent for somebody else says nothing."""
    change = CHANGES.records([{**ANNA, "user_id": 102, "change": 0, "roles_before": "-"}])
    made = own_doing(change, np.array(["5"], dtype=object), np.array([False]), CHANGES.records([op("enrol", 5)]))
    assert made.tolist() == [False]
