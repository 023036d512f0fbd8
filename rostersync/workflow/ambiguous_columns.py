"""Decide ambiguous columns: as remembered, as Moodle knows the values, or as a person says.

In this order, and each only where the one before left something open. Flags and settings have been heard already. A
mapping that is remembered is always told, and is not used where the column's values contradict it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from rostersync import moodle, store
from rostersync.enums import UserField, counted
from rostersync.roster.columns import profile
from rostersync.roster.columns.ambiguous import FIELDS_OF, TURNING, AmbiguousColumns, Doubted, Heard, Ruling
from rostersync.roster.columns.fields import COURSE_KEYS, FIELDS, MARKS, USER_KEYS
from rostersync.settings import Settings
from rostersync.store import Mapped, Store
from rostersync.sync.resolve import evidence
from rostersync.sync.resolve.evidence import Evidence
from rostersync.workflow.site import Site, open_site

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "user": ("username", "idnumber", "email"),
    "course": ("course_shortname", "course_idnumber"),
    "role": ("role",),
    "action": ("action",),
    "taking_part": (*MARKS, "status"),
}
"""What a column can always be, where it is asked about."""


class Person(Protocol):
    """Somebody who can be asked. Whoever ends a question in another way than by an answer ends the run."""

    def column(self, doubt: AmbiguousColumns, column: Doubted, heard: Heard) -> str:
        """Which of the fields a column is; "" where it is none of them."""

    def teacher(self, doubt: AmbiguousColumns) -> str:
        """What “teacher” means: editingteacher or teacher; "" where such rows are to stay rejected."""

    def numbers(self, doubt: AmbiguousColumns) -> Mapping[str, str]:
        """Number → role, or the number where it is Moodle's id; {} where nobody knows what they mean."""

    def remember(self, doubt: AmbiguousColumns) -> bool:
        """Whether the answers are to be remembered for files with the same header."""


@dataclass(slots=True, kw_only=True)
class _Case:
    """One doubt, and what is known of it by now."""

    doubt: AmbiguousColumns
    fields: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    heard: dict[str, Heard] = field(default_factory=dict)

    @property
    def open(self) -> tuple[str, ...]:
        """What is still missing."""
        return self.doubt.open(self.fields)

    def candidates(self, missing: str) -> list[Doubted]:
        """Columns that could be it and were not decided yet."""
        return [c for c in self.doubt.candidates(missing) if c.header not in self.fields]

    def decide(self, header: str, name: str, why: str) -> None:
        """This column is this field."""
        self.fields[header] = name
        self.notes.append(f"column “{header}” is taken for {FIELDS[name]}: {why}")


class ColumnDecider:
    """Judges the doubts of one run.

    Args:
        settings: which site, and where the store is.
        ask_site: whether the site may be asked.
        person: who can be asked, if anybody.
        site: the site, where it is open already.
    """

    def __init__(
        self, settings: Settings, *, ask_site: bool = False, person: Person | None = None, site: Site | None = None
    ) -> None:
        self._settings, self._ask_site, self._person, self._open_site = settings, ask_site, person, site
        self._said: dict[str, Mapped] = {}
        self._keeps: dict[str, bool] = {}
        self._teacher: str | None = None
        self._kept_teacher: bool | None = None

    def __call__(self, doubt: AmbiguousColumns) -> Ruling:
        """What the columns are, or what “teacher” means, and how it is known.

        Raises:
            StoreError: the store cannot be read or written.
            SiteError: the site is to be asked and cannot be.
        """
        if doubt.teacher:
            return self._what_teacher_means(doubt)
        if doubt.digits:
            return self._what_numbers_mean(doubt)
        case = _Case(doubt=doubt)
        self._recall(case)
        if self._ask_site and self._settings.site:
            self._look_up(case)
        if self._person:
            self._ask(case, self._person)
        return Ruling(fields=case.fields, notes=tuple(case.notes), evidence=case.heard)

    def _recall(self, case: _Case) -> None:
        """What was said before of files with this header, as far as it fits."""
        mapped = self._mapped(case.doubt)
        for column in case.doubt.columns:
            name = mapped.fields.get(column.header, "") if mapped else ""
            if not mapped or name not in FIELDS:
                continue
            if name != "ignore" and profile.contradicted(name, column.shape):
                said = f"remembered as {FIELDS[name]}, but {profile.sentence(column.shape, [name])}"
                case.heard[column.header] = Heard(fields=column.fields, sentence=said)
            else:
                case.decide(column.header, name, _how(mapped))

    def _look_up(self, case: _Case) -> None:
        """What the site knows of the values; it settles an ambiguous header that is the only one in question."""
        wanted = {m: case.candidates(m) for m in case.open if m in _LOOKS}
        if not any(wanted.values()):
            return
        with self._opened() as site, moodle.indispensable(site.client.address):
            known = {m: [_LOOKS[m](c, site.client) for c in columns] for m, columns in wanted.items()}
        for missing, columns in wanted.items():
            for column, found in zip(columns, known[missing], strict=True):
                before = case.heard.get(column.header)
                sentence = "; ".join([*([before.sentence] if before else []), found.sentence()])
                # Which key it is, all of its values decide later, as for every column whose name says no more.
                if len(columns) == 1 and column.ambiguous and found.settles and not before:
                    case.decide(column.header, missing, sentence)
                case.heard[column.header] = Heard(fields=_fields(missing, column, found), sentence=sentence)

    def _ask(self, case: _Case, person: Person) -> None:
        """What the person says of each thing that is still missing."""
        answered: dict[str, str] = {}
        for missing in case.open:
            for column in case.candidates(missing):
                sentence = column.sentence(column.fields)
                heard = case.heard.get(column.header) or Heard(fields=column.fields, sentence=sentence)
                choices = dict.fromkeys([*heard.fields, *_CHOICES[missing]])
                fields = tuple(f for f in choices if f in FIELDS_OF[missing])
                name = person.column(case.doubt, column, Heard(fields=fields, sentence=heard.sentence))
                name = name or ("ignore" if missing in TURNING else "")
                if name:
                    answered[column.header] = name
                    case.decide(column.header, name, "; ".join(["as answered", *filter(None, [heard.sentence])]))
                if name not in {"", "ignore"} and missing != "taking_part":
                    break  # of marks each column counts by itself
        if answered and not case.open:
            self._keep(case.doubt, person, fields=answered)

    def _what_teacher_means(self, doubt: AmbiguousColumns) -> Ruling:
        mapped = self._mapped(doubt)
        if mapped and mapped.teacher_means:
            return _teacher(doubt, mapped.teacher_means, _how(mapped))
        if not self._person:
            return Ruling()
        if self._teacher is None:
            self._teacher = self._person.teacher(doubt)
        if not self._teacher:
            return Ruling()
        self._keep(doubt, self._person, teacher_means=self._teacher)
        return _teacher(doubt, self._teacher, "as answered")

    def _what_numbers_mean(self, doubt: AmbiguousColumns) -> Ruling:
        """That they are Moodle's ids is remembered; what each of them means stands in settings."""
        mapped = self._mapped(doubt)
        ids = {number: number for number in doubt.digits}
        if mapped and mapped.fields.get(doubt.role) == "role_id":
            return _numbers(doubt, ids, _how(mapped))
        meant = self._person.numbers(doubt) if self._person else {}
        if self._person and meant == ids:
            self._keep(doubt, self._person, fields={doubt.role: "role_id"})
        return _numbers(doubt, meant, "as answered") if meant else Ruling()

    def _mapped(self, doubt: AmbiguousColumns) -> Mapped | None:
        """What is known of files with this header: said in this run, or remembered."""
        if doubt.fingerprint not in self._said:
            with self._reading() as opened:
                found = store.recall(opened, self._known_as(opened), doubt.fingerprint) if opened else None
            if not found:
                return None
            self._said[doubt.fingerprint] = found
        return self._said[doubt.fingerprint]

    def _keep(
        self,
        doubt: AmbiguousColumns,
        person: Person,
        *,
        fields: Mapping[str, str] | None = None,
        teacher_means: str = "",
    ) -> None:
        """Remember an answer for the run; for later runs as well, where that is wanted."""
        before = self._said.get(doubt.fingerprint)
        new = Mapped(
            site=self._settings.site,
            fingerprint=doubt.fingerprint,
            header=doubt.header,
            fields={**(before.fields if before else {}), **(fields or {})},
            teacher_means=teacher_means or (before.teacher_means if before else ""),
        )
        self._said[doubt.fingerprint] = new
        if doubt.fingerprint not in self._keeps:
            # An answer that was given for another file is not asked for again, nor is whether it is to be remembered.
            told = bool(teacher_means) and self._kept_teacher is not None
            self._keeps[doubt.fingerprint] = bool(self._kept_teacher) if told else person.remember(doubt)
        if teacher_means:
            self._kept_teacher = self._keeps[doubt.fingerprint]
        if self._keeps[doubt.fingerprint]:
            opened = (
                self._open_site.store if self._open_site else store.open_store(self._settings.store, clock=time.time)
            )
            try:
                store.remember(opened, replace(new, site=self._known_as(opened), made=time.time()))
            finally:
                if not self._open_site:
                    opened.close()

    def _known_as(self, opened: Store) -> str:
        """The name under which the store has the site."""
        return self._open_site.client.site if self._open_site else opened.site_of(self._settings.site)

    @contextmanager
    def _opened(self) -> Iterator[Site]:
        """The site, to be asked."""
        if self._open_site:
            yield self._open_site
        else:
            with open_site(self._settings, writing=False) as site:
                yield site

    @contextmanager
    def _reading(self) -> Iterator[Store | None]:
        """The store, if there is one: to look is no reason to make it."""
        opened = (
            self._open_site.store if self._open_site else store.store_as_it_is(self._settings.store, clock=time.time)
        )
        try:
            yield opened
        finally:
            if opened and not self._open_site:
                opened.close()


def _how(mapped: Mapped) -> str:
    """How it is known what was said: in this run (then it has no time yet), or before, and how it is forgotten."""
    if not mapped.made:
        return "as answered"
    day = datetime.fromtimestamp(mapped.made, UTC).date().isoformat()
    return f"remembered from {day}; forget it with: rostersync config mappings forget {mapped.fingerprint}"


def _teacher(doubt: AmbiguousColumns, means: str, how: str) -> Ruling:
    words, rows = ", ".join(f"“{w}”" for w in doubt.teacher), sum(doubt.teacher.values())
    return Ruling(
        teacher_means=means, notes=(f"{words} ({counted(rows, 'row')}) is taken for the role {means}: {how}",)
    )


def _numbers(doubt: AmbiguousColumns, meant: Mapping[str, str], how: str) -> Ruling:
    if all(number == role for number, role in meant.items()):
        note = f"numbers in column “{doubt.role}” are taken for role ids of this Moodle: {how}"
    else:
        said = ", ".join(f'"{number}" = "{role}"' for number, role in meant.items())
        note = f"numbers in column “{doubt.role}” are read with role_words = {{ {said} }}: {how}; settings remember it"
    return Ruling(role_words=meant, notes=(note,))


def _users(column: Doubted, client: moodle.Client) -> Evidence:
    values = column.shape.values.to_pylist()
    keys = evidence.spread(values)
    return evidence.of_users(moodle.find_users_any(client, keys), keys, of=len(values))


def _courses(column: Doubted, client: moodle.Client) -> Evidence:
    values = column.shape.values.to_pylist()
    keys = evidence.spread(values)
    return evidence.of_courses(moodle.find_courses_any(client, keys), keys, of=len(values))


_LOOKS = {"user": _users, "course": _courses}
"""What can be missing → how its values are looked up."""


def _fields(missing: str, column: Doubted, found: Evidence) -> tuple[str, ...]:
    """What a column can be: first what its values are, then what its header says.

    Moodle's own ids are named only where the header says so: every running number looks like them.
    """
    kinds: Mapping[str, str] = USER_KEYS if missing == "user" else COURSE_KEYS
    hits = {name: found.hits.get(kind, 0) for name, kind in kinds.items()}
    known = [name for name, n in hits.items() if n and (kinds[name] != UserField.ID or name in column.fields)]
    known.sort(key=lambda name: -hits[name])
    return tuple(dict.fromkeys([*known, *column.fields]))
