"""What the doctor could not test is neither well nor missing: it is named, counted, and says how to find out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from rostersync.enums import Mode
from rostersync.moodle.diagnostics import Conclusion, Finding, FindingState, examine
from rostersync.sandbox import state as sandbox
from rostersync.sandbox.records import Enrolment
from rostersync.sandbox.releases import RELEASES
from rostersync.settings import Settings

from .examined import bad, doctor, finding, unchanged

CHEMISTRY, HISTORY = 303, 304
DETAILS = "moodle/user:viewdetails"


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    """Each release that was recorded."""
    return str(request.param)


def untested(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    """What was not tested, by its code."""
    return {f.code: f for f in findings if f.state is FindingState.NOT_TESTED}


def without(site: sandbox.State, **tables: object) -> sandbox.State:
    """The same site with other tables."""
    return sandbox.State.load({**site.document(), **tables}, clock=site.clock)


@pytest.mark.parametrize("faults", [(), ("capability=moodle/course:view",), ("password-change",), ("500:n=3,times=0",)])
def test_whatever_was_not_tested_says_why_and_how_to_find_out(site: sandbox.State, faults: tuple[str, ...]) -> None:
    """On a healthy site, where nothing can be entered, and where the site breaks off in the middle."""
    found = untested(doctor(site, faults=faults).findings)
    assert found
    assert [f.code for f in found.values() if not f.what or not f.remedy] == []


def test_what_was_not_tested_is_counted(site: sandbox.State) -> None:
    """Each finding counts once, as what it is, and those that were not tested are listed."""
    examination = doctor(site)
    document = examination.document()
    assert document["version"] == 2
    assert sum(document["counts"].values()) == len(examination.findings)
    assert document["counts"]["not_tested"] == len(document["not_tested"]) > 0
    assert document["not_tested"] == [*untested(examination.findings)]


def test_contacts_do_not_show_that_everybody_is_seen(site: sandbox.State) -> None:
    """Everybody sees an editing teacher: a course with one alone is as long as Moodle counts, and proves little."""
    teachers = [a for a in site.document()["role_assignments"] if a["roleid"] == 3]
    people = {(a["courseid"], a["userid"]) for a in teachers}
    method = {i.id: i.courseid for i in site.instances.values()}
    enrolments = [e for e in site.document()["enrolments"] if (method[e["enrolid"]], e["userid"]) in people]
    alone = without(site, role_assignments=teachers, enrolments=enrolments)
    examination = doctor(alone)
    assert finding(examination, "reads").state is FindingState.OK
    assert finding(examination, DETAILS).state is FindingState.NOT_TESTED
    assert not examination.trust_reads
    assert examination.in_the_way == (DETAILS,)


def test_a_read_that_breaks_is_missing_even_where_another_is_proven(site: sandbox.State) -> None:
    """Of two courses that are named, one can be read and the other cannot."""
    fault = "500:function=core_enrol_get_enrolled_users,n=1,times=1"
    examination = doctor(site, "HIS110", "CHE201", faults=[fault])
    assert finding(examination, "reads").state is FindingState.MISSING
    assert not examination.trust_reads


def test_a_named_course_whose_list_nothing_proves_is_told(site: sandbox.State) -> None:
    """Nobody is active there who could be asked for the count; another is well, and it is not passed over."""
    manual = next(i.id for i in site.instances_of(CHEMISTRY) if i.enrol == "manual")
    site.put_enrolment(Enrolment(enrolid=manual, userid=20004, status=1, timestart=0, timeend=0))
    examination = doctor(site, "HIS110", "CHE201")
    assert finding(examination, "reads").state is FindingState.OK
    found = finding(examination, "reads of CHE201")
    assert (found.state, "CHE201" in found.what) == (FindingState.NOT_TESTED, True)
    assert (examination.exit_code, examination.trust_reads) == (0, True)


def test_a_hidden_course_that_is_named_is_read(site: sandbox.State) -> None:
    """Its editing teacher sees it, and is asked for the count."""
    site.courses[HISTORY] = replace(site.courses[HISTORY], visible=0)
    examination = doctor(site, "HIS110")
    assert finding(examination, "reads").state is FindingState.OK
    assert finding(examination, "moodle/course:viewhiddencourses").state is FindingState.OK


def test_a_forced_change_of_password_is_told_as_such(site: sandbox.State) -> None:
    """The account gets into no course, which is no matter of its capabilities."""
    examination = doctor(site, faults=["password-change"])
    assert bad(examination) == {"account": ("account that is ready to be used",)}
    told = finding(examination, "account")
    assert "change its password" in told.what
    assert "log in as that account once" in told.remedy
    assert "Force password change" in told.remedy
    assert (examination.verdict, examination.exit_code) == (Conclusion.UNUSABLE, 5)
    assert finding(examination, "moodle/course:view").state is FindingState.NOT_TESTED


def disabled(site: sandbox.State, *courses: int) -> sandbox.State:
    """The site with the manual method of these courses switched off."""
    document: Mapping[str, Any] = site.document()
    rows = [
        {**one, "enabled": one["enabled"] and not (one["enrol"] == "manual" and one["courseid"] in courses)}
        for one in document["enrol_instances"]
    ]
    return without(site, enrol_instances=rows)


def test_a_named_course_without_the_manual_method_is_mentioned(site: sandbox.State) -> None:
    """Others have it, so that the site as a whole looks well."""
    site = disabled(site, CHEMISTRY)
    assert "manual enrolment" not in bad(doctor(site))
    examination = doctor(site, "HIS110", "CHE201")
    assert bad(examination) == {"manual enrolment": ("manual enrolment",)}
    told = finding(examination, "manual enrolment")
    assert "CHE201" in told.what
    assert "HIS110" not in told.what
    assert "Enrolment methods" in told.remedy
    assert examination.exit_code == 3


def test_courses_of_the_settings_are_looked_up_too(site: sandbox.State) -> None:
    """One that is not there, and one without the manual method; none of them is read for it."""
    with unchanged(disabled(site, CHEMISTRY)) as server:
        settings = Settings(site=server.url, courses=("CHE201", "HIS110", "NOPE9"), mode=Mode.MIRROR)
        examination = examine(settings, SecretStr(server.token))
    assert bad(examination).keys() == {"manual enrolment", "courses"}
    assert "NOPE9" in finding(examination, "courses").what
