"""What changes between plan and apply: in place is unchanged, shifted ground held, a doubtful list removes nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.errors import Unreachable
from rostersync.sandbox.records import Grade, Group
from rostersync.workflow.plan_file import load_plan, save_plan

from .gate import Called, Fault

Make = Callable[..., Any]
ROSTER = """
    username,course,role
    ada,BIO101,student
    ben,BIO101,student
    tom,BIO101,editingteacher
"""


def world_of(make: Make, **settings: object) -> Any:  # noqa: ANN401 - a World
    return make({"BIO101": "ben:student cyd:student tom:editingteacher"}, people=["ada"], **settings)


def test_what_is_in_place_already_is_unchanged(make: Make) -> None:
    """Somebody did the same by hand: nothing is sent, and nothing is claimed."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.put("BIO101", "ada")
    held = world.state.enrolments.held(11, world.state.user("cyd").id)
    for one in list(held.values()):
        world.state.drop_enrolment(one)
    report = world.apply(plan)
    assert world.wrote() == []
    assert report.rows["bucket"].tolist() == ["unchanged"] * 3
    assert report.removals["bucket"].tolist() == ["unchanged"]
    assert report.exit_code == 0


def test_whose_ground_has_shifted_is_held(make: Make) -> None:
    """Somebody about to be unenrolled became a teacher meanwhile, somebody about to be enrolled is there: both wait."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.give("BIO101", "cyd", "teacher")
    world.put("BIO101", "ada", "teacher")
    report = world.apply(plan)
    assert world.wrote() == []
    assert report.rows.loc[0, ["bucket", "code"]].tolist() == ["held", "changed_since_plan"]
    assert report.removals[["bucket", "code"]].values.tolist() == [["held", "changed_since_plan"]]
    assert report.exit_code == 3


def test_a_list_that_has_become_incomplete_removes_nobody(make: Make) -> None:
    """Separate groups and no accessallgroups: the list is [] without an error, and the whole course is held."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    course = world.state.courses[11]
    fields = {n: getattr(course, n) for n in ("id", "shortname", "idnumber", "fullname", "visible", "category")}
    world.state.courses[11] = type(course)(**fields, groupmode=1)
    world.state.groups.put(1, Group(id=1, courseid=11, name="A", idnumber=""))
    world.state.missing_capabilities.add("moodle/site:accessallgroups")
    report = world.apply(plan)
    assert world.people("BIO101") == {"ben": "student", "cyd": "student", "tom": "editingteacher"}
    assert world.wrote() == []
    assert report.rows["bucket"].tolist() == ["held", "unchanged", "unchanged"]
    assert report.rows.loc[0, "code"] == "read_incomplete"
    assert report.removals[["bucket", "code"]].values.tolist() == [["held", "read_incomplete"]]


def test_a_token_that_sees_nobody_any_more_removes_nobody(make: Make) -> None:
    """Without moodle/user:viewdetails the list is shorter than the count, and removals are held."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.state.missing_capabilities.add("moodle/user:viewdetails")
    report = world.apply(plan)
    assert world.people("BIO101") == {"ben": "student", "cyd": "student", "tom": "editingteacher"}
    assert world.wrote() == []
    assert report.removals["bucket"].tolist() == ["held"]
    assert report.exit_code == 3


@pytest.mark.parametrize("function", ["core_user_get_users_by_field", "core_course_get_courses_by_field"])
def test_a_look_up_that_breaks_before_writing_is_a_site_that_cannot_be_reached(make: Make, function: str) -> None:
    """Accounts and courses are looked up again at apply; where no usable answer comes, nothing is sent: exit code 5."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.gate.script = lambda called: Fault.BROKEN if called.function == function else Fault.NONE
    with pytest.raises(Unreachable) as raised:
        world.apply(plan)
    assert raised.value.exit_code == 5
    assert world.wrote() == []


@pytest.mark.parametrize("settings", [{}, {"trust_reads": True}])
def test_a_saved_plan_does_what_sync_does(make: Make, settings: dict[str, Any]) -> None:
    """Plan, save, load, apply: the same site and the same report as in one go."""
    one, two = world_of(make), world_of(make)
    at_once = one.sync(ROSTER, **settings)
    path = two.folder / "monday.plan.json"
    save_plan(two.plan(ROSTER, **settings), path)
    later = two.apply(load_plan(path), **settings)
    assert one.people("BIO101") == two.people("BIO101") == {"ada": "student", "ben": "student", "tom": "editingteacher"}
    assert at_once.rows.equals(later.rows)
    assert at_once.removals.equals(later.removals)
    assert at_once.buckets() == later.buckets()


def test_a_list_that_breaks_after_writing_proves_nothing(make: Make) -> None:
    """Where the course cannot be read again, what Moodle accepted is not called done."""
    world = world_of(make)
    plan = world.plan(ROSTER)

    def blind(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if len([c for c in world.wrote() if "unenrol" in c.function]) == 1:
            world.state.missing_capabilities.add("moodle/user:viewdetails")
        return Fault.NONE

    world.gate.script = blind
    report = world.apply(plan)
    assert report.rows.loc[0, ["bucket", "proof"]].tolist() == ["unproved", "unproved"]
    assert report.removals[["bucket", "proof"]].values.tolist() == [["unproved", "unproved"]]
    assert report.exit_code == 3


@pytest.mark.parametrize(("told", "proof"), [(True, "proved"), (False, "unproved")])
def test_an_emptied_course_is_proved_by_those_who_went(make: Make, *, told: bool, proof: str) -> None:
    """A list of nobody proves nothing by itself: whoever went is asked, and where that is not told, nothing is done."""
    world = make({"BIO101": "ben:student", "CHE101": "ben:student"})

    def script(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        silent = not told and called.function == "core_enrol_get_users_courses" and world.wrote()
        return Fault.CUT if silent else Fault.NONE

    world.gate.script = script
    report = world.sync(
        "username,course,role\nben,CHE101,student", courses=("BIO101",), managed_roles=("student",), allow_removals=9
    )
    assert world.people("BIO101") == {}
    assert report.removals["proof"].tolist() == [proof]
    assert report.exit_code == (0 if told else 3)
    assert told or "nothing confirms the list" in report.removals.loc[0, "message"]


def test_a_role_stays_where_its_replacement_is_accepted_and_not_there(make: Make) -> None:
    """Moodle says null and gives nothing: nobody is left without a role, and nothing is called done."""
    world = world_of(make)
    world.gate.script = lambda c: Fault.NOT_DONE if c.function == "core_role_assign_roles" else Fault.NONE
    report = world.sync(
        "username,course,role\nben,BIO101,non-editing teacher\ncyd,BIO101,student\ntom,BIO101,editingteacher"
    )
    assert world.people("BIO101") == {"ben": "student", "cyd": "student", "tom": "editingteacher"}
    assert report.rows["bucket"].tolist() == ["failed", "unchanged", "unchanged"]
    assert report.exit_code == 3


def test_who_is_missing_from_a_list_that_is_cut_short_has_not_lost_a_role_for_certain(make: Make) -> None:
    """Those who went can be asked; but a list that lacks somebody who was to stay is short, and proves nothing."""
    world = world_of(make)
    world.give("BIO101", "ben", "teacher")
    world.put("BIO101", "ada", "teacher")

    def script(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if called.function != "core_role_unassign_roles":
            return Fault.NONE
        world.state.courses[11] = replace(world.state.courses[11], groupmode=1)
        world.state.missing_capabilities.add("moodle/site:accessallgroups")
        return Fault.NOT_DONE

    world.gate.script = script
    roster = "username,course,role\nben,BIO101,student\nada,BIO101,non-editing teacher\ntom,BIO101,editingteacher"
    report = world.sync(roster)
    assert report.rows["bucket"].tolist() == ["unproved", "unchanged", "unchanged"]
    # Nor can it be told any more whether somebody has grades.
    assert "cyd" in world.people("BIO101")
    assert report.removals[["bucket", "code"]].to_numpy().tolist() == [["held", "changed_since_plan"]]


@pytest.mark.parametrize("waited", [0, 60, 86_400])
def test_a_grade_that_came_since_the_plan_is_not_lost(make: Make, waited: int) -> None:
    """However young the plan is: whoever is to be unenrolled is asked about right before the call."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    cyd = world.state.user("cyd").id
    world.state.grades.put((cyd, 11), Grade(userid=cyd, courseid=11, rawgrade=80.0))
    world.now[0] += waited
    report = world.apply_at_once(plan)
    assert report.removals[["bucket", "code"]].to_numpy().tolist() == [["held", "changed_since_plan"]]
    assert "cyd" in world.people("BIO101")
    assert not [c for c in world.gate.calls if c.function == "enrol_manual_unenrol_users"]


def test_a_grade_that_comes_while_others_are_unenrolled_is_not_lost(make: Make) -> None:
    """The second call asks again; that the first one went well says nothing of its people."""
    world = make(
        {"BIO101": "ann:student ben:student cyd:student tom:editingteacher"},
        allow_removals=9,
        chunk_rows=1,
        connections=1,
    )
    people = {world.state.user(name).id: name for name in ("ben", "cyd")}
    plan = world.plan("username,course,role\nann,BIO101,student\ntom,BIO101,editingteacher")

    def script(called: Called) -> Fault:
        if called.function == "enrol_manual_unenrol_users":
            for person in people.keys() - {int(called.form["enrolments[0][userid]"])}:
                world.state.grades.put((person, 11), Grade(userid=person, courseid=11, rawgrade=80.0))
        return Fault.NONE

    world.gate.script = script
    report = world.apply_at_once(plan)
    assert sorted(report.removals["bucket"].tolist()) == ["held", "unenrolled"]
    assert len(world.people("BIO101")) == 3


def test_grades_that_take_long_to_ask_for_are_asked_of_fewer_people_at_once(make: Make) -> None:
    """What is known of the first is too old when the last was asked: in halves it is not, and everybody leaves."""
    people = [f"s{n:02}" for n in range(20)]
    world = make(
        {"BIO101": " ".join(["tom:editingteacher", "ann:student", *(f"{name}:student" for name in people)])},
        allow_removals=99,
        connections=1,
        methods={"BIO101": ["manual"]},
    )
    book, number = world.state.gradebook, world.state.course("BIO101").id
    book.open(number)
    plan = world.plan("username,course,role\nann,BIO101,student\ntom,BIO101,editingteacher", courses=("BIO101",))

    def script(called: Called) -> Fault:
        if called.function == "gradereport_user_get_grade_items":
            world.now[0] += 2
        return Fault.NONE

    world.gate.script = script
    report = world.apply_at_once(plan, courses=("BIO101",))
    assert set(report.removals["bucket"]) == {"unenrolled"}
    assert set(world.people("BIO101")) == {"tom", "ann"}
    assert len([c for c in world.gate.calls if c.function == "gradereport_user_get_grade_items"]) <= 5 * len(people)


def test_a_short_page_in_the_middle_of_a_list_holds_everything_in_its_course(make: Make) -> None:
    """Whom the token may not see is missing from a page; those behind it are there, and would lose dates and status."""
    staff = [f"t{n:02}" for n in range(40)]
    people = " ".join([*(f"{name}:editingteacher" for name in staff[:5]), "s01:student"])
    world = make({"BIO101": " ".join([people, *(f"{name}:editingteacher" for name in staff[5:])])}, page_size=25)
    course, late = world.state.course("BIO101").id, world.state.user("t39").id
    (held,) = world.state.enrolments.held(course, late).values()
    world.state.put_enrolment(replace(held, timestart=1_790_000_000, timeend=1_810_000_000, status=1))
    # Teachers are a course's contacts, whom everybody sees; the account's number of the student is the first.
    world.state.missing_capabilities = {"moodle/user:viewdetails"}
    roster = "username,course,role\n" + "\n".join(f"{name},BIO101,editingteacher" for name in staff)
    plan = world.plan(roster, teacher_means="editingteacher")
    assert plan.reads["detail"].tolist() == ["people came after a page that was not full (from 25 on)"]
    world.apply(plan)
    assert world.wrote() == []
    assert world.dates("BIO101", "t39") == (1_790_000_000, 1_810_000_000)
