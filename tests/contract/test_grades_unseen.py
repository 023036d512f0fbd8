"""The recorded gradebooks with grades that a person's report does not show, or not to everybody, on two releases."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from rostersync.sandbox.gradebook import CATEGORY, COURSE, MANUAL
from rostersync.sandbox.records import GradeCategory, GradeItem, ItemGrade
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from tests.contract.recordings import differences, recorded, send
from tests.contract.test_grades import ADA, ALAN, HIDDEN, RELEASES, VIEW, may, site

UNSEEN = {341: "U1TOTAL", 342: "U2FORMULA", 343: "U3CATTOTAL", 344: "U4SUBTOTAL", 345: "U5NONE"}
TYPED = {"4.5": 1796127466, "5.1": 1796127040}
"""When the grades were typed."""


def build(state: State) -> None:
    """The courses of line 1, with the ids of the recording."""
    book = state.gradebook

    def category(number: int, courseid: int, parent: int = 0, name: str = "") -> None:
        book.put_category(GradeCategory(id=number, courseid=courseid, parent=parent, name=name))

    def item(number: int, courseid: int, around: int, kind: str = MANUAL, **given: Any) -> None:  # noqa: ANN401
        book.put_item(GradeItem(id=number, courseid=courseid, itemtype=kind, categoryid=around, **given))

    def typed(number: int, final: float, **given: Any) -> None:  # noqa: ANN401
        book.put_grade(ItemGrade(itemid=number, userid=ADA, finalgrade=final, timemodified=int(state.clock()), **given))

    for courseid, root, total in ((341, 901, 901), (342, 902, 904)):
        category(root, courseid)
        item(total, courseid, root, COURSE, needsupdate=1, grademax=200)
        item(total + 1, courseid, root, name="Exam")
        item(total + 2, courseid, root, name="Double", needsupdate=1)
    typed(901, 66, overridden=1)
    typed(906, 77, overridden=1)
    category(903, 343)
    item(907, 343, 903, COURSE)
    category(904, 343, 903, "Lab")
    item(908, 343, 904, CATEGORY, hidden=1)
    item(909, 343, 904, name="Exam")
    typed(908, 44, overridden=1)
    category(905, 344)
    item(910, 344, 905, COURSE)
    category(906, 344, 905, "Lab")
    item(911, 344, 906, CATEGORY)
    category(907, 344, 906, "Part")
    item(912, 344, 907, CATEGORY, hidden=1)
    item(913, 344, 907, name="Exam")
    typed(912, 44, overridden=1)
    category(908, 345)
    item(914, 345, 908, COURSE)
    item(915, 345, 908, name="Exam", gradetype=0)
    typed(915, 55, feedback="Very good essay.")


def unseen(release: str) -> State:
    """The site of the recording; its token lacks moodle/grade:viewhidden at first."""
    state = site(release, UNSEEN, [ADA, ALAN])
    state.clock = partial(float, TYPED[release])
    build(state)
    may(VIEW)(state)
    return state


SEES = 17
"""The line from which on the token has moodle/grade:viewhidden."""


@pytest.mark.parametrize("release", RELEASES)
def test_grades_that_are_not_shown_are_not_shown(release: str) -> None:
    """What could not be calculated, hidden totals of categories, and items whose grade type is none: answers whole."""
    lines = recorded("grades_unseen.jsonl", release)
    different: dict[str, object] = {}
    with serve(unseen(release)) as server:
        for line in lines:
            if line["n"] == SEES:
                may(HIDDEN)(server.state)
            if "function" in line:
                different[line["title"]] = differences(line, send(server, line))
        for row in lines[0]["rows"]:
            held = server.state.gradebook.items.rows[int(row["item"])]
            assert (held.itemtype, held.hidden) == (row["itemtype"], int(row["hidden"]))
            assert (held.gradetype, held.needsupdate) == (int(row["gradetype"]), int(row["needsupdate"]))
    assert len(different) == 20
    assert {title: pair for title, pair in different.items() if pair} == {}
