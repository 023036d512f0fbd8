"""Ways in which an answer can be sound JSON, or a page, and no answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .gate import Called, Gate

Way: TypeAlias = Callable[[Gate, Called, bytes], bytes]

INFO = "core_webservice_get_site_info"
USERS = "core_user_get_users_by_field"
COURSES = "core_course_get_courses_by_field"
PEOPLE = "core_enrol_get_enrolled_users"
OWN = "core_enrol_get_users_courses"
ITEMS = "core_grades_get_gradeitems"
TREE = "core_grades_get_grade_tree"
REPORT = "gradereport_user_get_grade_items"
WRITES = (
    "enrol_manual_enrol_users",
    "enrol_manual_unenrol_users",
    "core_role_assign_roles",
    "core_role_unassign_roles",
)
GONE = object()
"""Takes a field away."""
HALF = "\ud83d"
"""Half a character, as JSON can write it."""
DEEP = b"[" * 100_000 + b"]" * 100_000
PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"


def whole(value: object) -> Way:
    """Another answer altogether."""
    return lambda gate, called, body: json.dumps(value).encode()


def raw(value: bytes) -> Way:
    """The same as bytes."""
    return lambda gate, called, body: value


def put(*place: str | int, value: object) -> Way:
    """One value in the answer is another; an empty list stays as it is."""

    def way(gate: Gate, called: Called, body: bytes) -> bytes:
        answer = json.loads(body)
        inner, last = answer, place[-1]
        try:
            for part in place[:-1]:
                inner = inner[part]
            if value is GONE:
                del inner[last]
            else:
                inner[last] = value
        except (LookupError, TypeError):
            return body
        return json.dumps(answer).encode()

    return way


def ids(*place: str | int, only: Sequence[str] = ()) -> dict[str, Way]:
    """What an id can be that is none: all of it, or some."""
    values: dict[str, object] = {
        "missing": GONE,
        "null": None,
        "a text": "seven",
        "digits in a text": "7",
        "a fraction": 7.5,
        "true": True,
        "nought": 0,
        "negative": -7,
        "too large for a database": 1 << 63,
        "too large for us": 1 << 27,
        "a list": [7],
    }
    return {f"{place[-1]} {n}": put(*place, value=value) for n, value in values.items() if not only or n in only}


def same(values: Sequence[Any]) -> Way:
    """The first line twice, or the lines in another order."""

    def way(gate: Gate, called: Called, body: bytes) -> bytes:
        lines = json.loads(body)
        if not isinstance(lines, list) or len(lines) < 2:
            return body
        return json.dumps([lines[at] for at in values]).encode()

    return way


def of_another_course(gate: Gate, called: Called, body: bytes) -> bytes:
    """The list of ART101."""
    return gate.of(called, courseid=13)


def of_another_key(gate: Gate, called: Called, body: bytes) -> bytes:
    """The course ART101, whatever was asked for."""
    return gate.of(called, field="shortname", value="ART101")


def of_another_user(gate: Gate, called: Called, body: bytes) -> bytes:
    """What is said of zoe."""
    return gate.of(called, userid=gate.state.user("zoe").id)


def of_other_people(gate: Gate, called: Called, body: bytes) -> bytes:
    """Zoe and eve, whoever was asked for."""
    form = {name: value for name, value in called.form.items() if not name.startswith("values")}
    named = {"field": "username", "values[0]": "zoe", "values[1]": "eve"}
    return gate.of(Called(called.function, form, 0.0), **named)


LISTS: dict[str, Way] = {
    "null": whole(None),
    "an empty object": whole({}),
    "a text": whole("done"),
    "a number": whole(7),
    "a null in the list": whole([None]),
    "a text in the list": whole(["seven"]),
    "a list in the list": whole([[]]),
    "nested too deeply": raw(DEEP),
    "a page": raw(PAGE),
    "no Unicode": raw(b'[{"id": 7, "fullname": "\xe9"}]'),
    "half a character in bytes": raw(b'[{"id": 7, "fullname": "\xed\xa0\xbd"}]'),
    "a number of 5,000 digits": raw(b'[{"id": ' + b"9" * 5000 + b"}]"),
    "no number": raw(b'[{"id": NaN}]'),
}

WAYS: dict[str, dict[str, Way]] = {
    INFO: {
        **{n: LISTS[n] for n in ("null", "an empty object", "a null in the list", "nested too deeply", "a page")},
        **ids("userid", only=["missing", "null", "a text", "too large for a database"]),
        "functions null": put("functions", value=None),
        "a null among the functions": put("functions", 0, value=None),
        "a function without a name": put("functions", 0, "name", value=GONE),
        "a function's name a number": put("functions", 0, "name", value=7),
        "its address a list": put("siteurl", value=["https://moodle.example"]),
        "its address half a character": put("siteurl", value=HALF),
        "its address none": put("siteurl", value="http://[moodle"),
        "its version a list": put("version", value=[4, 5]),
        "its version of 500 digits": put("version", value="9" * 500),
    },
    USERS: {
        **LISTS,
        **ids(0, "id"),
        "half a character in a name": put(0, "fullname", value=HALF),
        "a user name that is a number": put(0, "username", value=7),
        "an address that is a list": put(0, "email", value=["ada@uni.example"]),
        "confirmed perhaps": put(0, "confirmed", value="perhaps"),
        "other people": of_other_people,
    },
    COURSES: {
        "nested too deeply": LISTS["nested too deeply"],
        "a null in the list": LISTS["a null in the list"],
        "a page": LISTS["a page"],
        "no list": whole({"courses": None}),
        "a null among the courses": whole({"courses": [None]}),
        **ids("courses", 0, "id", only=["missing", "digits in a text", "too large for us", "true"]),
        "enrollmentmethods null": put("courses", 0, "enrollmentmethods", value=None),
        "enrollmentmethods a text": put("courses", 0, "enrollmentmethods", value="manual"),
        "a null among enrollmentmethods": put("courses", 0, "enrollmentmethods", value=[None, "manual"]),
        "a short name that is a number": put("courses", 0, "shortname", value=101),
        "half a character in a short name": put("courses", 0, "shortname", value=HALF),
        "visible perhaps": put("courses", 0, "visible", value="perhaps"),
        "a group mode that is a text": put("courses", 0, "groupmode", value="separate"),
        "another course": of_another_key,
    },
    PEOPLE: {
        **LISTS,
        "nobody": whole([]),
        **ids(0, "id", only=["missing", "null", "negative", "too large for us", "a list"]),
        **ids(0, "roles", 0, "roleid", only=["missing", "digits in a text", "too large for us"]),
        "roles null": put(0, "roles", value=None),
        "roles missing": put(0, "roles", value=GONE),
        "a null among the roles": put(0, "roles", value=[None]),
        "a role without a name": put(0, "roles", 0, "shortname", value=None),
        "half a character in a name": put(0, "fullname", value=HALF),
        "somebody twice": same([0, 0]),
        "out of order": same([1, 0]),
        "another course's list": of_another_course,
    },
    OWN: {
        **{n: LISTS[n] for n in ("null", "an empty object", "a null in the list", "nested too deeply", "a page")},
        **ids(0, "id", only=["missing", "a text", "too large for a database"]),
        "a count that is a text": put(0, "enrolledusercount", value="seven"),
        "a negative count": put(0, "enrolledusercount", value=-1),
        "no count": put(0, "enrolledusercount", value=None),
        "a count without bounds": put(0, "enrolledusercount", value=1 << 70),
        "another user's": of_another_user,
    },
    ITEMS: {
        **{n: LISTS[n] for n in ("null", "a null in the list", "nested too deeply", "a page")},
        "no list": whole({"gradeItems": None}),
        "a null among the items": whole({"gradeItems": [None]}),
        "an item without an id": whole({"gradeItems": [{"itemname": "Exam"}]}),
        "an item that no report shows": whole({"gradeItems": [{"id": "4711"}]}),
        "another PHP error": whole({"exception": "Error", "message": "no"}),
        "a TypeError with a code": whole(
            {"exception": "TypeError", "errorcode": "generalexceptionmessage", "message": "no"}
        ),
    },
    TREE: {
        **{
            n: LISTS[n]
            for n in ("null", "an empty object", "a text", "a null in the list", "nested too deeply", "a page")
        },
        "a tree that is no text": whole({"id": "1", "name": "Biology", "iscategory": True, "children": None}),
        "a tree that is cut": whole('{"id":"1","name":"Biology","iscategory":true,"chi'),
        "a tree nested too deeply": whole(DEEP.decode()),
        "an item without an id": whole(
            '{"id":"1","iscategory":true,"children":[{"iscategory":false,"children":null}]}'
        ),
        "an id that is no number": whole('{"id":"one","iscategory":true,"children":null}'),
        "half a character in a name": whole('{"id":"1","name":"\\ud83d","iscategory":true,"children":null}'),
        "another course's": whole('{"id":"4711","name":"Art","iscategory":true,"children":null}'),
    },
    REPORT: {
        **{n: LISTS[n] for n in ("null", "a null in the list", "nested too deeply", "a page")},
        "no list": whole({"usergrades": None}),
        "nobody's": whole({"usergrades": []}),
        "a null among the reports": whole({"usergrades": [None]}),
        **ids("usergrades", 0, "courseid", only=["missing", "a text", "too large for a database"]),
        **ids("usergrades", 0, "userid", only=["missing", "null", "a text"]),
        "no items": put("usergrades", 0, "gradeitems", value=None),
        "not even a total": put("usergrades", 0, "gradeitems", value=[]),
        "a null among the items": put("usergrades", 0, "gradeitems", value=[None]),
        "a grade that is a list": put("usergrades", 0, "gradeitems", 0, "graderaw", value=["-"]),
        "a grade that is missing": put("usergrades", 0, "gradeitems", 0, "graderaw", value=GONE),
        "feedback that is a list": put("usergrades", 0, "gradeitems", 0, "feedback", value=["good"]),
        "another user's": of_another_user,
    },
    WRITES[0]: {
        "an empty list": whole([]),
        "true": whole(value=True),
        "nought": whole(0),
        "null as a text": whole("null"),
        "warnings": whole({"warnings": [None]}),
        "nested too deeply": raw(DEEP),
        "a page": raw(PAGE),
        "an exception of odd parts": whole({"exception": None, "errorcode": [7], "message": {"a": None}}),
        "half a character in a message": whole({"exception": "x", "errorcode": HALF, "message": HALF}),
    },
    WRITES[1]: {"an empty list": whole([]), "a page": raw(PAGE)},
    WRITES[2]: {"an empty object": whole({}), "nested too deeply": raw(DEEP)},
    WRITES[3]: {"nought": whole(0), "no Unicode": LISTS["no Unicode"]},
}
"""Function → name → way."""
EVERY = [(function, name) for function, ways in WAYS.items() for name in ways]
