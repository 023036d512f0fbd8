"""Read a sheet as its preset understands it.

Line numbers stay: no row is added or dropped, and what a filter takes out is named row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import counted
from rostersync.errors import RosterError
from rostersync.frames.distinct import encoded
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.headers import understand
from rostersync.roster.columns.words import heading
from rostersync.roster.forensics.error_cells import taken_out
from rostersync.roster.presets import catalogue, recognition
from rostersync.roster.presets.catalogue import Preset
from rostersync.roster.presets.patterns import Pattern
from rostersync.roster.sheet import Aside, Ints, Mask, Sheet
from rostersync.settings import Settings

TOLD = 100
"""Values that a filter took out and that are told apart; beyond, a filter on the wrong column would take forever."""


@dataclass(slots=True, kw_only=True)
class _Columns:
    """The columns while they are being made, and what was done to them."""

    header: list[str]
    cells: list[pa.Array]
    errors: dict[int, Mapping[int, str]]
    numbers: dict[int, Mask]
    dates: dict[int, Mask]
    fields: dict[str, str] = field(default_factory=dict)
    parts: set[int] = field(default_factory=set)
    """Positions that only were put together."""
    composed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Header of a column that was put together → those of its parts."""
    uncut: dict[str, pa.Array] = field(default_factory=dict)
    """Header → its cells before they were cut, where several values became one."""
    notes: list[str] = field(default_factory=list)

    def at(self, header: str) -> int:
        """The position of a header, or -1."""
        exact = [i for i, h in enumerate(self.header) if h == header]
        alike = exact or [i for i, h in enumerate(self.header) if h and heading(h) == heading(header)]
        return alike[0] if alike else -1

    def add(self, header: str, cells: pa.Array) -> int:
        """Appends a column; one that would be called like another gets brackets."""
        self.header.append(header if self.at(header) < 0 else f"({header})")
        self.cells.append(cells)
        return len(self.header) - 1


def under_preset(sheet: Sheet, settings: Settings, *, where: str) -> tuple[Sheet, Settings]:
    """The sheet recast by the preset that the settings name, or by the one that its header tells; else as it is.

    Args:
        sheet: as a reader or a shape gave it; a shape's header is recognised by that of its file.
        settings: preset, columns, and what a preset may say below them.
        where: file and sheet, for messages.

    Raises:
        SettingsError: the preset cannot be used.
        RosterError: the sheet lacks what the named preset needs, or two presets fit equally well.
    """
    lying = (sheet.original or sheet).header
    preset = catalogue.named(settings)
    guessed = ""
    if preset:
        _require(preset, sheet, where)
    elif preset := recognition.recognised((*lying, *sheet.header), settings, where=where):
        guessed = ", recognised by the header (--preset none switches that off)"
    else:
        return sheet, settings
    doubt = f"; unverified: {preset.unverified}" if preset.unverified else ""
    told = preset.teacher_means if "teacher_means" not in settings.model_fields_set else ""
    teacher = f"; “teacher” is taken as the role {told}" if told else ""
    title = f"preset {preset.name} ({preset.title}){guessed}{teacher}{doubt}"
    return _recast(sheet, preset, settings, title)


def _require(preset: Preset, sheet: Sheet, where: str) -> None:
    """Makes sure that the sheet has the columns by which a preset that somebody named knows people and courses."""
    if absent := recognition.lacking(preset, {heading(h) for h in sheet.header}):
        shown = ", ".join(f"“{h}”" for h in sheet.header if h)
        raise RosterError(
            f"{where} has no column “{absent}”, which preset {preset.name} needs; its header is {shown}",
            remedy="name another --preset, or none; where no preset is named, each file is recognised by itself",
        )


def _recast(sheet: Sheet, preset: Preset, settings: Settings, title: str) -> tuple[Sheet, Settings]:
    # A text that stands for an error must become no part of a key, and filters must not take it for a value.
    decisive = catalogue.composed(preset) | {heading(h) for h in preset.keep}
    matter = [p for p, h in enumerate(sheet.header) if heading(h) in decisive]
    clean, _ = taken_out(sheet, encoded(sheet.cells, matter))
    made = _Columns(
        header=list(sheet.header),
        cells=list(clean.cells),
        errors=dict(clean.errors),
        numbers=dict(sheet.numbers),
        dates=dict(sheet.dates),
    )
    _strip(made, preset)
    aside = _filtered(made, preset, len(sheet.lines))
    _fields(made, preset, settings, len(sheet.lines))
    _sections(made, preset)
    for header in preset.ignore:
        if (at := made.at(header)) >= 0:
            made.fields.setdefault(made.header[at], "ignore")
    # What a filter has read says no more by itself, unless its header has a meaning of its own.
    for header in (h for h in preset.keep if not understand([h], settings).fields):
        if (at := made.at(header)) >= 0:
            made.fields.setdefault(made.header[at], "ignore")
    _others(made, settings)
    exclusive = sheet.end_exclusive or preset.end_exclusive
    if exclusive and (end := next((h for h, f in made.fields.items() if f == "end"), "")):
        made.notes.append(f"{end} is the first day without access (the format's ends are exclusive)")
    _constants(made, preset, settings, len(sheet.lines))
    status = next((h for h, f in made.fields.items() if f == "status"), "")
    words = pc.unique(made.cells[made.at(status)]).to_pylist() if status else []
    shown = {made.at(h) for h, f in made.fields.items() if f != "ignore"}
    kept = [i for i in range(len(made.header)) if i not in made.parts - shown]
    places = {old: new for new, old in enumerate(kept)}
    return replace(
        sheet,
        header=tuple(made.header[i] for i in kept),
        cells=tuple(made.cells[i] for i in kept),
        errors={places[i]: e for i, e in made.errors.items() if i in places},
        numbers={places[i]: m for i, m in made.numbers.items() if i in places},
        dates={places[i]: m for i, m in made.dates.items() if i in places},
        aside=(*sheet.aside, *aside),
        fields={h: f for h, f in {**made.fields, **sheet.fields}.items() if made.at(h) in places},
        mode=sheet.mode or preset.mode,
        end_exclusive=exclusive,
        notes=(*sheet.notes, title, *made.notes),
        parts=made.composed,
        original=sheet.original or sheet,
        origin=np.arange(len(sheet.lines), dtype=np.int64) if sheet.origin is None else sheet.origin,
    ), catalogue.under(preset, settings, words).model_copy(
        # A part of a composed key is no column any more, whatever somebody said of it.
        update={"columns": {h: f for h, f in settings.columns.items() if made.at(h) < 0 or made.at(h) in places}}
    )


def _strip(made: _Columns, preset: Preset) -> None:
    """Keeps of each value that fits the expression its first group; says how many values that changed."""
    for header, expression in preset.strip.items():
        if (at := made.at(header)) < 0:
            continue
        encoded = pc.utf8_trim_whitespace(made.cells[at]).dictionary_encode()
        before = encoded.dictionary.to_pylist()
        pattern = Pattern(expression=expression, name=f"[strip] of the preset “{preset.name}” for “{header}”")
        after = [v if (kept := pattern.first_group(v)) is None else kept for v in before]
        made.cells[at] = pa.array(after, pa.string()).take(encoded.indices)
        if len(set(after)) < len(before):
            made.uncut[made.header[at]] = encoded.dictionary.take(encoded.indices)
        changed = [(b, a) for b, a in zip(before, after, strict=True) if a != b]
        if changed:
            (first, kept), count = changed[0], len(changed)
            made.notes.append(
                f"“{made.header[at]}”: {count:,} of {len(before):,} values are cut, like “{first}” to “{kept}”"
            )


def _filtered(made: _Columns, preset: Preset, count: int) -> list[Aside]:
    """The rows that the filters take out, by header and value; a row that holds nothing is blank, not filtered."""
    aside = []
    for header, expression in preset.keep.items():
        if (at := made.at(header)) < 0:
            continue
        errors = made.errors.get(at, {})
        for error in sorted(set(errors.values())):
            rows: Ints = np.array([r for r, e in errors.items() if e == error], dtype=np.int64)
            aside.append(Aside(code="filter_error", rows=rows, detail=f"“{made.header[at]}” holds {error}"))
        encoded = pc.utf8_trim_whitespace(made.cells[at]).dictionary_encode()
        index = encoded.indices.to_numpy().astype(np.int64) if count else np.zeros(0, dtype=np.int64)
        values = encoded.dictionary.to_pylist()
        pattern = Pattern(expression=expression, name=f"[keep] of the preset “{preset.name}” for “{header}”")
        out = [p for p, value in enumerate(values) if not pattern.fits(value)]
        gone = counted(int(np.isin(index, out).sum()), "row")
        made.notes.append(f"filter: rows count where “{made.header[at]}” is “{expression}”; {gone} left out by it")
        named = f"“{made.header[at]}” is"
        for position in out if len(out) <= TOLD else ():
            rows = np.flatnonzero(index == position).astype(np.int64)
            aside.append(Aside(code="filtered", rows=rows, detail=f"{named} “{values[position]}”"))
        if len(out) > TOLD:
            rows = np.flatnonzero(np.isin(index, out)).astype(np.int64)
            aside.append(
                Aside(
                    code="filtered", rows=rows, detail=f"{named} “{values[out[0]]}” or another of {len(out):,} values"
                )
            )
    return aside


def _fields(made: _Columns, preset: Preset, settings: Settings, count: int) -> None:
    """Names the columns, puts keys together and adds constants, where the settings say nothing of the same thing."""
    said = {f for h, f in settings.columns.items() if made.at(h) >= 0}
    for name, templates in preset.columns.items():
        found = next((t for t in templates if all(made.at(h) >= 0 for _, h in catalogue.parts(t) if h)), "")
        if not found:
            continue
        covered = any(name in keys and said & keys.keys() for keys in (USER_KEYS, COURSE_KEYS)) or name in said
        pieces = [(text, made.at(h) if h else -1) for text, h in catalogue.parts(found)]
        if pieces == [("", pieces[0][1])]:
            made.fields[made.header[pieces[0][1]]] = "ignore" if covered else name
            continue
        if covered:
            continue
        positions = [p for _, p in pieces if p >= 0]
        header = "".join(text + (made.header[p] if p >= 0 else "") for text, p in pieces)
        at = made.add(header, _composed(made, pieces, count, key=name in USER_KEYS or name in COURSE_KEYS))
        made.fields[made.header[at]] = name
        made.parts.update(positions)
        made.composed[made.header[at]] = tuple(made.header[p] for p in positions)
        _inherit(made, at, positions)
        made.notes.append(f"“{made.header[at]}” is put together from {', '.join(made.header[p] for p in positions)}")


def _sections(made: _Columns, preset: Preset) -> None:
    """What says which class or section of a course a row is of, where it is no part of the course's key.

    Where keys were cut so that several became one, that is what they were before.
    """
    said: list[str] = []
    for header in preset.sections:
        at = made.at(header)
        if at >= 0 and at not in made.parts and made.fields.get(made.header[at], "ignore") == "ignore":
            made.fields[made.header[at]] = "part"
            said.append(made.header[at])
    for header, before in made.uncut.items():
        if made.fields.get(header) in COURSE_KEYS:
            at = made.add(f"{header} as it stands", before)
            made.fields[made.header[at]] = "part"
            said.append(header)
    if said:
        named = " and ".join(f"“{h}”" for h in said)
        made.notes.append(f"{named}: the class or section within a course; rows of one person in several are united")


def _others(made: _Columns, settings: Settings) -> None:
    """Leaves out further columns that look like a key of what the preset has named, so that they do not go before it.

    An e-mail address stays: it is shown, and is a key only where the other one is blank.
    """
    said = {made.header[at] for h in settings.columns if (at := made.at(h)) >= 0}
    for keys in (USER_KEYS.keys() - {"email"}, COURSE_KEYS.keys()):
        if keys & set(made.fields.values()):
            for header in (h for h in made.header if h and h not in made.fields):
                if keys & understand([header], Settings()).fields.keys() and header not in said:
                    made.fields[header] = "ignore"


def _constants(made: _Columns, preset: Preset, settings: Settings, count: int) -> None:
    """Adds a column for each constant field that no column is; a role in another column goes before a constant one."""
    columns = {**made.fields, **settings.columns}
    kept = [h for i, h in enumerate(made.header) if i not in made.parts or made.fields.get(h)]
    known = understand(kept, settings.model_copy(update={"columns": columns})).fields
    filled = pa.array(_filled(made.cells, count))
    for name, value in preset.constants.items():
        if name in known or (name == "role" and settings.default_role):
            continue
        at = made.add(name, pc.if_else(filled, value, ""))
        made.fields[made.header[at]] = name
        made.notes.append(f"every row has the {name.replace('_', ' ')} “{value}”")


def _filled(cells: Sequence[pa.Array], count: int) -> Mask:
    """The rows in which some cell holds something."""
    rows = np.arange(count)
    for column in cells:
        rows = rows[pc.equal(pc.utf8_trim_whitespace(column.take(pa.array(rows))), "").to_numpy(zero_copy_only=False)]
    filled = np.ones(count, dtype=bool)
    filled[rows] = False
    return filled


def _composed(made: _Columns, pieces: Sequence[tuple[str, int]], count: int, *, key: bool) -> pa.Array:
    """The pieces of each row joined: blank where all parts are, and where one part of a key is."""
    columns: list[pa.Array] = []
    blank: list[Mask] = []
    for text, position in pieces:
        columns.append(pa.repeat(pa.scalar(text, pa.string()), count))
        if position >= 0:
            cells = pc.utf8_trim_whitespace(made.cells[position])
            columns.append(cells)
            blank.append(pc.equal(cells, "").to_numpy(zero_copy_only=False))
    lacking = np.logical_or.reduce(blank) if key else np.logical_and.reduce(blank)
    return pc.if_else(pa.array(lacking), "", pc.binary_join_element_wise(*columns, ""))


def _inherit(made: _Columns, at: int, positions: Sequence[int]) -> None:
    """A composed cell is in error, a number or a date where one of its parts is."""
    errors = {row: error for p in positions for row, error in made.errors.get(p, {}).items()}
    if errors:
        made.errors[at] = errors
    for masks in (made.numbers, made.dates):
        if found := [masks[p] for p in positions if p in masks]:
            masks[at] = np.logical_or.reduce(found)
