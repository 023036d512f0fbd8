"""Turn Moodle's layout for uploading users into one row for each enrolment.

Facts: Moodle's admin/tool/uploaduser/classes/process.php. `courseN` is a short name; `roleN` goes before `typeN`; a
period counts days from `enroltimestartN`, or else from the day of the upload, which no file tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import Mode, counted
from rostersync.errors import RosterError
from rostersync.roster.bundles.sets import aside
from rostersync.roster.columns import dates
from rostersync.roster.columns.words import heading
from rostersync.roster.sheet import Aside, Ints, Mask, Sheet
from rostersync.settings import Settings

SLOT = re.compile(r"(course|role|type|group|enrolstatus|enroltimestart|enrolperiod)(\d+)")
TYPES = {"1": "student", "2": "editingteacher", "3": "teacher"}
"""What a type stands for unless somebody chose otherwise on Moodle's upload page."""
FIELDS: Mapping[str, str] = {
    "course": "course_shortname",
    "role": "role_id",
    "group": "ignore",
    "enrolstatus": "status",
    "enroltimestart": "start",
    "end": "end",
    "suspended": "ignore",
    "deleted": "ignore",
    "oldusername": "ignore",
}
"""Column → field; `suspended` is the account's. A role is a short name or an id, as Moodle's upload takes it."""
DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """Where each enrolment stands: number → what → position."""

    at: Mapping[int, Mapping[str, int]]
    wide: frozenset[int]


def melted(sheet: Sheet, settings: Settings) -> Sheet:
    """One row an enrolment, line numbers repeated; a sheet of another layout as it is.

    A row without any course is named as such. A row that deletes or renames its account is rejected.
    """
    slots = _slots(sheet.header, settings)
    if not slots.at:
        return sheet
    rows, numbers = _enrolments(sheet, slots)
    fixed = [i for i, h in enumerate(sheet.header) if i not in slots.wide]
    places = pa.array(rows)
    names, columns = [sheet.header[i] for i in fixed], [sheet.cells[i].take(places) for i in fixed]
    several = {w: _gathered(sheet, slots, rows, numbers, w) for w in _kinds(slots)}
    stated = counted(int((numbers > 0).sum()), "enrolment")
    notes = [f"Moodle's upload of users: {counted(len(sheet.lines), 'row')} with {stated}"]
    if "type" in several:
        typed = _typed(several.pop("type"))
        role = several.get("role", pa.repeat(pa.scalar("", pa.string()), len(rows)))
        several["role"] = pc.if_else(pc.equal(pc.utf8_trim_whitespace(role), ""), typed, role)
    if "enrolperiod" in several:
        periods = several.pop("enrolperiod")
        starts = several.get("enroltimestart", pa.repeat(pa.scalar("", pa.string()), len(rows)))
        several["end"], lone = _ends(starts, periods, settings)
        notes += [f"enrolperiod without enroltimestart in {counted(lone, 'enrolment')}: no end is set"] if lone else []
    header = (*names, *several)
    return replace(
        sheet,
        header=header,
        cells=(*columns, *several.values()),
        lines=sheet.lines[rows],
        titles=int((rows < sheet.titles).sum()),
        lengths=_spread(sheet.lengths, rows),
        run_on=_spread(sheet.run_on, rows),
        errors=_errors(sheet, slots, fixed, header, rows, numbers),
        numbers=_masks(sheet.numbers, slots, fixed, header, rows, numbers),
        dates=_masks(sheet.dates, slots, fixed, header, rows, numbers),
        aside=(*_moved(sheet.aside, rows), *_said_of_accounts(names, columns), *aside("no_course", numbers == 0, "")),
        fields={h: FIELDS[n] for h in header if (n := heading(h)) in FIELDS} | dict(sheet.fields),
        mode=sheet.mode or Mode.EXPLICIT,
        notes=(*sheet.notes, *notes, "an upload of users takes nobody out of a course (--mode mirror says otherwise)"),
        slots=_headers(sheet, slots, numbers),
        original=sheet.original or sheet,
        origin=rows if sheet.origin is None else sheet.origin[rows],
    )


def _slots(header: Sequence[str], settings: Settings) -> _Slots:
    """The numbered columns, save those that the settings leave out; none where there is no courseN.

    Raises:
        RosterError: two columns are the same.
    """
    said = {h.strip() for h, field in settings.columns.items() if field == "ignore"}
    alike = {heading(h) for h in said - {*header}}
    at: dict[int, dict[str, int]] = {}
    wide: set[int] = set()
    for position, text in enumerate(header):
        match = SLOT.fullmatch(heading(text))
        if not match or text in said or heading(text) in alike:
            continue
        places = at.setdefault(int(match[2]), {})
        if match[1] in places:
            first = header[places[match[1]]]
            remedy = f'leave one out: --map "{text}=ignore"' if first != text else "rename or delete one of them"
            raise RosterError(f"two columns are the same: “{first}” and “{text}”", remedy=remedy)
        places[match[1]] = position
        wide.add(position)
    return _Slots(at={n: at[n] for n in sorted(at) if "course" in at[n]}, wide=frozenset(wide))


def _kinds(slots: _Slots) -> list[str]:
    """What some enrolment has a column for, in the order in which the columns come out."""
    order = ("course", "role", "type", "group", "enrolstatus", "enroltimestart", "enrolperiod")
    return [w for w in order if any(w in places for places in slots.at.values())]


def _enrolments(sheet: Sheet, slots: _Slots) -> tuple[Ints, Ints]:
    """For each row that comes out its row in the sheet and its number; 0 for a row without any course."""
    some = np.zeros(len(sheet.lines), dtype=bool)
    rows: list[Ints] = []
    numbers: list[Ints] = []
    for number, places in slots.at.items():
        texts = pc.utf8_trim_whitespace(sheet.cells[places["course"]])
        named = np.array(pc.not_equal(texts, "").to_numpy(zero_copy_only=False), dtype=bool)
        named[[*sheet.errors.get(places["course"], {})]] = True
        some |= named
        rows.append(np.flatnonzero(named).astype(np.int64))
        numbers.append(np.full(int(named.sum()), number, dtype=np.int64))
    row = np.concatenate([*rows, np.flatnonzero(~some).astype(np.int64)])
    number_of = np.concatenate([*numbers, np.zeros(int((~some).sum()), dtype=np.int64)])
    order = np.lexsort((number_of, row))
    return row[order], number_of[order]


def _gathered(sheet: Sheet, slots: _Slots, rows: Ints, numbers: Ints, what: str) -> pa.Array:
    """Each enrolment's cell of one kind, from the column with its number; blank where there is none."""
    order, pieces = [np.flatnonzero(~np.isin(numbers, [n for n, p in slots.at.items() if what in p]))], []
    pieces.append(pa.repeat(pa.scalar("", pa.string()), len(order[0])))
    for number, places in slots.at.items():
        if what in places:
            mine = np.flatnonzero(numbers == number)
            order.append(mine)
            pieces.append(sheet.cells[places[what]].take(pa.array(rows[mine])))
    back = np.argsort(np.concatenate(order), kind="stable")
    return pa.concat_arrays(pieces).take(pa.array(back))


def _headers(sheet: Sheet, slots: _Slots, numbers: Ints) -> dict[str, pa.Array]:
    """For each row the headers of its cells: the role's too where there is none, as the one that is to be added."""
    alone = {n: "type" if "type" in p and "role" not in p else "role" for n, p in slots.at.items()}
    found: dict[str, pa.Array] = {}
    for what in dict.fromkeys([*_kinds(slots), "role"]):
        kinds = {n: alone[n] if what == "role" else what for n in slots.at}
        names = {n: sheet.header[p[kinds[n]]] if kinds[n] in p else f"{kinds[n]}{n}" for n, p in slots.at.items()}
        order = {n: i for i, n in enumerate(names)}
        places = pa.array([order.get(n, 0) for n in numbers.tolist()], pa.int64())
        found[what] = pa.array([*names.values()], pa.string()).take(places)
    return found


def _typed(types: pa.Array) -> pa.Array:
    """The role that a type stands for; a word stays, and another number is rejected: it is no role's id."""
    encoded = pc.utf8_trim_whitespace(types).dictionary_encode()
    words = [TYPES.get(v, f"type {v}" if v.isdigit() else v) for v in encoded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(encoded.indices)


def _ends(starts: pa.Array, periods: pa.Array, settings: Settings) -> tuple[pa.Array, int]:
    """The end as epoch seconds where both start and period are given; how many periods have no start.

    What is no number of days stays as it is, to be rejected as no date.
    """
    texts = pc.utf8_trim_whitespace(periods).dictionary_encode()
    begins = pc.utf8_trim_whitespace(starts).dictionary_encode()
    moments = [m.epoch for m in dates.read(begins.dictionary.to_pylist(), settings, end=False)]
    words = texts.dictionary.to_pylist()
    pairs = np.stack([texts.indices.to_numpy(), begins.indices.to_numpy()], axis=1)
    distinct, index = np.unique(pairs, axis=0, return_inverse=True)
    ends = [_end(words[period], moments[start]) for period, start in distinct.tolist()]
    lone = np.array([not end and words[p].strip("0") != "" for end, (p, _) in zip(ends, distinct, strict=True)])
    index = index.reshape(-1)
    return pa.array(ends, pa.string()).take(pa.array(index)), int(lone[index].sum()) if len(index) else 0


def _end(period: str, start: int) -> str:
    if not (period.isascii() and period.isdigit()):
        return period
    return str(start + int(period) * DAY) if int(period) > 0 and start > 0 else ""


def _said_of_accounts(names: Sequence[str], columns: Sequence[pa.Array]) -> list[Aside]:
    """Rows that delete or rename an account: who is meant afterwards is not for a roster to guess."""
    found: list[Aside] = []
    for header, cells in zip(names, columns, strict=True):
        text = pc.utf8_trim_whitespace(cells)
        filled: Mask = pc.not_equal(text, "").to_numpy(zero_copy_only=False)
        match heading(header):
            case "deleted":
                found += aside("account_deleted", filled & pc.not_equal(text, "0").to_numpy(zero_copy_only=False), "")
            case "oldusername":
                found += aside("account_renamed", filled, "")
    return found


def _spread(rows: Mapping[int, int], taken: Ints) -> dict[int, int]:
    """What is known of some rows, for each row that was made of them."""
    known = np.isin(taken, [*rows])
    return {int(new): rows[int(taken[new])] for new in np.flatnonzero(known)}


def _moved(asides: Sequence[Aside], taken: Ints) -> list[Aside]:
    return [replace(a, rows=np.flatnonzero(np.isin(taken, a.rows)).astype(np.int64)) for a in asides]


def _errors(
    sheet: Sheet, slots: _Slots, fixed: Sequence[int], header: Sequence[str], rows: Ints, numbers: Ints
) -> dict[int, dict[int, str]]:
    """The errors of cells, at the columns and rows that these have become."""
    found: dict[int, dict[int, str]] = {}
    homes = _homes(slots, fixed, header)
    for position, errors in sheet.errors.items():
        if position not in homes:
            continue
        at, number = homes[position]
        for row, error in errors.items():
            mine = (rows == row) & ((numbers == number) | (number == 0))
            found.setdefault(at, {}).update(dict.fromkeys(map(int, np.flatnonzero(mine)), error))
    return found


def _masks(
    masks: Mapping[int, Mask], slots: _Slots, fixed: Sequence[int], header: Sequence[str], rows: Ints, numbers: Ints
) -> dict[int, Mask]:
    """Which cells are numbers, or dates, in the columns that these have become."""
    found: dict[int, Mask] = {}
    homes = _homes(slots, fixed, header)
    for position, mask in masks.items():
        if position in homes:
            at, number = homes[position]
            mine = mask[rows] & ((numbers == number) | (number == 0))
            found[at] = found.get(at, np.zeros(len(rows), dtype=bool)) | mine
    return found


def _homes(slots: _Slots, fixed: Sequence[int], header: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Position → what column it has become, and the number of the enrolments that it is about (0: all)."""
    homes = {i: (at, 0) for at, i in enumerate(fixed)}
    for number, places in slots.at.items():
        homes |= {i: (header.index(w), number) for w, i in places.items() if w in header}
    return homes
