"""Group problems by cause, each with its message, its remedy and where it first occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from rostersync import problems as codes
from rostersync.frames.lists import values
from rostersync.tables import PROBLEMS, Source

KEYS = ["code", "column", "value", "detail"]
VARIES = "…"
"""Stands in a message for what differs from case to case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a case occurs in one source."""

    file: str
    """The source's name, with its sheet."""
    lines: tuple[int, ...]
    """The first ones; line 0 is the whole source."""
    cells: tuple[str, ...]
    """The names of the cells in these lines (B17); nothing where they have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One value with one cause."""

    value: str
    detail: str
    label: str
    """What tells it from the other cases of its cause."""
    rows: int
    """How often it occurs."""
    places: tuple[Place, ...]

    @property
    def more(self) -> bool:
        """There are further lines."""
        return self.rows > sum(len(place.lines) for place in self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One code in one column: what a person repairs in one go."""

    code: str
    severity: codes.Severity
    column: str
    rows: int
    """How many rows have it; 0 where it concerns sheets or files as a whole."""
    message: str
    """With the value where there is but one, else with `…` in its place."""
    remedy: str
    """With the most frequent value for an example."""
    distinct: int
    """How many different cases there are."""
    cases: tuple[Case, ...]
    """The most frequent ones first."""


def problems_table(
    problems: pd.DataFrame, sources: Sequence[Source], *, details: int = 20, lines: int = 10
) -> tuple[Cause, ...]:
    """The causes in a table of problems (PROBLEMS): what rejects rows first, then the most frequent.

    Args:
        problems: PROBLEMS.
        sources: what PROBLEMS.source points into.
        details: how many cases are kept for each cause.
        lines: how many lines are kept for each case.
    """
    if PROBLEMS.check(problems).empty:
        return ()
    cases = problems.groupby(KEYS, sort=False).agg(entries=("row", "size"), first=("row", "min")).reset_index()
    order = ["code", "column", "entries", "first", "value", "detail"]
    cases = cases.sort_values(order, ascending=[True, True, False, True, True, True], ignore_index=True)
    kept = cases.groupby(["code", "column"], sort=False).head(details)
    places = _places(problems, kept, sources, lines)
    of_rows = problems[problems["row"] >= 0].groupby(["code", "column"], sort=False).size().to_dict()
    causes = []
    for (code, column), all_cases in cases.groupby(["code", "column"], sort=False):
        rows = int(of_rows.get((code, column), 0))
        causes.append(_cause(code, column, rows, all_cases, details=details, places=places))
    rank = list(codes.Severity)
    return tuple(sorted(causes, key=lambda c: (rank.index(c.severity), -c.rows, c.code, c.column)))


def _cause(
    code: str,
    column: str,
    rows: int,
    cases: pd.DataFrame,
    *,
    details: int,
    places: Mapping[tuple[str, ...], tuple[Place, ...]],
) -> Cause:
    one_value = bool((cases["value"] == cases["value"].iloc[0]).all())
    one_detail = bool((cases["detail"] == cases["detail"].iloc[0]).all())
    value = cases["value"].iloc[0] if one_value else VARIES
    # A detail that is a sentence's tail is said of each case; one that stands within it leaves a gap.
    gap = VARIES if cases["detail"].map(_stands_within).all() else ""
    detail = cases["detail"].iloc[0] if one_detail else gap
    first = cases.head(details)
    return Cause(
        code=code,
        severity=codes.kind(code).severity,
        column=column,
        rows=rows,
        message=codes.message(code, column=column, value=value, detail=detail),
        remedy=codes.remedy(code, column=column, value=cases["value"].iloc[0], detail=detail),
        distinct=len(cases),
        cases=tuple(
            Case(
                value=v,
                detail=d,
                label=_label("" if one_value else f"“{v}”", "" if one_detail else d),
                rows=int(entries),
                places=places[code, column, v, d],
            )
            for v, d, entries in zip(first["value"], first["detail"], first["entries"], strict=True)
        ),
    )


def _label(value: str, detail: str) -> str:
    if not value:
        return detail.lstrip(" ,;:") or "no further detail"
    return f"{value} ({detail})" if _stands_within(detail) else value + detail


def _stands_within(detail: str) -> bool:
    """Whether it is a part of the sentence, not its tail."""
    return detail[:1].isalnum() or detail.startswith("“")


def _places(
    problems: pd.DataFrame, kept: pd.DataFrame, sources: Sequence[Source], lines: int
) -> dict[tuple[str, ...], tuple[Place, ...]]:
    """For each case that is kept: its first lines, by source."""
    found = (
        problems[[*KEYS, "source", "line"]].merge(kept[KEYS], on=KEYS).sort_values(["source", "line"], kind="stable")
    )
    found = found.groupby(KEYS, sort=False).head(lines)
    places: dict[tuple[str, ...], dict[int, list[int]]] = {}
    columns = [values(found[name]) for name in (*KEYS, "source", "line")]
    for *key, source, line in zip(*columns, strict=True):
        places.setdefault(tuple(key), {}).setdefault(source, []).append(line)
    return {
        key: tuple(_place(sources[source], key[KEYS.index("column")], at) for source, at in by.items())
        for key, by in places.items()
    }


def _place(source: Source, column: str, lines: Sequence[int]) -> Place:
    cells = (source.cell(column, line) for line in lines)
    return Place(file=source.name, lines=tuple(lines), cells=tuple(c for c in cells if c))
