"""A term of files against a Moodle in this process: what looks like a part or an old file takes nobody out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rostersync.sandbox.records import Grade
from rostersync.sync.safety.signs import SIGNS
from rostersync.tables import Answer, Report
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.history import see_roster
from rostersync.workflow.plan import answered, make_plan
from rostersync.workflow.undo import undo_plan

from .conftest import World

Make = Callable[..., World]
PEOPLE = tuple(f"a{n:02}" for n in range(16))
HEAD = "username,course short name,role"


def site(make: Make, students: Sequence[str] = PEOPLE[:12], **settings: object) -> World:
    """Two courses of the same people."""
    people = " ".join(f"{name}:student" for name in students)
    return make({"BIO101": people, "CHE101": people}, people=[*PEOPLE, "eve"], allow_removals=99, **settings)


def rows(names: Sequence[str], *courses: str, role: str = "student", more: str = "") -> str:
    """Lines of a roster."""
    return "".join(f"{name},{course},{role}{more}\n" for course in courses or ("BIO101",) for name in names)


def term(*lines: str, head: str = HEAD) -> str:
    """A roster."""
    return f"{head}\n{''.join(lines)}"


def held(report: Report) -> set[str]:
    """Why something is held."""
    return set(report.changes.loc[report.changes["bucket"] == "held", "code"].tolist())


def test_a_term_of_nightly_files(make: Make) -> None:
    """Somebody leaves, comes back, joins, is corrected: all goes through. An old file takes nobody out, sent twice."""
    world = site(make)
    full, without = term(rows(PEOPLE[:12])), term(rows(PEOPLE[1:12]))
    for text, people in (
        (full, PEOPLE[:12]),
        (without, PEOPLE[1:12]),  # a00 leaves
        (without, PEOPLE[1:12]),
        (full, PEOPLE[:12]),  # and comes back
        (full, PEOPLE[:12]),
        (term(rows(PEOPLE[:14])), PEOPLE[:14]),  # two more
        (term(rows(PEOPLE[1:14])), PEOPLE[1:14]),  # a00 leaves for good
        (term(rows(PEOPLE[1:10])), PEOPLE[1:10]),  # four more, fewer than a third
    ):
        report = world.sync(text)
        assert (report.exit_code, held(report)) == (0, set())
        assert tuple(world.people("BIO101")) == people
    # The file with 14 people by mistake: nobody is to leave, and all of them come back.
    assert world.sync(term(rows(PEOPLE[1:14]))).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[1:14]
    # The file of 12 by mistake, again and again: a00 comes with it, and the two later ones stay.
    for _ in range(2):
        report = world.sync(full)
        assert (report.exit_code, held(report)) == (3, {"older"})
        assert tuple(world.people("BIO101")) == PEOPLE[:14]
    # The right one is not held for it, nor is what comes next.
    assert world.sync(term(rows(PEOPLE[1:14]))).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[1:14]
    assert world.sync(term(rows(PEOPLE[2:15]))).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[2:15]


def test_an_old_file_that_is_meant_is_the_newest_from_then_on(make: Make) -> None:
    """Said once, it is not asked again."""
    world = site(make)
    for text in (term(rows(PEOPLE[:12])), term(rows(PEOPLE[:14]))):
        assert world.sync(text).exit_code == 0
    assert world.sync(term(rows(PEOPLE[:12])), meant=["older"]).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[:12]
    world.put("BIO101", "a15")
    assert world.sync(term(rows(PEOPLE[:12]))).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[:12]
    assert held(world.sync(term(rows(PEOPLE[:11])))) == set()


def test_only_the_courses_that_are_old_are_held(make: Make) -> None:
    """In a course whose rows are new somebody leaves; in the other one nobody does."""
    world = site(make)
    world.sync(term(rows(PEOPLE[:10], "BIO101", "CHE101")))
    world.sync(term(rows(PEOPLE[:12], "BIO101", "CHE101")))
    report = world.sync(term(rows(PEOPLE[:10], "BIO101"), rows(PEOPLE[:11], "CHE101")))
    assert held(report) == {"older"}
    assert tuple(world.people("BIO101")) == PEOPLE[:12]
    assert tuple(world.people("CHE101")) == PEOPLE[:11]


def test_departments_and_files_of_teachers_take_turns(make: Make) -> None:
    """A file that comes again unchanged, or with one person fewer, between those of others is no older one."""
    world = site(make)
    world.put("BIO101", "eve", "editingteacher")
    students, teachers, others = (
        term(rows(PEOPLE[:12])),
        term(rows(["eve"], role="editingteacher")),
        term(rows(PEOPLE[:12], "CHE101")),
    )
    for text in (students, teachers, others, students, teachers, others):
        report = world.sync(text)
        assert (report.exit_code, held(report)) == (0, set())
    world.put("BIO101", "a15")  # by hand
    assert world.sync(students).exit_code == 0
    assert "a15" not in world.people("BIO101")
    teachers = term(rows(["a15"], role="editingteacher"))
    assert not held(world.sync(teachers)) & set(SIGNS)
    assert world.sync(term(rows(PEOPLE[1:12]))).exit_code == 0


def test_an_add_only_file_is_no_roster(make: Make) -> None:
    """Late entries in between say nothing of the whole."""
    world = site(make)
    assert world.sync(term(rows(PEOPLE[:12]))).exit_code == 0
    assert world.sync(term(rows(PEOPLE[12:13])), mode="add-only").exit_code == 0
    assert world.sync(term(rows(PEOPLE[:12]))).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[:12]


SECTIONS = "username,course short name,role,Section"


def test_the_file_of_one_section_is_a_part(make: Make) -> None:
    """Those of the other one stay, and who is new is enrolled; the setting says that there is only one from now on."""
    world = site(make)
    both = term(rows(PEOPLE[:9], more=",01"), rows(PEOPLE[9:12], more=",02"), head=SECTIONS)
    one = term(rows(PEOPLE[:9], more=",01"), rows(PEOPLE[12:13], more=",01"), head=SECTIONS)
    assert world.sync(both).exit_code == 0
    report = world.sync(one)
    assert (report.exit_code, held(report)) == (3, {"part"})
    assert tuple(world.people("BIO101")) == PEOPLE[:13]
    assert held(world.sync(one)) == {"part"}
    assert world.sync(one, meant="part").exit_code == 0
    assert tuple(world.people("BIO101")) == (*PEOPLE[:9], PEOPLE[12])
    other = term(rows(PEOPLE[9:12], more=",02"), head=SECTIONS)
    assert held(world.sync(other, allow_removals=20)) == {"part"}
    fewer = term(rows(PEOPLE[:9], more=",01"), head=SECTIONS)
    assert (world.sync(fewer).exit_code, tuple(world.people("BIO101"))) == (0, PEOPLE[:9])


def test_sections_in_several_files_are_one_roster(make: Make) -> None:
    """And one section from the beginning is no part of anything."""
    world = site(make)
    with world.work() as work:
        files = [
            world.roster(term(rows(PEOPLE[:6], more=",01"), head=SECTIONS), "one.csv"),
            world.roster(term(rows(PEOPLE[6:11], more=",02"), head=SECTIONS), "two.csv"),
        ]
        for _ in range(2):
            report = apply_plan(make_plan(files, work), work)
            assert (report.exit_code, held(report)) == (0, set())
    assert tuple(world.people("BIO101")) == PEOPLE[:11]
    for many in (12, 11):
        text = term(rows(PEOPLE[:many], "CHE101", more=",7"), head=SECTIONS)
        assert world.sync(text).exit_code == 0
    assert tuple(world.people("CHE101")) == PEOPLE[:11]


def test_much_fewer_rows_are_a_part(make: Make) -> None:
    """Of all courses together that were synced before; the whole file afterwards is as ever."""
    world = site(make)
    full = term(rows(PEOPLE[:12], "BIO101", "CHE101"))
    assert world.sync(full).exit_code == 0
    torso = term(rows(PEOPLE[:12], "BIO101"), rows(PEOPLE[:3], "CHE101"))
    for _ in range(2):
        report = world.sync(torso)
        assert (report.exit_code, held(report)) == (3, {"fewer"})
    assert tuple(world.people("CHE101")) == PEOPLE[:12]
    assert world.sync(full).exit_code == 0
    assert world.sync(torso, meant="fewer").exit_code == 0
    assert tuple(world.people("CHE101")) == PEOPLE[:3]


def test_growth_and_a_new_term_are_neither(make: Make) -> None:
    """A course that grows over a term, and a term after it with other people, as many as before."""
    world = site(make, PEOPLE[:2])
    for many in (2, 5, 9, 16):
        assert world.sync(term(rows(PEOPLE[:many]))).exit_code == 0
    assert world.sync(term(rows(PEOPLE[4:16]))).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[4:16]


def test_a_file_of_a_term_that_is_over_takes_nobody_out(make: Make) -> None:
    """It is told as such; in a file of this term a few may be over."""
    world = site(make)
    head = f"{HEAD},end date"
    over = term(rows(PEOPLE[:9], more=",2026-07-31"), head=head)
    report = world.sync(over)
    assert "all_over" in held(report)
    assert PEOPLE[11] in world.people("BIO101")
    some = term(
        rows(PEOPLE[:9], "CHE101", more=",2027-07-31"), rows(PEOPLE[9:10], "CHE101", more=",2026-07-31"), head=head
    )
    report = world.sync(some)
    assert "all_over" not in held(report)
    assert PEOPLE[11] not in world.people("CHE101")


def test_a_plan_that_is_not_carried_out_is_not_remembered(make: Make) -> None:
    """Nor one that is refused; one that is applied days later is, by whoever applies it."""
    world = site(make)
    world.sync(term(rows(PEOPLE[:12])))
    world.plan(term(rows(PEOPLE[:13])))
    plan = world.plan(term(rows(PEOPLE[:14])))
    assert world.sync(term(rows(PEOPLE[:12]))).exit_code == 0
    world.now[0] += 2 * 86_400
    world.roster(term(rows(PEOPLE[:14])))
    assert world.apply(plan).exit_code == 0
    report = world.sync(term(rows(PEOPLE[:12])))
    assert held(report) == {"older"}
    refused = term(rows(PEOPLE[:5]))
    assert world.plan(refused, allow_removals=0, run_limit_count=1).refused
    assert world.sync(term(rows(PEOPLE[:14]))).exit_code == 0


def test_nothing_to_do_is_remembered_without_a_run(make: Make) -> None:
    """A roster that says what Moodle has is the newest one all the same."""
    world = site(make)
    world.sync(term(rows(PEOPLE[:12])))
    world.put("BIO101", "a12")
    with world.work() as work:
        plan = make_plan([world.roster(term(rows(PEOPLE[:13])))], work)
        assert plan.changes.empty
        see_roster(plan, work)
        assert len(work.store.runs()) == 1
    assert held(world.sync(term(rows(PEOPLE[:12])))) == {"older"}


def test_an_answer_frees_what_its_question_is_about(make: Make) -> None:
    """A page, a flag and a terminal give the same answer: a setting and its value."""
    world = site(make)
    for text in (term(rows(PEOPLE[:12])), term(rows(PEOPLE[:13]))):
        world.sync(text)
    file = world.roster(term(rows(PEOPLE[:12])))
    with world.work() as work:
        (question,) = make_plan([file], work).questions
        freed = answered(work, [question.answers[1], Answer(words="", setting="meant", value="part")])
        assert freed.settings.meant == ("older", "part")
        plan = make_plan([file], freed)
    assert (plan.questions, plan.changes["hold"].tolist()) == ((), [""])


def test_a_roster_that_was_undone_is_not_the_last_one(make: Make) -> None:
    """A wrong file is taken back; what comes next is compared with the right one before it."""
    world = site(make, PEOPLE[:5])
    assert world.sync(term(rows(PEOPLE[:5]))).exit_code == 0
    wrong = world.sync(term(rows(PEOPLE[:16])))
    with world.work() as work:
        assert apply_plan(undo_plan(int(wrong.run), work), work).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[:5]
    assert world.sync(term(rows(PEOPLE[:4]))).exit_code == 0
    assert tuple(world.people("BIO101")) == PEOPLE[:4]


def test_who_stays_because_their_role_is_named_no_more_is_told(make: Make) -> None:
    """The only tutor has left, no row names the role any more: it is managed no more, which is said."""
    world = make({"BIO101": ""}, people=["ada", "ben", "tom"], teacher_means="teacher")
    students = rows(["ada", "ben"])
    world.sync(term(students, rows(["tom"], role="teacher")))
    report = world.sync(term(students))
    said = [note for note in report.notes if "no row gives the role teacher in BIO101 any more" in note]
    assert len(said) == 1
    assert world.people("BIO101")["tom"] == "teacher"
    managed = world.sync(term(students), managed_roles="teacher")
    assert held(managed) == {"would_lose_role"}
    assert not [note for note in managed.notes if "no row gives the role" in note]


def undone_twice(make: Make, role: str) -> tuple[World, Report]:
    """Eva is taken out by one run, brought back in this role by the next one, graded, and both are taken back."""
    world = make({"BIO101": ""}, people=["ada", "ben", "tom", "eva"], methods={"BIO101": ["manual"]})
    head, dates = "username,course,role,start,end", ",2019-01-01,2031-01-01"
    others = rows(["ada", "ben", "tom"], more=dates)
    world.sync(term(others, rows(["eva"], more=dates), head=head))
    world.sync(term(others, head=head), meant=("older",))
    assert "eva" not in world.people("BIO101")
    world.sync(term(others, rows(["eva"], role=role, more=dates), head=head))
    course, eva = world.state.course("BIO101").id, world.state.user("eva").id
    world.state.grades.put((eva, course), Grade(userid=eva, courseid=course, rawgrade=55.0))
    for run in (3, 2):
        with world.work(allow_removals=9, courses="BIO101") as work:
            report = apply_plan(undo_plan(run, work), work, just_made=True)
    return world, report


def test_undo_twice_gives_access_back(make: Make) -> None:
    """Suspended for the grade by the first undo, active by the second one, with the dates from before."""
    world, report = undone_twice(make, "student")
    assert world.people("BIO101")["eva"] == "student"
    assert world.dates("BIO101", "eva") == world.dates("BIO101", "ada")
    assert report.exit_code == 0


def test_undo_twice_gives_nobody_more_than_they_had(make: Make) -> None:
    """Who has another role by now stays suspended, and is told."""
    world, report = undone_twice(make, "editingteacher")
    assert world.people("BIO101")["eva"].startswith("!")
    assert held(report) == {"inactive_unexplained"}
    assert report.exit_code == 3


@pytest.mark.parametrize(
    ("first", "then", "again", "code"),
    [
        (term(rows(PEOPLE[:12])), term(rows(PEOPLE[:14])), term(rows(PEOPLE[:12])), "older"),
        (
            term(rows(PEOPLE[:6], more=",01"), head=SECTIONS),
            term(rows(PEOPLE[:6], more=",01"), rows(PEOPLE[6:14], more=",02"), head=SECTIONS),
            term(rows((*PEOPLE[:6], "a14"), more=",01"), head=SECTIONS),
            "part",
        ),
    ],
)
def test_a_run_that_takes_nobody_out_does_not_make_a_part_the_whole(
    make: Make, first: str, then: str, again: str, code: str
) -> None:
    """The sign is there again when somebody would go."""
    world = site(make, PEOPLE[:6])
    for text in (first, then):
        assert world.sync(text).exit_code == 0
    assert world.sync(again, on_missing="keep").exit_code == 0
    assert held(world.sync(again)) == {code}
    assert "a13" in world.people("BIO101")


def test_an_old_plan_that_has_nothing_to_do_is_not_the_last_roster(make: Make) -> None:
    """The roster that came after it still is."""
    world = site(make)
    monday, tuesday = term(rows(PEOPLE[:12])), term(rows(PEOPLE[:14]))
    assert world.sync(monday).exit_code == 0
    old = world.plan(monday)
    with world.work() as work:
        later = make_plan([world.roster(tuesday, "tuesday.csv")], work)
        assert apply_plan(later, work).exit_code == 0
    world.roster(monday)
    assert world.apply(old).exit_code == 0
    assert held(world.sync(monday)) == {"older"}
    assert "a13" in world.people("BIO101")


@pytest.mark.parametrize("undone", [2, 3])
def test_an_undo_forgets_no_roster_of_another_run(make: Make, undone: int) -> None:
    """Of a course of which the run had what was had before, the roster before it is remembered as it was."""
    world = site(make)
    first = term(rows(PEOPLE[:12], "BIO101", "CHE101"))
    second = term(rows(PEOPLE[:14], "BIO101"), rows(PEOPLE[:12], "CHE101"))
    third = term(rows(PEOPLE[:14], "BIO101"), rows(PEOPLE[:13], "CHE101"))
    for text in (first, second, third):
        assert world.sync(text).exit_code == 0
    with world.work() as work:
        assert apply_plan(undo_plan(undone, work), work).exit_code == 0
    stays = {2: ("CHE101", "a12"), 3: ("BIO101", "a13")}[undone]
    assert held(world.sync(first)) == {"older"}
    assert stays[1] in world.people(stays[0])
