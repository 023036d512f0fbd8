"""A number of rows goes in; a roster, the Moodle that it is for, and the changes between the two come out as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rostersync.frames.packed import distinct, pack
from rostersync.tables import COURSE_MATCHES, CURRENT, GRADES, LEDGER, PEOPLE, READS, ROLES, USER_MATCHES

Ints = npt.NDArray[np.int64]

COURSE_SIZE = 333
"""Rows of the roster for one course: 1,000,000 in 3,000 courses."""
COURSES_OF_ONE = 4
"""Rows of the roster for one person."""
STRIDE = 104_729
"""A prime: neighbours in a course are no neighbours otherwise."""
STUDENT, EDITING_TEACHER = 5, 3
ROLE_NAMES = {STUDENT: "student", EDITING_TEACHER: "editingteacher"}
STRANGE = 1000
"""One row in so many names somebody whom the site does not know."""
USER_ID, COURSE_ID = 1001, 11
"""The first ids."""


def write_term(folder: Path, rows: int, *, changed: float = 0.01) -> Path:
    """A roster of so many rows, `roster.csv`, and a site that differs from it.

    One row in a thousand names somebody whom the site does not know, the others are one enrolment each. The site's
    tables are in `NAME.pickle` (pandas): users, courses, current, reads, roles, ledger, people, grades. The changes,
    held or not, by operation, packed and sorted, are in `changes.npz`: additions, removals and other roles, a third
    each.

    Args:
        folder: for all of it.
        rows: of the roster.
        changed: the share of the enrolments that differ.

    Returns:
        The roster.
    """
    strange, third = rows // STRANGE, int(rows * changed / 3)
    rows -= strange
    people, courses = max(rows // COURSES_OF_ONE, COURSE_SIZE), -(-(rows + third) // COURSE_SIZE)
    place = np.random.default_rng(7).permutation(rows + third)
    course = place // COURSE_SIZE + COURSE_ID
    user = place * STRIDE % people + USER_ID
    role = np.where(place % 20, STUDENT, EDITING_TEACHER)
    came, moved, gone = slice(0, third), slice(third, 2 * third), slice(rows, rows + third)
    had = role.copy()
    had[moved] = STUDENT + EDITING_TEACHER - role[moved]
    np.savez(
        folder / "changes.npz",
        enrol=np.sort(pack(course[came], user[came], role[came])),
        assign=np.sort(pack(course[moved], user[moved], role[moved])),
        unassign=np.sort(pack(course[moved], user[moved], had[moved])),
        unenrol=np.sort(pack(course[gone], user[gone])),
    )
    here = np.argsort(pack(course, user)[third:]) + third
    enrolled = {"course_id": course[here], "user_id": user[here]}
    everybody, classes = np.arange(people) + USER_ID, np.arange(courses) + COURSE_ID
    losing = distinct(user[np.r_[moved, gone]])
    short = [f"COURSE-{n}" for n in classes.tolist()]
    made = {
        "users": USER_MATCHES.frame(
            {"field": "username", "match": "exact", **_people(everybody), "key": _usernames(everybody)}
        ),
        "courses": COURSE_MATCHES.frame(
            {
                "field": "shortname",
                "match": "exact",
                "key": short,
                "course_id": classes,
                "shortname": short,
                "fullname": short,
                **dict.fromkeys(("visible", "manual", "only_manual"), np.ones(courses, dtype=bool)),
            }
        ),
        "current": CURRENT.frame({**enrolled, "role_id": had[here]}),
        "reads": READS.frame(
            {
                "course_id": classes,
                **dict.fromkeys(("complete", "proven", "status_known"), np.ones(courses, dtype=bool)),
                "listed": np.bincount(course[here] - COURSE_ID, minlength=courses),
            }
        ),
        "roles": ROLES.frame(
            {"role_id": list(ROLE_NAMES), "shortname": list(ROLE_NAMES.values()), "learnt": np.ones(2, dtype=bool)}
        ),
        # Everybody who is there was enrolled by rostersync.
        "ledger": LEDGER.frame({**enrolled, "manual": np.ones(len(here), dtype=bool)}),
        "people": PEOPLE.frame(_people(losing)),
        "grades": GRADES.frame({"user_id": user[gone], "course_id": course[gone], "known": np.ones(third, dtype=bool)}),
    }
    for name, frame in made.items():
        frame.to_pickle(folder / f"{name}.pickle")
    visitors = np.arange(strange) + USER_ID + people
    return _write_roster(
        folder / "roster.csv",
        np.concatenate([user[:rows], visitors]),
        np.concatenate([course[:rows], classes[visitors % courses]]),
        np.concatenate([role[:rows], np.full(strange, STUDENT)]),
    )


def _usernames(ids: Ints) -> list[str]:
    return [f"user{i}" for i in ids.tolist()]


def _people(ids: Ints) -> dict[str, Any]:
    """The columns of PEOPLE."""
    return {
        "user_id": ids,
        "username": _usernames(ids),
        "email": [f"user{i}@people.example" for i in ids.tolist()],
        "idnumber": [f"{i:08}" for i in ids.tolist()],
        "fullname": [f"Ann Person {i}" for i in ids.tolist()],
    }


def _write_roster(path: Path, user: Ints, course: Ints, role: Ints) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("username,first name,last name,course short name,role\n")
        file.writelines(
            f"user{u},Ann,Person {u},COURSE-{c},{ROLE_NAMES[r]}\n"
            for u, c, r in zip(user.tolist(), course.tolist(), role.tolist(), strict=True)
        )
    return path


def read_changes(folder: Path) -> dict[str, Ints]:
    """The changes, packed, by operation."""
    with np.load(folder / "changes.npz") as found:
        return dict(found)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The site's tables, by name."""
    return {path.stem: pd.read_pickle(path) for path in sorted(folder.glob("*.pickle"))}  # noqa: S301 - written above
