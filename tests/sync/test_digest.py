"""What a plan's digest is made of: all that the plan says, and nothing of how it lies in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rostersync.errors import PlanRefused
from rostersync.frames import digests
from rostersync.frames.columns import BOOL, INT, TEXT, Column
from rostersync.sync import plan as plans
from rostersync.sync.plan import TABLES, Plan
from rostersync.tables import PROBLEMS, READS

Planned = Callable[[Mapping[str, str]], Plan]
often = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def plan(planned: Planned) -> Plan:
    """A plan with settings of every kind."""
    said = {"mode": None, "trust_reads": False, "run_limit_share": 0.1, "courses": ["BIO"], "allow_removals": 3}
    made = planned({"roster.csv": "user,course,role\nanna,BIO,student\n", "moodle.txt": "BIO\n  ben student"})
    return replace(made, settings=said)


def document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON says it, without its digest."""
    made: dict[str, Any] = json.loads(b"".join(plans.write(plan)))
    del made["digest"]
    return made


def read(content: Mapping[str, Any], digest: str) -> Plan:
    """The plan in a file that says this."""
    return plans.read(json.dumps({"digest": digest, **content}).encode(), "p.json")


def said(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON takes
    """A length and JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    return len(text).to_bytes(8, "little") + text


def type_of(column: Column) -> str:
    """The type's name in a digest."""
    return {str(TEXT): "text", INT: "int64", BOOL: "bool"}.get(str(column.dtype), "choice")


def cells(kind: str, values: list[Any]) -> bytes:
    """A column by definition, cell by cell."""
    if kind == "int64":
        return b"".join(value.to_bytes(8, "little", signed=True) for value in values)
    if kind == "bool":
        return b"".join(b"\1" if value else b"\0" for value in values)
    if kind == "choice":
        words = sorted(set(values))
        return said(words) + bytes(map(words.index, values))
    texts = [value.encode() for value in values]
    return b"".join(len(text).to_bytes(4, "little") for text in texts) + b"".join(texts)


def digest_of(content: Mapping[str, Any]) -> str:
    """What the digest of a plan is by definition, from the JSON in its file."""
    made = hashlib.sha256()
    for name, kind in TABLES.items():
        rows, types = content[name]["rows"], [[n, type_of(column)] for n, column in kind.columns.items()]
        parts = [said([name, types, len(rows)])]
        parts += [cells(of, [row[at] for row in rows]) for at, (_, of) in enumerate(types)]
        for part in parts:
            made.update(hashlib.sha256(part).digest())
    head = said({name: value for name, value in content.items() if name not in TABLES})
    made.update(hashlib.sha256(head).digest())
    return made.hexdigest()


SMALL = st.sampled_from(["", "a", "aa", "b", "é", "\0"])


def values_of(column: Column) -> st.SearchStrategy[Any]:
    """What may stand in a column's cells, few enough to be met twice."""
    if column.dtype == TEXT:
        return SMALL | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
    if column.dtype == INT:
        return st.sampled_from([0, 1, -1, 256, 2**63 - 1, -(2**63)])
    return st.booleans() if column.dtype == BOOL else st.sampled_from(column.dtype.categories.tolist())


@st.composite
def tables(draw: st.DrawFn, name: str = "", least: int = 0) -> tuple[str, pd.DataFrame]:
    """One of a plan's tables with its name; changes are numbered, as `read` expects them."""
    name = name or draw(st.sampled_from(list(TABLES)))
    kind, length = TABLES[name], draw(st.integers(least, 3))
    columns = {n: draw(st.lists(values_of(c), min_size=length, max_size=length)) for n, c in kind.columns.items()}
    if name == "changes":
        columns["change"] = list(range(length))
    return name, kind.frame(columns)


def elsewhere(series: pd.Series, text: pa.DataType) -> pd.Series:
    """The same column, lying in memory in another way: in chunks, as a part of a whole, or the other way round.

    Its numbers are big-endian, and the words of its choices are in another order, with one more that nothing has.
    """
    values = series.tolist()
    match series.dtype:
        case pd.ArrowDtype():
            parts = [pa.array(["before", *part, "behind"], text)[1:-1] for part in (values[:1], values[1:])]
            return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array(parts)))
        case pd.CategoricalDtype():
            return series.cat.set_categories(["a later word", *series.cat.categories[::-1]])
    dtype = ">i8" if series.dtype == INT else series.dtype
    return pd.Series(np.repeat(np.array(values, dtype=dtype), 2)[::2], copy=False)


def changed(plan: Plan, name: str, column: str, row: int, value: Any) -> Plan:  # noqa: ANN401 - any cell
    """The plan with this value in one cell."""
    frame = getattr(plan, name)
    values = frame[column].tolist()
    values[row] = value
    kind = TABLES[name]
    return replace(plan, **{name: kind.frame({**{n: frame[n] for n in kind.columns}, column: values})})


@often
@given(made=tables())
def test_the_digest_is_that_of_the_definition(plan: Plan, made: tuple[str, pd.DataFrame]) -> None:
    """Cell by cell, from what the file says, comes the same digest as from the columns in memory."""
    plan = replace(plan, **dict([made]), notes=("“one” note",))
    assert plan.digest() == digest_of(document(plan))


@often
@given(made=tables(), text=st.sampled_from([pa.string(), pa.large_string()]))
def test_where_it_lies_in_memory_makes_no_other_digest(
    plan: Plan, made: tuple[str, pd.DataFrame], text: pa.DataType
) -> None:
    """Chunks, slices, widths, the order of the words and of the bytes are not what a plan says."""
    name, frame = made
    other = pd.DataFrame({column: elsewhere(frame[column], text) for column in frame.columns}, copy=False)
    assert replace(plan, **{name: other}).digest() == replace(plan, **{name: frame}).digest()


@pytest.mark.parametrize("name", TABLES)
@settings(often, max_examples=10)
@given(data=st.data())
def test_any_other_cell_makes_another_digest(plan: Plan, name: str, data: st.DataObject) -> None:
    """Digests are the same where the cells are, in each column, and no others; a file with another cell is refused."""
    _, frame = data.draw(tables(name, least=1))
    before = replace(plan, **{name: frame})
    others = []
    for column, kind in TABLES[name].columns.items():
        row, value = data.draw(st.integers(0, len(frame) - 1)), data.draw(values_of(kind))
        after = changed(before, name, column, row, value)
        same = value == frame[column].tolist()[row]
        assert (after.digest() == before.digest()) == same
        others += [] if same else [after]
    for after in others[:1]:
        with pytest.raises(PlanRefused):
            read(document(after), before.digest())


@often
@given(rows=st.lists(st.lists(st.tuples(SMALL, SMALL, SMALL, SMALL), max_size=2), min_size=2, max_size=2))
def test_texts_that_make_the_same_whole_are_told_apart(plan: Plan, rows: list[list[tuple[str, ...]]]) -> None:
    """“a” and “aa” are not “aa” and “a”, in one column, in two, and in more or fewer rows."""
    names = ("code", "column", "value", "detail")
    one, two = (
        replace(plan, problems=PROBLEMS.frame({n: [row[at] for row in some] for at, n in enumerate(names)}))
        for some in rows
    )
    assert (one.digest() == two.digest()) == (rows[0] == rows[1])


@pytest.mark.parametrize(
    "other",
    [
        {"site": "https://moodle.example/"},
        {"site_name": "Another"},
        {"release": "4.6"},
        {"made": "2026-01-01T00:00:00+00:00"},
        {"settings": {}},
        {"undoes": 1},
        {"refused": "too many"},
        {"notes": ["a note"]},
        {"sources": []},
        {"reviewed": "0" * 64},
    ],
    ids="".join,
)
def test_any_other_head_makes_another_digest(plan: Plan, other: dict[str, Any]) -> None:
    """A file with an edited field beside the tables is refused; with its own digest it would be a plan."""
    edited = {**document(plan), **other}
    assert edited != document(plan)
    with pytest.raises(PlanRefused, match="edited"):
        read(edited, plan.digest())
    assert document(read(edited, digest_of(edited))) == edited


def test_every_field_of_the_head_is_in_the_digest(plan: Plan) -> None:
    """What `write` says is what is sealed: the tables, the head, and nothing else."""
    assert set(document(plan)) == {*TABLES, *plan.head()}


def test_a_digest_alone_makes_no_plan(plan: Plan) -> None:
    """A document whose digest fits, and which lacks what a plan holds, is refused like any other."""
    whole = document(plan)
    turned = {**whole["courses"], "rows": [[*row[:4], *map(int, row[4:])] for row in whole["courses"]["rows"]]}
    for spoil in (
        {"site": 7},
        {"made": None},
        {"undoes": "7"},
        {"extra": 1},
        {"sources": [{"path": "x"}]},
        {"courses": turned},
        {"changes": {**whole["changes"], "rows": whole["changes"]["rows"][::-1]}},
        {"changes": {**whole["changes"], "more": 0}},
        {"changes": {**whole["changes"], "columns": whole["changes"]["columns"][::-1]}},
    ):
        content = {**whole, **spoil}
        with pytest.raises(PlanRefused, match="does not hold what a plan holds"):
            read(content, digest_of(content))


def test_what_has_no_digest_is_no_plan(plan: Plan) -> None:
    """Where the tables are not even of the kind that digests are made of, none can fit."""
    whole = document(plan)
    for spoil in (
        {"changes": None},
        {"rows": {"columns": ["row"], "rows": [["x"]]}},
        {"changes": {"columns": ["change"], "rows": [[5]]}},
        {"changes": {**whole["changes"], "rows": [[None] * len(whole["changes"]["columns"])]}},
        {"changes": {**whole["changes"], "rows": 0}},
    ):
        with pytest.raises(PlanRefused, match="does not hold what a plan holds"):
            read({**whole, **spoil}, plan.digest())


def test_settings_of_any_depth_are_refused_or_read(plan: Plan) -> None:
    """Where Python's own limit of nesting lies makes no difference: an edited head is refused like any other."""
    text = json.dumps({"digest": plan.digest(), **document(plan)})
    for depth in range(850, 1000):
        edited = text.replace('"settings": {', '"settings": {"deep": ' + "[" * depth + "]" * depth + ", ", 1)
        with pytest.raises(PlanRefused):
            plans.read(edited.encode(), "p.json")


@pytest.mark.parametrize(
    ("spoiled", "error"),
    [
        ({"detail": pd.array(pa.array([None], pa.string()), dtype=TEXT)}, ValueError),
        ({"detail": [1]}, TypeError),
        ({"listed": [1.0]}, TypeError),
        ({"listed": [True]}, TypeError),
        ({"complete": [1]}, TypeError),
    ],
)
def test_what_is_no_table_has_no_digest(spoiled: dict[str, Any], error: type[Exception]) -> None:
    """A value that is missing, or of another type, is not made to fit."""
    frame = READS.frame({"course_id": [1]}).assign(**spoiled)
    with pytest.raises(error):
        digests.digest(digests.content("reads", READS, frame))


def test_a_choice_that_is_missing_or_none_has_no_digest(plan: Plan) -> None:
    """Neither a missing word nor a plain text takes the place of a choice, and no column may be missing."""
    kind, frame = TABLES["changes"], plan.changes
    missing = frame["op"].cat.set_categories(["none"])
    for spoiled, error in (
        (frame.assign(op=missing), ValueError),
        (frame.assign(op="enrol"), TypeError),
        (frame.drop(columns="op"), TypeError),
    ):
        with pytest.raises(error):
            digests.digest(digests.content("changes", kind, spoiled))
