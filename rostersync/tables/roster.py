"""What the registrar sent: rows, what became of them, their problems, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import Action, CourseField, Mode, RowState, Status, UserField
from rostersync.frames.columns import BOOL, INT, TEXT, Column, Table, choice
from rostersync.frames.distinct import Distinct, whole
from rostersync.tables.originals import Original

ROSTER = Table(
    "roster",
    {
        "row": Column(INT, "position in the whole roster, 0 to n-1: the row's identity to the end"),
        "source": Column(INT, "index into Roster.sources"),
        "line": Column(INT, "row number in the file or sheet as its program shows it, from 1"),
        "user": Column(TEXT, "the user's key, outer blanks removed"),
        "user_field": Column(choice(UserField), "what the key is"),
        "other": Column(TEXT, "a username or id number that the row has beside that key; blank where it has none"),
        "other_field": Column(choice(UserField), "what it is"),
        "course": Column(TEXT, "the course's key, outer blanks removed"),
        "course_field": Column(choice(CourseField), "what the key is"),
        "other_course": Column(TEXT, "a short name or id number of a course beside that key; blank where it has none"),
        "other_course_field": Column(choice(CourseField), "what it is"),
        "role": Column(TEXT, "the role as the file words it"),
        "role_name": Column(TEXT, "its short name, or a role id in digits, or blank"),
        "action": Column(choice(Action), "what the row asks for"),
        "status": Column(choice(Status), "what the row says of the enrolment"),
        "start": Column(INT, "epoch seconds; 0: none; NOT_GIVEN: says nothing"),
        "end": Column(INT, "epoch seconds; 0: none; NOT_GIVEN: says nothing"),
        "part": Column(TEXT, "sections, groups and campus: HEADER=VALUE, with tabs between; decides nothing by itself"),
        "first_name": Column(TEXT, "for display and likeness, never a key"),
        "last_name": Column(TEXT, "for display and likeness, never a key"),
        "email": Column(TEXT, "for display and likeness where it is not the key"),
        "state": Column(choice(RowState), "ok, rejected, ignored or duplicate"),
        "code": Column(TEXT, "why: a code of `problems`"),
        "detail": Column(TEXT, "what the code's message is filled with"),
        "twin": Column(INT, "the row that this one is a duplicate of, else -1"),
    },
)

RESOLVED = Table(
    "resolved rows",
    {
        "row": Column(INT, "ROSTER.row"),
        "source": Column(INT, "index into Roster.sources"),
        "user_id": Column(INT, "0 where the key was not resolved"),
        "course_id": Column(INT, "0 where the key was not resolved"),
        "role_id": Column(INT, "0 where the row has no role, or where it was not resolved"),
        "action": Column(choice(Action), "add, remove or suspend: action and status columns made one"),
        "status": Column(choice(Status), "active, suspended or nothing"),
        "start": Column(INT, "as in ROSTER"),
        "end": Column(INT, "as in ROSTER"),
        "state": Column(choice(RowState), "ok, rejected, ignored or duplicate"),
        "code": Column(TEXT, "why"),
        "detail": Column(TEXT, "what the code's message is filled with"),
        "twin": Column(INT, "the row that this one is a duplicate of, else -1"),
    },
)

PLAN_ROWS = Table(
    "rows of a plan",
    {
        **RESOLVED.columns,
        "line": Column(INT, "as in ROSTER"),
        "user": Column(TEXT, "as in ROSTER"),
        "course": Column(TEXT, "as in ROSTER"),
        "role": Column(TEXT, "as in ROSTER"),
        "name": Column(TEXT, "first and last name"),
    },
)
"""Everything of a row that a report of the run needs: a plan accounts for every row by itself."""

BLOCKERS = Table(
    "blockers",
    {
        "row": Column(INT, "ROSTER.row: a row that could not be read or resolved"),
        "course_id": Column(INT, "the course in which it holds removals; 0: in every course"),
        "user_id": Column(INT, "the person whose removals it holds; 0: everybody's"),
        "like": Column(BOOL, "holds only people who resemble the row (missing_users = accept)"),
        "code": Column(TEXT, "a code of `problems.HOLDS`"),
    },
)
"""What rule 1 makes of rows that are not understood: an absence is none while such a row could mean that person."""

PROBLEMS = Table(
    "problems",
    {
        "row": Column(INT, "ROSTER.row, or -1 for a whole sheet or file"),
        "source": Column(INT, "index into Roster.sources"),
        "line": Column(INT, "as in ROSTER, or 0"),
        "code": Column(TEXT, "a code of `problems`"),
        "column": Column(TEXT, "the header of the column concerned"),
        "value": Column(TEXT, "the value as it stands in the file"),
        "detail": Column(TEXT, "what else the message is filled with"),
    },
)

UNREAD = Table(
    "unread parts",
    {
        "source": Column(INT, "index into Roster.sources: the first sheet that was read of the file"),
        "sheet": Column(TEXT, "the sheet's name, or a web page's table; blank for text"),
        "block": Column(TEXT, "the cells that the part takes within a sheet that was read (F5:H10); blank: a sheet"),
        "row": Column(INT, "row number in the file or sheet as its program shows it, from 1"),
        "value": Column(TEXT, "what a cell holds, without outer blanks and in small letters"),
        "form": Column(BOOL, "it has the form of the file's own keys of users"),
        "named": Column(BOOL, "a row of the file that was read has this key"),
    },
)
"""What stands in parts of a file that were not read as rows: other sheets, blocks beside the table, rows above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One sheet or text file that rows come from."""

    path: str
    sheet: str
    sha256: str
    rows: int
    mode: Mode
    joined: Mapping[str, str] = field(default_factory=dict)
    """Path → SHA-256 of the other files that say who its people and what its courses are."""
    partial: bool = False
    """A part of a roster that was given back to be corrected: who is not in it has not left."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field name → header text, for the columns that were understood."""
    letters: Mapping[str, str] = field(default_factory=dict)
    """Header → the column's letters, in workbooks: with a line, the name of a cell (B17). Parts are joined: A+C."""
    ignored: tuple[str, ...] = ()
    """Headers that were not used."""
    notes: tuple[str, ...] = ()
    """What the reader decided and a person should see: encoding, delimiter, which sheet, defaulted roles."""

    @property
    def name(self) -> str:
        """The file's name with its sheet, as shown to people."""
        name = self.path.replace("\\", "/").rsplit("/", 1)[-1]
        return f"{name}[{self.sheet}]" if self.sheet else name

    def cell(self, column: str, line: int) -> str:
        """The name of a cell as its program shows it (B17); blank where cells have no names, or it is a whole row.

        Where a column was put together of others, those of its parts: A17+C17.
        """
        return "+".join(f"{one}{line}" for one in self.letters.get(column, "").split("+") if one and line)


@dataclass(frozen=True, kw_only=True)  # without slots: the names are kept
class Roster:
    """What the registrar sent: rows (ROSTER), problems (PROBLEMS), and where they come from."""

    rows: pd.DataFrame
    problems: pd.DataFrame
    sources: tuple[Source, ...]
    originals: tuple[Original, ...] = ()
    """The rejected rows as they lie in the files."""
    known: Mapping[str, Distinct] = field(default_factory=dict)
    """Columns of text of which the reader has the distinct values at hand."""
    unread: pd.DataFrame = field(default_factory=UNREAD.empty)
    """UNREAD: what stands in parts of the files that were not read."""
    headers: tuple[str, ...] = ()
    """For each source, the fingerprint of its headers, under which answers are remembered."""
    ends: Mapping[int, str] = field(default_factory=dict)
    """Last rows of text files that may have been cut within their key → what says so."""

    def distinct(self, name: str) -> Distinct:
        """The distinct values of a column of text."""
        return self.known.get(name) or Distinct.of(whole(self.rows[name]))

    @cached_property
    def names(self) -> Distinct:
        """Each row's name as the file has it, first name first; one name can be several of the values."""
        first, last, user = (self.distinct(name) for name in ("first_name", "last_name", "user"))
        many = max(len(last.texts), 1)
        said = first.index.astype(np.int64) * many + last.index
        # The name in one row of each key stands for all that have the same.
        of_key = np.zeros(len(user.texts), dtype=np.int64)
        of_key[user.index] = said
        others = np.flatnonzero(of_key[user.index] != said)
        index = user.index
        if others.size:
            index = index.copy()
            index[others] = len(of_key) + np.arange(len(others))
        firsts, lasts = np.divmod(np.append(of_key, said[others]), many)
        joined = pc.binary_join_element_wise(first.texts.take(pa.array(firsts)), last.texts.take(pa.array(lasts)), " ")
        return Distinct(texts=pc.utf8_trim_whitespace(joined), index=index)
