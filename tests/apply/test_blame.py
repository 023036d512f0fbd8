"""Whose a refusal is: an unknown code that follows an account is that account's, and no course is blamed unproved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from rostersync.apply.blame import LIMIT, LIMIT_EVERYWHERE
from rostersync.errors import UsageError
from rostersync.sandbox.refusals import Refusal, moodle
from rostersync.store import open_store
from rostersync.tables import Report
from rostersync.workflow.resume import resume

from .gate import Called, Fault

Make = Callable[..., Any]
PEOPLE = [f"p{n:03}" for n in range(110)]
SIX = {"spread": [PEOPLE[n] for n in (3, 20, 49, 50, 77, 109)], "first": PEOPLE[:6], "last": PEOPLE[-6:]}
ENROL = "enrol_manual_enrol_users"


def roster(*courses: str, people: list[str] = PEOPLE) -> str:
    return "username,course,role\n" + "\n".join(f"{p},{c},student" for c in courses for p in people)


def refusing(world: Any, said: Mapping[str, Refusal], course: str = "") -> None:  # noqa: ANN401 - a World
    """The site refuses these people with these words, in one course or in all."""
    ids = {world.state.user(name).id: refusal for name, refusal in said.items()}
    here = {i.id for i in world.state.instances_of(world.state.course(course).id)} if course else None
    put = world.state.put_enrolment

    def refuse(enrolment: Any) -> None:  # noqa: ANN401 - the sandbox's own types
        if enrolment.userid in ids and (here is None or enrolment.enrolid in here):
            raise ids[enrolment.userid]
        put(enrolment)

    world.state.put_enrolment = refuse


def journal(world: Any) -> list[tuple[int, str, str]]:  # noqa: ANN401 - a World
    with open_store(world.store_path, clock=world.clock) as store:
        found: list[tuple[int, str, str]] = store.journal(1)
        return found


def ends(report: Report) -> dict[str, list[str]]:
    """Bucket → the user names in it."""
    return {str(b): sorted(part["user"].tolist()) for b, part in report.rows.groupby("bucket", observed=True)}


@pytest.mark.parametrize("release", ["4.5.6 (Build: 20250811)", "5.1.3 (Build: 20260216)"])
@pytest.mark.parametrize("where", SIX)
def test_six_unconfirmed_accounts_of_110_keep_nobody_out(make: Make, where: str, release: str) -> None:
    """Also where the look-up does not tell that they are not confirmed; the course was stopped for them once."""
    world = make({"BIO101": "tom:editingteacher"}, people=PEOPLE)
    world.state.release = release
    for name in SIX[where]:
        world.state.put_user(replace(world.state.user(name), confirmed=0))
    world.gate.spoil = lambda _, body: re.sub(rb'"confirmed": ?(true|false),?', b"", body)
    report = world.sync(roster("BIO101"), mode="add-only")
    assert ends(report) == {"failed": SIX[where], "enrolled": sorted({*PEOPLE} - {*SIX[where]})}
    assert set(report.rows.loc[report.rows["bucket"] == "failed", "code"]) == {"usernotconfirmed"}
    assert set(world.people("BIO101")) == {"tom", *PEOPLE} - {*SIX[where]}


@pytest.mark.parametrize("where", SIX)
@pytest.mark.parametrize("alike", [True, False])
def test_six_accounts_that_are_refused_for_no_known_reason_keep_nobody_out(
    make: Make, where: str, *, alike: bool
) -> None:
    """With one cause, or with six: they have failed with Moodle's words, and everybody else is enrolled."""
    world = make({"BIO101": "tom:editingteacher"}, people=PEOPLE)
    said = {name: moodle("says_no" if alike else f"says_no_{name}", f"Not {name}") for name in SIX[where]}
    refusing(world, said)
    report = world.sync(roster("BIO101"), mode="add-only")
    assert ends(report) == {"failed": SIX[where], "enrolled": sorted({*PEOPLE} - {*SIX[where]})}
    failed = report.rows[report.rows["bucket"] == "failed"].set_index("user")
    assert all(f"Not {name} [{refusal.errorcode}]" in failed.loc[name, "message"] for name, refusal in said.items())
    assert set(world.people("BIO101")) == {"tom", *PEOPLE} - {*SIX[where]}
    assert len(world.wrote()) <= 6 * 14


def test_people_who_are_gone_keep_nobody_out(make: Make) -> None:
    """5.1 says of accounts that are not there what it says of courses: that something is not there."""
    world = make({"BIO101": "tom:editingteacher"}, people=PEOPLE)
    plan = world.plan(roster("BIO101"), mode="add-only")
    for name in SIX["first"]:
        del world.state.users.rows[world.state.user(name).id]
    report = world.apply_at_once(plan)
    assert ends(report)["failed"] == SIX["first"]
    assert set(report.rows.loc[report.rows["bucket"] == "failed", "code"]) == {"invalidrecordunknown"}
    assert len(ends(report)["enrolled"]) == 104


def test_a_course_that_is_gone_is_asked_for_and_stops(make: Make) -> None:
    """The same code, and the look-up finds no course: nobody is tried one by one."""
    world = make({"BIO101": "tom:editingteacher", "CHE101": "tom:editingteacher"}, people=PEOPLE)
    plan = world.plan(roster("BIO101", "CHE101"), mode="add-only")
    gone = world.state.course("BIO101").id
    with_it, answer = ENROL.encode(), world.gate._answer

    def missing(fault: Any, body: bytes) -> Any:  # noqa: ANN401 - the gate's own types
        if with_it in body and f"courseid%5D={gone}&" in body.decode():
            said = {"exception": "dml_missing_record_exception", "errorcode": "invalidrecordunknown", "message": "No"}
            return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()
        if b"core_course_get_courses_by_field" in body and f"value={gone}&" in body.decode():
            return 200, {"Content-Type": "application/json"}, b'{"courses": [], "warnings": []}'
        return answer(fault, body)

    world.gate._answer = missing
    report = world.apply_at_once(plan)
    bio = report.rows[report.rows["course_id"] == gone]
    assert set(bio.loc[bio["bucket"] == "held", "code"]) == {"not_sent"}
    assert len([c for c in world.wrote() if gone in c.courses]) == 1
    assert len(ends(report)["enrolled"]) == 110


def test_a_few_who_may_not_enter_one_course_are_no_proof_against_it(make: Make) -> None:
    """They were enrolled elsewhere, and have a reason of their own here; the others come in."""
    world = make({"ART101": "tom:editingteacher", "BIO101": "tom:editingteacher"}, people=PEOPLE)
    refusing(world, {name: moodle("not_in_cohort", "Not for you") for name in SIX["first"]}, "BIO101")
    report = world.sync(roster("ART101", "BIO101"), mode="add-only", connections=1)
    assert ends(report)["failed"] == SIX["first"]
    assert set(world.people("BIO101")) == {"tom", *PEOPLE} - {*SIX["first"]}


def test_what_is_refused_to_those_who_were_written_elsewhere_is_the_courses(make: Make) -> None:
    """Three of them are proof enough: the rest of the course is held, with what Moodle said."""
    world = make({"ART101": "tom:editingteacher", "BIO101": "tom:editingteacher"}, people=PEOPLE)
    refusing(world, {name: moodle("full_up", "No more room") for name in PEOPLE}, "BIO101")
    report = world.sync(roster("ART101", "BIO101"), mode="add-only", connections=1)
    bio = report.rows[report.rows["course_id"] == world.state.course("BIO101").id]
    assert bio["bucket"].astype(str).value_counts().to_dict() == {"failed": 3, "held": 107}
    held = bio[bio["bucket"] == "held"]
    assert set(held["code"]) == {"not_sent"}
    assert held["message"].str.endswith("remove the cause, then sync the roster again").all()
    with world.work() as work, pytest.raises(UsageError, match="came to its end"):
        resume(work)  # which the message must not advise, therefore
    assert held["message"].str.contains(r"Moodle refused it for this course: No more room \[full_up\]").all()
    assert len(ends(report)["enrolled"]) == 110
    assert len(world.wrote()) < 20


def test_what_is_refused_to_nobody_as_well_is_the_courses(make: Make) -> None:
    """One call about nobody proves it, and changes nothing; nobody is asked for one by one."""
    world = make({"BIO101": "tom:editingteacher", "CHE101": "tom:editingteacher"}, people=PEOPLE)
    plan = world.plan(roster("BIO101", "CHE101"), mode="add-only")
    broken, answer = world.state.course("BIO101").id, world.gate._answer

    def closed(fault: Any, body: bytes) -> Any:  # noqa: ANN401 - the gate's own types
        if ENROL in body.decode() and f"courseid%5D={broken}&" in body.decode():
            said = {"exception": "moodle_exception", "errorcode": "course_archived", "message": "Archived"}
            return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()
        return answer(fault, body)

    world.gate._answer = closed
    report = world.apply(plan)
    bio = report.rows[report.rows["course_id"] == broken]
    assert set(bio["bucket"]) == {"failed", "held"}
    assert bio["message"].str.contains("course_archived").all()
    assert set(bio.loc[bio["bucket"] == "held", "code"]) == {"not_sent"}
    assert len(ends(report)["enrolled"]) == 110
    assert len([c for c in world.wrote() if broken in c.courses]) == 2
    assert len(world.people("BIO101")) == 1


def test_a_course_in_which_everybody_is_refused_costs_few_calls(make: Make) -> None:
    """Nothing proves that it is the course's: who was refused alone has failed, the rest is told as not tried."""
    people = [f"q{n:04}" for n in range(1000)]
    world = make({"BIO101": "tom:editingteacher", "CHE101": "tom:editingteacher"}, people=[*people, "ada"])
    refusing(world, {name: moodle("says_no", "No") for name in people})
    report = world.sync(roster("BIO101", people=people) + "\nada,CHE101,student", mode="add-only")
    assert len(world.wrote()) <= LIMIT + 4
    held = report.rows[report.rows["bucket"] == "held"]
    assert set(held["code"]) == {"not_tried"}
    assert held["message"].str.startswith("it was not tried by itself: Moodle refused the last calls").all()
    assert held["message"].str.contains(r"No \[says_no\]").all()
    assert len(held) + len(ends(report).get("failed", [])) == 1000
    assert ends(report)["enrolled"] == ["ada"]
    assert report.exit_code == 3


def test_a_site_on_which_everybody_is_refused_costs_few_calls(make: Make) -> None:
    """However many courses there are: after some of them only the first call of each is made."""
    courses = [f"C{n:02}" for n in range(20)]
    world = make(dict.fromkeys(courses, "tom:editingteacher"), people=PEOPLE, chunk_rows=50)
    refusing(world, {name: moodle("says_no", "No") for name in PEOPLE})
    report = world.sync(roster(*courses), mode="add-only")
    assert set(ends(report)) <= {"held", "failed"}
    assert len(world.wrote()) <= LIMIT_EVERYWHERE + 20 * 3 + 4


@pytest.mark.parametrize("code", ["mail_plugin_failed", "Message was not sent.", ""])
def test_what_was_done_before_it_was_refused_is_done(make: Make, code: str) -> None:
    """A code that comes after the commit is no failure: it is read again, and nobody is sent twice."""
    world = make({"BIO101": "tom:editingteacher"}, people=PEOPLE)
    plan = world.plan(roster("BIO101"), mode="add-only")
    answer = {"exception": "moodle_exception", "errorcode": code, "message": "error/mail"}
    said = json.dumps({k: v for k, v in answer.items() if v}).encode()
    world.gate.spoil = lambda called, body: said if called.function == ENROL and body == b"null" else body
    report = world.apply(plan)
    assert ends(report) == {"enrolled": PEOPLE}
    assert set(report.rows["proof"]) == {"proved"}
    sent = [user for call in world.wrote() for user in call.users]
    assert len(sent) == len(set(sent)) == 110


@pytest.mark.parametrize("code", ["pluginbroke", "dmlreadexception", "dmlwriteexception", ""])
def test_what_a_code_leaves_open_is_unknown_until_a_read_has_shown_it(make: Make, code: str) -> None:
    """Whoever looks into the journal right then must not find that it failed: it was done."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben"])
    said = json.dumps({"exception": "x", **({"errorcode": code} if code else {}), "message": "broken"}).encode()
    world.gate.spoil = lambda called, body: said if called.function == ENROL and body == b"null" else body
    plan, found = world.plan(roster("BIO101", people=["ada", "ben"]), mode="add-only"), list[tuple[int, str, str]]()

    def look(called: Called) -> Fault:
        if not found and world.wrote() and called.function == "core_enrol_get_enrolled_users":
            found.extend(journal(world))
        return Fault.NONE

    world.gate.script = look
    report = world.apply(plan, mode="add-only")
    assert {event for _, event, _ in found} == {"sent", "unknown"}
    assert ends(report) == {"enrolled": ["ada", "ben"]}
    assert set({change: event for change, event, _ in journal(world)}.values()) == {"done"}


def test_what_a_read_has_not_shown_has_failed(make: Make) -> None:
    """A refusal for no known reason that did nothing is one in the journal, too."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben"])
    refusing(world, {"ben": moodle("pluginbroke", "broken")})
    report = world.sync(roster("BIO101", people=["ada", "ben"]), mode="add-only")
    assert ends(report) == {"enrolled": ["ada"], "failed": ["ben"]}
    assert sorted({change: event for change, event, _ in journal(world)}.values()) == ["done", "failed"]


def test_what_was_sent_before_the_site_went_away_is_not_called_unsent(make: Make) -> None:
    """It was refused with a code that may come after the commit, and then nothing could be read any more."""
    world = make({"BIO101": "tom:editingteacher"}, people=PEOPLE[:5], outage_minutes=0.02)
    plan = world.plan(roster("BIO101", people=PEOPLE[:5]), mode="add-only")
    said, answer = (
        json.dumps({"exception": "x", "errorcode": "plugin_failed", "message": "No"}).encode(),
        world.gate._answer,
    )
    gone: list[bool] = []

    def away(fault: Any, body: bytes) -> Any:  # noqa: ANN401 - the gate's own types
        if gone:
            return 503, {"Content-Type": "text/html"}, b"<title>Away</title>"
        if ENROL in body.decode():
            gone.append(True)
            answer(fault, body)
            return 200, {"Content-Type": "application/json"}, said
        return answer(fault, body)

    world.gate._answer = away
    report = world.apply(plan)
    assert report.exit_code == 5
    sent, *others = report.rows["message"].tolist()
    assert "plugin_failed" in sent
    assert all("before this was sent" in words for words in others)
    assert all(
        words.endswith("remove the cause, then go on with `rostersync resume`") for words in others
    )  # the first call takes one row


@pytest.mark.parametrize("op", ["unenrol", "dates"])
def test_others_than_additions_are_divided_alike(make: Make, op: str) -> None:
    """One who is refused for no known reason does not keep the others from being unenrolled, or from their dates."""
    people = "tom:editingteacher " + " ".join(f"{p}:student" for p in PEOPLE[:20])
    world = make({"BIO101": people}, methods={"BIO101": ["manual"]}, allow_removals=99)
    world.state.release = "5.1.3 (Build: 20260216)"
    text = "username,course,role,start,end\ntom,BIO101,editingteacher,,\n"
    text += f"{PEOPLE[0]},BIO101,student,,\n"
    if op == "dates":
        text += "\n".join(f"{p},BIO101,student,2026-09-01,2099-09-30" for p in PEOPLE[1:20])
    bad, answer = world.state.user(PEOPLE[7]).id, world.gate._answer
    plan = world.plan(text, courses=("BIO101",))

    def refuse(fault: Any, body: bytes) -> Any:  # noqa: ANN401 - the gate's own types
        if b"enrol_manual" in body and f"userid%5D={bad}&" in body.decode():
            said = {
                "exception": "moodle_exception",
                "errorcode": "says_no",
                "message": "<p>Not&nbsp;this <b>one</b></p>",
            }
            return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()
        return answer(fault, body)

    world.gate._answer = refuse
    report = world.apply(plan, courses=("BIO101",))
    table = report.removals if op == "unenrol" else report.rows
    failed = table[table["bucket"] == "failed"]
    assert failed["user"].tolist() == [PEOPLE[7]]
    assert "Not this one [says_no]" in failed["message"].iloc[0]
    done = "unenrolled" if op == "unenrol" else "dates changed"
    assert (table["bucket"] == done).sum() == 18
