"""People come and go in the roster and in Moodle, calls get lost, runs die: after every run the laws hold.

A random term alone reaches a law only now and then, so each law has weeks of its own as well, which break it for sure
where the product forgets it. That was tried with each of these left out in turn: the holds of rule 1, of rule 2 (in
the plan, and when it is applied), of rule 3, both limits, protection, the suspension of the graded, the reading again
before a run goes on, the check of the ground before anything is sent, and the one before an undo takes somebody out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings

from .gate import Fault
from .machine import Term
from .term import BAD_ROWS, BY_HAND, COURSE_TIGHT, LOOSE, RUN_TIGHT, Limits

FAY_LEAVES = 11
"""A place in the roster at the beginning: a student of BIO101."""


@contextmanager
def a_term() -> Iterator[Term]:
    term = Term()
    term.begins()
    try:
        yield term
    finally:
        term.teardown()


@pytest.mark.parametrize("event", ["nothing", "protected", *BY_HAND, *BAD_ROWS])
def test_somebody_leaves_with_whom_something_is_the_matter(event: str) -> None:
    """Rule 1, protection, grades and other methods: whoever they protect stays."""
    with a_term() as term:
        term.is_synced(week=[(FAY_LEAVES, event)], joining=[], limits=LOOSE, again=True)


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_somebody_leaves_while_lists_cannot_be_trusted(short: bool, late: bool) -> None:  # noqa: FBT001 - parameters
    """Rule 2, in the plan as when it is applied."""
    with a_term() as term:
        term.is_synced_blindly(week=[(FAY_LEAVES, "nothing")], joining=[], short=short, late=late)


@pytest.mark.parametrize(
    ("places", "limits"), [([13, 0], LOOSE), ([14, 12, 10], COURSE_TIGHT), ([14, 11, 9], RUN_TIGHT)]
)
def test_too_many_leave(places: list[int], limits: Limits) -> None:
    """Rules 3 and 4: both teachers of a course, three of a course's five, three of all."""
    with a_term() as term:
        term.is_synced(week=[(at, "nothing") for at in places], joining=[], limits=limits, again=False)


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOSE_CALL])
@pytest.mark.parametrize("hand", [None, 1])
def test_the_process_dies_while_somebody_leaves(fault: Fault, hand: int | None) -> None:
    """What was on its way is read again, and who got another role in the meantime stays."""
    with a_term() as term:
        term.is_killed(week=[(FAY_LEAVES, "nothing")], joining=[], fault=fault, at=1, hand=hand)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("hand", [None, 0])
def test_a_run_is_undone(hand: int | None, late: bool) -> None:  # noqa: FBT001 - a parameter
    """Who came goes again, unless somebody gave them another role since; who went comes back."""
    with a_term() as term:
        term.is_synced(
            week=[(FAY_LEAVES, "nothing")], joining=[("dot", "ART101", "student")], limits=LOOSE, again=False
        )
        term.is_undone(hand=hand, late=late)


TestTerm = Term.TestCase
TestTerm.settings = settings(
    max_examples=8,
    stateful_step_count=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
