"""Tell what the columns of a sheet that are not used say of rows that may not count.

The rows of several terms in one sheet, a remark that somebody has left: read without them, each row enrols. Only
distinct values are looked at, and no column that is used. Columns that say who takes part are in `participation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync import problems
from rostersync.enums import counted
from rostersync.errors import RosterError
from rostersync.frames.distinct import Distinct, mask
from rostersync.problems import Severity
from rostersync.roster.columns.fields import SHOWN_ONLY
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.participation_values import NOTHING
from rostersync.roster.columns.words import aliases, flat, hinted, lists, normalise, sense
from rostersync.roster.forensics.error_cells import is_error
from rostersync.roster.layout.row_labels import KANA
from rostersync.roster.sheet import Ints, Sheet

SHOWN = 5
"""Values that a message shows."""
YEAR = 100
"""A whole number below is no term's name, but may count somebody's semesters."""
LARGE = 50_000
"""Rows from which on a filled column of mostly different values is taken for keys or names, not for remarks."""
PRESET = "with a preset (rostersync config preset new FILE writes one), which says under [keep]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A column that names several terms."""

    position: int
    values: Mapping[str, int]
    """Each term → its rows, the most frequent first."""
    certain: bool
    """Its header is known for terms alone, and its values are none of those that count semesters."""

    @property
    def told(self) -> str:
        """The terms in words: “2026W” (312 rows), “2026S” (40 rows)."""
        return _told(self.values)


def terms(sheet: Sheet, columns: Columns) -> list[Terms]:
    """The columns that name several terms in rows that count."""
    found: list[Terms] = []
    for position in sorted({*columns.unused, *columns.offered, *columns.left_out}):
        known = _term_headers().get(normalise(columns.header[position]))
        if known is None:
            continue
        values = _counts(sheet.cells[position].filter(pa.array(_counting(sheet))))
        values = {v: n for v, n in values.items() if not NOTHING.fullmatch(v) and not is_error(v)}
        if len(values) > 1:
            semesters = all(v.isdecimal() and int(v) < YEAR for v in values)
            found.append(Terms(position=position, values=values, certain=known and not semesters))
    return found


def remarks(sheet: Sheet, columns: Columns, distinct: Mapping[str, Distinct]) -> Iterator[tuple[int, Ints]]:
    """Position and rows of what is written beside people who seem to have left, or to wait; in names, in brackets."""
    known = _term_headers()
    for field in sorted(SHOWN_ONLY & distinct.keys()):
        column = distinct[field]
        some = np.flatnonzero(mask(pc.match_substring(column.texts, "(")))
        said = mask(pc.match_substring_regex(column.texts.take(pa.array(some)), _remark(), ignore_case=True))
        if said.any():
            chosen = np.zeros(len(column.texts), dtype=bool)
            chosen[some[said]] = True
            yield columns.fields[field], np.flatnonzero(column.rows(chosen))
    for position in columns.unused:
        header = columns.header[position]
        if _speaks(header) or normalise(header) in known or (texts := _texts(sheet.cells[position])) is None:
            continue
        said = pc.match_substring_regex(texts.dictionary, _remark(), ignore_case=True)
        if pc.any(said).as_py():
            rows = np.flatnonzero(said.to_numpy(zero_copy_only=False)[texts.indices.to_numpy()])
            yield position, rows.astype(np.int64)


def notes(sheet: Sheet, columns: Columns) -> list[dict[str, str]]:
    """What is to be said of whole columns: code, column, value and detail of PROBLEMS."""
    return [
        {"code": "terms_mixed", "column": columns.header[t.position], "value": next(iter(t.values)), "detail": t.told}
        for t in terms(sheet, columns)
    ]


def named(*names: str) -> tuple[str, ...]:
    """What is to be said of a file or a sheet whose own name marks people: a list of those who left, or who wait."""
    return tuple(
        f"“{name}” is called as a list of people who left, wait or only listen is: its rows are read as enrolments"
        for name in names
        if hinted(name)
    )


def refuse_terms(sheet: Sheet, columns: Columns, where: str) -> None:
    """Makes sure that a mirror, the whole truth for its courses, is that of one term.

    Raises:
        RosterError: it names several.
    """
    for found in terms(sheet, columns):
        if found.certain and found.position not in columns.left_out:
            header = columns.header[found.position]
            raise RosterError(
                f"{where} has rows of several terms, and is to be the whole truth for its courses: whoever was in one "
                f"of them in another term would be enrolled again\n  “{header}”: {found.told}",
                remedy=f"keep those of one term {PRESET} \"{header}\" = '{pattern(next(iter(found.values)))}'; or, if "
                f'all of them count, say --map "{header}=ignore"',
            )


def _speaks(header: str) -> bool:
    """The header says by itself that its values mark people."""
    return bool(sense(header)) or hinted(header)


def pattern(value: str) -> str:
    """The regular expression that this value alone fits."""
    return re.sub(r"[.^$*+?()\[\]{}|\\]", r"\\\g<0>", value)


def _told(values: Mapping[str, int]) -> str:
    shown = [f"“{v}” ({counted(n, 'row')})" for v, n in [*values.items()][:SHOWN]]
    return ", ".join(shown) + (f" and {counted(len(values) - SHOWN, 'other value')}" if len(values) > SHOWN else "")


def _counts(cells: pa.Array) -> dict[str, int]:
    """Each value that is not blank with its rows, the most frequent first."""
    found = pc.value_counts(pc.utf8_trim_whitespace(cells))
    pairs = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
    return dict(sorted(((v, n) for v, n in pairs if v), key=lambda pair: (-pair[1], pair[0])))


def _counting(sheet: Sheet) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The rows that nothing takes out: neither the layout nor a filter."""
    rows = np.ones(len(sheet.lines), dtype=np.bool_)
    for aside in sheet.aside:
        if problems.ROWS[aside.code].severity == Severity.IGNORES:
            rows[aside.rows] = False
    return rows


@cache
def _term_headers() -> Mapping[str, bool]:
    """Normalised header of a term → whether it can mean nothing else."""
    entries = [e for several in aliases()["term"].values() for e in several]
    return {normalise(e["alias"]): not e["ambiguous"] for e in entries}


def _texts(column: pa.Array) -> pa.DictionaryArray | None:
    """The distinct values of a column that can hold remarks."""
    filled = pc.sum(pc.not_equal(column, "")).as_py() or 0
    if not filled:
        return None
    if len(column) > LARGE and filled * 2 > len(column) and len(pc.unique(column[:LARGE])) * 2 > LARGE:
        return None
    return column.dictionary_encode()


@cache
def _remark() -> str:
    """A pattern of the words of remarks, whole ones where words are parted by blanks."""
    words = [*flat(lists()["remarks"]["gone"]).values()]
    parted = "|".join(re.escape(w) for w in words if w[0] < KANA)
    joined = "|".join(w for w in words if w[0] >= KANA)
    return rf"(?:^|[^\pL])(?:{parted})(?:[^\pL]|$)|{joined}"
