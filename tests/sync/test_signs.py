"""What tells that a roster is a part or an old one, and what everyday work must not be taken for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import pytest

from rostersync.enums import Sign
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.sync.safety.signs import SIGNS, signs_of
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state import mirrored
from rostersync.tables import ROSTER_COURSES, ROSTERS_SEEN, Answer

Texts = Mapping[str, str]
Planned = Callable[[Texts], Plan]
Proposed = Callable[[Texts], tuple[Snapshot, pd.DataFrame, Settings]]
HEAD = "user,course,role,start,end,file,part\n"
MOODLE = "BIO\n  anna student\n  ben student\n  cleo teacher\nCHE\n  anna student\n"


def digests(proposed: Proposed, *lines: str, head: str = HEAD) -> dict[int, str]:
    """Course id → digest of a roster's rows there."""
    known, _, _ = proposed({"roster.csv": head + "".join(f"{line}\n" for line in lines), "moodle.txt": MOODLE})
    made = ROSTER_COURSES.check(known.signs.rosters)
    return dict(zip(made["course_id"].tolist(), made["digest"].tolist(), strict=True))


def test_order_doubles_and_names_make_no_other_roster(proposed: Proposed) -> None:
    """Nor does the case of a key, or the section that a row is of; each course has a digest of its own."""
    plain = digests(proposed, "anna,BIO,student", "ben,BIO,student", "anna,CHE,student")
    assert list(plain) == [11, 12]
    assert plain[11] != plain[12]
    assert digests(proposed, "ben,BIO,student", "anna,CHE,student", "anna,BIO,student", "ben,BIO,student") == plain
    assert (
        digests(proposed, "ANNA?,BIO,student", "ben,BIO,student")[11]
        == (digests(proposed, "anna?,BIO,student", "ben,BIO,student")[11])
    )
    assert digests(proposed, "anna,BIO,student,,,,Section=1", "ben,BIO,student")[11] == plain[11]


@pytest.mark.parametrize(
    "line",
    ["ben,BIO,teacher", "ben,BIO,student,0,0", "ben,BIO,student,100,5000", "cleo,BIO,student", "ben,CHE,student"],
)
def test_another_row_makes_another_roster(proposed: Proposed, line: str) -> None:
    """Another person, course, role or date."""
    assert digests(proposed, "anna,BIO,student", "ben,BIO,student") != digests(proposed, "anna,BIO,student", line)


def test_only_mirrors_are_compared(proposed: Proposed) -> None:
    """What an add-only or explicit file names says nothing of what there should be."""
    assert digests(proposed, "anna,BIO,student,,,late:add-only,", "ben,CHE,student,,,drops:explicit,") == {}
    both = digests(proposed, "anna,BIO,student,,,all:mirror,", "ben,BIO,student,,,late:add-only,")
    assert both == digests(proposed, "anna,BIO,student")


def test_a_rejected_row_neither_makes_up_for_a_row_nor_makes_another_roster(proposed: Proposed) -> None:
    """It is a part of what the file has, and of nothing that a sign is told by."""
    good = ("anna,BIO,student,,,,Section=1", "ben,BIO,student,,,,Section=1")
    texts = {"moodle.txt": MOODLE}
    known, _, _ = proposed(texts | {"roster.csv": HEAD + "\n".join(good) + "\n"})
    more = (*good, "zoe?,BIO,student,,,,Section=2", "cleo,BIO,dragon,,,,Section=2")
    same, _, _ = proposed(texts | {"roster.csv": HEAD + "\n".join(more) + "\n"})
    (one,), (two,) = (k.signs.rosters.to_dict("records") for k in (known, same))
    assert one["digest"] == one["sound"] == two["sound"] != two["digest"]
    assert {n: one[n] for n in ("rows", "roles", "parts")} == {n: two[n] for n in ("rows", "roles", "parts")}
    assert (one["rows"], one["roles"], one["parts"]) == (2, '{"student": 2}', '{"Section": ["1"]}')


def line(digest: str, *, seen: int = -1, parts: str = "{}", **roles: int) -> dict[str, object]:
    """What a roster had for course 11."""
    said = ", ".join(f'"{role}": {many}' for role, many in roles.items())
    when = {} if seen < 0 else {"seen": seen}
    core = {"course_id": 11, "digest": digest, "sound": digest, "source": "term.csv", "rows": sum(roles.values())}
    return {**core, "roles": f"{{{said}}}", "parts": parts, **when}


def found(now: dict[str, object], *before: dict[str, object], meant: Sequence[str] = (), **more: object) -> list[str]:
    """The signs of a roster after these."""
    settings = Settings.model_validate({"meant": tuple(meant), **more})
    signs = signs_of(ROSTER_COURSES.records([now]), ROSTERS_SEEN.records(list(before)), {}, settings)
    return list(signs.found)


def test_a_file_that_came_last_is_not_old() -> None:
    """Sent again it is the same; new rows are new; only rows that others have replaced are old."""
    a, b = line("a", seen=1, student=5), line("b", seen=2, student=5)
    assert found(line("a", student=5)) == []
    assert found(line("a", student=5), a) == []
    assert found(line("b", student=5), a, b) == []
    assert found(line("c", student=5), a, b) == []
    assert found(line("a", student=5), a, b) == ["older"]
    assert found(line("a", student=5), a, b, meant=["older"]) == []


def test_an_old_file_is_known_whatever_was_rejected_then_or_is_now() -> None:
    """Somebody whose account was made meanwhile makes no new file of it, nor does a row that is rejected since."""
    later = line("b", seen=2, student=5)
    then = line("a", seen=1, student=4) | {"sound": "without zoe"}
    assert found(line("a", student=5), then, later) == ["older"]
    assert found(line("a and zoe", student=5) | {"sound": "a"}, line("a", seen=1, student=5), later) == ["older"]
    assert found(line("b and zoe", student=5) | {"sound": "b"}, then, later) == []


def test_one_flag_is_enough() -> None:
    """Where a part, or an old file, is meant so, its rows are no fewer than they should be; other courses' rows are."""
    before = line("all", seen=1, student=14, parts='{"Section": ["01", "02"]}')
    now = line("one", student=6, parts='{"Section": ["02"]}')
    assert found(now, before) == ["part", "fewer"]
    assert found(now, before, meant=["part"]) == []
    assert found(now, before, meant=["fewer"]) == ["part"]
    old, since = line("old", seen=1, student=4), line("new", seen=2, student=14)
    assert found(line("old", student=4), old, since) == ["older", "fewer"]
    assert found(line("old", student=4), old, since, meant=["older"]) == []
    others = [line("c", seen=1, student=20) | {"course_id": 12}, before]
    settings = Settings(meant=(Sign.PART,))
    rosters_now = ROSTER_COURSES.records([now, line("d", student=10) | {"course_id": 12}])
    signs = signs_of(rosters_now, ROSTERS_SEEN.records(others), {}, settings)
    assert {code: list(courses) for code, courses in signs.found.items()} == {"fewer": [12]}


def test_files_of_students_and_of_teachers_take_turns() -> None:
    """One is not older than the other, nor are two teachers fewer than a hundred students."""
    students, teachers = line("s", seen=1, student=100), line("t", seen=2, editingteacher=2)
    assert found(line("s", student=100), students, teachers) == []
    assert found(line("t2", editingteacher=1), students, line("t", seen=2, editingteacher=3)) == ["fewer"]
    assert found(line("t2", editingteacher=2), line("both", seen=1, student=100, editingteacher=3)) == []
    assert found(line("s2", student=60), line("both", seen=1, student=100, editingteacher=3)) == ["fewer"]


def test_roles_that_settings_manage_count_as_missing() -> None:
    """A role that is managed whatever the roster has can be lost with its rows."""
    before = line("both", seen=1, student=4, editingteacher=4)
    assert found(line("s", student=4), before) == []
    assert found(line("s", student=4), before, managed_roles=("editingteacher",)) == ["fewer"]


@pytest.mark.parametrize(("rows", "before", "signs"), [(8, 12, []), (7, 12, ["fewer"]), (1, 2, []), (1, 3, ["fewer"])])
def test_more_than_a_third_has_to_be_missing(rows: int, before: int, signs: list[str]) -> None:
    """And more than one row: somebody who leaves a course of two is no sign."""
    assert found(line("b", student=rows), line("a", seen=1, student=before)) == signs


def test_fewer_is_told_of_all_courses_together() -> None:
    """A course that shrinks beside others that do not is for the course's limit; new courses make up for nothing."""
    settings = Settings()
    now = [{**line(f"n{c}", student=n), "course_id": c} for c, n in ((11, 10), (12, 10), (13, 90))]
    before = [{**line(f"b{c}", seen=1, student=n), "course_id": c} for c, n in ((11, 30), (12, 10))]
    signs = signs_of(ROSTER_COURSES.records(now), ROSTERS_SEEN.records(before), {}, settings)
    assert {code: list(courses) for code, courses in signs.found.items()} == {"fewer": [11, 12]}
    signs = signs_of(ROSTER_COURSES.records(now[1:]), ROSTERS_SEEN.records(before), {}, settings)
    assert signs.found == {}


def test_a_part_is_told_by_each_column_alone() -> None:
    """Several groups in one section are a part of a course of two sections; a column that is new tells nothing."""
    both = '{"Group": ["A", "B"], "Section": ["1", "2"]}'
    one = '{"Group": ["A", "B"], "Section": ["1"]}'
    assert found(line("b", student=5, parts=one), line("a", seen=1, student=5, parts=both)) == ["part"]
    assert found(line("b", student=5, parts=both), line("a", seen=1, student=5, parts=one)) == []
    assert found(line("b", student=5, parts=one), line("a", seen=1, student=5, parts=one)) == []
    assert found(line("b", student=5, parts='{"Campus": ["N"]}'), line("a", seen=1, student=5, parts=both)) == []


def test_what_a_sign_holds_counts_for_the_limit_of_the_run(planned: Planned) -> None:
    """A roster of which half is missing is refused as a whole, whatever is told of it."""
    names = [f"a{n:02}" for n in range(60)]
    texts = {
        "roster.csv": "user,course,role\n" + "".join(f"{n},BIO,student\n" for n in names[:30]),
        "before-1.csv": "user,course,role\n" + "".join(f"{n},BIO,student\n" for n in names),
        "moodle.txt": "BIO\n" + "".join(f"  {n} student\n" for n in names),
    }
    plan = planned(texts)
    assert set(plan.changes["hold"]) == {"fewer"}
    assert plan.refused.startswith("the run would remove 30 of 60 enrolments")
    assert planned(texts | {"settings.toml": 'meant = ["fewer"]\nallow_removals = 30'}).refused == ""


OLD = {
    "roster.csv": "user,course,role\nanna,BIO,student\nben,BIO,student\ncleo,BIO,student\n",
    "before-1.csv": "user,course,role\nanna,BIO,student\nben,BIO,student\ncleo,BIO,student\n",
    "before-2.csv": "user,course,role\nanna,BIO,student\nben,BIO,student\ncleo,BIO,student\ndan,BIO,student\n",
    "moodle.txt": "BIO\n  anna student\n  ben student\n  cleo student\n  dan student\n",
}


def test_what_is_held_is_asked_about_as_data(planned: Planned) -> None:
    """The question names the sign, its courses and how many hang on it; the flag of its answer frees them."""
    plan = planned(OLD)
    (question,) = plan.questions
    assert (question.code, question.courses, question.people) == ("older", ("BIO",), 1)
    assert question.sentence.endswith("1 removal in 1 course: is it meant so?")
    assert [answer.flag for answer in question.answers] == ["", "--meant older"]
    assert question.answers[1] == Answer(words="yes, it is meant so", setting="meant", value="older")
    freed = planned(OLD | {"settings.toml": 'meant = "older"'})
    assert freed.questions == ()
    assert freed.changes["hold"].tolist() == [""]
    assert freed.settings["meant"] == ["older"]


def test_a_roster_that_is_doubted_is_not_remembered(planned: Planned) -> None:
    """Or the old file would count as the newest one when it is sent a second time."""
    assert planned(OLD).rosters.empty
    assert len(planned(OLD | {"settings.toml": 'meant = "older"'}).rosters) == 1
    # Whatever else holds the removal: it could be free the next time.
    unproven = OLD | {"moodle.txt": OLD["moodle.txt"].replace("BIO\n", "BIO unproven\n")}
    assert planned(unproven).changes["hold"].tolist() == ["read_unproven"]
    assert planned(unproven).rosters.empty


def test_a_sign_with_nothing_to_hold_is_not_told(planned: Planned) -> None:
    """Somebody who was withdrawn is put back: the rows are those of an earlier day, and nobody loses anything."""
    back = OLD | {
        "roster.csv": OLD["before-2.csv"],
        "before-1.csv": OLD["before-2.csv"],
        "before-2.csv": OLD["roster.csv"],
    }
    back |= {"moodle.txt": OLD["moodle.txt"].replace("  dan student\n", "")}
    plan = planned(back)
    assert plan.changes[["op", "hold"]].to_numpy().tolist() == [["enrol", ""]]
    assert plan.questions == ()
    assert len(plan.rosters) == 1


def test_every_sign_can_be_meant() -> None:
    """The setting takes the codes, with a comma between, and nothing else."""
    said = Settings.model_validate({"meant": "older, part,all_over,fewer"})
    assert said.meant == (Sign.OLDER, Sign.PART, Sign.ALL_OVER, Sign.FEWER)
    assert set(SIGNS) == {"older", "part", "all_over", "fewer"}
    with pytest.raises(ValueError, match="'older', 'part', 'all_over' or 'fewer'"):
        Settings.model_validate({"meant": "everything"})


@pytest.mark.parametrize("ends", [(900, 900, 900), (900, 900, -1), (900, 5000, -1), (900, -1, -1), (0, 0, 0)])
def test_a_file_is_over_where_most_people_have_an_end_and_none_is_ahead(
    proposed: Proposed, ends: Sequence[int]
) -> None:
    """A few who leave early, with an end each, are ordinary."""
    lines = "".join(f"{n},BIO,student,100,{e}\n" for n, e in zip(("anna", "ben", "dan"), ends, strict=True))
    known, _, _ = proposed({"roster.csv": "user,course,role,start,end\n" + lines, "moodle.txt": MOODLE})
    over = mirrored.all_past(known.roster, known.resolution, 1000)
    assert bool(over) is (ends.count(900) > 1)
