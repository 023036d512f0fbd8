"""Plans as documents: they come back as they were, and no edit goes unseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rostersync.errors import PlanRefused
from rostersync.sync import plan as plans
from rostersync.sync.plan import TABLES, Plan
from rostersync.tables import PEOPLE, PROBLEMS

Planned = Callable[[Mapping[str, str]], Plan]
WORLD = {
    "roster.csv": 'user,course,role,name\nanna,BIO,student,"Anna “Ä” Berg"\nzoe?,BIO,student,\n',
    "moodle.txt": "BIO\n  ben student\n  cleo teacher",
}


def write(plan: Plan) -> str:
    """A plan as text, in one piece."""
    return b"".join(plans.write(plan)).decode()


def read(text: str, name: str) -> Plan:
    """The plan in such a text."""
    return plans.read(text.encode(), name)


@pytest.fixture(scope="module")
def plan(planned: Planned) -> Plan:
    """A plan with a note and settings of every kind."""
    said = {"mode": None, "trust_reads": False, "run_limit_share": 0.1, "courses": ["BIO"], "allow_removals": 3}
    return replace(planned(WORLD), settings=said, notes=("“one” note",))


def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    """Digest, tables with their types, sources and settings survive the file."""
    again = read(write(plan), "p.json")
    assert again.digest() == plan.digest()
    assert again.sources == plan.sources
    assert (again.settings, again.notes, again.refused) == (plan.settings, plan.notes, plan.refused)
    for name, kind in TABLES.items():
        kind.check(getattr(again, name))
    assert write(again) == write(plan)


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=TEXTS, numbers=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=5, max_size=5))
def test_any_text_and_number_survives(plan: Plan, values: list[str], numbers: list[int]) -> None:
    """Whatever stands in its cells, the text is JSON that says it, and the plan comes back of it."""
    columns = {n: numbers[: len(values)] for n in ("row", "source", "line")}
    problems = PROBLEMS.frame({**columns, **dict.fromkeys(("code", "column", "value", "detail"), values)})
    made = replace(plan, problems=problems, notes=tuple(values))
    text = write(made)
    content = json.loads(text)
    assert content["problems"]["rows"] == [[n, n, n, v, v, v, v] for n, v in zip(numbers, values, strict=False)]
    for same in (text, text.replace("\n", "\r\n"), json.dumps(content)):
        again = read(same, "p.json")
        assert again.digest() == made.digest()
        assert again.problems["value"].tolist() == values


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.floats(0, 1, exclude_max=True), sign=st.sampled_from('0159aZ_x"}, é'))
def test_an_edit_of_one_sign_is_refused(plan: Plan, at: float, sign: str) -> None:
    """Whatever one changed sign makes of the document, it is refused, unless it says the very same."""
    text = write(plan)
    place = int(at * len(text))
    edited = text[:place] + sign + text[place + 1 :]
    try:
        same = json.loads(edited) == json.loads(text)
    except ValueError:
        same = False
    if not same:
        with pytest.raises(PlanRefused):
            read(edited, "p.json")


def test_every_number_and_word_counts(plan: Plan) -> None:
    """A user, a role, a hold, a setting that is another one makes another digest."""
    text = write(plan)
    for old, new in (
        ('"unresolved_user"', '""'),
        ('"trust_reads": false', '"trust_reads": true'),
        ("https://moodle.example", "https://moodle.example.org"),
        ('"unenrol"', '"unassign"'),
    ):
        assert old in text
        with pytest.raises(PlanRefused, match="edited"):
            read(text.replace(old, new, 1), "p.json")


def test_rows_that_are_all_alike_are_written_one_by_one(plan: Plan) -> None:
    """A column in which one value stands everywhere, and a table of such columns, say it in each row."""
    alike = PEOPLE.records([{"user_id": 7, "username": "7", "fullname": "A “B”"}])
    for rows in (1, 3):
        made = replace(plan, people=alike.loc[[0] * rows].reset_index(drop=True))
        content = json.loads(write(made))
        assert content.pop("digest") == made.digest()
        assert content["people"]["rows"] == alike.loc[[0] * rows].values.tolist()


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"format": "other"}', "[" * 100_000])
def test_what_is_no_plan_is_refused(text: str) -> None:
    """Anything but a plan is said to be none."""
    with pytest.raises(PlanRefused, match="not a plan"):
        read(text, "p.json")


@pytest.mark.parametrize("version", [4, 99])
def test_a_plan_of_another_version_is_refused(plan: Plan, version: int) -> None:
    """A later format is not guessed at, and an earlier one is not said to be edited."""
    text = write(plan)
    other = text.replace(f'"version": {plans.VERSION}', f'"version": {version}')
    assert other != text
    with pytest.raises(
        PlanRefused, match=f"p.json is a plan of version {version}, this rostersync reads version {plans.VERSION}"
    ):
        read(other, "p.json")


def test_a_plan_that_is_cut_off_is_said_to_be_damaged(plan: Plan) -> None:
    """Whoever copied half of a file is told so, and not that it is something else."""
    text = write(plan)
    for length in (20, len(text) // 2, len(text) - 3):
        with pytest.raises(PlanRefused, match="is a damaged plan"):
            read(text[:length], "p.json")
