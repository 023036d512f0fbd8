from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.state import State

NOW = 1_800_000_000
Call = Callable[..., Any]


def enrol(call: Call, *rows: dict[str, int]) -> Any:  # noqa: ANN401 -- whatever the answer holds
    return call("enrol_manual_enrol_users", enrolments=[*rows])


def ids(call: Call, courseid: int, **options: object) -> list[int]:
    pairs = [{"name": "userfields", "value": "id,roles"}]
    pairs += [{"name": name, "value": str(value)} for name, value in options.items()]
    return [user["id"] for user in call("core_enrol_get_enrolled_users", courseid=courseid, options=pairs)]


def test_enrolling_gives_enrolment_and_role(state: State, call: Call) -> None:
    """An enrol call answers null, and the state holds the enrolment with its role."""
    assert enrol(call, {"roleid": 14, "userid": 34, "courseid": 52}) is None
    assert state.enrolled(52) == {32: {"student"}, 34: {"teacher"}}


@pytest.mark.parametrize(
    ("bad", "errorcode"),
    [
        ({"roleid": 15, "userid": 999, "courseid": 52}, "codingerror"),
        ({"roleid": 15, "userid": 34, "courseid": 999}, "invalidparameter"),
        ({"roleid": 12, "userid": 34, "courseid": 52}, "wsusercannotassign"),
        ({"roleid": 15, "userid": 34, "courseid": 1}, "wsnoinstance"),
    ],
)
def test_one_bad_row_undoes_the_whole_call(state: State, call: Call, bad: dict[str, int], errorcode: str) -> None:
    """Whatever the bad row is, the good rows before it leave no trace, changed ones included."""
    before = state.document()
    good = {"roleid": 14, "userid": 34, "courseid": 52}
    changed = {"roleid": 14, "userid": 32, "courseid": 51, "suspend": 1, "timeend": 5}
    assert enrol(call, good, changed, bad)["errorcode"] == errorcode
    assert state.document() == before


def test_a_failed_unenrolment_brings_roles_groups_and_grades_back(state: State, call: Call) -> None:
    """The roll-back restores all that had gone with the last enrolment."""
    before = state.document()
    rows = [{"userid": 32, "courseid": 51}, {"userid": 999, "courseid": 51}]
    assert call("enrol_manual_unenrol_users", enrolments=rows)["errorcode"] == "invalidparameter"
    assert state.document() == before


def test_the_last_enrolment_takes_roles_groups_and_grades_with_it(state: State, call: Call) -> None:
    """Unenrolled from everything in a course, a person has nothing left there."""
    assert call("enrol_manual_unenrol_users", enrolments=[{"userid": 32, "courseid": 51}]) is None
    assert state.roles_of(51, 32) == []
    assert "group_members" not in state.document()
    assert "grades" not in state.document()


def test_another_method_keeps_a_person_enrolled(state: State, call: Call) -> None:
    """Of two methods only the manual one ends: the roles stay, the cohort's own included."""
    assert call("enrol_manual_unenrol_users", enrolments=[{"userid": 32, "courseid": 52}]) is None
    assert [(one.enrolid, one.userid) for one in state.enrolments_of(52)] == [(74, 32)]
    assert [one.component for one in state.roles_of(52, 32)] == ["", "enrol_cohort"]


def test_enrolling_by_hand_who_came_by_another_method_adds_an_enrolment(state: State, call: Call) -> None:
    """Suspending a self-enrolled person makes a second, suspended enrolment and leaves them active."""
    enrol(call, {"roleid": 15, "userid": 33, "courseid": 51, "suspend": 1})
    assert [one.enrolid for one in state.enrolments_of(51) if one.userid == 33] == [71, 72]
    assert ids(call, 51, onlysuspended=1) == []


def test_enrolling_again_clears_dates_and_lifts_suspension(state: State, call: Call) -> None:
    """What a second call leaves out becomes 0."""
    enrol(call, {"roleid": 15, "userid": 34, "courseid": 51, "timestart": 7, "timeend": 9, "suspend": 1})
    enrol(call, {"roleid": 15, "userid": 34, "courseid": 51})
    mine = [one for one in state.enrolments_of(51) if one.userid == 34]
    assert [(one.status, one.timestart, one.timeend) for one in mine] == [(0, 0, 0)]


@pytest.mark.parametrize(
    ("row", "active"),
    [
        ({}, True),
        ({"timestart": NOW - 1}, True),
        ({"timestart": NOW + 1}, False),
        ({"timeend": NOW + 1}, True),
        ({"timeend": NOW - 1}, False),
        ({"suspend": 1}, False),
        ({"suspend": 1, "timestart": NOW - 1, "timeend": NOW + 1}, False),
    ],
)
def test_status_and_both_dates_make_somebody_active(call: Call, row: dict[str, int], *, active: bool) -> None:
    """`onlyactive` and `onlysuspended` split a course in two by the clock."""
    enrol(call, {"roleid": 15, "userid": 34, "courseid": 51, **row})
    assert (34 in ids(call, 51, onlyactive=1)) is active
    assert (34 in ids(call, 51, onlysuspended=1)) is not active


def test_time_goes_by(state: State, call: Call) -> None:
    """An enrolment ends when the clock has passed its end, without any call."""
    enrol(call, {"roleid": 15, "userid": 34, "courseid": 51, "timeend": NOW + 10})
    state.clock = lambda: NOW + 11
    assert ids(call, 51, onlysuspended=1) == [34]


def test_pages_are_cut_before_the_unseen_are_taken_out(state: State, call: Call) -> None:
    """A token that may not see everybody gets a short first page and no error."""
    assert ids(call, 51, limitfrom=0, limitnumber=2) == [31, 32]
    assert ids(call, 51, limitfrom=2, limitnumber=2) == [33]
    state.missing_capabilities = {"moodle/user:viewdetails"}
    assert ids(call, 51, limitfrom=0, limitnumber=2) == [31]
    assert ids(call, 51, limitfrom=2, limitnumber=2) == []


def test_order_and_direction(call: Call) -> None:
    """A course can be listed by name, where Ä stands with A, backwards, and by group."""
    assert ids(call, 51, sortby="lastname") == [32, 33, 31]
    assert ids(call, 51, sortby="firstname", sortdirection="desc") == [33, 32, 31]
    assert ids(call, 51, groupid=7) == [32]


def test_a_role_given_by_two_sources_is_listed_twice(call: Call) -> None:
    """A cohort's role stands beside the one given by hand."""
    (otto,) = call("core_enrol_get_enrolled_users", courseid=52)
    assert [role["roleid"] for role in otto["roles"]] == [15, 15]


def test_a_role_without_an_enrolment_is_not_listed(state: State, call: Call) -> None:
    """Somebody may hold a role in a course and yet not be in it."""
    row = {"roleid": 14, "userid": 34, "contextlevel": "course", "instanceid": 51}
    assert call("core_role_assign_roles", assignments=[row]) is None
    assert 34 not in ids(call, 51)
    assert [one.roleid for one in state.roles_of(51, 34)] == [14]


def test_a_count_comes_from_each_active_member(state: State, call: Call) -> None:
    """The count holds the suspended too, whom the course is hidden from; a hidden course is told by its teachers."""
    enrol(call, {"roleid": 15, "userid": 34, "courseid": 51, "suspend": 1})
    counts = {
        userid: {one["id"]: one["enrolledusercount"] for one in call("core_enrol_get_users_courses", userid=userid)}
        for userid in (31, 32, 34)
    }
    assert counts == {31: {51: 4, 53: 2}, 32: {52: 1, 51: 4}, 34: {}}


def test_grades_are_listed_for_gradable_roles_only(call: Call) -> None:
    """A student's courses are listed with a grade or an empty one, a teacher's are missing."""
    assert call("gradereport_overview_get_course_grades", userid=32)["grades"] == [
        {"courseid": 52, "grade": "-", "rawgrade": None},
        {"courseid": 51, "grade": "61.50", "rawgrade": "61.50000"},
        {"courseid": 53, "grade": "-", "rawgrade": None},
    ]
    assert call("gradereport_overview_get_course_grades", userid=31)["grades"] == []


def test_grades_of_others_need_a_capability(state: State, call: Call) -> None:
    """Without it somebody else's grades are refused and one's own are not; Moodle looks for the person first."""
    state.missing_capabilities = {"moodle/grade:viewall"}
    refused = call("gradereport_overview_get_course_grades", userid=32)
    assert (refused["exception"], refused["errorcode"]) == ("required_capability_exception", "nopermissions")
    assert "(View grades of other users)" in refused["message"]
    assert call("gradereport_overview_get_course_grades", userid=9) == {"grades": [], "warnings": []}
    assert call("gradereport_overview_get_course_grades", userid=999)["errorcode"] == "invaliduser"


def test_a_role_of_an_unenrolment_is_refused_by_newer_moodles(state: State, call: Call) -> None:
    """Moodle 5.2 refuses what older ones ignore."""
    rows = [{"userid": 32, "courseid": 51, "roleid": 15}]
    state.release = "5.2 (Build: 20260420)"
    assert call("enrol_manual_unenrol_users", enrolments=rows)["errorcode"] == "invalidparameter"
    state.release = "5.1 (Build: 20251006)"
    assert call("enrol_manual_unenrol_users", enrolments=rows) is None
