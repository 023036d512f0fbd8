"""Who has, or may have, grades: held to the recorded grade books of 4.5 and 5.1, and to answers of other shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest
from pydantic import SecretStr

from rostersync import errors
from rostersync.moodle import Client, grades, site_info
from rostersync.moodle.grades import NO_GRADEBOOK
from rostersync.sandbox.records import ItemGrade
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.settings import Settings
from rostersync.tables import GRADES
from rostersync.tables.functions import COURSE_ITEMS, GRADE_TREE, PERSON_ITEMS
from tests.contract.test_grades import (
    ADA,
    ALAN,
    COURSES,
    GRACE,
    HIDDEN,
    NEVER,
    RELEASES,
    VIEW,
    WITHOUT,
    hidden_total,
    site,
)
from tests.contract.test_grades import graded as with_grades
from tests.contract.test_grades_none import NONE as NONE_COURSES
from tests.contract.test_grades_none import V1, V2, V3, V4, V5, V6, none
from tests.contract.test_grades_unseen import UNSEEN, unseen

Moodle = Callable[[Mapping[str, Any]], list[dict[str, str]]]
NO_GRADE = "no item has a grade or feedback"
NONE, SOME, MAYBE = [False, True], [True, True], [True, False]
"""Graded, and known."""
EMPTY = 319
"""G11EMPTYITEM: an item, and nobody has a grade."""


def pairs(*wanted: tuple[int, int]) -> pd.DataFrame:
    """A table of users and courses."""
    return pd.DataFrame({"user_id": [u for u, _ in wanted], "course_id": [c for _, c in wanted]}, dtype="int64")


def rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The rows of a table of grades."""
    return list(GRADES.check(frame).itertuples(index=False, name=None))


@contextmanager
def entered(state: State) -> Iterator[Client]:
    """A client of this site, which has said who it is."""
    with (
        serve(state) as server,
        Client(server.url, SecretStr(server.token), settings=Settings(connections=4)) as client,
    ):
        site_info(client)
        yield client


def recorded(release: str) -> State:
    """The recorded grade books, the hidden total among them, and a token that lacks nothing."""
    state = site(release, COURSES, [ADA, ALAN, GRACE])
    with_grades(state)
    hidden_total(state)
    state.missing_capabilities = set()
    return state


@pytest.mark.parametrize("release", RELEASES)
def test_each_kind_of_grade_is_seen(release: str) -> None:
    """Hidden items, totals and grades, feedback alone, no weight, excluded, typed by hand, suspended, no role."""
    with entered(recorded(release)) as client:
        told = grades(client, pairs(*((ADA, course) for course in COURSES)))
    assert told.loc[~told["graded"], "course_id"].tolist() == [NEVER, EMPTY]
    # An item that is hidden until a date is no question for a token that sees what is hidden.
    assert told["known"].all()


@pytest.mark.parametrize("release", RELEASES)
def test_without_the_right_to_see_what_is_hidden_nobody_with_a_grade_counts_as_ungraded(release: str) -> None:
    """What the report leaves out may be a grade: it cannot be told."""
    state = recorded(release)
    state.missing_capabilities = {HIDDEN}
    with entered(state) as client:
        told = grades(client, pairs(*((person, course) for course in COURSES for person in (ADA, ALAN))))
    mine = told[told["user_id"] == ADA]
    assert mine.loc[~mine["graded"], "course_id"].tolist() == [NEVER, EMPTY]
    unknown = mine.loc[~mine["known"], "course_id"].tolist()
    assert {310, 318, 321, 323, WITHOUT} <= {*unknown}
    his = told[told["user_id"] == ALAN]
    assert his.loc[his["course_id"] == 324, ["graded", "known"]].to_numpy().tolist() == [[True, False]]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("sees", [True, False])
def test_what_moodle_could_not_calculate_or_leaves_out_may_be_a_grade(release: str, sees: bool) -> None:  # noqa: FBT001
    """A total whose formula is broken shows no number, a hidden total of a category is missing: nobody is ungraded."""
    state = unseen(release)
    state.missing_capabilities = set() if sees else {HIDDEN}
    with entered(state) as client:
        told = grades(client, pairs(*((person, course) for course in UNSEEN for person in (ADA, ALAN))))
    shown = {(user, course): [graded, known] for user, course, graded, known, *_ in rows(told)}
    broken = {(person, course): MAYBE for person in (ADA, ALAN) for course in (341, 342)}
    hers = dict.fromkeys([(ADA, 343), (ADA, 344)], SOME if sees else MAYBE)
    his = dict.fromkeys([(ALAN, 343), (ALAN, 344)], MAYBE)
    causes = {(user, course): cause for user, course, *_, cause in rows(told)}
    assert {causes[pair] for pair in broken} == {"calculation"}
    assert {causes[pair] for pair in his} == {"hidden"}
    assert shown == broken | hers | his | dict.fromkeys([(ADA, 345), (ALAN, 345)], MAYBE)


OLD = [(person, course) for person in (ADA, ALAN) for course in (V1, V2, V4)]
"""Who is in a course with an item whose grade type is none: ada has grades in two of them, and nothing shows it."""


@pytest.mark.parametrize("release", ["4.4", *RELEASES])
def test_grades_of_an_item_whose_grade_type_is_none_cannot_be_known(release: str) -> None:
    """And an activity that was made without a grade is no such item."""
    state = none("4.5" if release == "4.4" else release)
    state.release = f"{release} (Build: 20260101)" if release == "4.4" else state.release
    with entered(state) as client:
        told = grades(client, pairs(*((person, course) for person in (ADA, ALAN) for course in NONE_COURSES)))
    shown = {(user, course): [graded, known] for user, course, graded, known, *_ in rows(told)}
    causes = {(user, course): cause for user, course, *_, cause in rows(told)}
    assert [shown.pop(pair) for pair in OLD] == [MAYBE] * len(OLD)
    assert {causes[pair] for pair in OLD} == {"gradetype"}
    twice = {(person, V6): MAYBE for person in (ADA, ALAN)}
    assert shown == twice | {(ADA, V3): NONE, (ALAN, V3): NONE, (ADA, V5): SOME, (ALAN, V5): MAYBE}


@pytest.mark.parametrize("release", RELEASES)
def test_a_total_of_a_category_without_an_item_is_looked_for(release: str) -> None:
    """It was typed by hand, and is hidden: the report leaves it out, and is no deeper for it."""
    state = none(release)
    state.missing_capabilities = {HIDDEN}
    with entered(state) as client:
        told = grades(client, pairs((ADA, V5), (ALAN, V5)))
    assert told[["graded", "known", "cause"]].to_numpy().tolist() == [[*MAYBE, "hidden"]] * 2


def test_a_service_without_the_tree_tells_what_the_reports_do() -> None:
    """Then a grade in an item whose grade type is none is not known of, and nobody else is kept for it."""
    state = none("5.1")
    state.functions = [name for name in state.functions if name != GRADE_TREE]
    with entered(state) as client:
        told = grades(client, pairs((ADA, V1), (ALAN, V1), (ALAN, V3)))
    assert told[["graded", "known"]].to_numpy().tolist() == [NONE] * 3


def test_who_shows_a_grade_has_one_whatever_else_the_gradebook_has() -> None:
    """It is known then, and not only feared."""
    state = none("5.1")
    state.gradebook.put_grade(ItemGrade(itemid=5002, userid=ALAN, finalgrade=12))
    with entered(state) as client:
        told = grades(client, pairs((ADA, V1), (ALAN, V1)))
    assert told[["graded", "known"]].to_numpy().tolist() == [MAYBE, SOME]


@pytest.mark.parametrize("release", RELEASES)
def test_asking_makes_no_gradebook(release: str) -> None:
    """A course whose gradebook nobody has opened stays so, however many are asked about at once."""
    state = site(release, {NEVER: "G7NEVER", 400: "X", 401: "Y"}, [ADA, ALAN, GRACE])
    state.missing_capabilities = set()
    with serve(state) as server, Client(server.url, SecretStr(server.token), settings=Settings()) as client:
        site_info(client)
        before = server.document()
        told = grades(client, pairs(*((p, c) for p in (ADA, ALAN, GRACE) for c in (NEVER, 400, 401))))
        assert server.document() == before
    assert told[["graded", "known"]].drop_duplicates().to_numpy().tolist() == [[False, True]]
    assert set(told["detail"]) == {NO_GRADEBOOK}


def test_an_older_moodle_tells_nothing_of_a_gradebook_that_nobody_has_opened() -> None:
    """On 4.4 it was not measured what that answer means: whoever is asked about may have grades."""
    state = site("5.1", {NEVER: "G7NEVER"}, [ADA])
    state.missing_capabilities = set()
    state.release = "4.4 (Build: 20240422)"
    with entered(state) as client:
        told = grades(client, pairs((ADA, NEVER)))
    assert told[["graded", "known"]].to_numpy().tolist() == [[True, False]]


@pytest.mark.parametrize("lacking", [VIEW, "moodle/grade:viewall"])
def test_a_token_that_may_not_look_makes_everybody_graded(lacking: str) -> None:
    """Nobody is unenrolled because nobody could be asked about."""
    state = recorded("5.1")
    state.missing_capabilities = {lacking}
    with entered(state) as client:
        told = grades(client, pairs((ALAN, 309), (ALAN, NEVER)))
    assert told[["course_id", "graded", "known"]].to_numpy().tolist() == [[309, True, False], [NEVER, False, True]]
    assert told["cause"].tolist() == [lacking, ""]


INFO = {
    "userid": 3,
    "release": "5.1.3 (Build: 20260216)",
    "functions": [{"name": n} for n in ("core_webservice_get_site_info", COURSE_ITEMS, PERSON_ITEMS)],
}


def item(number: int, **given: object) -> dict[str, Any]:
    """An item of a report, without a grade."""
    whole = {"itemtype": "manual", "categoryid": 3, "graderaw": None, "gradeishidden": False, "gradeneedsupdate": False}
    return {"id": number, **whole, "feedback": "", **given}


def total(number: int, category: int, kind: str = "course", **given: object) -> dict[str, Any]:
    """The total of a category, or of the course."""
    return item(number, itemtype=kind, iteminstance=category, categoryid=None, **given)


def report(*items: Mapping[str, Any], user: int = 7, course: int = 302, depth: int | None = 2) -> dict[str, Any]:
    """Somebody's report, with the total behind the items."""
    one = {"courseid": course, "userid": user, "maxdepth": depth, "gradeitems": [*items, total(1, 3)]}
    return {"usergrades": [one], "warnings": []}


def without(name: str) -> dict[str, Any]:
    """A report in which an item does not say this."""
    return report({key: value for key, value in item(5).items() if key != name})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (report(item(5)), NONE),
        (report(item(5, graderaw=0)), SOME),
        (report(item(5, feedback="Very good.")), SOME),
        (report(item(5, gradeishidden=True)), MAYBE),
        (report(item(5, gradeneedsupdate=True)), MAYBE),
        (report(item(5, categoryid=4), total(6, 4, "category"), depth=3), NONE),
        (report(item(5, categoryid=4)), MAYBE),
        (report(item(5), depth=3), MAYBE),
        (report(item(5), total(6, 4, "category"), depth=3), NONE),
        (report(item(5), depth=None), MAYBE),
        (report(), MAYBE),
        (report(item(5), user=8), MAYBE),
        (report(item(5), course=303), MAYBE),
        ({"usergrades": [], "warnings": []}, MAYBE),
        ({"usergrades": [*report(item(5))["usergrades"]] * 2}, MAYBE),
        ({"usergrades": [{"courseid": 302, "userid": 7, "gradeitems": [item(5)]}]}, MAYBE),
        ({"usergrades": [{"courseid": 302, "userid": 7, "gradeitems": None}]}, MAYBE),
        (
            {"usergrades": [{"courseid": 302, "userid": 7, "gradeitems": [None, item(1, itemtype="course")]}]},
            MAYBE,
        ),
        *((without(name), MAYBE) for name in ("graderaw", "feedback", "gradeneedsupdate", "categoryid")),
        ([], MAYBE),
        ({"exception": "e", "errorcode": "usernotconfirmed", "message": "no"}, MAYBE),
    ],
)
def test_only_a_whole_report_without_a_grade_says_that_there_is_none(
    client: Client, moodle: Moodle, answer: object, expected: list[bool]
) -> None:
    """Every item and the total, none hidden, none with a grade or feedback; all else is a grade, or may be one."""
    moodle({"core_webservice_get_site_info": INFO, COURSE_ITEMS: {"gradeItems": [{"id": "5"}]}, PERSON_ITEMS: answer})
    site_info(client)
    told = grades(client, pairs((7, 302)))
    assert told[["graded", "known"]].to_numpy().tolist() == [expected]


@pytest.mark.parametrize(
    "answer",
    [
        {"exception": "Error", "message": "Call to a member function on null"},
        {"exception": "TypeError", "errorcode": "x", "message": "no"},
        {"exception": "TypeError", "message": "get_string(): Argument #1 ($identifier) must be of type string"},
        {"exception": "dml_exception", "errorcode": "dmlreadexception", "message": "no"},
        {"gradeItems": None},
        {"gradeItems": [None]},
        {"gradeItems": [{"id": None}]},
        [],
    ],
)
def test_any_other_answer_about_a_course_makes_everybody_graded(client: Client, moodle: Moodle, answer: object) -> None:
    """And nobody's report is looked at."""
    forms = moodle({"core_webservice_get_site_info": INFO, COURSE_ITEMS: answer, PERSON_ITEMS: report(item(5))})
    site_info(client)
    told = grades(client, pairs((7, 302), (8, 302)))
    assert told[["graded", "known"]].to_numpy().tolist() == [[True, False]] * 2
    assert not [form for form in forms if form.get("wsfunction") == PERSON_ITEMS]


@pytest.mark.parametrize("lacking", [COURSE_ITEMS, PERSON_ITEMS])
def test_a_service_without_a_function_makes_everybody_graded(client: Client, moodle: Moodle, lacking: str) -> None:
    """Nobody is unenrolled because nobody could be asked."""
    info = {**INFO, "functions": [f for f in INFO["functions"] if f["name"] != lacking]}  # type: ignore[attr-defined]
    moodle({"core_webservice_get_site_info": info, COURSE_ITEMS: {"gradeItems": []}, PERSON_ITEMS: report()})
    site_info(client)
    told = grades(client, pairs((7, 302)))
    assert told["detail"].tolist() == [f"the token's service lacks {lacking}"]
    assert told["graded"].all()


def test_a_token_that_is_refused_ends_the_run(client: Client, moodle: Moodle) -> None:
    """That is nobody's grade."""
    moodle({COURSE_ITEMS: {"exception": "moodle_exception", "errorcode": "invalidtoken", "message": "Invalid token"}})
    with pytest.raises(errors.TokenRefused):
        grades(client, pairs((7, 302), (8, 302)))


def tree(*children: object, number: object = "3") -> str:
    """A course's tree, as JSON in a text."""
    return json.dumps({"id": number, "name": "Course", "iscategory": True, "children": list(children) or None})


LEAF = {"id": "5", "name": "Exam", "iscategory": False, "children": None}
LAB = {"id": "4", "name": "Lab", "iscategory": True, "children": None}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (tree(LEAF), NONE),
        (tree(), NONE),
        (tree(LEAF, {**LEAF, "id": 6}), MAYBE),
        (tree(LEAF, LAB), MAYBE),
        (tree({**LAB, "children": [{**LEAF, "id": "6"}]}), MAYBE),
        (tree(LEAF, number="2"), MAYBE),
        (tree({**LEAF, "id": None}), MAYBE),
        (tree({**LEAF, "id": "five"}), MAYBE),
        (tree({**LEAF, "iscategory": "no"}), MAYBE),
        (tree({"name": "Exam"}), MAYBE),
        (tree(None), MAYBE),
        (tree("x"), MAYBE),
        ("", MAYBE),
        ("false", MAYBE),
        ("{", MAYBE),
        ('{"id":' * 5000, MAYBE),
        ("[" * 5000 + "]" * 5000, MAYBE),
        (json.loads(tree(LEAF)), MAYBE),
        (None, MAYBE),
        ([], MAYBE),
        ({"exception": "e", "errorcode": "morethanonerecordinfetch", "message": "no"}, MAYBE),
    ],
)
def test_only_a_whole_tree_says_that_the_items_are_all(
    client: Client, moodle: Moodle, answer: object, expected: list[bool]
) -> None:
    """Every category with a total in the report, and no item that is not in the list; all else may be a grade."""
    info = {**INFO, "functions": [*INFO["functions"], {"name": GRADE_TREE}]}  # type: ignore[misc]
    listed = {"gradeItems": [{"id": "5"}]}
    moodle(
        {"core_webservice_get_site_info": info, COURSE_ITEMS: listed, GRADE_TREE: answer, PERSON_ITEMS: report(item(5))}
    )
    site_info(client)
    told = grades(client, pairs((7, 302)))
    assert told[["graded", "known"]].to_numpy().tolist() == [expected]


def test_no_pairs_are_no_calls(client: Client, moodle: Moodle) -> None:
    """A table of nothing is a table all the same."""
    forms = moodle({})
    assert rows(grades(client, pairs())) == []
    assert forms == []
