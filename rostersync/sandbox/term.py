"""Invent a term of a school or university from a seed and sizes."""

import argparse
import pathlib
import random
from collections.abc import Iterator
from typing import Any

from rostersync.sandbox.demo_roster import demo_roster
from rostersync.sandbox.invented import LANGUAGES, SUBJECTS
from rostersync.sandbox.releases import DEFAULT, RELEASES
from rostersync.tables.functions import FUNCTIONS

__all__ = ["COURSES", "ENROLMENTS", "PEOPLE", "SEED", "demo_roster", "term"]

SEED = 2026
PEOPLE, COURSES, ENROLMENTS = 1500, 40, 6000
FIRST_USER, FIRST_COURSE, FIRST_INSTANCE = 101, 11, 201
EDITING_TEACHER, TEACHER, STUDENT = 3, 4, 5
_TERM = "2026W"
_SELF_EVERY = 10  # in every tenth course people may also enrol themselves
_ARCHETYPES = ("manager", "coursecreator", "editingteacher", "teacher", "student", "guest", "user", "frontpage")
_ASSIGNABLE = ("manager", "editingteacher", "teacher", "student")
_FUNCTIONS = (
    *FUNCTIONS,
    "core_user_get_users",
    "core_course_get_courses",
    "core_enrol_get_course_enrolment_methods",
    "core_user_create_users",
    "core_user_update_users",
    "core_group_get_course_groups",
    "core_group_create_groups",
    "core_group_add_group_members",
    "core_group_delete_group_members",
    "core_group_get_group_members",
    "gradereport_overview_get_course_grades",
    "core_enrol_unenrol_user_enrolment",
    "core_enrol_get_enrolled_users_with_capability",
    "core_cohort_get_cohorts",
    "core_cohort_add_cohort_members",
    "core_cohort_delete_cohort_members",
    "core_cohort_get_cohort_members",
    "core_enrol_search_users",
    "core_enrol_get_potential_users",
    "core_message_send_instant_messages",
    "core_course_create_courses",
)
"""The token's service: what rostersync calls, and what other programs might."""


def term(
    *, seed: int = SEED, people: int = PEOPLE, courses: int = COURSES, enrolments: int = ENROLMENTS
) -> dict[str, Any]:
    """Invent a term as a state document; the same arguments give the same term.

    One person in twenty teaches. Every course has an editing teacher, most have a teacher, the others are students;
    all are enrolled by hand, save a few who enrolled themselves. Some students have a grade.
    Raises `ValueError` where so many enrolments do not fit, or so few do not give each course its teacher.
    """
    rng = random.Random(seed)
    users = list(_users(rng, people))
    staff = [user["id"] for user in users[: max(2, people // 20)]]
    students = [user["id"] for user in users[len(staff) :]]
    rows = list(_courses(courses))
    instances = list(_instances(rows))
    by_method = {(one["courseid"], one["enrol"]): one["id"] for one in instances if one["enabled"]}
    enrolled: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []
    grades: list[dict[str, Any]] = []
    for course, size in zip(rows, _sizes(rng, courses, enrolments, most=len(students)), strict=True):
        courseid = course["id"]
        for userid, roleid in _people(rng, staff, students, size):
            own = roleid == STUDENT and (courseid, "self") in by_method and rng.random() < 0.05  # noqa: PLR2004 -- a few
            method = by_method[courseid, "self" if own else "manual"]
            enrolled.append({"enrolid": method, "userid": userid, "status": 0, "timestart": 0, "timeend": 0})
            held.append({"courseid": courseid, "userid": userid, "roleid": roleid, "component": "", "itemid": 0})
            if roleid == STUDENT and rng.random() < 0.08:  # noqa: PLR2004 -- some
                grades.append({"userid": userid, "courseid": courseid, "rawgrade": round(rng.uniform(35, 100), 1)})
    named = RELEASES[DEFAULT]
    return {
        "release": named.release,
        "version": named.version,
        "roles": [
            {"id": number, "shortname": name, "archetype": name, "assignable_by_token": name in _ASSIGNABLE}
            for number, name in enumerate(_ARCHETYPES, start=1)
        ],
        "users": [*_accounts(), *users],
        "courses": rows,
        "enrol_instances": instances,
        "enrolments": sorted(enrolled, key=lambda row: (row["enrolid"], row["userid"])),
        "role_assignments": sorted(held, key=lambda row: (row["courseid"], row["userid"], row["roleid"])),
        "groups": [],
        "grades": sorted(grades, key=lambda row: (row["courseid"], row["userid"])),
        "token": {"username": "rostersync", "userid": 3, "functions": list(_FUNCTIONS)},
        "php": {"max_input_vars": 5000},
        "next_ids": {"user": FIRST_USER + people, "group": 1},
        "site": {
            "name": "University of Example",
            "url": "https://moodle.uni.example",
            "collation": "utf8mb4_unicode_ci (case and accents do not matter in look-ups)",
        },
    }


def _accounts() -> Iterator[dict[str, Any]]:
    names = (("guest", "Guest user", " "), ("admin", "Admin", "User"), ("rostersync", "Roster", "Sync"))
    for number, (username, first, last) in enumerate(names, start=1):
        yield _user(number, username, "", f"{username}@uni.example", first, last)


def _users(rng: random.Random, people: int) -> Iterator[dict[str, Any]]:
    numbers = rng.sample(range(10_000, 10_000_000), people)  # of eight digits, so that each begins with zeros
    taken: dict[str, int] = {}
    for position, number in enumerate(numbers):
        first, last = map(rng.choice, rng.choice(LANGUAGES))
        username = _numbered(taken, f"{first.latin[0]}{last.latin}"[:12])
        address = _numbered(taken, f"{first.latin}.{last.latin}")  # has a dot, so that it is nobody's username
        yield _user(FIRST_USER + position, username, f"{number:08}", f"{address}@uni.example", first.shown, last.shown)


def _numbered(taken: dict[str, int], name: str) -> str:
    """Return the name, with a number from the second one of its kind on."""
    count = taken[name] = taken.get(name, 0) + 1
    return name if count == 1 else f"{name}{count}"


def _user(number: int, username: str, idnumber: str, email: str, first: str, last: str) -> dict[str, Any]:
    return {
        "id": number,
        "username": username,
        "idnumber": idnumber,
        "email": email,
        "firstname": first,
        "lastname": last,
        "suspended": 0,
        "deleted": 0,
    }


def _courses(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        level, subject = divmod(number, len(SUBJECTS))
        code, name = SUBJECTS[subject]
        short = f"{code}{101 + 100 * level}"
        yield {
            "id": FIRST_COURSE + number,
            "shortname": short,
            "idnumber": f"{short}-{_TERM}",
            "fullname": f"{name} {level + 1}",
            "visible": 1,
            "category": 1,
        }


def _instances(courses: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    number = FIRST_INSTANCE
    for position, course in enumerate(courses):
        for method in ("manual", "guest", "self"):
            enabled = method == "manual" or (method == "self" and position % _SELF_EVERY == 0)
            yield {"id": number, "courseid": course["id"], "enrol": method, "enabled": enabled}
            number += 1


def _sizes(rng: random.Random, courses: int, enrolments: int, *, most: int) -> list[int]:
    """Share the enrolments out: courses differ, none has fewer than one person or more than there are students."""
    if not courses <= enrolments <= courses * most:
        msg = f"{enrolments} enrolments do not fit {courses} courses of 1 to {most} people"
        raise ValueError(msg)
    weights = [rng.uniform(0.4, 1.8) for _ in range(courses)]
    sizes = [min(most, max(1, int(enrolments * weight / sum(weights)))) for weight in weights]
    while (missing := enrolments - sum(sizes)) != 0:
        step = 1 if missing > 0 else -1
        open_ = [number for number, size in enumerate(sizes) if 1 <= size + step <= most]
        for number in rng.sample(open_, min(abs(missing), len(open_))):
            sizes[number] += step
    return sizes


def _people(rng: random.Random, staff: list[int], students: list[int], size: int) -> Iterator[tuple[int, int]]:
    """Draw the people of a course with their roles: the staff grows with the course."""
    editing = 1 if size < 100 else 2  # noqa: PLR2004 -- large courses are shared
    assisting = min(3, size // 40)
    teachers = rng.sample(staff, min(len(staff), editing + assisting, size))
    for number, userid in enumerate(teachers):
        yield userid, EDITING_TEACHER if number < editing else TEACHER
    for userid in rng.sample(students, size - len(teachers)):
        yield userid, STUDENT


def main() -> None:
    """Write the sample roster of the standard term."""
    parser = argparse.ArgumentParser(prog="python -m rostersync.sandbox.term", description=main.__doc__)
    parser.add_argument("--write", type=pathlib.Path, required=True, metavar="FILE", help="the workbook to write")
    path: pathlib.Path = parser.parse_args().write
    from rostersync.sandbox.sample_roster import write_roster

    write_roster(demo_roster(term(), SEED), path)


if __name__ == "__main__":
    main()
