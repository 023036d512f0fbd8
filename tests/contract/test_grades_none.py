"""The recorded gradebooks with items whose grade type is none: what the tree of a gradebook tells, on two releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from rostersync.sandbox.gradebook import CATEGORY, COURSE, MANUAL
from rostersync.sandbox.records import GradeCategory, GradeItem, ItemGrade
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from tests.contract.recordings import differences, recorded, send
from tests.contract.test_grades import ADA, ALAN, ALL, HIDDEN, RELEASES, VIEW, lacks, may, site

V1, V2, V3, V4, V5, V6 = range(2001, 2007)
NONE = {V1: "V1NONE", V2: "V2EMPTY", V3: "V3NEVER", V4: "V4INSIDE", V5: "V5ALONE", V6: "V6TWICE"}
TYPED = {"4.5": 1796138830, "5.1": 1796138828}
"""When the total of a category was typed."""
HIDDEN_COURSES = "moodle/course:viewhiddencourses"


def build(state: State) -> None:
    """The courses of line 1, with the ids of the recording."""
    book = state.gradebook

    def category(number: int, courseid: int, parent: int = 0, name: str = "") -> None:
        book.put_category(GradeCategory(id=number, courseid=courseid, parent=parent, name=name))

    def item(number: int, courseid: int, around: int, kind: str = MANUAL, **given: Any) -> None:  # noqa: ANN401
        book.put_item(GradeItem(id=number, courseid=courseid, itemtype=kind, categoryid=around, **given))

    def typed(number: int, final: float, **given: Any) -> None:  # noqa: ANN401
        book.put_grade(ItemGrade(itemid=number, userid=ADA, finalgrade=final, timemodified=int(state.clock()), **given))

    for courseid, root, total in ((V1, 5001, 5001), (V2, 5002, 5004), (V3, 5003, 5006), (V4, 5004, 5007)):
        category(root, courseid)
        item(total, courseid, root, COURSE)
    item(5002, V1, 5001, name="Exam")
    item(5003, V1, 5001, name="Essay", gradetype=0)
    typed(5003, 55, feedback="Very good essay.")
    item(5005, V2, 5002, name="Exam", gradetype=0)
    category(5005, V4, 5004, "Lab")
    item(5008, V4, 5005, CATEGORY)
    category(5006, V4, 5005, "Part")
    item(5009, V4, 5006, CATEGORY)
    item(5010, V4, 5005, name="Exam")
    item(5011, V4, 5006, name="Essay", gradetype=0)
    typed(5011, 55)
    category(5007, V5)
    item(5012, V5, 5007, COURSE)
    category(5008, V5, 5007, "Lab")
    item(5013, V5, 5008, CATEGORY)
    item(5014, V5, 5008, name="Exam")
    category(5009, V5, 5007, "Old")
    item(5015, V5, 5009, CATEGORY, hidden=1)
    typed(5015, 44, overridden=1)
    for root, total in ((5010, 5016), (5011, 5017)):
        category(root, V6)
        item(total, V6, root, COURSE)


def none(release: str) -> State:
    """The site of the recording; its token lacks nothing."""
    state = site(release, NONE, [ADA, ALAN])
    state.clock = partial(float, TYPED[release])
    build(state)
    may(VIEW, HIDDEN)(state)
    return state


def shown(state: State, *, visible: bool) -> None:
    """V3NEVER is shown, or hidden from whoever may not see hidden courses."""
    state.courses[V3] = replace(state.courses[V3], visible=int(visible))
    (may if visible else lacks)(HIDDEN_COURSES)(state)


def other(state: State) -> None:
    """The token lacks another capability."""
    may(HIDDEN)(state)
    lacks(ALL)(state)


STEPS: dict[int, Callable[[State], None]] = {
    21: lacks(HIDDEN, VIEW),
    26: may(VIEW),
    27: other,
    28: may(ALL),
    29: partial(shown, visible=False),
    31: partial(shown, visible=True),
}
"""What was done by other means before a line."""


def rows(state: State) -> list[dict[str, str]]:
    """What the database holds of these gradebooks."""
    book, answer = state.gradebook, []
    for courseid, short in NONE.items():
        for item in book.items_of(courseid):
            held = book.grades.rows.get((item.id, ADA))
            here, manual = str(item.categoryid), item.itemtype == MANUAL
            row = {"id": str(courseid), "shortname": short, "item": str(item.id), "itemtype": item.itemtype}
            row |= {"iteminstance": "NULL" if manual else here, "categoryid": here if manual else "NULL"}
            row |= {"gradetype": str(item.gradetype), "hidden": str(item.hidden)}
            row["finalgrade"] = "NULL" if held is None else f"{held.finalgrade:.5f}"
            answer.append(row | {"feedback": (held.feedback if held else "") or "NULL"})
    return answer


@pytest.mark.parametrize("release", RELEASES)
def test_the_tree_tells_items_that_nothing_else_does(release: str) -> None:
    """Whatever their grade type is now, but none of what never had one; with its refusals; and it writes nothing."""
    lines = recorded("grades_none.jsonl", release)
    different: dict[str, object] = {}
    with serve(none(release)) as server:
        for line in lines:
            if line["n"] in STEPS:
                STEPS[line["n"]](server.state)
            if "function" in line:
                different[f"{line['n']} {line['title']}"] = differences(line, send(server, line))
            elif line["n"] in {1, 31}:
                assert rows(server.state) == line["rows"]
    assert len(different) == 27
    assert {title: pair for title, pair in different.items() if pair} == {}
