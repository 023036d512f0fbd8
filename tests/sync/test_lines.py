"""Changes as people read them: what somebody has before each, and after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation.change_lines import _one_row, _several_rows
from rostersync.sync.reconciliation.reconcile import reconcile

Planned = Callable[[Mapping[str, str]], Plan]
Told = list[tuple[str, str, str, str]]


def told(plan: Plan) -> Told:
    frame = reconcile(plan, None, run="", started="", finished="").changes
    return list(frame[["user", "what", "before", "after"]].itertuples(index=False, name=None))


def test_each_change_begins_with_what_the_one_before_it_leaves(planned: Planned) -> None:
    """A role that is exchanged is there twice in between, and never not at all."""
    plan = planned(
        {
            "roster.csv": "user,course,role\nanna,BIO,student\ntom,BIO,editingteacher\n",
            "moodle.txt": "BIO\n  anna student\n  tom student\n",
        }
    )
    assert told(plan) == [
        ("tom", "give the role editingteacher", "student", "editingteacher, student"),
        ("tom", "take away the role student", "editingteacher, student", "editingteacher"),
    ]


def test_a_held_change_leaves_everything_as_it_is(planned: Planned) -> None:
    """What would follow from it is shown, and the next change begins where it had begun."""
    plan = planned(
        {
            "roster.csv": "user,course,role,start,end\nanna,BIO,student,100,\nanna,BIO,teacher,100,\n",
            "moodle.txt": "BIO\n  anna student\n  ben student\n",
            "settings.toml": 'on_missing = "keep"',
        }
    )
    assert [(what, before, after) for _, what, before, after in told(plan)] == [
        ("set dates", "student; active", "student; active; from 1970-01-01 00:01 UTC"),
        ("give the role teacher", "student; active", "teacher, student; active"),
    ]
    assert plan.changes["hold"].tolist() == ["dates_unknown", ""]


def test_of_somebody_of_whom_all_is_held_the_whole_is_shown(planned: Planned) -> None:
    """Whoever would get one role for another would not be left without any."""
    people = [f"p{n}" for n in range(4)]
    plan = planned(
        {
            "roster.csv": "user,course,role\nanna,BIO,student\n"
            + "".join(f"{one},BIO,editingteacher\n" for one in people),
            "moodle.txt": "BIO\n  anna student\n" + "".join(f"  {one} student\n" for one in people),
        }
    )
    assert set(plan.changes["hold"]) == {"rises"}
    assert sorted(told(plan))[:2] == [
        ("p0", "give the role editingteacher", "student", "editingteacher, student"),
        ("p0", "take away the role student", "editingteacher, student", "editingteacher"),
    ]


def test_status_and_dates_are_told_as_far_as_they_are_known(planned: Planned) -> None:
    """What is not known is not said; what will be cleared is."""
    plan = planned(
        {
            "roster.csv": "user,course,role,status,start,end\n"
            "anna,BIO,student,suspended,,\nben,BIO,student,suspended,,\ncleo,BIO,student,active,0,1800000000\n",
            "moodle.txt": "BIO methods=manual\n  anna student\n  ben student\n",
            "ledger.txt": "BIO ben 100 5000 manual\n",
        }
    )
    assert told(plan) == [
        ("cleo", "enrol as student", "not enrolled", "student; active; to 2027-01-15 08:00 UTC"),
        ("anna", "suspend", "student; active", "student; suspended; no dates"),
        (
            "ben",
            "suspend",
            "student; active; from 1970-01-01 00:01 to 1970-01-01 01:23 UTC",
            "student; suspended; from 1970-01-01 00:01 to 1970-01-01 01:23 UTC",
        ),
    ]


def test_a_change_names_its_rows(planned: Planned) -> None:
    """All rows of the enrolment stand there by file; none where the change follows from absence."""
    plan = planned(
        {
            "roster.csv": "user,course,role,file\nanna,BIO,student,list:mirror\n"
            "ben,BIO,student,list:mirror\nben,BIO,teacher,late:mirror\n",
            "moodle.txt": "BIO\n  anna student\n  zoe student\n",
        }
    )
    frame = reconcile(plan, None, run="", started="", finished="").changes
    rows = dict(zip(frame["user"].tolist(), frame["rows"].tolist(), strict=True))
    assert rows == {"ben": "3 of list; 4 of late", "zoe": ""}


def test_of_many_rows_the_first_ten_are_named() -> None:
    """Whoever stands there a thousand times does not fill the page."""
    lines = np.arange(2, 1002)
    told = _several_rows(np.zeros(1000, dtype=np.int64), lines, ["list"])
    assert told == "2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 990 more of list"


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 1))))
def test_a_row_is_told_as_python_would(rows: list[tuple[int, int]]) -> None:
    """Line numbers of any size have their commas, each beside its own file."""
    lines, sources = (np.array([row[at] for row in rows], dtype=np.int64) for at in range(2))
    names = ["list", "late[Term 1]"]
    assert _one_row(sources, lines, names).tolist() == [f"{line:,} of {names[source]}" for line, source in rows]
