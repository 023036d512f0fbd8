"""Hold the removals of whoever stands in a part of a file that was not read, or could stand there (rule 13)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.enums import counted
from rostersync.frames.packed import Ints, Mask, contains, distinct
from rostersync.settings import Settings
from rostersync.sync.safety.holds import Holds
from rostersync.sync.safety.people_in_text import standing
from rostersync.tables import Answer, Question, Roster

CODE = "unread_part"
SEVERAL = 2
"""Rows with people from which on a part is one of people."""
MOST = 0.8
"""The share of a part's rows that look like people, from which on it is one of people."""
ABSENCES = ("role_absent",)
"""Reasons, besides being absent as a whole, that follow from what no row says."""
_CELL = re.compile(r"([A-Z]{1,3})(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPart:
    """A part of a file that was not read."""

    source: int
    sheet: str
    block: str

    @property
    def setting(self) -> tuple[str, str]:
        """The setting that leaves it out, and what has to stand there."""
        cell = self.block.partition(":")[0]
        if not cell:
            return "ignore_sheets", self.sheet
        return "ignore_blocks", f"{self.sheet}!{cell}" if self.sheet else cell

    @property
    def answer(self) -> Answer:
        """That it is none of the roster."""
        setting, value = self.setting
        return Answer(words="it is none of the roster", setting=setting, value=value)

    def named(self, roster: Roster) -> str:
        """As people find it, with the file's name and the flag that leaves it out."""
        file = roster.sources[self.source].path.replace("\\", "/").rsplit("/", 1)[-1]
        sheet = f"sheet “{self.sheet}” of {file}" if self.sheet else file
        where = f"cells {self.block} of {sheet}" if self.block else sheet
        return f"{where} ({self.answer.flag})"


def parts(roster: Roster) -> list[UnreadPart]:
    """The parts in which something stands."""
    lines = roster.unread[["source", "sheet", "block"]].drop_duplicates()
    return [
        UnreadPart(source=int(s), sheet=str(n), block=str(b)) for s, n, b in lines.itertuples(index=False, name=None)
    ]


def ignored(part: UnreadPart, settings: Settings) -> bool:
    """Whether the settings say that a part is none of the roster.

    A sheet is named without regard to letter case. A block is named by a cell of it, or by one above it in its columns.
    """
    if not part.block:
        return part.sheet.strip().casefold() in {name.strip().casefold() for name in settings.ignore_sheets}
    return any(_points_at(said, part) for said in settings.ignore_blocks)


def hold_unread(marks: Holds, roster: Roster, rows: pd.DataFrame, people: pd.DataFrame, settings: Settings) -> None:
    """Rule 13: what was not read is not an absence.

    A removal that follows from absence is held where the person stands in such a part; all of them in the file's
    courses are, where a part holds several people whom no row of the file names.

    Args:
        marks: the changes.
        roster: what was read, and what was not.
        rows: RESOLVED.
        people: PEOPLE whom the changes are about.
        settings: ignore_sheets, ignore_blocks.
    """
    if roster.unread.empty:
        return
    changes = marks.changes
    absent = (changes["absent"] | changes["reason"].isin(ABSENCES)).to_numpy()
    losing = people[people["user_id"].isin(changes.loc[changes["removal"].to_numpy() & absent, "user_id"])]
    for part in (p for p in parts(roster) if not ignored(p, settings)):
        texts = _of(part, roster.unread)
        name = part.named(roster)
        found = standing(texts, losing)
        lines = {user: int(texts["row"].iloc[places[0]]) for user, places in found.items()}
        at = marks.open[absent[marks.open] & contains(distinct(np.array([*lines], dtype=np.int64)), marks.user)]
        users = changes["user_id"].to_numpy()[at].tolist()
        marks.hold(at, CODE, _words([f"row {lines[u]:,} of {name}" for u in users]))
        if why := _of_people(texts, {place for places in found.values() for place in places}):
            mine = marks.open[absent[marks.open]]
            here = _concerned(part, roster, rows, changes["course_id"].to_numpy()[mine])
            marks.hold(mine[here], CODE, f"{name} holds people, {why}")


def questions(changes: pd.DataFrame, courses: pd.DataFrame, roster: Roster) -> tuple[Question, ...]:
    """For each part that holds removals whether it is none of the roster.

    Args:
        changes: CHANGES after all rules.
        courses: COURSES.
        roster: what was read, and what was not.
    """
    held = changes[changes["hold"] == CODE]
    if held.empty:
        return ()
    names = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    asked = []
    for part in parts(roster):
        name = part.named(roster)
        mine = held[held["hold_detail"].str.contains(name, regex=False)]
        if mine.empty:
            continue
        ids = sorted(set(mine["course_id"].tolist()))
        people = len(mine[["course_id", "user_id"]].drop_duplicates())
        said = f"{problems.message(CODE, detail=name)}. {counted(people, 'removal')} in {counted(len(ids), 'course')}"
        asked.append(
            Question(
                code=f"{CODE}: {part.setting[1]}",
                sentence=f"{said}: is it a part of the roster?",
                courses=tuple(sorted(names.get(i, str(i)) for i in ids)),
                people=people,
                answers=(Answer(words="it may be: they stay as they are"), part.answer),
            )
        )
    return tuple(asked)


def _of(part: UnreadPart, unread: pd.DataFrame) -> pd.DataFrame:
    here = (unread["source"] == part.source) & (unread["sheet"] == part.sheet) & (unread["block"] == part.block)
    return unread[here].reset_index(drop=True)


def _of_people(texts: pd.DataFrame, standing_at: set[int]) -> str:
    """Why a part is one of people, "" where it is none.

    Somebody whom a row of the file names has not been left out: a sheet of grades holds nothing.
    """
    some = sorted(set(texts["row"].iloc[sorted(standing_at)].tolist()))
    if len(some) >= SEVERAL:
        return f"in {len(some):,} rows, {some[0]:,} and {some[1]:,} among them"
    alike = texts[texts["form"]]
    strange = sorted(set(alike.loc[~alike["named"], "row"].tolist()))
    if len(strange) < SEVERAL:
        return ""
    first = alike["row"].min()
    every = texts.loc[texts["row"] >= first, "row"].nunique()
    if alike["row"].nunique() < MOST * every:
        return ""
    return f"as in row {strange[0]:,}: {counted(len(strange), 'row')} with what look like keys of users"


def _concerned(part: UnreadPart, roster: Roster, rows: pd.DataFrame, courses: Ints) -> Mask:
    """Which of these courses the part's file names, or no file at all."""
    path = roster.sources[part.source].path
    mine = np.array([source.path == path for source in roster.sources], dtype=np.bool_)
    course, source = rows["course_id"].to_numpy(), rows["source"].to_numpy()
    every = distinct(course)
    named: Mask = contains(distinct(course[mine[source]]), courses) | ~contains(every, courses)
    return named


def _points_at(said: str, part: UnreadPart) -> bool:
    """Whether a cell such as Sheet1!H1 is one of a block, or stands above it."""
    sheet, _, cell = said.rpartition("!")
    if sheet and sheet.strip("'\" ").casefold() != part.sheet.strip().casefold():
        return False
    wanted = _CELL.fullmatch(cell.partition(":")[0].replace("$", "").strip().upper())
    ends = [_CELL.fullmatch(end) for end in part.block.split(":")]
    if not wanted or not all(ends):
        return False
    low, high = (_column(end[1]) for end in ends if end)
    return low <= _column(wanted[1]) <= high and int(wanted[2]) <= max(int(end[2]) for end in ends if end)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _words(texts: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    made = np.full(len(texts), "", dtype=object)
    made[:] = texts
    return made
