"""Which reads are believed before somebody is enrolled, and who is asked."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from rostersync.settings import Settings
from rostersync.sync.belief import believe, believed_courses, doubtful, trusted
from rostersync.tables import CHANGES, COURSES, CURRENT, READS, ROLES

BIO, CHE, ART = 11, 12, 13
STUDENT, TEACHER = 5, 3
ROBOT = 3
ROLES_HERE = ROLES.records([{"role_id": STUDENT, "shortname": "student"}, {"role_id": TEACHER, "shortname": "teacher"}])


def adding(people: Mapping[int, range | tuple[int, ...]], *, role: int = STUDENT, hold: str = "") -> pd.DataFrame:
    lines = [
        {"course_id": course, "user_id": user, "op": "enrol", "effect": "enrolled", "role_id": role, "hold": hold}
        for course, users in people.items()
        for user in users
    ]
    return CHANGES.records([{"change": at, **line} for at, line in enumerate(lines)])


def courses(separate: tuple[int, ...] = (), hidden: tuple[int, ...] = ()) -> pd.DataFrame:
    return COURSES.records(
        [
            {"course_id": c, "shortname": f"C{c}", "visible": c not in hidden, "groupmode": int(c in separate)}
            for c in (BIO, CHE, ART)
        ]
    )


def reads(**columns: object) -> pd.DataFrame:
    made = {"course_id": [BIO, CHE, ART], "complete": True, **columns}
    return READS.frame(made)


def asked(changes: pd.DataFrame, current: pd.DataFrame | None = None, **kind: tuple[int, ...]) -> list[tuple[int, ...]]:
    here = CURRENT.empty() if current is None else current
    doubt = doubtful(changes, here, reads(), courses(**kind), ROLES_HERE, own_id=ROBOT)
    return [sample.people for sample in doubt.samples]


def test_one_sample_stands_for_all_courses_without_separate_groups() -> None:
    """It is spread over all people by their ids; each course with separate groups has its own."""
    changes = adding({BIO: range(100, 140), CHE: range(120, 201), ART: (500, 501)})
    assert asked(changes) == [(100, 125, 151, 176, 501)]
    assert asked(changes, separate=(ART,))[1] == (500, 501)
    assert asked(changes, separate=(ART,))[0][0] == 100
    assert asked(changes, separate=(ART,))[0][-1] == 200


def test_nobody_is_asked_where_nothing_is_to_be_found_out() -> None:
    """A course that was counted, one whose list is not whole, held changes, and people who are listed by now."""
    changes = adding({BIO: (100,)})
    none = CURRENT.empty()
    for table in (reads(believed=["count", "", ""]), reads(complete=[False, True, True])):
        assert not doubtful(changes, none, table, courses(), ROLES_HERE, own_id=ROBOT).people
    assert not asked(adding({BIO: (100,)}, hold="no_manual"))
    assert asked(adding({BIO: (100,)}, hold="read_unbelieved")) == [(100,)]
    assert not asked(changes, CURRENT.records([{"course_id": BIO, "user_id": 100, "role_id": STUDENT}]))


def test_people_of_hidden_courses_come_last() -> None:
    """Moodle does not show a hidden course among theirs: their answers tell less."""
    assert asked(adding({BIO: range(100, 110), CHE: (200, 201)}), hidden=(BIO,))[0][:2] == (200, 201)


@pytest.mark.parametrize("role", [STUDENT, TEACHER])
def test_a_hidden_course_with_separate_groups_is_shown_to_teachers_alone(role: int) -> None:
    """Where nobody's answer tells anything, nobody is asked, and nothing believed."""
    changes = adding({BIO: (100,)}, role=role)
    doubt = doubtful(
        changes, CURRENT.empty(), reads(), courses(separate=(BIO,), hidden=(BIO,)), ROLES_HERE, own_id=ROBOT
    )
    made = believe(reads(), doubt, {100: frozenset()})
    assert made["believed"].tolist() == ["sample" if role == TEACHER else "", "", ""]


def test_a_hidden_list_with_people_but_not_the_token_is_not_cut_by_groups() -> None:
    """Who sees only their own groups is in them; so such a list relies on what all rely on."""
    kind = {"separate": (BIO,), "hidden": (BIO,)}
    listed = CURRENT.records([{"course_id": BIO, "user_id": 50, "role_id": STUDENT}])
    assert asked(adding({BIO: (100,)}), listed, **kind) == [(100,)]
    own = CURRENT.records([{"course_id": BIO, "user_id": ROBOT, "role_id": STUDENT}])
    assert asked(adding({BIO: (100,)}), own, **kind) == [()]


@pytest.mark.parametrize(
    ("told", "complete", "believed"),
    [
        ({100: frozenset({99}), 200: frozenset()}, [True, True], ["sample", "sample"]),
        ({100: frozenset({BIO}), 200: frozenset()}, [False, True], ["", ""]),
        ({100: None, 200: frozenset()}, [True, True], ["sample", "sample"]),
        ({100: None, 200: None}, [True, True], ["", ""]),
        ({}, [True, True], ["", ""]),
        # Somebody is in a course, but not to be added there.
        ({100: frozenset({CHE}), 200: frozenset()}, [True, True], ["sample", "sample"]),
    ],
)
def test_what_comes_back_decides(
    told: dict[int, frozenset[int] | None], complete: list[bool], believed: list[str]
) -> None:
    """One who is there holds that course, and leaves the others unbelieved; one answer is enough to believe."""
    doubt = doubtful(adding({BIO: (100,), CHE: (200,)}), CURRENT.empty(), reads(), courses(), ROLES_HERE, own_id=ROBOT)
    made = believe(reads(), doubt, told)
    assert made["complete"].tolist()[:2] == complete
    assert made["believed"].tolist()[:2] == believed
    assert (made["detail"] != "").tolist()[:2] == [not b for b in believed]


def test_the_setting_believes_what_was_read_to_its_end() -> None:
    """And nothing else; a count stays a count."""
    made = trusted(reads(complete=[True, True, False], believed=["count", "", ""]))
    assert made["believed"].tolist() == ["count", "trust", ""]


def test_a_count_is_belief() -> None:
    """Whoever may lose somebody may gain somebody."""
    assert believed_courses(reads(proven=[True, False, False]), Settings()).tolist() == [BIO]
    assert believed_courses(reads(), Settings(trust_reads=True)).tolist() == [BIO, CHE, ART]
