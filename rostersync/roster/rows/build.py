"""Build the ROSTER and PROBLEMS rows of a sheet whose columns are understood.

Everything works on whole columns: words and dates are read once for each distinct value, never for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync import problems
from rostersync.enums import Action, CourseField, Mode, Status, UserField, counted
from rostersync.frames.columns import choice
from rostersync.frames.distinct import Distinct, Known
from rostersync.frames.distinct import mask as _mask
from rostersync.roster.columns import meanings, row_keys, unused, yes_no
from rostersync.roster.columns.ambiguous import Settled
from rostersync.roster.columns.fields import COURSE_KEYS, SHOWN_ONLY, USER_KEYS
from rostersync.roster.columns.participation import Participation
from rostersync.roster.columns.row_keys import Key, Kinds
from rostersync.roster.columns.word_columns import Places, Words
from rostersync.roster.columns.words import Actions, Roles, Statuses, WordMeaning
from rostersync.roster.forensics.error_cells import taken_out
from rostersync.roster.layout.non_data_rows import furniture
from rostersync.roster.readers.marks import UNVALUED
from rostersync.roster.rows import row_dates, suspect_values, unused_columns
from rostersync.roster.rows.findings import Findings, text
from rostersync.roster.sheet import Mask, Sheet
from rostersync.tables import PROBLEMS, ROSTER

IGNORING = ("not_taking_part", "waiting_list", "status_ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRows:
    """What one sheet gives to the roster."""

    rows: pd.DataFrame
    distinct: Mapping[str, Distinct]
    """The same columns as in Roster.known."""
    problems: pd.DataFrame
    notes: tuple[str, ...]
    """Decisions that a person should see."""
    blank: bool
    """No row holds anything, titles and totals apart."""


def build(sheet: Sheet, known: Known, settled: Settled, mode: Mode, *, source: int, first_row: int) -> SheetRows:
    """The rows of one sheet.

    Args:
        sheet: its cells.
        known: its columns that are used.
        settled: what they are, and who takes part; of the settings keys, words and dates matter.
        mode: what follows from the sheet.
        source: index into Roster.sources.
        first_row: ROSTER.row of the first of them.

    Raises:
        SettingsError: default_role cannot be used.
    """
    return _Builder(sheet, known, settled, source).part(first_row, mode)


class _Builder:
    """Holds what the steps share; each step adds its findings, and their order is the order in which they count."""

    def __init__(self, sheet: Sheet, known: Known, settled: Settled, source: int) -> None:
        columns = settled.columns
        matter = {p: known[p] for f, p in columns.fields.items() if f not in SHOWN_ONLY}
        sheet, clean = taken_out(sheet, matter)
        self.sheet, self.columns, self.settings = sheet, columns, settled.settings
        self.participation = settled.participation
        self.count = len(sheet.lines)
        self.findings = Findings(lines=sheet.lines, source=source)
        self.notes: list[dict[str, Any]] = []
        self.told: list[str] = []
        self.distinct: dict[str, Distinct] = {}
        self.cells: dict[str, pa.Array] = {}
        gone = pa.array(_rows(sheet.run_on, self.count)) if sheet.run_on else None
        for field, position in columns.fields.items():
            lying = clean.get(position, known[position])
            column = lying.trimmed()
            cells = sheet.cells[position] if column is lying else column.column()
            if gone is not None:
                cells = pc.if_else(gone, "", cells)
                column = Distinct.of(cells)
            self.distinct[field], self.cells[field] = column, cells

    def part(self, first_row: int, mode: Mode) -> SheetRows:
        """All steps."""
        kinds = (
            Kinds(keys=USER_KEYS, forced=self.settings.user_key, order=UserField),
            Kinds(keys=COURSE_KEYS, forced=self.settings.course_key, order=CourseField),
        )
        keys = [row_keys.first(self.cells, self.distinct, self.columns, kind) for kind in kinds]
        self.notes += [note for key in keys for note in key.notes]
        (other, other_field), (listed, listed_field) = (
            row_keys.beside(self.cells, key.kind, kind) for key, kind in zip(keys, kinds, strict=True)
        )
        user, course = (key.cells for key in keys)
        blank = self._blank(keys)
        self._aside()
        self._broken()
        self.notes += suspect_values.note(
            sheet=self.sheet,
            columns=self.columns,
            cells=self.cells,
            distinct=self.distinct,
            keys=keys,
            findings=self.findings,
        )
        actions = self._words("action", Actions().read)
        statuses = self._words("status", Statuses(self.settings, self.columns.name("status")).read)
        self._note("status", statuses, ignoring=True)
        action, status = actions.places(Action), statuses.places(Status)
        asked_for = _is(action, Action.REMOVE) | _is(action, Action.SUSPEND)
        for column in self.participation:
            self._taking_part(column, ~asked_for)
        if mode == Mode.ADD_ONLY:
            self._only_adds("action", actions, _is(action, Action.REMOVE) | _is(action, Action.SUSPEND))
            self._only_adds("status", statuses, _is(status, Status.REMOVED) | _is(status, Status.SUSPENDED))
        self._blank_keys(keys)
        role_name = self._role(action, status)
        self._note("action", actions)
        self._note("status", statuses)
        self._blank_status(statuses)
        self.told += self._read_as(actions, statuses)
        when = row_dates.of_rows(self.sheet, self.columns, self.distinct, self.settings, self.findings)
        self._overlooked()
        self.notes += unused.notes(self.sheet, self.columns, self.distinct, self.settings)
        rows = {
            "row": np.arange(first_row, first_row + self.count),
            "source": self.findings.source,
            "line": self.sheet.lines,
            "user": text(user),
            "user_field": _category(keys[0].kind, UserField),
            "other": text(other),
            "other_field": _category(other_field, UserField),
            "course": text(course),
            "course_field": _category(keys[1].kind, CourseField),
            "other_course": text(listed),
            "other_course_field": _category(listed_field, CourseField),
            "role_name": text(role_name.column()),
            "action": _category(action, Action),
            "status": _category(status, Status),
            "start": when.start,
            "end": when.end,
            "twin": -1,
        }
        return SheetRows(
            rows=ROSTER.frame(rows | self._shown() | self.findings.verdict()),
            distinct={"user": keys[0].distinct, "course": keys[1].distinct, "role_name": role_name}
            | {f: self.distinct[f] for f in ("first_name", "last_name", "email") if f in self.distinct},
            problems=self._problems(first_row),
            notes=(
                *self.told,
                *when.notes,
                *(
                    f"{n['detail']} without a role: “{n['value']}” is taken"
                    for n in self.notes
                    if n["code"] == "role_defaulted"
                ),
            ),
            blank=bool((blank | furniture(self.sheet)).all()),
        )

    def _blank(self, keys: Sequence[Key]) -> Mask:
        """Notes and gives the rows in which no cell holds anything, used or not."""
        blank = keys[0].blank() & keys[1].blank()
        for known in (self.sheet.lengths, self.sheet.run_on, *self.sheet.errors.values()):
            blank[list(known)] = False
        rows = np.flatnonzero(blank)
        for column in self.sheet.cells:
            rows = rows[_mask(pc.equal(pc.utf8_trim_whitespace(column.take(pa.array(rows))), ""))]
        blank = np.zeros(self.count, dtype=bool)
        blank[rows] = True
        self.findings.add("row_blank", blank, last=True)
        return blank

    def _aside(self) -> None:
        """Notes rows that the layout or a filter takes out, and what a reader found odd in others."""
        lying = self.sheet.original or self.sheet
        for aside in self.sheet.aside:
            if problems.ROWS[aside.code].severity != problems.Severity.NOTES:
                self.findings.add(aside.code, aside.rows, value=aside.detail, detail=aside.detail, last=True)
                continue
            cells = pc.utf8_trim_whitespace(lying.cells[lying.header.index(aside.column)])
            values = cells if self.sheet.origin is None else cells.take(pa.array(self.sheet.origin))
            self.findings.add(aside.code, aside.rows, column=aside.column, value=values)

    def _broken(self) -> None:
        """Notes rows that do not fit the header, and error cells in columns that matter."""
        for code, rows in (("quote_open", self.sheet.run_on), ("row_length", self.sheet.lengths)):
            for number in sorted(set(rows.values())):
                here = np.array([r for r, n in rows.items() if n == number], dtype=np.int64)
                width = str(len(self.columns.header))
                self.findings.add(code, here, value=str(number), detail=width, last=True)
        matter = {p for f, p in self.columns.fields.items() if f not in SHOWN_ONLY}
        matter |= {column.position for column in self.participation}
        for position, errors in ((p, e) for p, e in self.sheet.errors.items() if p in matter):
            for error in sorted(set(errors.values())):
                here = np.array([r for r, e in errors.items() if e == error], dtype=np.int64)
                code = "cell_unvalued" if error == UNVALUED else "cell_error"
                self.findings.add(code, here, column=self.columns.header[position], value=error)

    def _blank_keys(self, keys: Sequence[Key]) -> None:
        for code, key, fields in zip(("user_blank", "course_blank"), keys, (USER_KEYS, COURSE_KEYS), strict=True):
            used = [f for f in fields if f in self.columns.fields]
            missing = key.blank()
            for field in used:
                missing[list(self.sheet.errors.get(self.columns.fields[field], {}))] = False
            self.findings.add(code, missing, column=self.columns.name(used[0]))

    def _words(self, field: str, read: Callable[[str], WordMeaning]) -> Words:
        """A column's readings; where there is no such column, one reading that says nothing for all rows."""
        return (
            Words.of(self.distinct[field], self.cells[field], read) if field in self.cells else Words.silent(self.count)
        )

    def _note(self, field: str, words: Words, *, ignoring: bool = False) -> None:
        """Adds the findings of a column of words: those that make rows be ignored, or the others."""
        for code in words.codes():
            if (code in IGNORING) == ignoring:
                self.findings.add(
                    code,
                    words.where(code),
                    column=self.columns.name(field),
                    value=words.values,
                    detail=words.spread("detail"),
                    last=ignoring,
                )

    def _taking_part(self, column: Participation, rows: Mask) -> None:
        """Notes those of the rows whose people are marked as not taking part, or as waiting."""
        header, cells = self.columns.header[column.position], self.sheet.cells[column.position]
        texts = Distinct.of(cells).trimmed()
        words = Words.of(texts, texts.column(), column.read)
        for code in words.codes():
            self.findings.add(code, words.where(code) & rows, column=header, value=words.values, last=True)
        self.told.append(column.told(header, texts))

    def _blank_status(self, words: Words) -> None:
        """Notes rows without a status, where others say that somebody is there, and that somebody is not any more."""
        codes = {r.code for r in words.readings}
        values = {str(r.value) for r in words.readings}
        if Status.ACTIVE not in values or not (Status.REMOVED in values or codes & {*IGNORING}):
            return
        if "" not in self.settings.status_words:
            blank = _mask(pc.equal(words.values, ""))
            self.findings.add("status_blank", blank, column=self.columns.name("status"))

    def _read_as(self, actions: Words, statuses: Words) -> list[str]:
        """What the words of actions and states were read as."""
        read = {"action": actions, "status": statuses}
        return [
            told
            for field, words in read.items()
            if field in self.cells
            for told in meanings.read_as(self.columns.name(field), self.distinct[field], words)
        ]

    def _only_adds(self, field: str, words: Words, takes: Mask) -> None:
        """Leaves out rows that take something away, in a file that only adds: the limits would not count them."""
        self.findings.add("add_only", takes, column=self.columns.name(field), value=words.values, last=True)

    def _role(self, action: Places, status: Places) -> Distinct:
        """The role names; a blank one stays so where the row takes something away, else it gets the default."""
        roles = Roles(self.settings, self.columns.name("role"), ids=self.columns.role_ids)
        words = self._words("role", roles.read)
        if "role" in self.cells:
            means = self.settings.teacher_means
            how = f"; “teacher” means {means} (teacher_means)" if means else ""
            self.told += meanings.read_as(self.columns.name("role"), self.distinct["role"], words, how)
        takes = _is(action, Action.REMOVE) | _is(action, Action.SUSPEND) | _is(status, Status.REMOVED)
        # Which role somebody had who does not take part matters as well: the file says who holds it.
        blank = _mask(pc.equal(words.values, "")) & ~takes
        blank &= ~self.findings.done | self.findings.with_code("not_taking_part", "waiting_list")
        for position in [self.columns.fields["role"]] if "role" in self.columns.fields else []:
            blank[list(self.sheet.errors.get(position, {}))] = False
        for code in words.codes():
            rows = blank if code == "role_blank" else words.where(code)
            if code != "role_blank" or not roles.default:
                self.findings.add(
                    code, rows, column=self.columns.name("role"), value=words.values, detail=words.spread("detail")
                )
        names = words.distinct("value")
        if roles.default and blank.any():
            self.notes.append(
                {
                    "code": "role_defaulted",
                    "column": self.columns.name("role"),
                    "value": roles.default,
                    "detail": counted(int(blank.sum()), "row"),
                }
            )
            names = Distinct.of(pc.if_else(pa.array(blank), roles.default, names.column()))
        return names

    def _overlooked(self) -> None:
        """Notes what unused columns say of rows that may not count."""
        self.notes += unused_columns.notes(self.sheet, self.columns)
        self.notes += [
            {"code": "yes_no_unused", "column": header, "detail": said}
            for header, said in yes_no.yes_or_no(self.sheet, self.columns, self.settings)
        ]
        for position, rows in unused_columns.remarks(self.sheet, self.columns, self.distinct):
            name, texts = self.columns.header[position], pc.utf8_trim_whitespace(self.sheet.cells[position])
            self.findings.add("remark_left", rows, column=name, value=texts)

    def _shown(self) -> dict[str, Any]:
        """What is shown of a row and compared for likeness; a full name stands in where there is no other."""
        columns: dict[str, Any] = {
            f: text(self.cells[f]) for f in ("role", "first_name", "last_name", "email") if f in self.cells
        }
        if "full_name" in self.cells and not columns.keys() & {"first_name", "last_name"}:
            columns["last_name"] = text(self.cells["full_name"])
        return columns | self._sections()

    def _sections(self) -> dict[str, Any]:
        """What section, group or campus a row is of: all such columns together, each value behind its header."""
        found = []
        for position in self.columns.parts:
            cells = Distinct.of(self.sheet.cells[position]).trimmed()
            header = self.columns.header[position].replace("=", " ")
            plain = pc.replace_substring_regex(cells.texts, r"\s+", " ")
            named = pc.binary_join_element_wise(pa.scalar(header), plain, "=")
            found.append(cells.spread(pc.if_else(pc.equal(plain, ""), "", named)))
        if not found:
            return {}
        return {"part": text(found[0] if len(found) == 1 else pc.binary_join_element_wise(*found, "\t"))}

    def _as_in_the_file(self, found: pd.DataFrame, first_row: int) -> pd.DataFrame:
        """The problems of rows with the headers of the file, where a shape gathered a column from several.

        A damaged key keeps the column's: by it the key is known as the user's or the course's.
        """
        for header, names in self.sheet.slots.items():
            mine = np.flatnonzero((found["column"] == header) & ~found["code"].isin(problems.DAMAGED))
            real = names.take(pa.array(found["row"].to_numpy()[mine] - first_row)).to_pylist()
            if mine.size:
                found.iloc[mine, found.columns.get_loc("column")] = real
        return found

    def _problems(self, first_row: int) -> pd.DataFrame:
        """Those of the sheet, then those of the rows in their order."""
        whole = PROBLEMS.records([{"row": -1, "source": self.findings.source, **n} for n in self.notes])
        tables = [t for t in (whole, self._as_in_the_file(self.findings.table(first_row), first_row)) if len(t)]
        return pd.concat(tables, ignore_index=True) if tables else PROBLEMS.empty()


def _rows(rows: Mapping[int, int], count: int) -> Mask:
    mask = np.zeros(count, dtype=bool)
    mask[list(rows)] = True
    return mask


def _is(places: Places, value: StrEnum) -> Mask:
    return places == list(type(value)).index(value)


def _category(places: Places, kinds: type[StrEnum]) -> pd.Categorical:
    return pd.Categorical.from_codes(places, dtype=choice(kinds))
