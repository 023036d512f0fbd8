"""Everything decided goes in; a plan comes out that can be saved, sent, checked against its digest, and applied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import pandas as pd

from rostersync.columns import TEXT, Table
from rostersync.errors import PlanRefused
from rostersync.tables import (
    CHANGES,
    COURSES,
    HOLDERS,
    LOSSES,
    PEOPLE,
    PLAN_ROWS,
    PROBLEMS,
    READS,
    ROLES,
    Source,
)
from rostersync.vocabulary import Mode

FORMAT = "rostersync-plan"
VERSION = 3
BEGINNING = '{\n"digest": "'
"""How each plan begins, also one whose end is missing."""

TABLES: Mapping[str, Table] = {
    "changes": CHANGES,
    "courses": COURSES,
    "holders": HOLDERS,
    "losses": LOSSES,
    "people": PEOPLE,
    "problems": PROBLEMS,
    "reads": READS,
    "roles": ROLES,
    "rows": PLAN_ROWS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done on one site, and what it was decided from."""

    site: str
    site_name: str
    release: str
    made: str
    """ISO 8601 in UTC."""
    settings: Mapping[str, Any]
    """The settings that mattered; never the token."""
    undoes: int
    """The run that it undoes; 0 where it comes from a roster."""
    refused: str
    """Why the run's limit refuses the plan as a whole; "" where it does not."""
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
    losses: pd.DataFrame = field(default_factory=LOSSES.empty)
    """LOSSES of those to be unenrolled."""
    reviewed: str = ""
    """The digest of the plan from which reviewers, one or several in turn, made this one; "" where nobody did."""

    def content(self) -> dict[str, Any]:
        """The plan as plain values: all that the digest is made of."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {*TABLES, "sources", "notes"}}
        return {
            "format": FORMAT,
            "version": VERSION,
            **plain,
            "notes": list(self.notes),
            "sources": [_source_document(s) for s in self.sources],
            **{name: _table_document(getattr(self, name)) for name in TABLES},
        }

    def digest(self) -> str:
        """SHA-256 of the content: the plan's name, and the seal on what was reviewed."""
        return digest_of(self.content())


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a plan's content in a form that does not depend on spacing or order of keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write(plan: Plan) -> str:
    """The plan as text: JSON with one line for each row of a table, so that people can read and compare it."""
    content = plan.content()
    parts = [f'"digest": {json.dumps(digest_of(content))}']
    for name, value in content.items():
        if name in TABLES:
            rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in value["rows"])
            parts.append(f'"{name}": {{"columns": {json.dumps(value["columns"])}, "rows": [\n{rows}\n]}}')
        else:
            parts.append(f'"{name}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read(text: str, name: str) -> Plan:
    """The plan in a text that `write` made.

    Args:
        text: the file's content.
        name: the file's name, for messages.

    Raises:
        PlanRefused: no plan, a plan of another version, or one that was edited.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        if text.startswith(BEGINNING):
            raise PlanRefused(
                f"{name} is a damaged plan: it is cut off or not as it was written", remedy="copy it again"
            ) from None
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
    if digest != digest_of(content):
        raise PlanRefused(
            f"{name} was edited after it was made: its digest does not fit its contents", remedy="make a new plan"
        )
    try:
        return _plan(content)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        # A digest can be made of anything.
        raise PlanRefused(f"{name} does not hold what a plan holds", remedy="make a new plan") from error


def _plan(content: dict[str, Any]) -> Plan:
    tables = {n: _table(kind, content.pop(n)) for n, kind in TABLES.items()}
    sources = tuple(_source(s) for s in content.pop("sources"))
    notes = tuple(content.pop("notes"))
    del content["format"], content["version"]
    plan = Plan(**content, **tables, sources=sources, notes=notes)
    texts = (plan.site, plan.site_name, plan.release, plan.made, plan.refused, plan.reviewed, *notes)
    if not (all(isinstance(t, str) for t in texts) and isinstance(plan.undoes, int)):
        raise TypeError("a text that is none")
    if plan.changes["change"].tolist() != list(range(len(plan.changes))):
        raise ValueError("changes that are not numbered")
    return plan


def _table_document(frame: pd.DataFrame) -> dict[str, Any]:
    # Arrow texts one by one are slow; as one array of objects they are not.
    columns = [c.to_numpy(dtype=object).tolist() if c.dtype == TEXT else c.tolist() for _, c in frame.items()]
    return {"columns": list(frame.columns), "rows": [list(row) for row in zip(*columns, strict=True)]}


def _table(kind: Table, document: Mapping[str, Any]) -> pd.DataFrame:
    rows = document["rows"]
    return kind.frame({name: [row[i] for row in rows] for i, name in enumerate(document["columns"])})


def _source_document(source: Source) -> dict[str, Any]:
    return {**asdict(source), "mode": str(source.mode), "ignored": list(source.ignored), "notes": list(source.notes)}


def _source(document: Mapping[str, Any]) -> Source:
    made = dict(document)
    return Source(
        **{**made, "mode": Mode(made["mode"]), "ignored": tuple(made["ignored"]), "notes": tuple(made["notes"])}
    )
