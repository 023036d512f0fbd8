"""Whole runs against the sandbox over HTTP: what the site says afterwards, and what the report says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rostersync.tables import Report

from .gate import Fault

Make = Callable[..., Any]


def buckets(report: Report) -> dict[str, int]:
    assert sum(report.buckets().values()) == len(report.rows)
    return {name: n for name, n in report.buckets().items() if n}


def removed(report: Report) -> list[tuple[str, str, str, str]]:
    columns = ["user", "bucket", "proof", "code"]
    return sorted(report.removals[columns].astype(str).itertuples(index=False, name=None))


def test_enrol_and_unenrol_are_proved_and_the_second_plan_is_empty(make: Make) -> None:
    """Who is named is enrolled, who is absent leaves, who is there stays; then nothing is to do."""
    world = make({"BIO101": "ada:student ben:student tom:editingteacher"}, people=["cyd"])
    roster = """
        username,course,role
        ada,BIO101,student
        cyd,BIO101,student
    """
    report = world.sync(roster)
    assert world.people("BIO101") == {"ada": "student", "cyd": "student", "tom": "editingteacher"}
    assert buckets(report) == {"enrolled": 1, "unchanged": 1}
    assert report.rows["proof"].tolist() == ["", "proved"]
    assert removed(report) == [("ben", "unenrolled", "proved", "absent")]
    assert report.exit_code == 0
    assert world.plan(roster).changes.empty


def test_a_role_is_given_before_the_old_one_is_taken(make: Make) -> None:
    """Assign comes before unassign, and no enrol call is sent for somebody whose dates nobody knows."""
    world = make({"BIO101": "ada:student ben:student tom:editingteacher"})
    roster = """
        username,course,role
        ada,BIO101,teacher
        ben,BIO101,student
        tom,BIO101,editingteacher
    """
    settings = {"teacher_means": "teacher"}
    report = world.sync(roster, **settings)
    assert [c.function for c in world.wrote()] == ["core_role_assign_roles", "core_role_unassign_roles"]
    assert world.people("BIO101") == {"ada": "teacher", "ben": "student", "tom": "editingteacher"}
    assert buckets(report) == {"role changed": 1, "unchanged": 2}
    assert world.plan(roster, **settings).changes.empty


def test_suspend_and_reactivate(make: Make) -> None:
    """A status column suspends and lifts what it suspended; both are proved."""
    world = make({"BIO101": "ben:student"}, people=["ada"])
    lines = "username,course,role,status\nben,BIO101,student,active\nada,BIO101,student,{}"
    assert buckets(world.sync(lines.format("active"))) == {"enrolled": 1, "unchanged": 1}
    report = world.sync(lines.format("suspended"))
    assert world.people("BIO101")["ada"] == "!student"
    assert buckets(report) == {"suspended": 1, "unchanged": 1}
    report = world.sync(lines.format("active"))
    assert world.people("BIO101")["ada"] == "student"
    assert buckets(report) == {"reactivated": 1, "unchanged": 1}
    assert report.rows["proof"].tolist() == ["", "proved"]
    assert world.plan(lines.format("active")).changes.empty


def test_absent_people_are_suspended_and_come_back(make: Make) -> None:
    """With on_missing = suspend the enrolment stays, and only our own suspension is lifted again."""
    world = make({"BIO101": "ada:student ben:student tom:editingteacher"}, methods={"BIO101": ["manual"]})
    both = "username,course,role\nada,BIO101,student\nben,BIO101,student"
    report = world.sync("username,course,role\nada,BIO101,student", on_missing="suspend")
    assert world.people("BIO101") == {"ada": "student", "ben": "!student", "tom": "editingteacher"}
    assert removed(report) == [("ben", "suspended", "proved", "absent_cleared")]
    assert buckets(world.sync(both, on_missing="suspend")) == {"reactivated": 1, "unchanged": 1}
    assert world.people("BIO101")["ben"] == "student"


def test_dates_are_sent_once_and_travel_with_every_later_call(make: Make) -> None:
    """The first run sends dates, the second has nothing to do, a suspension carries them along."""
    world = make({"BIO101": "ben:student tom:editingteacher"}, people=["ada"])
    lines = "username,course,role,start,end\nben,BIO101,student,,\nada,BIO101,student,2026-09-01,2027-09-30"
    world.sync(lines)
    dates = world.dates("BIO101", "ada")
    assert dates[0] > 0
    assert dates[1] > dates[0]
    assert world.plan(lines).changes.empty
    later = lines.replace("2027-09-30", "2027-10-31")
    report = world.sync(later)
    assert buckets(report) == {"dates changed": 1, "unchanged": 1}
    assert report.rows["proof"].tolist() == ["", "accepted"]
    moved = world.dates("BIO101", "ada")
    assert moved[1] > dates[1]
    world.sync("username,course,role,status\nben,BIO101,student,active\nada,BIO101,student,suspended")
    assert world.people("BIO101")["ada"] == "!student"
    assert world.dates("BIO101", "ada") == moved


def test_dates_that_others_set_are_not_cleared_for_a_roles_sake(make: Make) -> None:
    """Somebody enrolled by hand until next year gets another role and keeps the end."""
    world = make({"BIO101": "ada:student ben:student tom:editingteacher"})
    course, ada = world.state.course("BIO101").id, world.state.user("ada").id
    held = world.state.enrolments.held(course, ada)
    (one,) = held.values()
    world.state.put_enrolment(type(one)(enrolid=one.enrolid, userid=ada, status=0, timestart=5, timeend=2_000_000_000))
    roster = "username,course,role\nada,BIO101,teacher\nben,BIO101,student\n"
    world.sync(roster, teacher_means="teacher")
    assert world.people("BIO101")["ada"] == "teacher"
    assert world.dates("BIO101", "ada") == (5, 2_000_000_000)


def test_graded_people_are_suspended_instead_of_unenrolled(make: Make) -> None:
    """A grade keeps the enrolment; the next plan leaves it so."""
    world = make({"BIO101": "ada:student ben:student tom:editingteacher"}, methods={"BIO101": ["manual"]})
    key = (world.state.user("ben").id, world.state.course("BIO101").id)
    world.state.grades.put(key, type(world.state.grades.rows[key])(userid=key[0], courseid=key[1], rawgrade=71.5))
    roster = "username,course,role\nada,BIO101,student"
    report = world.sync(roster)
    assert world.people("BIO101")["ben"] == "!student"
    assert removed(report) == [("ben", "suspended", "proved", "graded_cleared")]
    again = world.sync(roster)
    assert not [c for c in world.wrote() if "enrol_manual_unenrol" in c.function]
    assert again.exit_code == 0
    assert world.people("BIO101")["ben"] == "!student"


def test_another_method_is_found_out_once_and_not_tried_again(make: Make) -> None:
    """Unenrolling somebody who enrolled themselves is disproved, remembered, and counts for no limit."""
    world = make({"BIO101": "ada:student ben:student@self tom:editingteacher"})
    roster = "username,course,role\nada,BIO101,student"
    report = world.sync(roster)
    assert removed(report) == [("ben", "failed", "disproved", "another_method")]
    assert report.exit_code == 3
    writes = len(world.wrote())
    plan = world.plan(roster)
    assert plan.changes[["hold", "removal"]].values.tolist() == [["another_method", False]]
    again = world.apply(plan)
    assert len(world.wrote()) == writes
    assert removed(again) == [("ben", "held", "", "another_method")]


def test_a_disproved_role_change_does_not_forget_dates(make: Make) -> None:
    """What a removal without effect teaches does not overwrite what is known of the enrolment."""
    world = make({"BIO101": "tom:teacher ben:student"}, people=["ada"])
    head = "username,course,role,start,end\ntom,BIO101,teacher,,\nada,BIO101,student,2026-09-01,2027-09-30\n"
    world.sync(head + "ada,BIO101,teacher,2026-09-01,2027-09-30\nben,BIO101,student,,", teacher_means="teacher")
    # The role is now owned by a plug-in, too, so that taking away what was given by hand shows no effect.
    course, ada = world.state.course("BIO101").id, world.state.user("ada").id
    one = next(a for a in world.state.roles_of(course, ada) if a.roleid == 4)
    fields = {"courseid": course, "userid": ada, "roleid": 4}
    world.state.put_assignment(type(one)(**fields, component="enrol_database", itemid=7))
    report = world.sync(head + "ben,BIO101,student,,", teacher_means="teacher")
    assert report.rows["bucket"].tolist() == ["unchanged", "failed", "unchanged"]
    with world.work() as work:
        line = work.store.ledger(work.client.site, [course]).set_index("user_id").loc[ada]
    assert line["manual"]
    assert (line["start"], line["end"]) == world.dates("BIO101", "ada")
    assert line["stuck"] == "4+5|manual|kept=4"


def test_a_course_without_manual_enrolment_is_held_before_anything_is_sent(make: Make) -> None:
    """Rule 8: the site tells it, and nothing is tried."""
    world = make({"BIO101": "ada:student@self"}, people=["ben"], methods={"BIO101": ["self"]})
    report = world.sync("username,course,role\nada,BIO101,student\nben,BIO101,student")
    assert buckets(report) == {"held": 1, "unchanged": 1}
    assert report.rows["code"].tolist()[1] == "no_manual"
    assert world.wrote() == []


def test_a_role_that_surfaces_is_told_and_left_alone_until_the_next_run(make: Make) -> None:
    """A role held without an enrolment shows when its holder is enrolled: a note now, a change in the next plan."""
    world = make({"BIO101": "ben:student tom:teacher"}, people=["ada"])
    world.give("BIO101", "ada", "teacher")
    roster = "username,course,role\nada,BIO101,student\nben,BIO101,student\ntom,BIO101,teacher"
    settings = {"teacher_means": "teacher"}
    report = world.sync(roster, **settings)
    note = "ada in BIO101 already held teacher without being enrolled: it is not touched in this run"
    assert [n for n in report.notes if "already held" in n] == [note]
    assert world.people("BIO101")["ada"] == "student+teacher"
    assert buckets(world.sync(roster, **settings)) == {"role changed": 1, "unchanged": 2}
    assert world.people("BIO101")["ada"] == "student"
    assert world.plan(roster, **settings).changes.empty


def test_many_surfaced_roles_are_counted(make: Make) -> None:
    """Twenty people are named, the others are a number."""
    names = [f"p{n:02}" for n in range(23)]
    world = make({"BIO101": "tom:teacher ben:student"}, people=names)
    for name in names:
        world.give("BIO101", name, "observer")
    lines = "\n".join(f"{n},BIO101,student" for n in ["ben", *names])
    notes = world.sync(f"username,course,role\n{lines}").notes
    assert sum("already held observer" in n for n in notes) == 20
    assert notes[-1] == "3 more held a role without being enrolled: none is touched in this run"


def test_nobody_but_one_gets_a_role_that_is_another_one_here(make: Make) -> None:
    """Where student is 7 and 5 is something else, one person is tried and taken back; nobody keeps the wrong role."""
    roles = {"manager": 1, "editingteacher": 3, "teacher": 4, "observer": 5, "student": 7}
    world = make(
        {"BIO101": "tom:editingteacher", "CHE101": "tom:editingteacher"}, people=["ada", "ben", "cyd"], roles=roles
    )
    roster = "username,course,role\nada,BIO101,student\nben,BIO101,student\ncyd,CHE101,student"
    report = world.sync(roster, mode="add-only")
    assert world.people("BIO101") == {"tom": "editingteacher"}
    assert world.people("CHE101") == {"tom": "editingteacher"}
    assert not [a for a in world.state.assignments.all() if a.roleid == 5]
    enrolled = [c.users for c in world.wrote() if c.function == "enrol_manual_enrol_users"]
    assert [len(users) for users in enrolled] == [1]
    assert buckets(report) == {"failed": 1, "held": 2}
    assert "given and taken back" in " ".join(report.rows["message"])
    assert buckets(world.sync(roster, mode="add-only", roles={"student": 7})) == {"enrolled": 3}
    assert world.people("BIO101") == {"ada": "student", "ben": "student", "tom": "editingteacher"}


def test_the_wrong_role_is_taken_back_without_the_enrolment_that_carries_a_right_one(make: Make) -> None:
    """Somebody who was enrolled in the same run with a role that is right stays enrolled with it."""
    roles = {"manager": 1, "editingteacher": 3, "teacher": 4, "observer": 5, "student": 7}
    world = make({"BIO101": "tom:editingteacher"}, people=["ada"], roles=roles)
    roster = "username,course,role\nada,BIO101,teacher\nada,BIO101,student"
    report = world.sync(roster, mode="add-only", teacher_means="teacher")
    assert world.people("BIO101") == {"ada": "teacher", "tom": "editingteacher"}
    assert buckets(report) == {"failed": 2}


def test_the_rest_waits_where_no_read_shows_the_role_that_was_tried(make: Make) -> None:
    """A role id that cannot be read back goes to one person, not to all."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben", "cyd"])

    def hide(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if called.writes:
            world.state.missing_capabilities.add("moodle/user:viewdetails")
        return Fault.NONE

    world.gate.script = hide
    report = world.sync("username,course,role\nada,BIO101,student\nben,BIO101,student\ncyd,BIO101,student")
    assert [len(c.users) for c in world.wrote()] == [1]
    assert report.buckets()["held"] == 2


def test_a_role_that_was_not_learnt_is_tried_on_one_and_then_given_to_all(make: Make) -> None:
    """Where the default id is right, everybody gets it, the first of them alone."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben", "cyd"])
    report = world.sync("username,course,role\nada,BIO101,student\nben,BIO101,student\ncyd,BIO101,student")
    assert [len(c.users) for c in world.wrote()] == [1, 2]
    assert buckets(report) == {"enrolled": 3}
    assert set(report.rows["proof"]) == {"proved"}
    assert any("it was read back" in n for n in report.notes)
