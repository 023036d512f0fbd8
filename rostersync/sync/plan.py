"""Save, load and check a plan: sorted tables with a digest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from rostersync.enums import Bucket, Mode, Op
from rostersync.errors import PlanRefused
from rostersync.frames import digests, json_rows
from rostersync.frames.columns import Table
from rostersync.frames.role_sets import NOT_ENROLLED
from rostersync.tables import (
    CHANGES,
    COURSES,
    GRADES,
    HOLDERS,
    LOSSES,
    NOT_ACTIVE,
    PEOPLE,
    PLAN_ROWS,
    PROBLEMS,
    READS,
    ROLES,
    ROSTER_COURSES,
    Question,
    Source,
)
from rostersync.tables.questions import document, question

FORMAT = "rostersync-plan"
VERSION = 8
DOES: Mapping[tuple[str, bool], tuple[str, ...]] = {
    (Op.NOTHING, False): (Bucket.UNCHANGED,),
    (Op.ENROL, False): (Bucket.ENROLLED,),
    (Op.ENROL, True): (Bucket.SUSPENDED,),
    (Op.ASSIGN, False): (Bucket.ROLE_CHANGED,),
    (Op.UPDATE, False): (Bucket.REACTIVATED, Bucket.DATES_CHANGED),
    (Op.UPDATE, True): (Bucket.SUSPENDED, Bucket.DATES_CHANGED),
    (Op.UNASSIGN, False): (Bucket.ROLE_CHANGED,),
    (Op.UNENROL, False): (Bucket.UNENROLLED,),
}
"""What is sent, and whether it suspends → what can be said to come of it."""
BEGINNING = '{\n"digest": "'
"""How each plan begins, also one whose end is missing."""
_FIRST, _LAST = b'"rows": [\n', b"\n]"
"""What stands before and behind the rows of a table, each of which is a line."""

TABLES: Mapping[str, Table] = {
    "changes": CHANGES,
    "courses": COURSES,
    "grades": GRADES,
    "holders": HOLDERS,
    "losses": LOSSES,
    "not_active": NOT_ACTIVE,
    "people": PEOPLE,
    "problems": PROBLEMS,
    "reads": READS,
    "roles": ROLES,
    "rosters": ROSTER_COURSES,
    "rows": PLAN_ROWS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done on one site, and what it was decided from."""

    site: str
    """What Moodle calls itself."""
    address: str
    """Where it was found: the address that was set."""
    site_name: str
    release: str
    made: str
    """ISO 8601 in UTC."""
    settings: Mapping[str, Any]
    """The settings that mattered; never the token."""
    undoes: int
    """The run that it undoes; 0 where it comes from a roster."""
    refused: str
    """Why a limit of the run refuses the plan as a whole; "" where none does."""
    notes: tuple[str, ...]
    sources: tuple[Source, ...]
    rows: pd.DataFrame
    """PLAN_ROWS."""
    problems: pd.DataFrame
    courses: pd.DataFrame
    roles: pd.DataFrame
    reads: pd.DataFrame
    """READS at the time of the plan."""
    people: pd.DataFrame
    """PEOPLE that the changes are about, as far as Moodle told their names."""
    changes: pd.DataFrame
    """CHANGES, those that are held included."""
    holders: pd.DataFrame = field(default_factory=HOLDERS.empty)
    """HOLDERS of the courses that change."""
    grades: pd.DataFrame = field(default_factory=GRADES.empty)
    """GRADES of those who would be unenrolled, and of whom Moodle does not tell whether they have any."""
    losses: pd.DataFrame = field(default_factory=LOSSES.empty)
    """LOSSES of those to be unenrolled."""
    folder: str = ""
    """Where relative paths of the sources begin: the folder in which the plan was made."""
    not_active: pd.DataFrame = field(default_factory=NOT_ACTIVE.empty)
    """NOT_ACTIVE: whom the roster names as active, and who had no access when the plan was made."""
    rosters: pd.DataFrame = field(default_factory=ROSTER_COURSES.empty)
    """ROSTER_COURSES to be remembered when the plan was carried out."""
    questions: tuple[Question, ...] = ()
    """What a person may know that decides what is held."""
    news: int = 0
    """Accounts that nobody can enrol, and of whom no earlier run has told."""
    reviewed: str = ""
    """The digest of the plan from which reviewers, one or several in turn, made this one; "" where nobody did."""

    _digest: str = field(default="", init=False, repr=False, compare=False)
    """The digest, once it was asked for: it takes a tenth of a second for a million rows, and is asked for often."""

    def head(self) -> dict[str, Any]:
        """What is in the plan beside its tables, as plain values."""
        left_out = {*TABLES, "sources", "notes", "questions", "_digest"}
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        sources = [_source_document(s) for s in self.sources]
        lists = {"notes": list(self.notes), "questions": [document(q) for q in self.questions], "sources": sources}
        return {"format": FORMAT, "version": VERSION, **plain, **lists}

    def digest(self) -> str:
        """That of the tables as `canonical` has them, in the order of TABLES, and of the head: its name and seal."""
        if not self._digest:
            parts = [p for name, kind in TABLES.items() for p in digests.content(name, kind, getattr(self, name))]
            object.__setattr__(self, "_digest", digests.digest([*parts, [digests.plain(self.head())]]))
        return self._digest


def write(plan: Plan) -> Iterator[bytes]:
    """The plan as text, in pieces: JSON with a line for each row of a table, so that people can read and compare it."""
    yield f'{BEGINNING}{plan.digest()}"'.encode()
    for name, value in plan.head().items():
        yield f',\n"{name}": {json.dumps(value, ensure_ascii=False)}'.encode()
    for name in TABLES:
        frame = getattr(plan, name)
        yield f',\n"{name}": {{"columns": {json.dumps(list(frame.columns))}, '.encode() + _FIRST
        yield from json_rows.arrays(frame)
        yield _LAST + b"}"
    yield b"\n}\n"


def read(text: bytes, name: str) -> Plan:
    """The plan in a text that `write` made.

    Args:
        text: the file's content.
        name: the file's name, for messages.

    Raises:
        PlanRefused: no plan, a plan of another version, or one that was edited.
    """
    try:
        skeleton, spans = _apart(text)
        content = json.loads(skeleton)
    except (ValueError, RecursionError):
        if text.startswith(BEGINNING.encode()):
            raise _damaged(name) from None
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise PlanRefused(
            f"{name} is not a plan of rostersync", remedy="make one with `rostersync plan FILE --out PLAN`"
        )
    if content.get("version") != VERSION:
        raise PlanRefused(
            f"{name} is a plan of version {content.get('version')}, this rostersync reads version {VERSION}",
            remedy="make a new plan",
        )
    digest = content.pop("digest", "")
    try:
        plan = _plan(content, text, spans)
        whole = digest == plan.digest()
    except json.JSONDecodeError:
        raise _damaged(name) from None
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError, RecursionError) as error:
        # What was edited, or made by somebody else, can be anything.
        raise PlanRefused(f"{name} does not hold what a plan holds", remedy="make a new plan") from error
    if not whole:
        raise PlanRefused(
            f"{name} was edited after it was made: its digest does not fit its contents", remedy="make a new plan"
        )
    if not _consistent(plan.changes):
        raise PlanRefused(f"{name} has changes that say one thing and do another", remedy="make a new plan")
    return plan


def _damaged(name: str) -> PlanRefused:
    return PlanRefused(f"{name} is a damaged plan: it is cut off or not as it was written", remedy="copy it again")


def _apart(text: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The text with a number in place of each table's rows, and the places of their beginnings and ends.

    No text within JSON has a line break in it, so that only rows begin and end like this. Where the lines end as on
    Windows, or there are none, nothing is taken out, and all of it is read at once.
    """
    kept: list[bytes] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while (start := text.find(_FIRST, at)) >= 0:
        start += len(_FIRST)
        if (end := text.find(_LAST, start)) < 0:
            raise ValueError("the rows have no end")
        kept += [text[at : start - len(b"[\n")], b"%d" % len(spans)]
        spans.append((start, end))
        at = end + len(_LAST)
    return b"".join([*kept, text[at:]]), spans


def _plan(content: dict[str, Any], text: bytes, spans: list[tuple[int, int]]) -> Plan:
    tables = {n: _table(kind, content.pop(n), text, spans) for n, kind in TABLES.items()}
    sources = tuple(_source(s) for s in content.pop("sources"))
    notes = tuple(content.pop("notes"))
    questions = tuple(question(q) for q in content.pop("questions"))
    del content["format"], content["version"]
    plan = Plan(**content, **tables, sources=sources, notes=notes, questions=questions)
    texts = (
        plan.site,
        plan.address,
        plan.site_name,
        plan.release,
        plan.made,
        plan.refused,
        plan.reviewed,
        plan.folder,
        *notes,
    )
    if not (all(isinstance(t, str) for t in texts) and isinstance(plan.undoes, int) and isinstance(plan.news, int)):
        raise TypeError("a text that is none")
    if not (plan.changes["change"].to_numpy() == np.arange(len(plan.changes))).all():
        raise ValueError("changes that are not numbered")
    return plan


def _consistent(changes: pd.DataFrame) -> bool:
    """Each change is said to be what it does, and nobody is enrolled who was in the course already."""
    kinds = changes[["op", "effect"]].assign(suspends=changes["suspend"] > 0).drop_duplicates()
    said = zip(*(kinds[name].tolist() for name in ("op", "suspends", "effect")), strict=True)
    new = changes.loc[changes["op"] == Op.ENROL, "roles_before"] == NOT_ENROLLED
    return bool(new.all()) and all(effect in DOES.get((op, suspends), ()) for op, suspends, effect in said)


def _table(kind: Table, document: Mapping[str, Any], text: bytes, spans: list[tuple[int, int]]) -> pd.DataFrame:
    if document.keys() != {"columns", "rows"} or document["columns"] != list(kind.columns):
        raise ValueError("columns that are not the table's")
    rows = document["rows"]
    return json_rows.table(kind, [rows] if isinstance(rows, list) else json_rows.pieces(text, *spans[rows]))


def _source_document(source: Source) -> dict[str, Any]:
    return {**asdict(source), "mode": str(source.mode), "ignored": list(source.ignored), "notes": list(source.notes)}


def _source(document: Mapping[str, Any]) -> Source:
    made = dict(document)
    return Source(
        **{**made, "mode": Mode(made["mode"]), "ignored": tuple(made["ignored"]), "notes": tuple(made["notes"])}
    )
