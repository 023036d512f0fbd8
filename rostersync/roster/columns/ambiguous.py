"""Have ambiguous columns decided, or refuse the sheet.

A judge is told of a Doubt and answers with a Ruling. Who judges (what was remembered, what Moodle knows of the values,
a person at a terminal) is not known here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow.compute as pc

from rostersync.errors import RosterError
from rostersync.roster.columns import headers, profile
from rostersync.roster.columns.fields import COURSE_KEYS, MARKS, USER_KEYS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.participation import Looker, Participation, ParticipationColumn, freed, understood
from rostersync.roster.columns.profile import SURE, Shape
from rostersync.roster.columns.words import Roles, normalise
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings

FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "user": tuple(USER_KEYS),
    "course": tuple(COURSE_KEYS),
    "role": ("role", "role_id"),
    "action": ("action",),
    "taking_part": (*MARKS, "status", "end"),
}
"""What can be missing → the fields that would be it."""
TURNING: Mapping[str, str] = {
    "action": "may say what each row asks for: read without it, the file names everybody",
    "taking_part": "may say who does not take part, or no longer: read without it, each row enrols",
}
"""What no file needs, and what turns the meaning of its rows round where it has it."""
TELLING = 0.5
"""The share of a column's distinct values that are known words, from which on it is not left out in silence."""
SLOTS = 3
"""Columns to be added that are named."""
DIGEST = 12
"""Letters of a fingerprint: short enough to type, long enough to be the only one in a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """A column of which it is not certain what it is."""

    header: str
    fields: tuple[str, ...]
    """What it can be of what is missing, the likeliest first; none where nothing but an answer speaks for it."""
    like: str
    """The known header that it looks like; blank where its own header is known and ambiguous, or by its values."""
    ambiguous: bool
    """Its own header is known, and means different things in different places."""
    shape: Shape
    marks: str = ""
    """What it says of who takes part, and how often; blank where it is not asked about for that."""

    def sentence(self, fields: Sequence[str]) -> str:
        """What its values say of what it can be; "" where they say nothing."""
        return self.marks or profile.sentence(self.shape, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbiguousColumns:
    """What is to be judged in one sheet: its columns, or else what “teacher” means in it."""

    where: str
    """File and sheet, for people."""
    header: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """Which of user, course and role have no certain column; action and taking_part where one seems to be there."""
    columns: tuple[Doubted, ...] = ()
    """All columns that are not certain, in the order of the file."""
    teacher: Mapping[str, int] = field(default_factory=dict)
    """Role words that can mean the editing or the non-editing teacher → rows; then nothing is missing."""
    digits: Mapping[str, int] = field(default_factory=dict)
    """Numbers in the column of the role → rows; then nothing is missing."""
    role: str = ""
    """The header of the column of the role, where there are such numbers."""

    @property
    def fingerprint(self) -> str:
        """What the same export has in common from term to term."""
        return fingerprint(self.header)

    def candidates(self, missing: str) -> list[Doubted]:
        """The columns that could be what is missing."""
        if missing == "taking_part":
            return [c for c in self.columns if c.marks]
        return [c for c in self.columns if set(c.fields) & set(FIELDS_OF[missing])]

    def open(self, fields: Mapping[str, str]) -> tuple[str, ...]:
        """What is still missing when these headers are these fields; each column of marks counts by itself."""
        said = set(fields.values())
        decided = {m for m in self.missing if m in TURNING and all(c.header in fields for c in self.candidates(m))}
        return tuple(
            m for m in self.missing if m not in decided and (m == "taking_part" or not said & set(FIELDS_OF[m]))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was found out about a column: what it can be, the likeliest first, and why, in words."""

    fields: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a judge says."""

    fields: Mapping[str, str] = field(default_factory=dict)
    """Header → field; what is not in it stays in doubt."""
    teacher_means: str = ""
    role_words: Mapping[str, str] = field(default_factory=dict)
    """Number → role, or Moodle's id of it."""
    notes: tuple[str, ...] = ()
    """How it was decided, for Source.notes."""
    evidence: Mapping[str, Heard] = field(default_factory=dict)
    """Header → what was found out, to be shown where it was not enough."""


Judge = Callable[[AmbiguousColumns], Ruling]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a sheet's columns are, the settings to read it with, and what was decided on the way."""

    columns: Columns
    settings: Settings
    notes: tuple[str, ...] = ()
    participation: tuple[Participation, ...] = ()
    """Columns that say who takes part."""


def fingerprint(header: Sequence[str]) -> str:
    """A digest of the headers as they are compared, in no order.

    What a column is does not depend on where it stands, and the same export comes with its columns in another order
    as soon as somebody drags one. Columns without a header come and go with stray cells: they do not count.
    """
    names = sorted(normalise(h) or h.strip() for h in header if h.strip())
    return hashlib.sha256(json.dumps(names, ensure_ascii=False).encode()).hexdigest()[:DIGEST]


def settle(sheet: Sheet, settings: Settings, *, where: str, alone: bool, judge: Judge | None) -> Settled:
    """What the columns of a sheet are.

    Args:
        sheet: header and cells.
        settings: what they say of columns, roles and words goes before everything else.
        where: file and sheet, for messages.
        alone: it is the only sheet of the only file (`headers.require`).
        judge: asked where something is not certain.

    Raises:
        RosterError: user, course or role has no certain column, or what the rows ask for may stand in one that is not
            certain; and as `headers.require`.
        SettingsError: as `headers.require`.
    """
    columns = _understood(sheet, settings, where, alone=alone)
    notes: tuple[str, ...] = ()
    found = Looker(sheet=sheet, columns=columns, settings=settings).found()
    _refuse_bare(columns, found, where)
    if doubt := _of_columns(sheet, columns, found, settings, where):
        ruling = judge(doubt) if judge else Ruling()
        settings = settings.model_copy(update={"columns": {**ruling.fields, **settings.columns}})
        if still := doubt.open(ruling.fields):
            slots = pc.unique(sheet.slots["role"]).to_pylist() if "role" in sheet.slots else ()
            raise refusal(doubt, still, ruling, sheet.notes, slots)
        columns, notes = _understood(sheet, settings, where, alone=alone), ruling.notes
    elif judge and (clear := [one for one in found if one.understood]):
        # What was said once of a column counts also where its values have become clear since.
        doubted = [_doubted(sheet, columns, one.position, (), settings, None) for one in clear]
        ruling = judge(AmbiguousColumns(where=where, header=columns.header, columns=tuple(doubted)))
        settings = settings.model_copy(update={"columns": {**ruling.fields, **settings.columns}})
        columns, notes = _understood(sheet, settings, where, alone=alone), ruling.notes
    looker = Looker(sheet=sheet, columns=columns, settings=settings)
    clear = [one for one in found if one.understood and one.position in {*columns.unused, *columns.offered}]
    taking = [one.understood for one in clear if one.understood]
    taking += [looker.said(position, name) for position, name in columns.marks.items()]
    columns = understood(columns, clear)
    if judge and (words := _teachers(sheet, columns, settings)):
        ruling = judge(AmbiguousColumns(where=where, header=sheet.header, teacher=words))
        if ruling.teacher_means:
            settings = settings.model_copy(update={"teacher_means": ruling.teacher_means})
        notes += ruling.notes
    return Settled(columns=columns, settings=settings, notes=notes, participation=tuple(taking))


def refusal(
    doubt: AmbiguousColumns, missing: Sequence[str], ruling: Ruling, read: Sequence[str] = (), slots: Sequence[str] = ()
) -> RosterError:
    """The error that says what is missing, how the file was read, what the evidence is, and the flags that decide.

    Args:
        doubt: what was to be judged.
        missing: what still is.
        ruling: what was found out.
        read: how the file was read.
        slots: the headers that the role would have in a file that has one column for each course.
    """
    lines: dict[str, str] = {}
    remedies: list[str] = []
    for what in missing:
        flags: list[str] = []
        for column in doubt.candidates(what):
            heard = ruling.evidence.get(column.header)
            wanted = {*FIELDS_OF[what], *(["left"] if what == "action" else [])}
            fields = [f for f in (heard.fields if heard else column.fields) if f in wanted]
            flags += [f'--map "{column.header}={f}"' for f in fields]
            looks = f" looks like “{column.like}”" if column.like else ""
            said = heard.sentence if heard else column.sentence(fields)
            if looks or said:
                lines[column.header] = f"\n  “{column.header}”{looks}" + (f": {said}" if said else "")
            if what == "taking_part":
                remedies.append(" or ".join(f'--map "{column.header}={f}"' for f in (*fields, "ignore")))
        if what == "taking_part":
            continue
        if what in TURNING:
            flags.append(f'--map "{doubt.candidates(what)[0].header}=ignore"')
        if what == "role" and slots:
            added = "column" if len(slots) == 1 else "columns"
            flags = [f"--default-role student, or add the {added} {', '.join(f'“{s}”' for s in slots[:SLOTS])}"]
            remedies.append(flags[0])
            continue
        flags = flags or [f'--map "HEADER={what}"']
        remedies.append(" or ".join([*flags, *(["--default-role student"] if what == "role" else [])]))
    named = " and ".join(f"the {what}" for what in missing if what not in TURNING)
    message = f"{doubt.where} has no column for {named}; its header is {headers.shown(doubt.header)}"
    if not named:
        message = f"{doubt.where} has a column that {TURNING[missing[0]]}"
    # A wrong guess of the reader's, of the encoding for one, looks like headers that nobody knows.
    message += "".join(f"\n  {note}" for note in read)
    return RosterError(message + "".join(lines.values()), remedy=f"say {', and '.join(remedies)}")


def _understood(sheet: Sheet, settings: Settings, where: str, *, alone: bool) -> Columns:
    columns = freed(sheet, headers.understand(sheet.header, settings), settings)
    headers.require(columns, settings, where=where, alone=alone)
    return columns


def _refuse_bare(columns: Columns, found: Sequence[ParticipationColumn], where: str) -> None:
    """Makes sure that no column without a header says who takes part: there is nothing to answer by.

    Raises:
        RosterError: there is one.
    """
    for one in found:
        if not columns.header[one.position]:
            raise RosterError(
                f"{where} has a column without a header that {TURNING['taking_part']}\n  {one.told}",
                remedy="give it a header in the file, such as Status; or delete the column",
            )


def _of_columns(
    sheet: Sheet, columns: Columns, found: Sequence[ParticipationColumn], settings: Settings, where: str
) -> AmbiguousColumns | None:
    """The doubt that there is about a sheet's columns, if any."""
    missing = columns.missing(settings)
    asking = _asking(sheet, columns, settings)
    marking = {one.position: one for one in found if not one.understood and one.position not in asking}
    if not missing and not asking and not marking:
        return None
    certain = {*columns.fields.values(), *columns.left_out, *columns.marks}
    doubted = [
        _doubted(sheet, columns, p, [*missing, *(["action"] if p in asking else [])], settings, marking.get(p))
        for p, text in enumerate(columns.header)
        if text and p not in certain
    ]
    leaving = {columns.header[one.position] for one in found if one.position in asking}
    doubted = [replace(d, fields=(*d.fields, "left")) if d.header in leaving else d for d in doubted]
    turning = [what for what, at in (("action", asking), ("taking_part", marking)) if at]
    return AmbiguousColumns(where=where, header=columns.header, missing=(*missing, *turning), columns=tuple(doubted))


def _doubted(
    sheet: Sheet,
    columns: Columns,
    position: int,
    missing: Sequence[str],
    settings: Settings,
    marks: ParticipationColumn | None,
) -> Doubted:
    """A column, and what it can be of what is missing: by its header, by a likeness, else by its values."""
    shape = profile.look(sheet.cells[position], settings, columns.header[position])
    like = columns.alike.get(position)
    fields = columns.offered.get(position) or (like.fields if like else ())
    fields = tuple(dict.fromkeys((*fields, *_by_values(shape))))
    wanted = {f for what in missing for f in FIELDS_OF[what]}
    fields = tuple(f for f in fields if f in wanted)
    fitting = tuple(f for f in fields if not profile.contradicted(f, shape))
    return Doubted(
        header=columns.header[position],
        fields=tuple(dict.fromkeys((*profile.ranked(fitting or fields, shape), *(marks.fields if marks else ())))),
        like=like.alias if like and set(like.fields) & set(fields) else "",
        ambiguous=position in columns.offered,
        shape=shape,
        marks=marks.told if marks else "",
    )


def _by_values(shape: Shape) -> tuple[str, ...]:
    if not len(shape.values):
        return ()
    sure = [f for f in ("email", "role") if shape.share(f) >= SURE]
    return (*sure, *(["action"] if shape.share("action") >= TELLING else []))


def _asking(sheet: Sheet, columns: Columns, settings: Settings) -> list[int]:
    """Columns that look like actions, by their values whatever the header.

    A list of additions and drops that is taken for the whole truth would remove everybody whom it does not name.
    """
    if "action" in columns.fields or settings.mode or sheet.mode:
        return []
    possible = {p: k.fields for p, k in columns.alike.items()} | dict(columns.offered)
    found = []
    for position in sorted({*columns.unused, *columns.offered}):
        said = possible.get(position, ())
        if "status" in said and "action" not in said and "status" not in columns.fields:
            continue
        shape = profile.look(sheet.cells[position], settings, columns.header[position])
        # What its header says goes before what most of its words are.
        rival = 0.0 if "action" in said or "status" in columns.fields else shape.share("status")
        if len(shape.values) and shape.share("action") >= max(TELLING, rival):
            found.append(position)
    return found


def role_words_with(code: str, sheet: Sheet, columns: Columns, settings: Settings) -> dict[str, int]:
    """The role words that are this problem → rows."""
    read = Roles(settings, columns.name("role"), ids=columns.role_ids).read
    counts = pc.value_counts(pc.utf8_trim_whitespace(sheet.cells[columns.fields["role"]]))
    found = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    return {word: n for word, n in sorted(found) if read(word).code == code}


def _teachers(sheet: Sheet, columns: Columns, settings: Settings) -> dict[str, int]:
    """Role words that can mean either teacher → rows."""
    if settings.teacher_means or "role" not in columns.fields:
        return {}
    return role_words_with("role_ambiguous", sheet, columns, settings)
