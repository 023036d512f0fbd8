"""Find out whether people have, or may have, grades in courses, without making a gradebook.

What the course total shows (gradereport_overview_get_course_grades) proves nothing: it is blank for somebody whose
graded item is hidden, who has feedback alone, or whose total is hidden (recordings grades 3 and 4). So every item of a
course is compared with what the person's report shows of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rostersync.enums import counted
from rostersync.errors import AnswerError, FunctionMissing, MoodleError
from rostersync.moodle.client import Client
from rostersync.moodle.parallel import Progress, in_parallel
from rostersync.tables import GRADES
from rostersync.tables.functions import COURSE_ITEMS, GRADE_TREE, PERSON_ITEMS

FUNCTIONS = (COURSE_ITEMS, PERSON_ITEMS)
"""What has to be asked: the items of a course, then what somebody's report shows of them; the tree adds to both."""
TOTAL, CATEGORY = "course", "category"
"""The types of the totals of a course and of its categories, which the list of items leaves out."""
UNOPENED, STUMBLED = "TypeError", "array_filter()"
"""The exception, without an error code, for a course whose gradebook nobody has opened, and the PHP function that its
message begins with (recording grades 59)."""
MEASURED = frozenset({(4, 5), (5, 1)})
"""Releases on which that was seen; on others any error means that nothing can be told."""
RELEASE = "release"
"""The cause where what a gradebook that nobody has opened answers is not known of this release."""
HIDDEN = "hidden"
"""The cause where something is hidden: with moodle/grade:viewhidden, too, a hidden item without a grade looks like one
whose grade is not shown (recordings grades 17 and 54)."""
UNCALCULATED = "calculation"
"""The cause where Moodle could not calculate a grade, and does not show one that was typed in its place, either
(recordings grades unseen 3 and 6)."""
OLD_ITEM = "gradetype"
"""The cause where an item's grade type was set to “none” (recording grades none 4); no item begins so (10)."""
VIEW_ALL = "moodle/grade:viewall"
CAPABILITIES = {
    "nopermissions": "gradereport/user:view",
    "nopermissiontoviewgrades": VIEW_ALL,
    "notingroup": "moodle/site:accessallgroups",
}
"""The code with which a person's report is refused → what lacks (recordings grades 6 and 57)."""
NO_GRADEBOOK = "nobody has opened the course's gradebook"

Pair = tuple[int, int]
"""User and course."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of somebody's grades in a course."""

    graded: bool
    """There is a grade or feedback, or may be."""
    known: bool
    """Moodle told it."""
    detail: str
    """The grade, or why it is not known."""
    cause: str = ""
    """What the token lacks, as GRADES has it."""


@dataclass(frozen=True, slots=True)
class Items:
    """What there is in a course's gradebook, by ids."""

    listed: frozenset[int]
    """The items that a whole report shows."""
    categories: frozenset[int] = frozenset()
    """The categories, the course's own among them; none where there was no tree to ask for."""
    old: frozenset[int] = frozenset()
    """Items that only the tree has: their grade type is “none”."""


def grades(client: Client, pairs: pd.DataFrame, *, progress: Progress | None = None) -> pd.DataFrame:
    """Whether people have grades or feedback, item by item.

    First the items of each course (core_grades_get_gradeitems, which makes no gradebook and lists hidden ones, too). No
    gradebook: no grades. Else, where the token's service has it, the tree (core_grades_get_grade_tree), which alone has
    items whose grade type is “none”: what was given before it became so cannot be asked for, and nobody in such a
    course is known to be ungraded. Then what each person's report shows (gradereport_user_get_grade_items): somebody is
    ungraded where every item of the course, and the totals of the course and its categories, are there and calculated,
    none is hidden, and none has a grade or feedback. Anything else is a grade, or cannot be told, which counts as one.

    The first person of each course is asked alone: two first looks at a gradebook at once can make two, which breaks it
    for good (recordings gradebook_race 16 and 17).

    Args:
        client: the site.
        pairs: user_id, course_id; other columns are not looked at.
        progress: told how many pairs are done, and of how many.

    Returns:
        GRADES: one line for each distinct pair, by user and course.

    Raises:
        SiteError: nothing can go on.
    """
    wanted: list[Pair] = sorted(set(zip(pairs["user_id"].tolist(), pairs["course_id"].tolist(), strict=True)))
    courses = sorted({course for _, course in wanted})
    items = dict(zip(courses, in_parallel(client, lambda c: course_items(client, c), courses), strict=True))
    told: dict[Pair, Told] = {}
    asked: list[tuple[Pair, Items]] = []
    for pair in wanted:
        found = items[pair[1]]
        if isinstance(found, Told):
            told[pair] = found
        else:
            asked.append((pair, found))
    first = {*{pair[1]: pair for pair, _ in reversed(asked)}.values()}
    alone = [one for one in asked if one[0] in first]
    for part in (alone, [one for one in asked if one[0] not in first]):
        done = in_parallel(client, lambda one: of_person(client, one[0], one[1]), part, progress=progress)
        told |= {pair: one for (pair, _), one in zip(part, done, strict=True)}
    return GRADES.frame(
        {
            "user_id": [user for user, _ in wanted],
            "course_id": [course for _, course in wanted],
            "graded": [told[pair].graded for pair in wanted],
            "known": [told[pair].known for pair in wanted],
            "detail": [told[pair].detail for pair in wanted],
            "cause": [told[pair].cause for pair in wanted],
        }
    )


def course_items(client: Client, course: int) -> Items | Told:
    """The items of a course but its totals; or that there is no gradebook, or why it cannot be told.

    Makes no gradebook (recordings grades 59 and 60): the tree is asked for only where there is one.
    """
    try:
        answer = client.call(COURSE_ITEMS, [("courseid", course)])
    except MoodleError as error:
        unopened = _unopened(error)
        if unopened and client.info and client.info.branch in MEASURED:
            return Told(graded=False, known=True, detail=NO_GRADEBOOK)
        return _unknown(str(error), RELEASE if unopened else "")
    except (AnswerError, FunctionMissing) as error:
        return _unknown(str(error), _missing(client) if isinstance(error, FunctionMissing) else "")
    listed = answer.get("gradeItems") if isinstance(answer, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return _unknown("the answer is no list of grade items")
    ids = frozenset(_id(one.get("id")) for one in listed)
    return _with_tree(client, course, ids) if 0 not in ids else _unknown("a grade item has no id")


def _with_tree(client: Client, course: int, listed: frozenset[int]) -> Items | Told:
    """What the tree of the gradebook adds to the items that were listed."""
    try:
        nodes = list(_nodes(json.loads(client.call(GRADE_TREE, [("courseid", course)]))))
    except FunctionMissing:
        return Items(listed)
    except AnswerError as error:
        return _unknown(str(error), VIEW_ALL if getattr(error, "errorcode", "") == "nopermissions" else "")
    categories, items = (
        frozenset(_id(one["id"]) for one in nodes if one["iscategory"] is kind) for kind in (True, False)
    )
    if 0 in categories | items:
        return _unknown("a grade item or category has no id")
    return Items(listed, categories=categories, old=items - listed)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A category of the tree, or an item, and all that is in it."""
    yield node
    for child in node.get("children") or ():
        yield from _nodes(child)


def of_person(client: Client, pair: Pair, items: Items) -> Told:
    """What somebody's report says, in a course that has these items; a first look at a gradebook makes it."""
    user, course = pair
    try:
        answer = client.call(PERSON_ITEMS, [("courseid", course), ("userid", user)])
    except FunctionMissing as error:
        return _unknown(str(error), _missing(client))
    except AnswerError as error:
        return _unknown(str(error), CAPABILITIES.get(getattr(error, "errorcode", ""), ""))
    reports = answer.get("usergrades") if isinstance(answer, dict) else None
    if not isinstance(reports, list) or len(reports) != 1 or not isinstance(reports[0], dict):
        return _unknown("the answer is no report of one person")
    report = reports[0]
    shown = report.get("gradeitems")
    if (_id(report.get("userid")), _id(report.get("courseid"))) != (user, course) or not isinstance(shown, list):
        return _unknown("the answer is not this person's report of this course")
    if not all(shown):
        return _unknown("a blank item")
    return _judged([one for one in shown if isinstance(one, dict)], items, depth=_id(report.get("maxdepth")))


def shows_hidden(answer: Any, items: Items) -> bool | None:  # noqa: ANN401 -- whatever Moodle answered
    """Whether somebody's report shows what is hidden: a grade that is, or an item left out of it; None for neither."""
    given = (
        one.get("graderaw") is not None or one.get("feedback") for one in _shown(answer) if one.get("gradeishidden")
    )
    if any(given):
        return True
    return False if left_out(answer, items) else None


def left_out(answer: Any, items: Items) -> bool:  # noqa: ANN401 -- whatever Moodle answered
    """Whether somebody's report leaves an item out: it is hidden, or an activity that the account does not see."""
    return bool(items.listed - {_id(one.get("id")) for one in _shown(answer)})


def _shown(answer: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- whatever Moodle answered
    reports = answer.get("usergrades") if isinstance(answer, dict) else None
    report = reports[0] if isinstance(reports, list) and reports and isinstance(reports[0], dict) else {}
    return [one for one in report.get("gradeitems") or () if isinstance(one, dict)]


def _judged(shown: Sequence[dict[str, Any]], items: Items, *, depth: int) -> Told:
    """What a report says: a grade goes before everything, and what it does not show may be one."""
    for item in shown:
        grade, feedback = item.get("graderaw", ""), str(item.get("feedback") or "").strip()
        given = grade is not None and grade != ""
        if given or feedback:
            return Told(graded=True, known=True, detail=str(grade) if given else "feedback")
    why, cause = _doubt(shown, items, depth)
    return _unknown(why, cause) if why else Told(graded=False, known=True, detail="no item has a grade or feedback")


def _doubt(shown: Sequence[dict[str, Any]], items: Items, depth: int) -> tuple[str, str]:
    """Why a report without a grade does not show that there is none, and the cause; both "" where it does.

    A total that was typed by hand is a grade of its own. So each category is wanted that an item stands in, and as many
    as the report is deep, which is one more (recordings grades unseen 9 and 12); by the tree those without an item, too
    (recording grades none 26).
    """
    missing = items.listed - {_id(item.get("id")) for item in shown}
    totals = {_id(item.get("iteminstance")) for item in shown if item.get("itemtype") in {TOTAL, CATEGORY}}
    inside = {_id(item.get("categoryid")) for item in shown if item.get("itemtype") not in {TOTAL, CATEGORY}}
    doubts = (
        (
            items.old,
            f"the grade type of {counted(len(items.old), 'grade item')} is “none”: grades from before are not shown",
            OLD_ITEM,
        ),
        (
            any(item.get("gradeneedsupdate") is not False for item in shown),
            "Moodle could not calculate a grade, and does not show it",
            UNCALCULATED,
        ),
        (missing, f"the report leaves out {len(missing)} of {len(items.listed)} grade items", HIDDEN),
        (
            not any(item.get("itemtype") == TOTAL for item in shown),
            "the report does not show the course total: it may be hidden",
            HIDDEN,
        ),
        (
            (inside | items.categories) - totals or not 0 < depth <= len(totals) + 1,
            "the report does not show the total of a category: it may be hidden",
            HIDDEN,
        ),
        (any(item.get("gradeishidden") is not False for item in shown), "the report hides a grade", HIDDEN),
        (
            any("graderaw" not in item or "feedback" not in item for item in shown),
            "the report does not say whether there is a grade",
            "",
        ),
    )
    return next(((why, cause) for doubtful, why, cause in doubts if doubtful), ("", ""))


def _unknown(why: str, cause: str = "") -> Told:
    return Told(graded=True, known=False, detail=why, cause=cause)


def _missing(client: Client) -> str:
    """Those of the functions that the token's service lacks."""
    return ", ".join(name for name in FUNCTIONS if client.info and name not in client.info.functions)


def _id(value: object) -> int:
    """An id, also one that comes as text; 0 where it is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0


def _unopened(error: MoodleError) -> bool:
    """Whether PHP stumbled over a gradebook that is not there, and over nothing else."""
    return error.exception == UNOPENED and not error.errorcode and error.message.startswith(STUMBLED)
