import pathlib
import re
from collections import Counter

import openpyxl
import pytest

from rostersync.sandbox.demo_roster import COLUMNS
from rostersync.sandbox.sample_roster import write_roster
from rostersync.sandbox.state import State
from rostersync.sandbox.term import SEED, demo_roster, term

SAMPLE = pathlib.Path(__file__).parents[2] / "samples" / "term-roster.xlsx"
DOCUMENT = term()
ROWS = demo_roster(DOCUMENT, SEED)
WORDS = {"Student": "student", "Teaching assistant": "teacher", "Lecturer": "editingteacher"}


def pairs(rows: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(row["Course short name"], row["Username"]) for row in rows}


def enrolled() -> dict[tuple[str, str], set[str]]:
    state = State.load(DOCUMENT)
    return {
        (course.shortname, state.users.rows[userid].username): roles
        for course in state.courses.values()
        for userid, roles in state.enrolled(course.id).items()
    }


def mistakes() -> list[dict[str, str]]:
    usernames = {user["username"] for user in DOCUMENT["users"]}
    courses = {course["shortname"] for course in DOCUMENT["courses"]}
    return [
        row
        for row in ROWS
        if row["Username"] not in usernames
        or row["Course short name"] not in courses
        or row["Role"] not in WORDS
        or row["Status"] not in {"active", "suspended"}
    ]


def test_a_seed_makes_one_term_and_one_roster() -> None:
    """The same seed gives the same document and rows, another seed others."""
    assert term() == DOCUMENT
    assert demo_roster(term(), SEED) == ROWS
    assert term(seed=1)["users"] != DOCUMENT["users"]


def test_a_term_is_a_state_document() -> None:
    """A term loads, comes back unchanged, and has the sizes asked for."""
    assert State.load(DOCUMENT).document() == DOCUMENT
    small = term(seed=3, people=50, courses=3, enrolments=60)
    sizes = {name: len(small[name]) for name in ("users", "courses", "enrolments")}
    assert sizes == {"users": 53, "courses": 3, "enrolments": 60}
    with pytest.raises(ValueError, match="do not fit"):
        term(people=10, courses=2, enrolments=100)


def test_people_have_unique_keys_and_zeros_in_front() -> None:
    """User names and addresses are unique and legal; id numbers are eight digits that begin with zeros."""
    people = DOCUMENT["users"][3:]
    assert len({user["username"] for user in people}) == len({user["email"] for user in people}) == 1500
    assert all(re.fullmatch(r"[a-z]+[0-9]*", user["username"]) for user in people)
    assert all(re.fullmatch(r"[a-z0-9.]+@uni\.example", user["email"]) for user in people)
    assert all(re.fullmatch(r"0[0-9]{7}", user["idnumber"]) for user in people)


def test_every_course_has_its_lecturer_and_students() -> None:
    """Each course has manual enrolment, an editing teacher, students; four also let people enrol themselves."""
    state = State.load(DOCUMENT)
    methods: Counter[str] = Counter()
    for courseid in state.courses:
        held = set().union(*state.enrolled(courseid).values())
        assert {"editingteacher", "student"} <= held
        methods.update(one.enrol for one in state.instances_of(courseid) if one.enabled)
    assert methods == {"manual": 40, "self": 4}
    used = Counter(state.instances[row["enrolid"]].enrol for row in DOCUMENT["enrolments"])
    assert used.keys() == {"manual", "self"}


def test_the_roster_differs_from_the_term_as_promised() -> None:
    """60 join, 25 leave, 2 change their role, 1 is suspended, and 5 rows hold a mistake."""
    now, listed = enrolled(), pairs(ROWS)
    wrong = mistakes()
    spoilt = {(row["First name"], row["Last name"]) for row in wrong}
    names = {user["username"]: (user["firstname"], user["lastname"]) for user in DOCUMENT["users"]}
    absent = [key for key in now if key not in listed and names[key[1]] not in spoilt]
    new = [row for row in ROWS if (row["Course short name"], row["Username"]) not in now and row not in wrong]
    changed = [
        (row["Role"], now[row["Course short name"], row["Username"]])
        for row in ROWS
        if row not in [*wrong, *new] and {WORDS[row["Role"]]} != now[row["Course short name"], row["Username"]]
    ]
    assert len(ROWS) == 6000 + 60 - 25
    assert (len(new), len(absent)) == (60, 25)
    assert changed == [("Teaching assistant", {"student"})] * 2
    assert Counter(row["Status"] for row in ROWS) == {"active": 6033, "suspended": 1, "yes": 1}


def test_the_mistakes_are_five_different_ones() -> None:
    """An unknown username, course, role and status, and a row without any key of its user."""
    wrong = mistakes()
    kinds = [
        [row for row in wrong if row["Username"] == row["Email address"] == ""],
        [row for row in wrong if row["Course short name"] == "MED1O1"],
        [row for row in wrong if row["Role"] == "Wizard"],
        [row for row in wrong if row["Status"] == "yes"],
        [row for row in wrong if re.fullmatch(r".*x", row["Username"])],
    ]
    assert [len(kind) for kind in kinds] == [1, 1, 1, 1, 1]
    assert len(wrong) == 5


def test_removals_stay_far_below_the_limits() -> None:
    """No course loses more than 5 people or a fifth, all courses are named, and three leavers have grades."""
    state, now, listed = State.load(DOCUMENT), enrolled(), pairs(ROWS)
    sizes = Counter(course for course, _ in now)
    spoilt = {(row["First name"], row["Last name"]) for row in mistakes()}
    people = {key: state.user(key[1]) for key in now}
    gone = [key for key in now if key not in listed and (people[key].firstname, people[key].lastname) not in spoilt]
    a_course = Counter(course for course, _ in gone)
    assert max(a_course.values()) <= 5
    assert all(count < sizes[course] / 5 for course, count in a_course.items())
    assert {row["Course short name"] for row in ROWS} >= {course["shortname"] for course in DOCUMENT["courses"]}
    graded = [key for key in gone if (state.user(key[1]).id, state.course(key[0]).id) in state.grades.rows]
    assert len(graded) == 3
    assert all(now[key] == {"student"} for key in gone)
    held = {row["Course short name"] for row in mistakes() if not row["Username"] or row["Username"].endswith("x")}
    assert sum(a_course[course] for course in held) == 2


def test_the_shipped_sample_holds_the_generated_rows() -> None:
    """The workbook in the samples folder is what the generator makes today, cell for cell."""
    book = openpyxl.load_workbook(SAMPLE)
    lines = [[cell or "" for cell in line] for line in book["Roster"].iter_rows(values_only=True)]
    book.close()
    assert lines == [[*COLUMNS], *([row[name] for name in COLUMNS] for row in ROWS)]


def test_the_sample_is_the_same_whenever_it_is_written(tmp_path: pathlib.Path) -> None:
    """The same rows make the same bytes as the shipped file."""
    write_roster(ROWS, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == SAMPLE.read_bytes()
