"""Any small site and any small roster: the laws of guide/rules.md hold after a run over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Make = Callable[..., Any]
PEOPLE = ("ada", "ben", "cyd", "dot", "eve", "fay")
KINDS = ("student", "teacher", "student+teacher", "observer", "student@self", "observer+student", "")

sites = st.fixed_dictionaries(
    {
        course: st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(KINDS), max_size=6)
        for course in ("BIO101", "CHE101", "ART101")
    }
)
rows = st.lists(
    st.tuples(
        st.sampled_from((*PEOPLE, "nobody")),
        st.sampled_from(("BIO101", "CHE101", "BIO101", "CHE101", "NOWHERE")),
        st.sampled_from(("student", "teacher", "editingteacher", "student")),
    ),
    min_size=1,
    max_size=9,
)
hidden = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(("BIO101", "CHE101")), st.sampled_from(("teacher", "observer"))),
    max_size=2,
)
OPTIONS: dict[str, Any] = {"teacher_means": "teacher", "allow_removals": 99, "not_in_moodle": "NOWHERE"}


def sends(plan: Any) -> list[tuple[str, int, int]]:  # noqa: ANN401 - a Plan
    todo = plan.changes[(plan.changes["hold"] == "") & (plan.changes["op"] != "nothing")]
    return [(str(op), int(u), int(r)) for op, u, r in todo[["op", "user_id", "role_id"]].values.tolist()]


def check_against(world: Any, report: Any) -> None:  # noqa: ANN401 - a World and a Report
    """The report agrees with what the site says."""
    assert sum(report.buckets().values()) == len(report.rows)
    for row in report.rows.itertuples():
        if row.bucket in {"rejected", "ignored", "duplicate", "held", "failed"}:
            continue
        assert row.role in world.people(row.course)[row.user].split("+"), row
    for row in report.removals.itertuples():
        if row.bucket == "unenrolled":
            assert row.user not in world.people(row.course)
        if row.bucket == "held":
            assert row.user in world.people(row.course)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(site=sites, roster=rows, surfacing=hidden)
def test_laws(
    make: Make,
    site: dict[str, dict[str, str]],
    roster: list[tuple[str, str, str]],
    surfacing: list[tuple[str, str, str]],
) -> None:
    """Buckets add up and are true, plans become empty, and nobody outside the roster's courses is touched."""
    courses = {course: " ".join(f"{n}:{k}" for n, k in people.items()) for course, people in site.items()}
    world = make(courses, people=[p for p in PEOPLE if not any(p in here for here in site.values())], **OPTIONS)
    for name, course, role in surfacing:
        if name not in site[course]:
            world.give(course, name, role)
    outside = {c: world.people(c) for c in courses if c not in {row[1] for row in roster}}
    text = "username,course,role\n" + "\n".join(",".join(row) for row in roster)
    first = world.sync(text)
    check_against(world, first)
    assert {c: world.people(c) for c in outside} == outside
    surfaced = [note for note in first.notes if "already held" in note]
    second = world.plan(text)
    if not surfaced:
        assert sends(second) == []
    check_against(world, world.apply(second))
    assert sends(world.plan(text)) == []
    backwards = "username,course,role\n" + "\n".join(",".join(row) for row in reversed(roster))
    assert sends(world.plan(backwards)) == []
    assert {c: world.people(c) for c in outside} == outside
