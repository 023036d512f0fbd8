"""Dates come, change and go, methods surface, rows say remove: rules 6 and 7 hold over many runs.

A random term alone reaches a law only now and then, so that each law has weeks of its own as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings

from .dated import Dated, Span
from .gate import Fault
from .term import BY_HAND, COURSES, LOOSE, PEOPLE, site_of, throw_out

FAY = ("fay", "CHE101")
"""A student of a course that knows no other method than the manual one."""
FAY_AT = 12
"""Her place in the roster at the beginning."""
BEN = ("ben", "BIO101")
"""A student of a course in which people may enrol themselves, too."""
AUTUMN, SPRING = ("2026-09-01 10:00", "2027-05-02 09:00"), ("2027-03-01 08:00", "")


@contextmanager
def a_term() -> Iterator[Dated]:
    term = Dated()
    term.begins()
    try:
        yield term
    finally:
        term.teardown()


def synced(term: Dated, **dates: Span) -> None:
    """A run for the roster with these dates, and no date columns without any."""
    term.dates.columns = bool(dates)
    term.dates.dates |= {(name, FAY[1]): span for name, span in dates.items()}
    term.is_synced(week=[], joining=[], limits=LOOSE, again=True)


def found(term: Dated, pair: tuple[str, str] = FAY) -> tuple[int, int, int] | None:
    """Start, end and status of somebody's manual enrolment."""
    one = term.manual(pair)
    return (one.timestart, one.timeend, one.status) if one else None


def test_dates_come_change_and_stay() -> None:
    """The roster's are set; where one is left out, or there are no columns, the one that was set stays."""
    with a_term() as term:
        seen = []
        for span in (AUTUMN, SPRING, ("", ""), None, AUTUMN):
            synced(term, **({"fay": span} if span else {}))
            seen.append(found(term))
        autumn, spring = (1_788_256_800, 1_809_248_400, 0), (1_803_888_000, 1_809_248_400, 0)
        assert seen == [autumn, spring, spring, spring, autumn]


def test_half_of_unknown_dates_is_never_sent() -> None:
    """A start without an end, for somebody whose dates nobody knows, would clear the end."""
    with a_term() as term:
        term.dates_are_set_by_hand(at=[*sorted(term.roll.rows)].index(FAY), span=AUTUMN)
        synced(term, fay=SPRING)
        term.watch.by_hand.clear()
        assert found(term) == (0, 0, 0) or term.world.wrote() == []


@pytest.mark.parametrize("role", ["teacher", "student"])
@pytest.mark.parametrize("known", [False, True])
def test_dates_set_by_hand_stay_where_the_roster_says_nothing_new(role: str, known: bool) -> None:  # noqa: FBT001 - parameters
    """A new role, or the same roster again, is no reason to send dates."""
    with a_term() as term:
        if known:
            synced(term, fay=AUTUMN)
        one = term.manual(FAY)
        assert one is not None
        by_hand = type(one)(enrolid=one.enrolid, userid=one.userid, status=0, timestart=7, timeend=2_000_000_000)
        term.world.state.put_enrolment(by_hand)
        term.watch.by_hand.add(term.person_of(FAY))
        term.roll.rows[FAY] = role
        synced(term, **({"fay": AUTUMN} if known else {}))
        synced(term)
        assert found(term) == (7, 2_000_000_000, 0)


@pytest.mark.parametrize("pair", [FAY, BEN])
@pytest.mark.parametrize("event", ["graded", "self", "suspended", "thrown out"])
@pytest.mark.parametrize("back", [False, True])
def test_somebody_goes_and_may_come_back(pair: tuple[str, str], event: str, back: bool) -> None:  # noqa: FBT001 - a parameter
    """Suspended, unenrolled or kept by another method: no run tries in vain twice, and who comes back has their dates.

    Where the course has other methods than the manual one, nobody is suspended who was not enrolled by rostersync.
    """
    with a_term() as term:
        term.dates.columns = True
        term.dates.dates[pair] = AUTUMN
        at = sorted(term.roll.rows).index(pair)
        for week in ([], [(at, event)]):
            term.is_synced(week=week, joining=[], limits=LOOSE, again=True)
        if back:
            term.is_synced(week=[], joining=[(*pair, "student")], limits=LOOSE, again=True)
        else:
            throw_out(term.world, pair)
            term.world.put(pair[1], pair[0], "student")
            term.watch.by_hand.add(term.person_of(pair))
            term.is_synced(week=[], joining=[], limits=LOOSE, again=True)


@pytest.mark.parametrize("pair", [FAY, BEN])
@pytest.mark.parametrize("hand", ["", "self", "observer", "graded", "suspended"])
@pytest.mark.parametrize("action", ["add", "suspend", "remove", "remove all"])
def test_a_row_says_what_is_to_be_done(pair: tuple[str, str], hand: str, action: str) -> None:
    """Whoever else is in the course is left alone; the mirror puts right what the rows did, and lifts what it may."""
    with a_term() as term:
        if hand:
            BY_HAND[hand](term.world, pair)
        at = sorted(site_of(term.world)).index(pair)
        everybody = [(user, course) for user in PEOPLE for course in COURSES]
        at = sorted(everybody).index(pair) if action == "add" else at
        term.is_told_row_by_row(told=[(at, action, AUTUMN)], columns=True)
        term.is_synced(week=[], joining=[], limits=LOOSE, again=True)


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOSE_CALL])
@pytest.mark.parametrize("back", [False, True])
def test_a_run_that_dies_while_it_sets_dates_is_not_resumed(fault: Fault, back: bool) -> None:  # noqa: FBT001 - a parameter
    """Nobody knows any more which dates Moodle has: a new plan does not call them unchanged."""
    with a_term() as term:
        synced(term, fay=AUTUMN)
        term.is_killed_and_planned_anew(week=[], changes=[(FAY_AT, SPRING)], fault=fault, at=1, back=back)


TestDated = Dated.TestCase
TestDated.settings = settings(
    max_examples=3,
    stateful_step_count=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
