"""Dates come, change and go, methods surface, rows say remove: rules 6 and 7 hold over many runs.

A random term alone reaches a law only now and then, so that each law has weeks of its own as well, which break it for
sure where the product forgets it. That was tried with each of these left out in turn: the holds for unknown dates, for
an unknown method (dates, suspensions) and for another method, what is learnt from a removal in vain, what is forgotten
with an enrolment or an answer, dates that travel along, the known dates in a comparison, and whose suspension it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings

from .dated import Dated, Span
from .gate import Fault
from .term import BY_HAND, COURSES, LOOSE, PEOPLE, enrol_self, site_of, throw_out

FAY = ("fay", "CHE101")
"""A student of a course that knows no other method than the manual one."""
FAY_AT = 12
"""Her place in the roster at the beginning."""
BEN = ("ben", "BIO101")
"""A student of a course in which people may enrol themselves, too."""
AUTUMN, WINTER = ("2026-09-01 10:00", "2027-05-02 09:00"), ("2026-12-01 08:00", "2027-05-02 09:00")
SPRING = ("2027-03-01 08:00", "")


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
    term.is_synced(week=[], joining=[], limits=LOOSE, again=False)


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


@pytest.mark.parametrize("known", [False, True])
def test_dates_set_by_hand_stay_where_the_roster_says_nothing_new(known: bool) -> None:  # noqa: FBT001 - a parameter
    """A new role, half of the dates, or the same roster again, is no reason to send what nobody knows."""
    with a_term() as term:
        if known:
            synced(term, fay=AUTUMN)
        term.dates_are_set_by_hand(at=[*sorted(site_of(term.world))].index(FAY), span=("", "2027-03-01 08:00"))
        term.roll.rows[FAY] = "teacher"
        synced(term, fay=AUTUMN if known else SPRING)
        synced(term)
        assert found(term) == (0, 1_803_888_000, 0)
        assert "teacher" in site_of(term.world)[FAY].roles


@pytest.mark.parametrize(("event", "back"), [("graded", False), ("graded", True), ("self", True), ("suspended", False)])
def test_somebody_goes_and_may_come_back(event: str, back: bool) -> None:  # noqa: FBT001 - a parameter
    """Suspended, unenrolled or kept by another method: nothing is tried in vain twice, and who comes back has dates."""
    with a_term() as term:
        synced(term, fay=AUTUMN, eve=AUTUMN)
        order = sorted(term.roll.rows)
        term.dates.columns = back
        happening = [(order.index(FAY), event), (order.index(BEN), event)]
        term.is_synced(week=happening, joining=[], limits=LOOSE, again=True)
        for pair in (FAY, BEN):
            if not back:
                throw_out(term.world, pair)
                term.world.put(pair[1], pair[0], "student")
                term.watch.by_hand.add(term.person_of(pair))
        joining = [(*pair, "student") for pair in (FAY, BEN)] if back else []
        term.is_synced(week=[], joining=joining, limits=LOOSE, again=True)


@pytest.mark.parametrize("action", ["add", "suspend", "remove", "remove all"])
def test_rows_say_what_is_to_be_done(action: str) -> None:
    """Whoever else is in the course is left alone; the mirror puts right what the rows did, and lifts what it may."""
    people = {("ada", "CHE101"): "", ("dot", "CHE101"): "", ("fay", "CHE101"): "graded", ("gus", "CHE101"): "suspended"}
    people |= {("ada", "BIO101"): "", ("ben", "BIO101"): "self", ("dot", "BIO101"): "graded"}
    with a_term() as term:
        BY_HAND["observer"](term.world, ("eve", "CHE101"))  # Dot alone would be spared
        for pair, event in people.items():
            if event:
                BY_HAND[event](term.world, pair)
        everybody = [(user, course) for user in PEOPLE for course in COURSES]
        order = sorted(everybody if action == "add" else site_of(term.world))
        told = [(order.index(pair), action, AUTUMN) for pair in people]
        term.is_told_row_by_row(told=told, columns=True)
        term.is_synced(week=[], joining=[], limits=LOOSE, again=True)


def test_who_went_and_came_back_by_hand_is_a_stranger() -> None:
    """What was set before somebody went says nothing of what they have now, had the removal an effect or not."""
    gus = ("gus", "BIO101")
    with a_term() as term:
        term.dates.dates[gus] = AUTUMN
        term.roll.rows[gus] = "student"
        synced(term, fay=AUTUMN)
        enrol_self(term.world, gus)
        del term.roll.rows[gus], term.roll.rows[FAY]
        synced(term, fay=AUTUMN)
        for pair in (gus, FAY):
            term.world.put(pair[1], pair[0], "student")
            term.watch.by_hand.add(term.person_of(pair))
            term.roll.rows[pair] = "student"
        term.dates.dates[gus] = WINTER
        synced(term, fay=SPRING)
        assert (found(term), found(term, gus)) == ((0, 0, 0), (0, 0, 0))


def test_dates_that_were_sent_without_an_answer_are_not_known() -> None:
    """No read shows whether Moodle took them: when the registrar takes them back, nobody calls that unchanged."""
    with a_term() as term:
        synced(term, fay=AUTUMN)
        term.dates.dates[FAY] = WINTER
        term.is_synced_in_bad_weather(week=[], joining=[], fault=Fault.LOSE_ANSWER, at=1, times=6, hand=None)
        synced(term, fay=AUTUMN)
        assert found(term) == (1_788_256_800, 1_809_248_400, 0)


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOSE_CALL])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("span", [SPRING, WINTER], ids=["ahead", "begun"])
def test_a_run_that_dies_while_it_sets_dates_is_not_resumed(fault: Fault, back: bool, span: Span) -> None:  # noqa: FBT001 - a parameter
    """Nobody knows any more which dates Moodle has: a new plan does not call them unchanged, but sends them again."""
    with a_term() as term:
        synced(term, fay=AUTUMN)
        term.is_killed_and_planned_anew(week=[], changes=[(FAY_AT, span)], fault=fault, at=1, back=back)


TestDated = Dated.TestCase
TestDated.settings = settings(
    max_examples=3,
    stateful_step_count=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
