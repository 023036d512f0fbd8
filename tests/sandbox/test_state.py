import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.records import Enrolment
from rostersync.sandbox.state import State

RECORDED = pathlib.Path(__file__).parents[1] / "contract" / "state.json"


def test_a_document_comes_back_as_it_went_in(document: dict[str, Any], state: State) -> None:
    """Loading and writing out a sorted document changes nothing."""
    assert state.document() == document


def test_the_recorded_document_comes_back_sorted() -> None:
    """The lists of the recorded site come back with the same rows in the order of their keys."""
    document = json.loads(RECORDED.read_text(encoding="utf-8"))
    again = State.load(RECORDED).document()

    def rows(value: object) -> object:
        return sorted(value, key=json.dumps) if isinstance(value, list) else value

    assert {name: rows(value) for name, value in again.items()} == {
        name: rows(value) for name, value in document.items()
    }
    assert State.load(again).document() == again


@pytest.mark.parametrize(("release", "roots"), [("4.4", {1}), ("4.5", {0}), ("5.1", {0})])
def test_gradebooks_are_unopened_where_it_is_recorded_what_that_answers(
    document: dict[str, Any], release: str, roots: set[int]
) -> None:
    """Nothing was recorded on 4.4 of a gradebook that nobody has opened: there every course has one, and tells none."""
    plain = {name: rows for name, rows in document.items() if name not in {"grades", "gradebook"}}
    state = State.load(plain, release=release)
    assert {len(state.gradebook.roots(course)) for course in state.courses} == roots
    assert "gradebook" not in state.document()


def test_missing_capabilities_travel_with_the_document(document: dict[str, Any]) -> None:
    """What the token may not do is part of the state."""
    document["token"]["missing_capabilities"] = ["moodle/user:viewdetails"]
    state = State.load(document)
    assert not state.can("moodle/user:viewdetails")
    assert state.document() == document


def test_a_transaction_undoes_every_kind_of_write(state: State) -> None:
    """Additions, replacements and removals in all tables are taken back, and look-ups with them."""
    before = state.document()

    def change() -> None:
        with state.transaction():
            state.put_enrolment(Enrolment(enrolid=71, userid=31, status=1, timestart=1, timeend=2))
            state.drop_enrolment(Enrolment(enrolid=71, userid=31, status=1, timestart=1, timeend=2))
            state.group_members.add(7, 31)
            state.group_members.drop(7, 32)
            state.grades.drop((32, 51))
            state.groups.drop(7)
            state.put_user(type(state.users.rows[34])(**{**state.users.rows[34].row(), "username": "quinn"}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert state.document() == before
    assert state.users_where("username", "quinn") == []
    assert state.user("quin").id == 34


def test_what_is_committed_stays(state: State, call: Callable[..., Any]) -> None:
    """A later failure takes back its own writes only."""
    good = {"roleid": 15, "userid": 34, "courseid": 51}
    call("enrol_manual_enrol_users", enrolments=[good])
    after = state.document()
    call("enrol_manual_enrol_users", enrolments=[{**good, "userid": 35}, {**good, "userid": 0}])
    assert state.document() == after
