"""The columns of a sheet that nothing is taken from go in; what they say of rows that may not count comes out.

A mark under a header such as “Waitlist” or “Dropped”, the rows of several terms in one sheet, a remark that somebody
has left: read without them, each row enrols. Only distinct values are looked at, and no column that is used.
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
from rostersync.distinct import Distinct, mask
from rostersync.errors import RosterError
from rostersync.problems import Severity
from rostersync.roster.asides import KANA
from rostersync.roster.fields import SHOWN_ONLY
from rostersync.roster.forensics.errors import is_error
from rostersync.roster.headers import Columns
from rostersync.roster.sheets import Ints, Sheet
from rostersync.roster.words import Statuses, aliases, flat, hinted, lists, normalise, sense
from rostersync.settings import Settings
from rostersync.vocabulary import Status, counted

SHOWN = 5
"""Values that a message shows."""
EVERYBODY = 0.9
"""The share of a column's rows from which on a value that is no word marks nobody: a deadline, an amount."""
YEAR = 100
"""A whole number below is no term's name, but may count somebody's semesters."""
NOTHING = re.compile(r"[-–—./_~\s]*")  # noqa: RUF001 -- dashes as people type them
"""What is written where there is nothing to say."""
CROSSES = frozenset("✗✘✖❌☒×")  # noqa: RUF001 -- signs as people type them
"""“No” where the header asks who is active."""
SIGNS = frozenset("xX*+#!?✓✔☑✅●•") | CROSSES
"""Signs that people are marked with."""
LARGE = 50_000
"""Rows from which on a filled column of mostly different values is taken for keys or names, not for remarks."""
PRESET = "with a preset (rostersync config preset new FILE writes one), which says under [keep]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """A column that seems to say who is not simply enrolled."""

    position: int
    values: Mapping[str, int]
    """Each mark → its rows, the most frequent first."""
    readable: bool
    """All of its values are known words, so that it can be read as a status."""
    others: tuple[str, ...]
    """Its other values, blanks apart."""
    clear: bool = True
    """It is known which of its values are the marks."""

    @property
    def keep(self) -> str:
        """The expression of a preset that only rows without a mark fit."""
        return "|".join(["", *map(pattern, self.others)]) if self.clear else "THE VALUES THAT COUNT"

    @property
    def told(self) -> str:
        """The marks in words: “Y” (3 rows)."""
        return _told(self.values)


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


def marks(sheet: Sheet, columns: Columns, settings: Settings) -> list[Marks]:
    """The columns that mark some rows, by their headers (`words.sense`) and by a value that says more than “no”."""
    found: list[Marks] = []
    for position in sorted({*columns.unused, *columns.offered}):
        header = columns.header[position]
        if not (meant := sense(header)) and not hinted(header):
            continue
        values = _counts(sheet.cells[position].slice(sheet.titles))
        if not meant:
            if values and {v for v in values if not NOTHING.fullmatch(v)}:
                found.append(Marks(position=position, values=values, readable=False, others=(), clear=False))
            continue
        read = Statuses(settings, header).read
        unknown = {v for v in values if not NOTHING.fullmatch(v) and read(v).code == "status_unknown"}
        marking = {v: n for v, n in values.items() if v in unknown or not _enrols(v, read(v).value, read(v).code)}
        if meant == Status.ACTIVE:
            marking = {v: n for v, n in marking.items() if v not in unknown or v in CROSSES}
        certain = sum(n for v, n in marking.items() if v not in unknown or v in CROSSES)
        if marking and (certain or sum(marking.values()) < EVERYBODY * len(sheet.lines)):
            others = tuple(v for v in values if v not in marking)
            found.append(Marks(position=position, values=marking, readable=not unknown, others=others))
    return found


def _ticked(sheet: Sheet, columns: Columns) -> list[Marks]:
    """The columns that hold nothing but a sign, under a header that says nothing, beside some of the people."""
    found: list[Marks] = []
    for position in columns.unused:
        if _speaks(columns.header[position]) or pc.count_distinct(sheet.cells[position]).as_py() > SHOWN:
            continue
        values = _counts(sheet.cells[position].slice(sheet.titles))
        if values and {*values} <= SIGNS and sum(values.values()) < EVERYBODY * len(sheet.lines):
            found.append(Marks(position=position, values=values, readable=False, others=()))
    return found


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


def notes(sheet: Sheet, columns: Columns, settings: Settings) -> list[dict[str, str]]:
    """What is to be said of whole columns: code, column, value and detail of PROBLEMS."""
    header = columns.header
    return [
        *(
            {"code": "terms_mixed", "column": header[t.position], "value": next(iter(t.values)), "detail": t.told}
            for t in terms(sheet, columns)
        ),
        *(
            {"code": "marks_unused", "column": header[m.position], "value": m.keep, "detail": m.told}
            for m in (*marks(sheet, columns, settings), *_ticked(sheet, columns))
        ),
    ]


def named(*names: str) -> tuple[str, ...]:
    """What is to be said of a file or a sheet whose own name marks people: a list of those who left, or who wait."""
    return tuple(
        f"“{name}” is called as a list of people who left, wait or only listen is: its rows are read as enrolments"
        for name in names
        if hinted(name)
    )


def refuse_marks(sheet: Sheet, columns: Columns, settings: Settings, where: str) -> None:
    """Makes sure that no column marks people while no other one says who is enrolled.

    Raises:
        RosterError: there is one.
    """
    for found in marks(sheet, columns, settings) if "status" not in columns.fields else ():
        header = columns.header[found.position]
        flags = [f'--map "{header}={f}"' for f in (*columns.offered.get(found.position, ()), "ignore")]
        raise RosterError(
            f"{where} has a column that may say who is enrolled no longer, or not yet: read without it, each row "
            f"enrols\n  “{header}”: {found.told}",
            remedy=f"say {' or '.join(flags)}; or leave these rows out {PRESET} \"{header}\" = '{found.keep}'",
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


def _enrols(value: str, meant: str, code: str) -> bool:
    """The value says that somebody is enrolled, or nothing."""
    return bool(NOTHING.fullmatch(value)) or (not code and meant in {Status.ACTIVE, Status.NONE})


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
