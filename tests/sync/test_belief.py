"""Which reads are believed before somebody is enrolled, and who is asked."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from rostersync.settings import Settings
from rostersync.sync.safety.believed_reads import believe, believed_courses, doubtful, separate, trusted
from rostersync.tables import CHANGES, COURSES, CURRENT, READS, ROLES

BIO, CHE, ART = 11, 12, 13
STUDENT, TEACHER = 5, 3
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
    return [sample.people for sample in doubtful(changes, here, reads(), courses(**kind), ROLES_HERE, seen={}).samples]


def test_one_sample_stands_for_all_courses() -> None:
    """It is spread over all people by their ids."""
    assert asked(adding({BIO: range(100, 140), CHE: range(120, 201), ART: (500, 501)})) == [(100, 125, 151, 176, 501)]


def test_nobody_is_asked_where_nothing_is_to_be_found_out() -> None:
    """A course that was counted, one whose list is not whole, held changes, and people who are listed by now."""
    changes = adding({BIO: (100,)})
    none = CURRENT.empty()
    for table in (reads(believed=["count", "", ""]), reads(complete=[False, True, True])):
        assert not doubtful(changes, none, table, courses(), ROLES_HERE, seen={}).people
        assert not separate(changes, none, table, courses(separate=(BIO,)))
    assert not asked(adding({BIO: (100,)}, hold="no_manual"))
    assert asked(adding({BIO: (100,)}, hold="read_unbelieved")) == [(100,)]
    assert not asked(changes, CURRENT.records([{"course_id": BIO, "user_id": 100, "role_id": STUDENT}]))


def test_people_of_hidden_courses_come_last() -> None:
    """Moodle does not show a hidden course among theirs: their answers tell less, unless they are to teach there."""
    assert asked(adding({BIO: range(100, 110), CHE: (200, 201)}), hidden=(BIO,))[0][:2] == (200, 201)
    teachers = adding({BIO: range(100, 110), CHE: (200, 201)}, role=TEACHER)
    assert asked(teachers, hidden=(BIO,)) == asked(teachers)


def test_the_token_is_asked_about_courses_with_separate_groups_that_gain_somebody() -> None:
    """And about those of which Moodle does not tell whether they have them."""
    changes = adding({BIO: (100,), CHE: (200,)})
    assert separate(changes, CURRENT.empty(), reads(), courses(separate=(BIO, ART))) == (BIO,)
    untold = courses().assign(groupmode=[-1, 0, 0])
    assert separate(changes, CURRENT.empty(), reads(), untold) == (BIO,)


@pytest.mark.parametrize("hidden", [(), (BIO,)])
@pytest.mark.parametrize(("sees", "believed"), [("all", "sample"), ("own", ""), ("untold", "")])
def test_a_list_that_groups_may_cut_is_not_believed(sees: str, believed: str, hidden: tuple[int, ...]) -> None:
    """Whoever is asked: people who are there and not active are not shown the course, either."""
    changes = adding({BIO: (100,), CHE: (200,)})
    kind = courses(separate=(BIO,), hidden=hidden)
    doubt = doubtful(
        changes,
        CURRENT.empty(),
        reads(),
        kind,
        ROLES_HERE,
        seen={BIO: {"all": True, "own": False, "untold": None}[sees]},
    )
    made = believe(reads(), doubt, {100: frozenset(), 200: frozenset()})
    assert made["believed"].tolist() == [believed, "sample", ""]
    assert made["complete"].all()
    assert ("separate groups" in made["detail"].iloc[0]) == (sees != "all")


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
    doubt = doubtful(adding({BIO: (100,), CHE: (200,)}), CURRENT.empty(), reads(), courses(), ROLES_HERE, seen={})
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
