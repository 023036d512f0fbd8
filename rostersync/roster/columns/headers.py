"""Recognise which column of a header row holds which field.

The aliases are those of aliases.json. One that is marked ambiguous there is offered, never used; the words that make
a header certain all the same stand in words.toml under `headers`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from rostersync.errors import RosterError, SettingsError
from rostersync.roster.columns.fields import ALIASES, COURSE_KEYS, FIELDS, MARKS, SHOWN_ONLY, USER_KEYS
from rostersync.roster.columns.similar_headers import Suggestion, alike
from rostersync.roster.columns.words import aliases, flat, heading, lists, normalise
from rostersync.settings import Settings

SHOWN = 40
"""Headers, and characters of each, that a message shows."""
COMPARED = 100
"""Unknown headers of one sheet that are compared with the known ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of one sheet are."""

    header: tuple[str, ...]
    fields: Mapping[str, int]
    """Field → position of its column."""
    offered: Mapping[int, tuple[str, ...]]
    """Position → fields that an ambiguous header could mean."""
    alike: Mapping[int, Suggestion]
    """Position → the known header that an unknown one looks like."""
    unused: tuple[int, ...]
    """Positions that are neither used nor offered nor left out on request."""
    left_out: tuple[int, ...]
    """Positions that the settings say to ignore."""
    parts: tuple[int, ...]
    """Positions of sections, groups and campuses; nothing is decided by them but whether a roster is a part only."""
    clashes: Mapping[str, tuple[int, ...]]
    """Field → positions, where several columns would be the same field."""
    marks: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """Position → which of `fields.MARKS` somebody said that it is."""
    role_ids: bool = False
    """Numbers in the column of the role are Moodle's ids of roles."""

    def name(self, field: str) -> str:
        """The header of a field's column, or "" where there is none."""
        return self.header[self.fields[field]] if field in self.fields else ""

    def missing(self, settings: Settings) -> list[str]:
        """Which of user, course and role have no column and no default."""
        absent = [
            what
            for what, keys in (("user", USER_KEYS), ("course", COURSE_KEYS))
            if not self.fields.keys() & keys.keys()
        ]
        return absent if "role" in self.fields or settings.default_role else [*absent, "role"]


@cache
def _known() -> tuple[Mapping[str, str], Mapping[str, tuple[str, ...]]]:
    """Normalised header → field where certain; normalised header → fields where ambiguous."""
    certain: dict[str, str] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for group, languages in aliases().items():
        for entry in (e for entries in languages.values() for e in entries):
            header, field = normalise(entry["alias"]), ALIASES[group]
            if not entry["ambiguous"]:
                certain[header] = field
                continue
            field = {"course_name": "course"}.get(field, field)
            if field and field not in ambiguous.get(header, ()):
                ambiguous[header] = (*ambiguous.get(header, ()), field)
    for field, languages in lists()["offers"].items():
        ambiguous |= {h: (*ambiguous.get(h, ()), field) for h in flat(languages)}
    for field, languages in lists()["headers"].items():
        certain |= dict.fromkeys(flat(languages), field)
    return certain, {h: f for h, f in ambiguous.items() if h not in certain}


@cache
def _of_parts() -> frozenset[str]:
    """Normalised headers of sections, groups and campuses, those included that are ambiguous: nothing hangs on them."""
    groups = (normalise(entry["alias"]) for entries in aliases()["group"].values() for entry in entries)
    return frozenset({*groups, *flat(lists()["parts"])} - {""})


@cache
def _known_fields() -> Mapping[str, tuple[str, ...]]:
    """Normalised header → everything that a column of this name can be, for what an unknown header looks like."""
    certain, ambiguous = _known()
    return {**ambiguous, **{h: ("course" if f == "course_name" else f,) for h, f in certain.items()}}


@lru_cache(maxsize=1000)
def _alike(header: str) -> Suggestion | None:
    return alike(header, _known_fields())


def understand(header: Sequence[str], settings: Settings) -> Columns:
    """What each column is: as `settings.columns` says, else by the aliases.

    Raises:
        SettingsError: `settings.columns` names a field that does not exist.
    """
    certain, ambiguous = _known()
    said = _said(settings)
    places: dict[str, list[int]] = {}
    offered: dict[int, tuple[str, ...]] = {}
    unknown: list[int] = []
    explicit: set[str] = set()
    for position, text in enumerate(header):
        field = said.get(text, said.get(normalise(text), ""))
        if field:
            explicit.add(field)
            places[field] = [*(p for p in places.get(field, []) if _is_said(header[p], said)), position]
            continue
        known = next((k for k in _spellings(text) if k in certain or k in ambiguous), "")
        field = certain.get(known, "")
        if field and field not in explicit:
            places.setdefault(field, []).append(position)
        elif known in ambiguous:
            offered[position] = ambiguous[known]
        elif text and not known:
            unknown.append(position)
    left_out, parts = places.pop("ignore", []), places.pop("part", [])
    marks = {p: name for name in MARKS for p in places.pop(name, [])}
    role_ids = _role_ids(places, explicit)
    _settle(places)
    fields = {f: p[0] for f, p in places.items()}
    seen = {*left_out, *offered, *marks} | {p for positions in places.values() for p in positions}
    parts += [p for p, text in enumerate(header) if p not in seen and any(k in _of_parts() for k in _spellings(text))]
    return Columns(
        header=tuple(header),
        fields={f: fields[f] for f in FIELDS if f in fields},
        offered=offered,
        alike={p: like for p in unknown[:COMPARED] if (like := _alike(header[p]))},
        unused=tuple(p for p, text in enumerate(header) if p not in seen and text),
        left_out=tuple(left_out),
        parts=tuple(sorted({*parts})),
        clashes={f: tuple(p) for f, p in places.items() if len(p) > 1},
        marks=marks,
        role_ids=role_ids,
    )


def recognised(header: Sequence[str], settings: Settings) -> int:
    """How many of these headers are known at all: what a delimiter is judged by."""
    certain, ambiguous = _known()
    said = _said(settings)
    return sum(_is_said(h, said) or any(k in certain or k in ambiguous for k in _spellings(h)) for h in header)


def require(columns: Columns, settings: Settings, *, where: str, alone: bool) -> None:
    """Makes sure that these columns do not contradict each other or the settings.

    Args:
        columns: what was understood.
        settings: every header that they name has to be there.
        where: file and sheet, for messages.
        alone: it is the only sheet of the only file, so that every header that `settings.columns` names must be there.

    Raises:
        RosterError: two columns are the same field.
        SettingsError: `settings.columns` names a header that is not there.
    """
    found = shown(columns.header)
    if alone:
        here = {*columns.header, *map(normalise, columns.header)}
        if absent := [h for h in settings.columns if h.strip() not in here and normalise(h) not in here]:
            raise SettingsError(
                f"{where} has no column “{absent[0]}”, which the settings (columns) name; it has {found}",
                remedy="correct the header in --map or in the settings",
            )
    for field, positions in columns.clashes.items():
        first, second = (columns.header[p] for p in positions[:2])
        remedy = f'leave one out: --map "{second}=ignore"' if first != second else "rename or delete one of them"
        raise RosterError(f"{where} has two columns for {FIELDS[field]}: “{first}” and “{second}”", remedy=remedy)


def shown(header: tuple[str, ...]) -> str:
    """The headers for a message; one that an open quotation mark made enormous is cut short."""
    texts = [f"“{h if len(h) <= SHOWN else h[:SHOWN] + '…'}”" for h in header if h]
    return ", ".join(texts[:SHOWN]) + (", …" if len(texts) > SHOWN else "") or "nothing"


def _said(settings: Settings) -> dict[str, str]:
    """Header → field as the settings say, by the exact and by the normalised header."""
    if unknown := {h: f for h, f in settings.columns.items() if f not in FIELDS}:
        header, field = next(iter(unknown.items()))
        raise SettingsError(
            f"columns: “{header}” cannot be “{field}”, which is no field", remedy=f"fields are {', '.join(FIELDS)}"
        )
    exact = {h.strip(): f for h, f in settings.columns.items()}
    return {n: f for h, f in exact.items() if (n := normalise(h))} | exact


def _is_said(text: str, said: Mapping[str, str]) -> bool:
    return bool(said.get(text, said.get(normalise(text), "")))


def _spellings(text: str) -> tuple[str, ...]:
    """The header as it is compared, and again without a hint like (required) or [UTC] at its end."""
    return tuple(dict.fromkeys((normalise(text), heading(text))))


def _role_ids(places: dict[str, list[int]], explicit: Collection[str]) -> bool:
    """Takes a column of ids for the role's, unless there is one of words; whether it was taken."""
    ids = places.pop("role_id", [])
    if not ids or ("role" in places and "role_id" not in explicit):
        return False
    places["role"] = [*places.get("role", []), *ids] if "role" in explicit else ids
    return True


def _settle(places: dict[str, list[int]]) -> None:
    """Leaves one column for what is only shown, and a title as the course's key only where there is no other."""
    for field in SHOWN_ONLY & places.keys():
        del places[field][1:]
    if places.keys() & (COURSE_KEYS.keys() - {"course_name"}):
        places.pop("course_name", None)
    places.pop("", None)
