"""The examination of a sandbox in which one thing after the other is missing, through the web service alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from rostersync.moodle.diagnostics import Conclusion, FindingState, examine
from rostersync.sandbox import state as sandbox
from rostersync.sandbox.records import Assignment, GradeItem, ItemGrade
from rostersync.sandbox.releases import RELEASES
from rostersync.settings import Settings
from rostersync.tables.capabilities import CAPABILITIES
from rostersync.tables.functions import FUNCTIONS, Use, used_for
from tests.contract.recordings import load

from .examined import bad, doctor, finding, unchanged

HISTORY = 304

NO_DIFFERENCE = (
    "moodle/course:viewparticipants",
    "moodle/user:viewhiddendetails",
    "moodle/course:useremail",
    "moodle/site:viewuseridentity",
    "moodle/user:update",
    "moodle/grade:viewhidden",
    "enrol/manual:manage",
)
"""Faults 11, 15, 18 to 21, 29 and 30: a token without these gets the answers of one that has them."""
SHOWN = tuple(c for c in CAPABILITIES if c not in NO_DIFFERENCE)


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    """Each release that was recorded."""
    return str(request.param)


@pytest.fixture
def separate(site: sandbox.State) -> sandbox.State:
    """The recorded site with separate groups in its one course that has people."""
    site.courses[HISTORY] = replace(site.courses[HISTORY], groupmode=1)
    return site


def test_a_healthy_site_gets_no_false_alarm(site: sandbox.State) -> None:
    """All is well, reads can be trusted, and what cannot be told is not called missing."""
    examination = doctor(site)
    assert bad(examination) == {}
    assert (examination.verdict, examination.exit_code, examination.trust_reads) == (Conclusion.WELL, 0, True)
    assert {f.code for f in examination.findings if f.state is FindingState.NOT_TESTED} == set(NO_DIFFERENCE)
    assert [f.code for f in examination.findings if f.state is FindingState.WARNING] == ["welcome mail"]
    assert examination.milliseconds.keys() == {"empty call", "look-up", "read"}


@pytest.mark.parametrize("release", ["4.4", "4.5", "5.1"])
def test_the_rights_to_enrol_and_unenrol_are_seen_on_each_release(release: str) -> None:
    """4.5 and 5.1 look for the account before the role, and 5.1 calls it otherwise: behind the right in any case."""
    site = load(release)
    site.missing_capabilities.clear()
    examination = doctor(site)
    for code in ("enrol/manual:enrol", "enrol/manual:unenrol", "moodle/role:assign"):
        assert finding(examination, code).state is FindingState.OK
    site.missing_capabilities = {"enrol/manual:enrol", "enrol/manual:unenrol", "moodle/role:assign"}
    assert site.missing_capabilities <= bad(doctor(site)).keys()


def test_mails_are_told_where_a_course_has_a_teacher(site: sandbox.State) -> None:
    """How many courses of those that were seen, and where the message is switched off; without a teacher, none."""
    told = finding(doctor(site), "welcome mail")
    assert told.what.startswith("1 of the 7 courses that were seen has a teacher, such as HIS110")
    assert "Send course welcome message: No" in told.remedy
    for user in [*site.assignments.people(HISTORY)]:
        for role, component, item in [*site.assignments.held(HISTORY, user)]:
            gone = Assignment(courseid=HISTORY, userid=user, roleid=role, component=component, itemid=item)
            site.drop_assignment(gone)
    assert finding(doctor(site), "welcome mail").state is FindingState.OK


def test_gradebooks_that_nobody_has_opened_stay_so(site: sandbox.State) -> None:
    """Whether grades can be read cannot be told then, and no look makes a gradebook; that is no alarm."""
    for course in site.courses:
        site.gradebook.close(course)
    examination = doctor(site)
    assert (bad(examination), examination.exit_code) == ({}, 0)
    for capability in ("gradereport/user:view", "moodle/grade:viewall", "moodle/grade:viewhidden"):
        assert finding(examination, capability).state is FindingState.NOT_TESTED


@pytest.mark.parametrize(
    ("lacks", "graded", "state"),
    [
        (False, False, FindingState.NOT_TESTED),
        (False, True, FindingState.OK),
        (True, True, FindingState.ONE_OF),
        (True, False, FindingState.ONE_OF),
    ],
)
def test_a_hidden_item_is_no_alarm_where_the_account_may_see_it(
    site: sandbox.State,
    lacks: bool,  # noqa: FBT001
    graded: bool,  # noqa: FBT001
    state: FindingState,
) -> None:
    """Empty it says nothing, with a grade it shows the right, and where it is left out the right is missing."""
    book = site.gradebook
    book.put_item(GradeItem(id=77, courseid=HISTORY, itemtype="manual", categoryid=book.roots(HISTORY)[0], hidden=1))
    for user in site.enrolled(HISTORY) if graded else ():
        book.put_grade(ItemGrade(itemid=77, userid=user, finalgrade=55))
    site.missing_capabilities = {"moodle/grade:viewhidden"} if lacks else set()
    examination = doctor(site, "HIS110")
    assert finding(examination, "moodle/grade:viewhidden").state is state
    assert bad(examination).keys() == ({"moodle/grade:viewhidden"} if lacks else set())
    if lacks:  # or it is an activity that the account does not see: Moodle answers both alike
        causes = finding(examination, "moodle/grade:viewhidden").causes
        assert {"moodle/grade:viewhidden", "mod/assign:view"} <= {*causes}


@pytest.mark.parametrize("capability", SHOWN)
def test_a_missing_capability_is_named(site: sandbox.State, capability: str) -> None:
    """It, or a set of causes that Moodle answers alike, with it among them and where to click."""
    site.missing_capabilities = {capability}
    examination = doctor(site)
    named = [f for f in examination.findings if f.bad and capability in f.causes]
    assert named
    assert any("Define roles" in f.remedy and capability in f.remedy for f in named)
    assert examination.exit_code in {3, 5}
    assert not examination.trust_reads


IN_MANY_WAYS = ("webservice/rest:use", "moodle/course:view", "moodle/user:viewdetails")
"""Without these more is missing, or in doubt, than the capability."""


@pytest.mark.parametrize("capability", [c for c in SHOWN if c not in IN_MANY_WAYS])
def test_most_capabilities_are_told_apart(site: sandbox.State, capability: str) -> None:
    """Nothing else is called missing, and nothing is in doubt."""
    site.missing_capabilities = {capability}
    examination = doctor(site)
    assert bad(examination) == {capability: (capability,)}
    assert finding(examination, capability).state is FindingState.MISSING


@pytest.mark.parametrize("capability", NO_DIFFERENCE)
def test_what_makes_no_difference_cannot_be_told(site: sandbox.State, capability: str) -> None:
    """Moodle answers as if it were there, so that it is listed as such, and is no alarm."""
    site.missing_capabilities = {capability}
    examination = doctor(site)
    assert finding(examination, capability).state is FindingState.NOT_TESTED
    assert bad(examination) == {}


def test_the_capability_to_list_people_shows_where_the_stronger_one_is_missing(site: sandbox.State) -> None:
    """Either of the two lets participants be listed, so that each hides whether the other is there."""
    site.missing_capabilities = {"moodle/course:enrolreview"}
    assert finding(doctor(site), "moodle/course:viewparticipants").state is FindingState.OK


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_missing_function_is_named(site: sandbox.State, function: str) -> None:
    """Those without which nothing can be planned make the token unusable; the others leave less known."""
    site.functions.remove(function)
    examination = doctor(site)
    missing = finding(examination, function)
    assert (missing.state, missing.causes) == (FindingState.MISSING, (function,))
    assert function in missing.remedy
    late = {
        "core_enrol_get_users_courses",
        "core_grades_get_gradeitems",
        "core_grades_get_grade_tree",
        "gradereport_user_get_grade_items",
    }
    assert examination.exit_code == (3 if function in late else 5)


def test_separate_groups_are_no_alarm_for_a_token_that_sees_all(separate: sandbox.State) -> None:
    """The list of such a course is as long as Moodle's own count."""
    assert doctor(separate).exit_code == 0


def test_separate_groups_that_hide_people_are_told_apart(separate: sandbox.State) -> None:
    """Even the contact is missing, whom everybody sees: it is the groups, not the profiles."""
    separate.missing_capabilities = {"moodle/site:accessallgroups"}
    examination = doctor(separate)
    assert bad(examination) == {
        "moodle/site:accessallgroups": ("moodle/site:accessallgroups",),
        "reads": ("moodle/site:accessallgroups",),
    }
    assert "0 of the 3 people of HIS110" in finding(examination, "reads").what


def test_profiles_that_are_hidden_in_separate_groups_are_told_apart(separate: sandbox.State) -> None:
    """All groups are seen, so that the groups are not what hides people."""
    separate.missing_capabilities = {"moodle/user:viewdetails"}
    assert finding(doctor(separate), "reads").causes == ("moodle/user:viewdetails",)


def test_a_token_that_may_enter_no_course_cannot_be_used(site: sandbox.State) -> None:
    """Everything that needs a course is then not tried, rather than missing."""
    site.missing_capabilities = {"moodle/course:view"}
    examination = doctor(site)
    assert examination.verdict is Conclusion.UNUSABLE
    assert bad(examination) == {"moodle/course:view": ("moodle/course:view",)}


def test_a_role_that_may_not_be_given_is_named(site: sandbox.State) -> None:
    """Recordings 76, 94 and 154: taking it from nobody does nothing where it may be given, and is refused else."""
    site.roles[4] = replace(site.roles[4], assignable_by_token=False)
    examination = doctor(site)
    assert bad(examination) == {"role teacher": ("permission to assign the role teacher",)}
    assert "Allow role assignments" in finding(examination, "role teacher").remedy


def test_courses_that_are_named_are_looked_at(site: sandbox.State) -> None:
    """By short name, ID number or id; one that is not found may be hidden."""
    site.missing_capabilities = {"moodle/course:viewhiddencourses"}
    examination = doctor(site, "his110", "CHE-201-2026", "308", "ART500")
    assert finding(examination, "reads").state is FindingState.OK
    assert finding(examination, "courses").causes == ("course “ART500”", "moodle/course:viewhiddencourses")
    assert finding(examination, "moodle/course:view").what == "every course that was seen can be entered (3)"


def test_a_site_without_people_cannot_be_told(site: sandbox.State) -> None:
    """An empty list and a hidden one look alike: nothing is proposed, and nothing is called missing."""
    document = {**site.document(), "enrolments": [], "role_assignments": []}
    examination = doctor(sandbox.State.load(document, clock=site.clock))
    assert (examination.exit_code, examination.trust_reads) == (0, False)
    assert finding(examination, "reads").state is FindingState.NOT_TESTED


def test_courses_without_the_manual_method_are_named(site: sandbox.State) -> None:
    """Nobody can be enrolled where no course that is seen has it enabled."""
    document: Mapping[str, Any] = site.document()
    rows = [{**one, "enabled": one["enrol"] != "manual"} for one in document["enrol_instances"]]
    examination = doctor(sandbox.State.load({**document, "enrol_instances": rows}, clock=site.clock))
    assert "manual enrolment" in bad(examination)


def test_the_address_that_moodle_calls_itself_is_compared(site: sandbox.State) -> None:
    """Another one works today, and may redirect tomorrow: a warning."""
    with unchanged(site) as server:
        site.site["url"] = "https://moodle.example"
        examination = examine(Settings(site=server.url), SecretStr(server.token))
        site.site["url"] = server.url
    found = finding(examination, "address")
    assert (found.state, found.causes, examination.exit_code) == (FindingState.WARNING, ("https://moodle.example",), 0)


@pytest.mark.parametrize(
    ("called", "version", "said"),
    [("3.9.1 (Build: 20200713)", "2020061501", "suspended"), ("6.0 (Build: 20270405)", "2027040500", "4.2 to 5.2")],
)
def test_a_release_that_was_not_measured_is_a_warning(
    site: sandbox.State, called: str, version: str, said: str
) -> None:
    """What differs is said."""
    site.release, site.version = called, version
    found = finding(doctor(site), "release")
    assert found.state is FindingState.WARNING
    assert said in found.what


def test_the_stages_are_told(site: sandbox.State) -> None:
    """For the bar: from none to all."""
    told: list[tuple[str, int, int]] = []
    with unchanged(site) as server:
        examine(Settings(site=server.url), SecretStr(server.token), progress=lambda *stage: told.append(stage))
    assert [done for _, done, _ in told] == [0, 1, 2, 3, 4, 5, 6]


def test_the_document_says_it_all(site: sandbox.State) -> None:
    """Versioned, with every finding and what it comes to."""
    site.missing_capabilities = {"enrol/manual:enrol"}
    document = doctor(site).document()
    assert (document["format"], document["version"]) == ("rostersync-doctor", 2)
    assert (document["verdict"], document["exit_code"], document["trust_reads"]) == ("incomplete", 3, False)
    (found,) = [f for f in document["findings"] if f["state"] == "missing"]
    assert (found["code"], found["causes"]) == ("enrol/manual:enrol", ["enrol/manual:enrol"])
    assert found["remedy"].endswith("allow “Enrol users” (enrol/manual:enrol)")


def test_functions_that_block_are_those_that_plans_need() -> None:
    """The doctor calls a token unusable where no plan would be made."""
    blocking = {name for name, need in FUNCTIONS.items() if need.blocks}
    assert blocking == set(used_for(Use.READING, Use.WRITING))


def test_only_calls_about_nobody_are_sent_to_functions_that_write(make_client: Callable[..., Any]) -> None:
    """Anything else is a mistake in the program, and stays here."""
    from rostersync.enums import Op
    from rostersync.moodle.diagnostics.attempts import knock
    from rostersync.moodle.enrolments import NOBODY

    client = make_client()
    for op, row in (
        (Op.UNENROL, (20004, 302)),
        (Op.ENROL, (5, NOBODY, 302, 0, 0, 0)),
        (Op.ASSIGN, (5, NOBODY, 302)),
        (Op.UNASSIGN, (NOBODY, 20004, 302)),
    ):
        with pytest.raises(ValueError, match="about nobody"):
            knock(client, op, *row)
