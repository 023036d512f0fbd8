"""Make the JSON document of a report or of a checked roster."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from rostersync import problems as codes
from rostersync.enums import RowState
from rostersync.frames import json_rows
from rostersync.frames.lists import values
from rostersync.report.causes import Place, problems_table
from rostersync.report.figures import figures
from rostersync.report.mapping import columns_of
from rostersync.tables import (
    PROBLEMS,
    REPORT_CHANGES,
    REPORT_COURSES,
    REPORT_NOT_ACTIVE,
    REPORT_REMOVALS,
    REPORT_ROWS,
    Report,
    Roster,
    Source,
)
from rostersync.tables.questions import document as document_of

REPORT_VERSION = 1
CHECK_VERSION = 1
_encode = json.JSONEncoder(ensure_ascii=False).encode


def document(report: Report) -> dict[str, Any]:
    """The report as JSON has it: every table is a list of objects that are named as the columns in `tables`.

    Problems have their message, remedy and the source's name beside the columns of PROBLEMS.
    """
    tables = {name: _records(frame) for name, frame in _tables(report).items()}
    return _header(report) | tables


def text(report: Report) -> Iterator[bytes]:
    """The same document as text: one line for each entry of a table, so that it can be read and compared by lines."""
    lines = [f"{_encode(name)}: {_encode(value)},\n" for name, value in _header(report).items()]
    yield "".join(["{", *lines]).encode()
    tables = _tables(report)
    for name, frame in tables.items():
        yield f"{_encode(name)}: [".encode() + b"\n" * bool(len(frame))
        yield from json_rows.objects(frame)
        yield b"]}\n" if name == list(tables)[-1] else b"],\n"


def check_document(roster: Roster, written: Sequence[Path] = ()) -> dict[str, Any]:
    """A roster as `check --json` prints it: sources, rows by state, causes, and every single problem.

    Args:
        roster: what was read.
        written: files with the rejected rows.
    """
    states = Counter(values(roster.rows["state"]))
    causes = problems_table(roster.problems, roster.sources)
    return {
        "format": "rostersync-check",
        "version": CHECK_VERSION,
        "rows": len(roster.rows),
        "states": {str(state): states[str(state)] for state in RowState},
        "sources": _sources(roster.sources, roster.problems),
        "written": [str(path) for path in written],
        "causes": [
            asdict(cause)
            | {
                "severity": str(cause.severity),
                "cases": [
                    {"value": c.value, "detail": c.detail, "rows": c.rows, "places": _places(c.places)}
                    for c in cause.cases
                ],
            }
            for cause in causes
        ],
        "problems": _records(worded(roster.problems, roster.sources)),
    }


def worded(problems: pd.DataFrame, sources: tuple[Source, ...]) -> pd.DataFrame:
    """PROBLEMS with the columns file, cell, severity, message and remedy behind its own."""
    PROBLEMS.check(problems)
    keys = [values(problems[name]) for name in ("code", "column", "value", "detail")]
    filled = [
        (str(codes.kind(code).severity), codes.message(code, **at), codes.remedy(code, **at))
        for code, column, value, detail in zip(*keys, strict=True)
        for at in ({"column": column, "value": value, "detail": detail},)
    ]
    return problems.assign(
        file=[sources[i].name for i in problems["source"].tolist()],
        cell=[
            sources[i].cell(column, line)
            for i, column, line in zip(*(values(problems[name]) for name in ("source", "column", "line")), strict=True)
        ],
        severity=[severity for severity, _, _ in filled],
        message=[message for _, message, _ in filled],
        remedy=[remedy for _, _, remedy in filled],
    )


def _header(report: Report) -> dict[str, Any]:
    return {
        "format": "rostersync-report",
        "version": REPORT_VERSION,
        "preview": report.preview,
        "site": report.site,
        "address": report.address,
        "release": report.release,
        "run": report.run,
        "digest": report.digest,
        "started": report.started,
        "finished": report.finished,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "notes": list(report.notes),
        "questions": [document_of(question) for question in report.questions],
        "rows_read": len(report.rows),
        "people": figures(report),
        "buckets": report.buckets(),
        "forecast": asdict(report.forecast) if report.forecast else None,
        "sources": _sources(report.sources, report.problems),
    }


def _tables(report: Report) -> dict[str, pd.DataFrame]:
    return {
        "courses": REPORT_COURSES.check(report.courses),
        "removals": REPORT_REMOVALS.check(report.removals),
        "changes": REPORT_CHANGES.check(report.changes),
        "not_active": REPORT_NOT_ACTIVE.check(report.not_active),
        "problems": worded(report.problems, report.sources),
        "rows": REPORT_ROWS.check(report.rows),
    }


def _sources(sources: Sequence[Source], problems: pd.DataFrame) -> list[dict[str, Any]]:
    """How each source was read, with what became of each of its columns."""
    mapped = columns_of(sources, problems)
    return [_source(s) | {"mapping": [asdict(c) for c in columns]} for s, columns in zip(sources, mapped, strict=True)]


def _source(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "path": source.path,
        "sheet": source.sheet,
        "sha256": source.sha256,
        "joined": dict(source.joined),
        "rows": source.rows,
        "mode": str(source.mode),
        "columns": dict(source.columns),
        "ignored": list(source.ignored),
        "notes": list(source.notes),
    }


def _places(places: Sequence[Place]) -> list[dict[str, Any]]:
    return [{"file": p.file, "lines": list(p.lines), "cells": list(p.cells)} for p in places]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = list(frame.columns)
    columns = [values(frame[name]) for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
