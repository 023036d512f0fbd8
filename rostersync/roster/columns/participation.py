"""Tell which columns of a sheet say who takes part, and what each of their values says (rule 15).

People who are marked as not taking part are never enrolled: a column that marks them is understood, or asked about, and
never just not used. The aliases of other fields come first; then a whole value counts that is a word of leaving or
waiting, whatever the header; or the header counts, where its words are of taking part or leaving and its values are
marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync import problems
from rostersync.enums import counted
from rostersync.frames.distinct import Distinct
from rostersync.frames.distinct import mask as _mask
from rostersync.problems import Severity
from rostersync.roster.columns import senses
from rostersync.roster.columns.fields import COURSE_KEYS, MARKS, USER_KEYS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.participation_values import (
    FEW,
    LONGEST,
    NOTHING,
    SAYS,
    SHORT,
    Says,
    Values,
    concerns,
    is_mark,
)
from rostersync.roster.columns.senses import Sense, SenseKind
from rostersync.roster.columns.words import WordMeaning, flat, lists, meanings, normalise
from rostersync.roster.sheet import Mask, Sheet
from rostersync.settings import Settings

FIELDS: Mapping[str, SenseKind] = dict(zip(MARKS, (SenseKind.TAKING, SenseKind.GONE, SenseKind.WAITING), strict=True))
"""Field that such a column can be → what a mark in it says."""
MOST = 5_000
"""Distinct values of a column that are looked at one by one."""
LARGE = 50_000
"""Rows from which on a filled column of mostly different values is taken for keys or names."""
SHOWN = 5
"""Values that a message shows."""
CODES: Mapping[Says, str] = {
    Says.GONE: "not_taking_part",
    Says.WAITS: "waiting_list",
    Says.IGNORED: "status_ignored",
    Says.UNCLEAR: "date_unclear",
    Says.UNKNOWN: "status_unknown",
}
"""What keeps a row from enrolling anybody → code of `problems.ROWS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """A column that says who takes part, and how it is read."""

    position: int
    field: str
    """One of FIELDS."""
    said: Mapping[str, Says]
    """Value → what it says, outer blanks removed; others are marks."""
    blank: Says = Says.TAKES
    other: Says = Says.TAKES

    def told(self, header: str, column: Distinct) -> str:
        """What its values are read as, and in how many rows."""
        rows = np.bincount(column.index, minlength=len(column.texts)).tolist()
        counts: dict[tuple[str, Says], int] = {}
        for text, number in zip(column.texts.to_pylist(), rows, strict=True):
            plain = "" if NOTHING.fullmatch(text) else text
            key = plain, self.said.get(plain, self.other) if plain else self.blank
            counts[key] = counts.get(key, 0) + number
        lines = sorted(counts.items(), key=lambda one: (one[0][1] == Says.TAKES, -one[1], one[0]))
        shown = [f"{told_value(value, n)} {says}" for (value, says), n in lines[:SHOWN]]
        more = len(lines) - SHOWN
        return f"column “{header}” says who takes part: {', '.join(shown)}" + (
            f", and {counted(more, 'other value')}" if more > 0 else ""
        )

    def read(self, value: str) -> WordMeaning:
        """The problem that a value is; none where the row takes part."""
        if NOTHING.fullmatch(value):
            return WordMeaning("", CODES.get(self.blank, ""))
        return WordMeaning("", CODES.get(self.said.get(value, self.other), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationColumn:
    """A column that seems to say who takes part."""

    position: int
    fields: tuple[str, ...]
    """What it can be, the likeliest first."""
    values: Mapping[str, int]
    """Value → its rows, those first that may keep somebody out; a blank is ""."""
    understood: Participation | None
    """How it is read; None where somebody has to say."""

    effects: Mapping[str, int] = field(default_factory=dict)
    """Field that it can be → rows that enrol nobody then."""

    @property
    def told(self) -> str:
        """Its values in words: “No” (3 rows), “Yes” (12 rows), blank (1 row)."""
        shown = [told_value(v, n) for v, n in self.values.items()]
        more = len(shown) - SHOWN
        outs = [f"as {f} {counted(n, 'row enrols', 'rows enrol')} nobody" for f, n in self.effects.items()]
        values = ", ".join(shown[:SHOWN]) + (f" and {counted(more, 'other value')}" if more > 0 else "")
        return "; ".join([values, *([", ".join(outs)] if len(outs) > 1 else [])])


@dataclass(slots=True, kw_only=True)
class Looker:
    """Looks at the columns of one sheet that nothing is taken from."""

    sheet: Sheet
    columns: Columns
    settings: Settings
    _counting: Mask | None = field(default=None, init=False)

    def found(self) -> list[ParticipationColumn]:
        """All columns that seem to say who takes part."""
        bare = [p for p, header in enumerate(self.columns.header) if not header]
        places = sorted(
            {*self.columns.unused, *self.columns.offered, *self.columns.parts, *bare} - {*self.columns.marks}
        )
        return [one for p in places if (one := self._look(p))]

    def said(self, position: int, name: str) -> Participation:
        """How a column is read that somebody calls one of `fields.MARKS`.

        A mark, a date or a number says what the field does, a word what it means. Other words and codes reject their
        rows, unless the header itself is one of leaving, or waiting, beside which they say why or how long.
        """
        kind, header = FIELDS[name], self.columns.header[position]
        texts = Distinct.of(self.sheet.cells[position]).trimmed().texts.to_pylist()
        values = Values.of([t for t in texts if not NOTHING.fullmatch(t)], kind, self.settings)
        marks = values.marks | values.numbers | values.dates
        said = {v: SAYS[kind] if v in marks and s == Says.UNKNOWN else s for v, s in values.said.items()}
        if kind == SenseKind.GONE:
            said |= dict.fromkeys(values.ahead, Says.TAKES) | dict.fromkeys(values.unclear, Says.UNCLEAR)
        if kind != SenseKind.TAKING and senses.sense(header).clear == kind:
            said |= dict.fromkeys(values.others, SAYS[kind])
        blank = Says.GONE if kind == SenseKind.TAKING else Says.TAKES
        return Participation(position=position, field=name, said=said, blank=blank, other=Says.UNKNOWN)

    def _look(self, position: int) -> ParticipationColumn | None:
        """What a column says; None where it is of no concern."""
        header = self.columns.header[position]
        sense = senses.sense(header)
        cells = self.sheet.cells[position]
        if (not (sense.kinds or sense.general) and _is_of_names(cells)) or not _may_speak(cells, sense):
            return None
        numbers = self._counted(cells)
        blanks = numbers.pop("", 0)
        if not numbers:
            return None
        values = Values.of([*numbers], sense.clear, self.settings)
        if not concerns(values, sense, numbers, blanks):
            return None
        return self._judged(position, sense, values, numbers, blanks)

    def _counted(self, cells: pa.Array) -> dict[str, int]:
        """Value → rows that could enrol somebody, blanks as ""; of very many values the known words and some others."""
        column = Distinct.of(cells).trimmed()
        chosen = np.arange(len(column.texts))
        if len(chosen) > MOST:
            known = _mask(pc.is_in(pc.utf8_lower(column.texts), value_set=_spelled()))
            if not known.any():
                return {}
            chosen = np.append(np.flatnonzero(known), np.flatnonzero(~known)[:SHOWN])
        counts = np.bincount(column.index[self.rows()], minlength=len(column.texts))[chosen]
        found: dict[str, int] = {}
        for text, number in zip(column.texts.take(pa.array(chosen)).to_pylist(), counts.tolist(), strict=True):
            if number:
                key = "" if NOTHING.fullmatch(text) else text
                found[key] = found.get(key, 0) + number
        return found

    def _judged(
        self, position: int, sense: Sense, values: Values, numbers: Mapping[str, int], blanks: int
    ) -> ParticipationColumn | None:
        """A column that is about taking part: understood, or to be asked about; None where nobody is kept out."""
        said = dict(values.said)
        if sense.remark and not sense.kinds:
            # What else somebody wrote says nothing of it.
            said = {v: Says.TAKES if s == Says.UNKNOWN and v in values.others else s for v, s in said.items()}
        keeping = {v for v, s in said.items() if s != Says.TAKES}
        takes = Says.TAKES in values.said.values()
        unclear = bool(blanks) and (sense.clear == SenseKind.TAKING or (not sense.kinds and takes and bool(keeping)))
        if not keeping and not unclear:
            return None
        plain = bool(self.columns.header[position]) and position not in self.columns.parts
        plain &= bool(values.leaving) or takes or bool(blanks)  # that a mark stands beside everybody may mean nothing
        certain = plain and (sense.clear or (sense.plain and not sense.kinds)) and Says.UNKNOWN not in said.values()
        field = next((f for f, kind in FIELDS.items() if kind == sense.clear), "taking_part")
        ordered = sorted(numbers.items(), key=lambda pair: (pair[0] not in keeping, -pair[1], pair[0]))
        fields = self._fields(sense, values)
        counts = dict([*ordered, *([("", blanks)] if blanks else [])])
        marks = [f for f in fields if f in FIELDS] if not certain or unclear else []
        return ParticipationColumn(
            position=position,
            fields=fields,
            values=counts,
            effects={f: self._out(position, f, counts) for f in marks},
            understood=Participation(position=position, field=field, said=said) if certain and not unclear else None,
        )

    def _out(self, position: int, name: str, counts: Mapping[str, int]) -> int:
        """How many rows enrol nobody where a column is this field."""
        read = self.said(position, name).read
        return sum(n for value, n in counts.items() if read(value).code)

    def _fields(self, sense: Sense, values: Values) -> tuple[str, ...]:
        """What a column can be, the likeliest first."""
        kinds = sense.kinds - {SenseKind.UNDECIDED}
        if kinds and not sense.clear:
            kinds |= {SenseKind.TAKING, SenseKind.GONE}  # with another word, “yes” may mean the contrary
        fields = [f for f, kind in FIELDS.items() if kind in kinds]
        if values.ahead and "end" not in self.columns.fields:
            fields.insert(0, "end")
        if "status" not in self.columns.fields and (values.words or values.codes):
            fields = ["status", *(fields or ["taking_part", "left"])]
        return tuple(fields or FIELDS)

    def rows(self) -> Mask:
        """The rows that could enrol somebody: with both keys, and taken out by nothing."""
        if self._counting is None:
            rows = np.ones(len(self.sheet.lines), dtype=np.bool_)
            rows[: self.sheet.titles] = False
            for aside in self.sheet.aside:
                if problems.ROWS[aside.code].severity == Severity.IGNORES:
                    rows[aside.rows] = False
            for keys in (USER_KEYS, COURSE_KEYS):
                cells = [self.sheet.cells[p] for f, p in self.columns.fields.items() if f in keys]
                filled = [_mask(pc.not_equal(pc.utf8_trim_whitespace(c), "")) for c in cells]
                if filled:
                    rows &= np.logical_or.reduce(filled)
            for position in self.columns.fields.values():  # a header that is said again
                rows &= ~_mask(pc.equal(self.sheet.cells[position], self.columns.header[position]))
            self._counting = rows
        return self._counting


def freed(sheet: Sheet, columns: Columns, settings: Settings) -> Columns:
    """The columns, where one of marks (“Enrolled?”: yes or blank) is no status, unless settings say so.

    A status is read word by word, and a blank one says nothing there; beside a mark, it may well say “no”.
    """
    if "status" not in columns.fields:
        return columns
    said = {normalise(h) for h in settings.columns}
    places = columns.clashes.get("status", (columns.fields["status"],))
    free = [p for p in places if normalise(columns.header[p]) not in said and _is_of_marks(sheet, columns, p)]
    left = [p for p in places if p not in free]
    others = {f: p for f, p in columns.fields.items() if f != "status"}
    clashes = {f: p for f, p in columns.clashes.items() if f != "status"}
    return replace(
        columns,
        fields=others | ({"status": left[0]} if left else {}),
        clashes=clashes | ({"status": tuple(left)} if len(left) > 1 else {}),
        unused=tuple(sorted({*columns.unused, *free})),
    )


def _is_of_marks(sheet: Sheet, columns: Columns, position: int) -> bool:
    """Whether a header says that people take part, and nothing but marks and codes stands below it."""
    header = columns.header[position]
    if senses.sense(header).clear != SenseKind.TAKING:
        return False
    values = pc.unique(pc.utf8_trim_whitespace(sheet.cells[position].slice(sheet.titles)))[: FEW + 2].to_pylist()
    filled = [v for v in values if not NOTHING.fullmatch(v) and normalise(v) != normalise(header)]
    return 0 < len(filled) <= FEW and all(is_mark(v) or v.isdecimal() or _is_code(v) for v in filled)


def _is_code(value: str) -> bool:
    """Whether a value is a short code that is no word of a status."""
    return len(value) <= SHORT and value.isalpha() and normalise(value) not in meanings("status")


def understood(columns: Columns, found: Sequence[ParticipationColumn]) -> Columns:
    """The columns, of which these are used."""
    taken = {one.position for one in found}
    return replace(
        columns,
        unused=tuple(p for p in columns.unused if p not in taken),
        offered={p: f for p, f in columns.offered.items() if p not in taken},
    )


def told_value(value: str, rows: int) -> str:
    """A value and its rows in words."""
    return f"“{value}” ({counted(rows, 'row')})" if value else f"blank ({counted(rows, 'row')})"


def _may_speak(cells: pa.Array, sense: Sense) -> bool:
    """A quick look: whether a column whose header says nothing holds a word of leaving or waiting at all."""
    if sense.kinds or sense.general:
        return True
    values = pc.unique(cells)
    if len(values) > MOST:
        return bool(pc.any(pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(values)), value_set=_spelled())).as_py())
    known = _leaving()
    return any(len(v) <= LONGEST and normalise(v) in known for v in values.to_pylist())


def _is_of_names(cells: pa.Array) -> bool:
    """Whether a column is long, and its beginning holds mostly different values: keys or names."""
    return len(cells) > LARGE and len(pc.unique(cells[:LARGE])) * 2 > LARGE


@cache
def _leaving() -> frozenset[str]:
    """The words of leaving, refusing, waiting and suspending as they are compared."""
    return frozenset(w for w, meant in meanings("status").items() if meant != "active")


@cache
def _spelled() -> pa.Array:
    groups = [lists()["status"][g] for g in lists()["status"] if g != "active"]
    return pa.array(sorted({w.lower() for g in groups for w in flat(g).values() if len(w) > SHORT}), pa.string())
