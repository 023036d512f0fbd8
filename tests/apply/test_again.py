"""What a plan was decided from is asked again by whoever applies or resumes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rostersync.errors import PlanRefused
from rostersync.sync.plan import Plan
from rostersync.sync.recheck import replaced
from rostersync.tables import CHANGES, ROLES, Report
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.plan_file import load_plan, save_plan
from rostersync.workflow.resume import resume

from .gate import Fault

Make = Callable[..., Any]
STUDENTS = [f"s{n:02}" for n in range(20)]
HEADER = "username,course,role"


def rows(users: list[str], role: str = "student") -> list[str]:
    return [f"{user},BIO101,{role}" for user in users]


def roster(*lines: str) -> str:
    return "\n".join([HEADER, *lines])


@pytest.fixture
def world(make: Make) -> Any:  # noqa: ANN401 - a World
    """Twenty students and a teacher; nobody has grades."""
    everybody = " ".join(f"{s}:student" for s in STUDENTS) + " tess:editingteacher"
    return make({"BIO101": everybody}, people=["new"], methods={"BIO101": ["manual"]})


def held(report: Report) -> set[tuple[str, str]]:
    """Who is held, and by what."""
    lines = report.changes[report.changes["bucket"] == "held"]
    return set(zip(lines["user"].tolist(), lines["code"].tolist(), strict=True))


def test_who_was_protected_meanwhile_stays(world: Any) -> None:  # noqa: ANN401 - a World
    """Protection holds from the moment it is set, and the rest of the plan goes on."""
    plan = world.plan(roster(*rows([*STUDENTS[3:], "new"])))
    report = world.apply(plan, protected_users=" S01 ")
    assert held(report) == {("s01", "protected")}
    assert sorted(world.people("BIO101")) == ["new", "s01", *STUDENTS[3:], "tess"]
    plan = world.plan(roster(*rows(STUDENTS[4:])))
    assert {code for _, code in held(world.apply(plan, protected_courses="BIO101"))} == {"protected"}


def test_limits_are_those_of_whoever_applies(world: Any) -> None:  # noqa: ANN401 - a World
    """Twelve of twenty were allowed when it was planned, and are held where nobody allows them now."""
    plan = world.plan(roster(*rows([*STUDENTS[12:], "new"])), allow_removals=12)
    report = world.apply(plan)
    assert {code for _, code in held(report)} == {"course_limit"}
    assert sorted(world.people("BIO101")) == ["new", *STUDENTS, "tess"]


def test_a_run_over_its_limit_is_refused_when_it_is_applied(world: Any) -> None:  # noqa: ANN401 - a World
    """Nothing at all is sent, and the plan is not used up."""
    plan = world.plan(roster(*rows([*STUDENTS[12:], "new"])), allow_removals=12)
    with pytest.raises(PlanRefused, match="the run would remove 12 of 20 enrolments") as error:
        world.apply(plan, run_limit_count=10)
    assert "--allow-removals" in str(error.value.remedy)
    assert world.wrote() == []
    assert world.apply(plan, allow_removals=12).exit_code == 0
    assert len(world.people("BIO101")) == 10


def test_a_forged_plan_gets_no_further_than_a_roster(world: Any) -> None:  # noqa: ANN401 - a World
    """Its digest is right and its removals are said to be none: they are counted all the same."""
    plan = world.plan(roster(*rows(STUDENTS[14:])))
    assert set(plan.changes["hold"]) == {"course_limit"}
    nothing = plan.changes["hold"].where(plan.changes["hold"] == "", "")
    changes = plan.changes.assign(hold=nothing, hold_detail=nothing, removal=False, absent=False)
    courses = plan.courses.assign(may_empty=True)
    report = world.apply(replace(plan, changes=changes, courses=courses, settings={"allow_removals": 99}))
    assert {code for _, code in held(report)} == {"course_limit"}
    assert len(world.people("BIO101")) == 21


@pytest.mark.parametrize(
    "forged",
    [
        {"op": "enrol", "effect": "unenrolled", "suspend": 1, "role_id": 5},
        {"op": "enrol", "effect": "suspended", "suspend": 1, "role_id": 5},
        {"op": "update", "effect": "unenrolled", "suspend": 1},
        {"op": "unenrol", "effect": "unchanged"},
    ],
)
def test_a_plan_that_says_one_thing_and_does_another_is_none(
    world: Any,  # noqa: ANN401 - a World
    tmp_path: Path,
    forged: dict[str, object],
) -> None:
    """Whoever is in a course is not enrolled: that would suspend them past every limit."""
    plan = world.plan(roster(*rows(STUDENTS[1:])))
    changes = CHANGES.frame({name: plan.changes[name] for name in CHANGES.columns} | forged)
    save_plan(replace(plan, changes=changes), tmp_path / "plan.json")
    with pytest.raises(PlanRefused, match="say one thing and do another"):
        load_plan(tmp_path / "plan.json")


def test_roles_that_a_roster_may_not_give_now_are_not_given(world: Any) -> None:  # noqa: ANN401 - a World
    """Neither by a plan that was allowed to, nor by one that calls a role by another name."""
    plan = world.plan(roster(*rows(STUDENTS), "new,BIO101,editingteacher", "tess,BIO101,editingteacher"))
    report = world.apply(plan, assignable_roles="student,teacher")
    assert held(report) == {("new", "changed_since_plan")}
    assert "editingteacher" in report.rows["message"].str.cat()
    plan = world.plan(roster(*rows([*STUDENTS, "new"])))
    gives = plan.changes["op"] == "enrol"
    changes = plan.changes.assign(role_id=plan.changes["role_id"].mask(gives, 1))
    roles = pd.concat([plan.roles, ROLES.records([{"role_id": 1, "shortname": "student", "learnt": True}])])
    report = world.apply(replace(plan, changes=changes, roles=roles.reset_index(drop=True)))
    assert held(report) == {("new", "changed_since_plan")}
    assert "new" not in world.people("BIO101")


def test_a_role_of_another_name_in_the_plan_is_guarded_all_the_same(make: Make) -> None:
    """The names of Moodle after installation count where nobody here shows another."""
    world = make({"BIO101": " ".join(f"{s}:student" for s in STUDENTS)})
    plan = world.plan(roster(*rows(STUDENTS[:5], "editingteacher"), *rows(STUDENTS[5:])), allow_rises=5)
    roles = plan.roles.assign(shortname=plan.roles["shortname"].replace("editingteacher", "guide"), learnt=True)
    report = world.apply(replace(plan, roles=roles))
    assert {code for _, code in held(report)} == {"rises"}
    assert set(world.people("BIO101").values()) == {"student"}


def test_what_the_plan_holds_counts_for_the_limit_of_the_run(make: Make) -> None:
    """It may go tomorrow: who applies has to allow as much as who planned."""
    courses = {"BIO101": " ".join(f"{s}:student" for s in STUDENTS), "CHE201": "t0:student t1:student t2:student"}
    world = make(courses, run_limit_count=3, run_limit_share=0.05)
    lines = [*rows(STUDENTS[2:]), "t0,CHE201,student", "nobody,CHE201,student"]
    plan = world.plan(roster(*lines), allow_removals=10)
    assert sorted(plan.changes["hold"]) == ["", "", "unresolved_user", "unresolved_user"]
    with pytest.raises(PlanRefused, match="4 of 23"):
        world.apply(plan)
    assert len(world.people("BIO101")) == 20
    assert world.apply(plan, allow_removals=10).exit_code == 3
    assert len(world.people("BIO101")) == 18


def test_an_answer_that_takes_a_day_does_not_keep_what_was_seen(world: Any) -> None:  # noqa: ANN401 - a World
    """A process that asked whether to go on looks again like any other."""
    plan = world.plan(roster(*rows(STUDENTS[1:])))
    world.now[0] += 600
    later = world.roster(roster(*rows(STUDENTS)), name="tuesday.csv")
    with world.work() as work:
        assert apply_plan(make_plan([later], work), work).exit_code == 0
    world.now[0] += 20 * 3600
    report = world.apply_at_once(plan)
    assert held(report) == {("s00", "older")}
    assert "s00" in world.people("BIO101")


def test_a_forged_plan_empties_no_course(make: Make) -> None:
    """That a course may become empty is said by whoever applies, not by the plan."""
    world = make({"BIO101": "ada:student ben:student"}, people=["new"], small_course_count=9)
    plan = world.plan(roster("new,BIO101,student"))
    mine = plan.changes[plan.changes["op"] != "enrol"].reset_index(drop=True).assign(change=[0, 1])
    forged = replace(plan, changes=mine, courses=plan.courses.assign(may_empty=True))
    assert {code for _, code in held(world.apply(forged))} == {"would_empty"}
    assert sorted(world.people("BIO101")) == ["ada", "ben"]
    report = world.apply(replace(forged, made=f"{plan.made[:-6]}+00:00", notes=("again",)), courses="bio101")
    assert report.changes[["bucket", "proof"]].to_numpy().tolist() == [["unenrolled", "proved"]] * 2
    assert world.people("BIO101") == {}


def test_the_whole_roster_is_what_shares_are_of(make: Make) -> None:
    """Courses for which nothing is to be done count, too, where the limit of the run is asked again."""
    courses = {f"C{n}": " ".join(f"u{n}x{k}:student" for k in range(10)) for n in range(4)}
    world = make(courses, run_limit_count=1, small_course_count=9)
    lines = [f"u{n}x{k},C{n},student" for n in range(4) for k in range(10) if (n, k) not in {(0, 0), (0, 1)}]
    plan = world.plan(roster(*lines))
    assert world.apply(plan).exit_code == 0
    assert len(world.people("C0")) == 8


def test_rises_are_asked_again(world: Any) -> None:  # noqa: ANN401 - a World
    """Whoever applies has to allow them, too."""
    plan = world.plan(roster(*rows([*STUDENTS[:6], "tess"], "editingteacher"), *rows(STUDENTS[6:])), allow_rises=6)
    report = world.apply(plan)
    assert {code for _, code in held(report)} == {"rises"}
    assert list(world.people("BIO101").values()) == ["student"] * 20 + ["editingteacher"]
    again = world.plan(roster(*rows([*STUDENTS[:6], "tess"], "editingteacher"), *rows(STUDENTS[6:])), allow_rises=6)
    assert world.apply(again, allow_rises=6).exit_code == 0


def test_an_end_that_was_ahead_and_is_past_is_a_loss(world: Any) -> None:  # noqa: ANN401 - a World
    """The plan said of nobody that they lose access; when it is applied, they would."""
    end = int(world.now[0]) + 3600
    lines = [f"{s},BIO101,student,2026-01-01,{'2027-01-15T09:00:00' if s < 's08' else '2031-01-01'}" for s in STUDENTS]
    plan = world.plan("username,course,role,start,end\n" + "\n".join(lines))
    assert not plan.changes["removal"].any()
    world.now[0] = end + 7200
    assert held(world.apply(plan)) == {(s, "course_limit") for s in STUDENTS[:8]}
    assert [world.dates("BIO101", s)[1] > 0 for s in STUDENTS] == [False] * 8 + [True] * 12


def test_a_course_that_emptied_meanwhile_keeps_its_last(make: Make) -> None:
    """Rule 3 is asked again: who was to stay when the plan was made may be gone by now."""
    world = make({"BIO101": "ada:student ben:student cyd:student"})
    plan = world.plan(roster("ada,BIO101,student", "ben,BIO101,student"))
    number = world.state.course("BIO101").id
    for name in ("ada", "ben"):
        for one in list(world.state.enrolments.held(number, world.state.user(name).id).values()):
            world.state.drop_enrolment(one)
    assert held(world.apply(plan)) == {("cyd", "would_empty")}
    assert list(world.people("BIO101")) == ["cyd"]


def test_accounts_that_are_others_now_are_held(world: Any) -> None:  # noqa: ANN401 - a World
    """A site was replaced behind its address: whoever has the ids now is neither enrolled nor removed."""
    plan = world.plan(roster(*rows([*STUDENTS[2:], "new"])))
    for name, other in (("s00", "zoe"), ("new", "kim")):
        user = world.state.user(name)
        world.state.put_user(replace(user, username=other, email=f"{other}@people.example"))
    report = world.apply(plan)
    lines = report.changes[report.changes["code"] == "changed_since_plan"]
    assert len(lines) == 2
    assert all("with the id" in words and "is “" in words for words in lines["message"])
    assert sorted(world.people("BIO101")) == sorted([*STUDENTS[2:], "zoe", "tess"])


def test_accounts_that_were_never_shown_are_held(world: Any) -> None:  # noqa: ANN401 - a World
    """Not shown to the plan and not shown now is not the same account."""
    plan = world.plan(roster(*rows([*STUDENTS[3:], "new"])))
    unseen = replace(plan, people=plan.people.iloc[:0])
    words = replaced(unseen, plan.changes, unseen.people, plan.courses)
    assert set(words) == set(plan.changes["change"])
    assert all("was not shown, and is not shown" in said for said in words.values())
    assert not replaced(plan, plan.changes, plan.people, plan.courses)


def test_a_course_that_is_another_now_is_held(world: Any) -> None:  # noqa: ANN401 - a World
    """Likewise a course: nothing is sent to what has its id."""
    plan = world.plan(roster(*rows([*STUDENTS[2:], "new"])))
    course = world.state.course("BIO101")
    world.state.courses[course.id] = replace(course, shortname="LAW900")
    report = world.apply(plan)
    assert {code for _, code in held(report)} == {"changed_since_plan"}
    assert world.wrote() == []


def test_a_changed_file_is_found_wherever_the_command_is_started(
    world: Any,  # noqa: ANN401 - a World
    tmp_path: Any,  # noqa: ANN401 - a path
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The plan knows where it was made; a file that is not there any more is told."""
    monkeypatch.chdir(world.folder)
    with world.work() as work:
        world.roster(roster(*rows([*STUDENTS, "new"])))
        from pathlib import Path

        plan = make_plan([Path("roster.csv")], work)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    path = world.roster(roster(*rows(STUDENTS)))
    with pytest.raises(PlanRefused, match="has changed since the plan was made"):
        world.apply(plan)
    path.unlink()
    report = world.apply(plan)
    assert any("roster.csv is not where the plan was made from it" in note for note in report.notes)


class PowerCut(BaseException):
    """Nobody catches this."""


def broken_off(world: Any, plan: Plan) -> None:  # noqa: ANN401 - a World
    """A run that ends after its first call, which did nothing."""

    def cut(*_: object) -> None:
        raise PowerCut

    world.gate.script = lambda called: Fault.LOSE_CALL if called.writes else Fault.NONE
    with world.work() as work, pytest.raises(PowerCut):
        apply_plan(plan, replace(work, sleep=cut))
    world.gate.script = lambda _: Fault.NONE


def resumed(world: Any, **settings: object) -> Report:  # noqa: ANN401 - a World
    with world.work(**settings) as work:
        return resume(work)


def test_resume_knows_who_was_protected_meanwhile(world: Any) -> None:  # noqa: ANN401 - a World
    """As `apply` does."""
    broken_off(world, world.plan(roster(*rows(STUDENTS[3:]))))
    report = resumed(world, protected_users="s01")
    assert report.removals.loc[report.removals["user"] == "s01", "bucket"].tolist() != ["unenrolled"]
    assert sorted(world.people("BIO101")) == ["s01", *STUDENTS[3:], "tess"]


def test_resume_refuses_a_roster_that_has_changed(world: Any) -> None:  # noqa: ANN401 - a World
    """Somebody was put back into it meanwhile."""
    broken_off(world, world.plan(roster(*rows(STUDENTS[3:]))))
    path = world.roster(roster(*rows(STUDENTS)))
    with pytest.raises(PlanRefused, match="has changed since the plan was made"):
        resumed(world)
    assert len(world.people("BIO101")) == 21
    path.unlink()
    assert any("is not where the plan was made" in note for note in resumed(world).notes)


def test_resume_refuses_a_plan_that_is_too_old(world: Any) -> None:  # noqa: ANN401 - a World
    """A run that broke off last month is not what anybody wants today."""
    broken_off(world, world.plan(roster(*rows(STUDENTS[3:]))))
    world.now[0] += 200 * 3600
    with pytest.raises(PlanRefused, match="200 hours old"):
        resumed(world)
    assert len(world.people("BIO101")) == 21


def test_resume_counts_what_the_run_removed_before(make: Make) -> None:
    """What broke off does not get a second limit: both parts of the run are counted together."""
    world = make(
        {f"C{n}": " ".join(f"u{n}x{k}:student" for k in range(10)) for n in range(4)},
        chunk_rows=2,
        connections=1,
        small_course_count=9,
    )
    lines = [f"u{n}x{k},C{n},student" for n in range(4) for k in range(2, 10)]
    plan = world.plan(roster(*lines), allow_removals=8)

    def cut(*_: object) -> None:
        raise PowerCut

    world.gate.script = lambda called: Fault.LOSE_CALL if called.writes and len(world.wrote()) > 2 else Fault.NONE
    with world.work(allow_removals=8) as work, pytest.raises(PowerCut):
        apply_plan(plan, replace(work, sleep=cut))
    world.gate.script = lambda _: Fault.NONE
    with pytest.raises(PlanRefused, match="the run would remove 8 of 40 enrolments"):
        resumed(world, run_limit_count=7)
    assert resumed(world, allow_removals=8).exit_code == 0
    assert [len(world.people(f"C{n}")) for n in range(4)] == [8] * 4


def test_a_plan_that_a_later_roster_has_overtaken_removes_nobody(world: Any) -> None:  # noqa: ANN401 - a World
    """Monday's plan, applied after Tuesday's roster was synced, does not take out whom that one brought."""
    monday = world.plan(roster(*rows(STUDENTS[2:])))
    world.sync(roster(*rows([*STUDENTS, "new"])))
    world.roster(roster(*rows(STUDENTS[2:])))
    report = world.apply(monday)
    assert held(report) == {("s00", "older"), ("s01", "older")}
    assert "was synced after this plan was made" in report.removals.loc[0, "message"]
    assert len(world.people("BIO101")) == 22
    # It is not the last roster for having been applied last.
    again = world.sync(roster(*rows([*STUDENTS[1:], "new"])))
    assert again.exit_code == 0
    assert len(world.people("BIO101")) == 21


def test_a_later_roster_may_be_meant_to_be_overtaken(world: Any) -> None:  # noqa: ANN401 - a World
    """--meant older says so."""
    monday = world.plan(roster(*rows(STUDENTS[2:])))
    world.sync(roster(*rows([*STUDENTS, "new"])))
    world.roster(roster(*rows(STUDENTS[2:])))
    assert world.apply(monday, meant=("older",)).exit_code == 0
    assert len(world.people("BIO101")) == 20
