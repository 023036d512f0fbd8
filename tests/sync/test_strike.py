"""A reviewer strikes changes out of plans made of tiny texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from rostersync.sync.plan import Plan, read, write
from rostersync.sync.reconciliation.reconcile import reconcile
from rostersync.sync.strike import strike

Planned = Callable[[Mapping[str, str]], Plan]
SWAP = {
    "roster.csv": "user,course,role\nanna,BIO,student\ntom,BIO,editingteacher\nsue,BIO,student\n",
    "moodle.txt": "BIO\n  anna student\n  tom student\n  cleo student\n",
}
"""Tom's role is exchanged, Sue comes, Cleo goes."""


def lines(plan: Plan) -> list[tuple[str, int, str]]:
    columns = plan.changes[["op", "user_id", "hold"]].itertuples(index=False, name=None)
    return [(str(op), int(user), str(hold)) for op, user, hold in columns]


def number(plan: Plan, op: str, user: int) -> int:
    found = plan.changes[(plan.changes["op"] == op) & (plan.changes["user_id"] == user)]
    return int(found["change"].iloc[0])


def test_what_is_struck_out_is_held_and_the_rest_stays(planned: Planned) -> None:
    """One change is held with its own code; the plan has another digest, and says what it was made from."""
    plan = planned(SWAP)
    assert lines(plan) == [("enrol", 103, ""), ("assign", 104, ""), ("unassign", 104, ""), ("unenrol", 102, "")]
    made = strike(plan, [number(plan, "unenrol", 102)])
    assert [hold for _, _, hold in lines(made)] == ["", "", "", "struck_out"]
    assert made.reviewed == plan.digest() != made.digest()
    assert made.notes[-1] == f"reviewed: of plan {plan.digest()[:12]}, 1 change is struck out"
    assert read(b"".join(write(made)), "p").digest() == made.digest()


def test_a_role_stays_where_the_one_that_replaces_it_is_struck_out(planned: Planned) -> None:
    """Rule 5: who does not get the new role keeps the old one."""
    plan = planned(SWAP)
    made = strike(plan, [number(plan, "assign", 104)])
    assert lines(made)[1:3] == [("assign", 104, "struck_out"), ("unassign", 104, "depends_on_struck")]
    assert made.changes["hold_detail"].tolist()[2] == "1"
    kept = strike(plan, [number(plan, "unassign", 104)])
    assert [hold for _, _, hold in lines(kept)] == ["", "", "struck_out", ""]


def test_a_call_that_would_bring_a_struck_role_along_is_held(planned: Planned) -> None:
    """New dates travel with an enrol call, which gives the role that it names."""
    plan = planned(
        {
            "roster.csv": "user,course,role,start,end\nanna,BIO,teacher,100,5000\nben,BIO,student,,\n",
            "moodle.txt": "BIO methods=manual\n  anna -\n  ben student\n",
            "settings.toml": 'teacher_means = "teacher"',
        }
    )
    gain = plan.changes[plan.changes["op"] == "assign"]
    made = strike(plan, gain["change"].tolist())
    sent = made.changes[(made.changes["hold"] == "") & (made.changes["role_id"] == 4)]
    assert gain["role_id"].tolist() == [4]
    assert len(sent) == 0


def test_nobody_is_lost_where_those_who_were_to_come_are_struck_out(planned: Planned) -> None:
    """Rule 3: a course in which all go and others come keeps its people where nobody comes any more."""
    given = {
        "roster.csv": "user,course,role\nsue,BIO,student\nzoe,BIO,student\n",
        "moodle.txt": "BIO\n  anna student\n",
    }
    plan = planned(given)
    assert lines(plan) == [("enrol", 102, ""), ("enrol", 103, ""), ("unenrol", 101, "")]
    assert [h for _, _, h in lines(strike(plan, [0]))] == ["struck_out", "", ""]
    assert [h for _, _, h in lines(strike(plan, [0, 1]))] == ["struck_out", "struck_out", "depends_on_struck"]
    free = planned({**given, "settings.toml": 'courses = ["BIO"]'})
    assert [h for _, _, h in lines(strike(free, [0, 1]))] == ["struck_out", "struck_out", ""]


def test_the_last_holder_of_a_role_stays_where_the_next_is_struck_out(planned: Planned) -> None:
    """Rule 3: a course keeps its only teacher where the new one is struck out; who has another role may go."""
    plan = planned(
        {
            "roster.csv": "user,course,role\nanna,BIO,student\nsue,BIO,editingteacher\n",
            "moodle.txt": "BIO\n  anna student\n  ben student\n  tom editingteacher\n",
        }
    )
    made = strike(plan, [number(plan, "enrol", 103)])
    assert lines(made) == [("enrol", 103, "struck_out"), ("unenrol", 102, ""), ("unenrol", 104, "depends_on_struck")]


def test_striking_lifts_no_limit(planned: Planned) -> None:
    """What the limit of a course holds stays held, however few are left; a refused plan stays refused."""
    people = "".join(f"  g{n} student\n" for n in range(9))
    texts = {
        "roster.csv": "user,course,role\nanna,BIO,student\nben,BIO,student\n",
        "moodle.txt": f"BIO\n  anna student\n{people}",
        "settings.toml": "run_limit_count = 100",
    }
    plan = planned(texts)
    assert strike(plan, [0]).changes["hold"].tolist() == ["struck_out", *["course_limit"] * 9]
    refused = planned({**texts, "settings.toml": "run_limit_count = 5"})
    assert refused.refused
    assert strike(refused, []).refused == refused.refused


@pytest.mark.parametrize("chosen", [{n for n in range(4) if bits >> n & 1} for bits in range(16)], ids=str)
def test_laws_of_striking(planned: Planned, chosen: set[int]) -> None:
    """Nothing is freed, what is struck out is held, every row is still in one bucket, and no role goes unreplaced."""
    plan = planned(SWAP)
    made = strike(plan, chosen)
    assert set(made.changes.loc[made.changes["hold"] == "struck_out", "change"]) == chosen
    assert (made.changes["hold"] != "")[(plan.changes["hold"] != "")].all()
    assert made.changes.drop(columns=["hold", "hold_detail"]).equals(plan.changes.drop(columns=["hold", "hold_detail"]))
    report = reconcile(made, None, run="", started="", finished="")
    assert sum(report.buckets().values()) == len(plan.rows)
    free = [op for op, user, hold in lines(made) if user == 104 and not hold]
    assert free in ([], ["assign"], ["assign", "unassign"])
