"""What a fresh read shows of a change, before it is sent and after."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from rostersync.frames.columns import TEXT
from rostersync.settings import Settings
from rostersync.sync.proof.prove import prove, recheck
from rostersync.tables import CHANGES, CURRENT, READS

STUDENT, TEACHER = 5, 4
ANNA = {"course_id": 11, "user_id": 101}


def changes(**columns: Any) -> pd.DataFrame:  # noqa: ANN401 - columns of CHANGES
    return CHANGES.records([{"change": 0, **ANNA, "roles_before": "5", "inactive_before": 0, **columns}])


def current(*roles: int, inactive: int = 0) -> pd.DataFrame:
    return CURRENT.records([{**ANNA, "role_id": r, "inactive": inactive} for r in roles]) if roles else CURRENT.empty()


def reads(*, complete: bool = True, proven: bool = True) -> pd.DataFrame:
    return READS.records([{"course_id": 11, "complete": complete, "proven": proven, "detail": "a short page"}])


GONE = {"op": "unenrol", "effect": "unenrolled", "removal": True}
OUT = {"op": "update", "effect": "suspended", "suspend": 1, "removal": True, "role_id": STUDENT}
BACK = {"op": "update", "effect": "reactivated", "role_id": STUDENT}
NEW = {"op": "enrol", "effect": "enrolled", "role_id": STUDENT, "roles_before": "-", "inactive_before": -1}


@pytest.mark.parametrize(
    ("change", "shown", "proof"),
    [
        (NEW, current(STUDENT), "proved"),
        (NEW, current(TEACHER), "disproved"),
        (NEW, current(), "disproved"),
        ({**NEW, "suspend": 1}, current(STUDENT, inactive=1), "proved"),
        ({**NEW, "suspend": 1}, current(STUDENT, inactive=0), "disproved"),
        ({**NEW, "suspend": 1}, current(STUDENT, inactive=-1), "unproved"),
        ({"op": "assign", "role_id": TEACHER}, current(STUDENT, TEACHER), "proved"),
        ({"op": "assign", "role_id": TEACHER}, current(STUDENT), "disproved"),
        ({"op": "unassign", "role_id": TEACHER}, current(STUDENT), "proved"),
        ({"op": "unassign", "role_id": TEACHER}, current(STUDENT, TEACHER), "disproved"),
        (GONE, current(), "proved"),
        (GONE, current(STUDENT), "disproved"),
        (OUT, current(STUDENT, inactive=1), "proved"),
        (OUT, current(STUDENT, inactive=0), "disproved"),
        (OUT, current(STUDENT, inactive=-1), "unproved"),
        (OUT, current(), "disproved"),
        (BACK, current(STUDENT, inactive=0), "proved"),
        (BACK, current(STUDENT, inactive=1), "disproved"),
        ({**BACK, "end": 900}, current(STUDENT, inactive=1), "accepted"),
        ({"op": "update", "effect": "dates changed", "role_id": STUDENT}, current(STUDENT), "accepted"),
    ],
)
def test_a_fresh_read_proves_or_disproves(change: dict[str, Any], shown: pd.DataFrame, proof: str) -> None:
    """What can be seen is proved or disproved; dates, and what dates hide, are only accepted."""
    assert prove(changes(**change), shown, reads(), now=1000)["proof"].tolist() == [proof]


def test_an_incomplete_read_proves_nothing() -> None:
    """After a read that was not complete nothing is proved, least of all that somebody is gone."""
    made = prove(changes(**GONE), current(), reads(complete=False), now=1000)
    assert made["proof"].tolist() == ["unproved"]
    assert "not be read again completely" in made["message"].iloc[0]


def test_a_list_that_nothing_confirms_disproves_no_enrolment_and_proves_nobody_gone() -> None:
    """A list that is cut short without an error looks as if nobody had been enrolled, and as if all had left."""
    short = reads(proven=False)
    for change in (NEW, GONE, {"op": "assign", "role_id": TEACHER}, {"op": "unassign", "role_id": STUDENT}):
        assert prove(changes(**change), current(), short, now=1000)["proof"].tolist() == ["unproved"]
    assert prove(changes(**NEW), current(TEACHER), short, now=1000)["proof"].tolist() == ["disproved"]
    assert prove(changes(**GONE), current(), short, now=1000, trusted=True)["proof"].tolist() == ["proved"]


def test_a_role_that_stays_is_no_other_method() -> None:
    """Another plugin's role stays where it is; nothing follows for how the person is enrolled."""
    made = prove(changes(op="unassign", role_id=STUDENT, removal=True), current(STUDENT), reads(), now=1000)
    assert made[["proof", "code"]].astype(str).to_numpy().tolist() == [["disproved", "role_kept"]]
    assert "method" not in made["message"].iloc[0]


def test_a_removal_without_effect_is_another_method() -> None:
    """Moodle's null is no removal; whether a manual enrolment beside another one went is not known."""
    made = prove(changes(**GONE), current(STUDENT), reads(), now=1000)
    assert made[["proof", "code"]].astype(str).to_numpy().tolist() == [["disproved", "another_method"]]
    assert "no effect" not in made["message"].iloc[0]


def test_a_list_that_nothing_confirms_disproves_no_suspension() -> None:
    """Somebody who is missing from such a list is no proof of another method (random faults, seed 1000)."""
    made = prove(changes(**OUT), current(), reads(proven=False), now=1000)
    assert made[["proof", "code"]].astype(str).to_numpy().tolist() == [["unproved", "unread"]]
    made = prove(changes(**OUT), current(), reads(), now=1000)
    assert made[["proof", "code"]].astype(str).to_numpy().tolist() == [["disproved", "disproved"]]


@pytest.mark.parametrize(
    ("change", "shown", "read", "expected"),
    [
        (GONE, current(STUDENT), reads(), []),
        (GONE, current(), reads(), [("unchanged", "")]),
        (GONE, current(), reads(proven=False), [("held", "read_unproven")]),
        (GONE, current(STUDENT), reads(proven=False), [("held", "read_unproven")]),
        (GONE, current(), reads(complete=False), [("held", "read_incomplete")]),
        (GONE, current(), READS.empty(), [("held", "read_incomplete")]),
        (GONE, current(STUDENT, TEACHER), reads(), [("held", "changed_since_plan")]),
        (GONE, current(STUDENT, inactive=1), reads(), [("held", "changed_since_plan")]),
        (NEW, current(), reads(), []),
        (NEW, current(), reads(proven=False), [("held", "read_unbelieved")]),
        (NEW, current(STUDENT), reads(proven=False), [("unchanged", "")]),
        (NEW, current(TEACHER), reads(), [("held", "changed_since_plan")]),
        (NEW, current(), reads(complete=False), [("held", "read_incomplete")]),
        # A list of the suspended that has lost people looks as if somebody had reactivated them (random faults, 1013).
        ({**BACK, "inactive_before": 1}, current(STUDENT, inactive=0), reads(), []),
    ],
)
def test_a_plan_is_looked_at_again_before_it_is_applied(
    change: dict[str, Any], shown: pd.DataFrame, read: pd.DataFrame, expected: list[tuple[str, str]]
) -> None:
    """What is in place is unchanged, what shifted is held, and a list in doubt shows not even that somebody is gone."""
    made = recheck(changes(**change), shown, read, Settings(), now=1000)
    assert list(made[["proof", "code"]].astype(str).itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize(("change", "shown"), [(GONE, current(STUDENT)), (NEW, current())])
def test_trusted_reads_are_enough(change: dict[str, Any], shown: pd.DataFrame) -> None:
    """With trust_reads an unproven list holds nothing."""
    made = recheck(changes(**change), shown, reads(proven=False), Settings(trust_reads=True), now=1000)
    assert made.empty


def test_a_sample_is_enough_for_an_addition_and_for_no_removal() -> None:
    """It says that nobody who is to be added is missing from the list, and no more."""
    sampled = reads(proven=False).assign(believed=pd.array(["sample"], dtype=TEXT))
    assert recheck(changes(**NEW), current(), sampled, Settings(), now=1000).empty
    made = recheck(changes(**GONE), current(STUDENT), sampled, Settings(), now=1000)
    assert made["code"].tolist() == ["read_unproven"]


def test_what_another_call_of_the_run_brought_is_its_doing() -> None:
    """A call for the dates names the new role, too: after a crash between the two it is not called unchanged."""
    update = {"op": "update", "effect": "dates changed", "role_id": TEACHER, "end": 2000}
    made = recheck(
        changes(op="assign", role_id=TEACHER, effect="role changed"),
        current(STUDENT, TEACHER),
        reads(),
        Settings(),
        now=1000,
        sent=changes(**update),
    )
    assert made["proof"].tolist() == ["proved"]


def test_dates_that_end_access_are_proved() -> None:
    """Who was active and is not any more is seen; who still is has another enrolment; who was not tells nothing."""
    ended = {"op": "update", "effect": "dates changed", "end": 900, "role_id": STUDENT, "removal": True}
    told = [
        (prove(changes(**ended, inactive_before=before), current(STUDENT, inactive=idle), reads(), now=1000))
        for before, idle in ((0, 1), (0, 0), (1, 1))
    ]
    assert [made["proof"].tolist() for made in told] == [["proved"], ["disproved"], ["accepted"]]
    assert told[1]["code"].tolist() == ["another_method"]
