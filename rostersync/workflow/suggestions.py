"""Suggest the one change that would make a column of unknown keys known, with evidence.

A few keys, written in other ways, are looked up first, and all of them only in the way in which those were found. What
comes of it is told, and decides nothing: the rows stay as they are.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rostersync import moodle
from rostersync.enums import CourseField, UserField
from rostersync.errors import AnswerError
from rostersync.frames.packed import Mask
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.sync.resolve.distinct_keys import FIELDS, fields_of
from rostersync.sync.resolve.key_columns import decided
from rostersync.sync.resolve.matches import SURE, Matched
from rostersync.sync.resolve.near_misses import NearMisses, Pair
from rostersync.sync.resolve.resolved_keys import FIELD_WORDS
from rostersync.sync.resolve.rewritings import MOST_OF, Rewriting, letters, rewritings, sample
from rostersync.tables import PEOPLE, PROBLEMS, Roster
from rostersync.workflow.lookup import Decisions, Found
from rostersync.workflow.site import Site

ENOUGH = {"user": 3, "course": 1}
"""Distinct unknown keys from which on a column is looked at as a whole."""
MOST_KEYS = 10_000
"""Keys that are looked up in one other way, at most: of more, so many are a sample."""
COURSES, PEOPLE_OF_THEM = 3, 200
"""Courses of the roster, and people in them, whose keys are looked at to see how Moodle writes them, at most."""
WAYS, TRIED = 12, 3
"""Ways of writing that are tried with a sample, and of those that fit it, with all keys, at most."""
PLURAL = {
    "username": "user names",
    "idnumber": "ID numbers",
    "email": "e-mail addresses",
    "id": "Moodle ids",
    "shortname": "short names",
}
SEE = " — its whole column differs, as the hint about it says"
"""What is offered for each key of such a column."""

_log = logging.getLogger(__name__)
Values = Mapping[str, Sequence[str]]
"""Field → values that Moodle has there, as far as they were seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange:
    """A column of which Moodle knows no key, or only few."""

    source: int
    header: str
    kind: str
    """What its keys are looked up as."""
    fields: tuple[str, ...]
    """What they may be, written otherwise."""
    keys: Sequence[str]
    """Those that it does not know."""
    of: int
    """How many distinct keys the column has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What would make whole columns known: PROBLEMS, and what is offered for their keys in place of near misses."""

    problems: pd.DataFrame
    offers: NearMisses

    def instead(self, offers: NearMisses) -> NearMisses:
        """These offers, save for keys whose columns have a hint."""
        return NearMisses(
            users={**offers.users, **self.offers.users}, courses={**offers.courses, **self.offers.courses}
        )


def look(loaded: Roster, found: Found, decisions: Decisions, courses: pd.DataFrame, site: Site) -> Hints:
    """The hints for all columns of keys; a look-up that fails costs a hint, not the run.

    Args:
        loaded: where the keys come from.
        found: what was found for them as they stand.
        decisions: what the undecided columns hold.
        courses: COURSE_MATCHES, all that are known.
        site: the site.
    """
    lines: list[dict[str, Any]] = []
    offers: dict[str, dict[Pair, str]] = {"user": {}, "course": {}}
    for at, (what, kinds) in enumerate((("user", USER_KEYS), ("course", COURSE_KEYS))):
        for column in _strange(loaded, what, kinds, found, decisions, at):
            try:
                told = _of_users(column, found, site) if what == "user" else _of_courses(column, courses)
            except AnswerError as error:
                _log.info("it cannot be told whether column “%s” differs in one way: %s", column.header, error)
                continue
            if told:
                words = FIELD_WORDS[column.kind]
                line = {"row": -1, "source": column.source, "line": 0, "code": "column_differs"}
                lines.append({**line, "column": column.header or what, "value": words, "detail": told})
                offers[what] |= dict.fromkeys(((column.kind, key) for key in column.keys), SEE)
    return Hints(problems=PROBLEMS.records(lines), offers=NearMisses(users=offers["user"], courses=offers["course"]))


def _strange(
    loaded: Roster, what: str, kinds: Mapping[str, str], found: Found, decisions: Decisions, at: int
) -> Iterator[Strange]:
    matched = found[at]
    keys, kind_of = matched.keys, fields_of(matched.keys, decided(decisions[at]))
    known = _known(matched)
    names: dict[str, list[str]] = {}
    for field, kind in kinds.items():
        names.setdefault(str(kind), []).append(field)
    for source, said, mine in keys.by_column(keys.live & ~keys.blank):
        absent = mine & ~known[kind_of, keys.text]
        unknown, count = keys.named(absent), len(keys.named(mine))
        escaped = any("&" in k and ";" in k for k in unknown)
        if len(unknown) < ENOUGH[what] or (2 * len(unknown) < count and not escaped):
            continue
        kind = FIELDS[what][int(kind_of[np.flatnonzero(mine)[0]])]
        columns = loaded.sources[source].columns
        header = next((columns[f] for f in names.get(said, ()) if f in columns), "")
        fields: tuple[str, ...] = (kind,)
        if said == UserField.ANY:
            fields = ("username", "idnumber", "email") if what == "user" else ("shortname", "idnumber")
        elif kind == UserField.EMAIL:
            fields = ("email", "username")
        yield Strange(source=source, header=header, kind=kind, fields=fields, keys=unknown, of=count)


def _known(matched: Matched) -> Mask:
    """As Matched.found, without keys that Moodle refused to look up: these are nobody's either."""
    lines = np.flatnonzero(matched.matches[f"{matched.keys.what}_id"].to_numpy() > 0)
    known = np.zeros_like(matched.found)
    known[matched.matches["field"].cat.codes.to_numpy()[lines], matched.text[lines]] = True
    return known


def _of_users(column: Strange, found: Found, site: Site) -> str:
    known, domains = _known_users(found, site)
    best, told = 0, ""
    for field, way in [*_agreed(column, known, domains, site)][:TRIED]:
        written = way.of(column.keys)
        some = dict(sorted(written.items())[:MOST_KEYS])
        hits = _hits(moodle.find_users(site.client, UserField(field), some.values()), field, "user_id")
        good = {key: hits[new] for key, new in some.items() if new in hits}
        people = len(set(good.values()))
        if people > best and _enough(len(good), len(some), way, column) and people >= MOST_OF * len(good):
            best, told = people, _sentence(column, field, way, len(good), len(some))
        if best == len(column.keys):
            break
    return told


def _agreed(column: Strange, known: Values, domains: Sequence[str], site: Site) -> Iterator[tuple[str, Rewriting]]:
    """The fields and ways in which a sample of the keys is known, the best first."""
    tried: list[tuple[str, Rewriting, list[str]]] = []
    for field in column.fields:
        mine = domains if field != UserField.IDNUMBER else ()
        ways = [*rewritings(column.keys, known.get(field, ()), mine)[:WAYS], *letters(column.keys)]
        tried += [(field, way, sample([*way.of(column.keys).values()])) for way in ways]
    hits: dict[str, Mapping[str, int]] = {}
    for field in dict.fromkeys(f for f, _, _ in tried):
        wanted = sorted({new for f, _, some in tried if f == field for new in some})
        hits[field] = _hits(moodle.find_users(site.client, UserField(field), wanted), field, "user_id")
    for field, way, some in tried:
        if some and sum(new in hits[field] for new in some) >= MOST_OF * len(some):
            yield field, way


def _of_courses(column: Strange, courses: pd.DataFrame) -> str:
    """The same by the list of all courses: nothing is asked for it."""
    known = courses[courses["course_id"] > 0].drop_duplicates("course_id")
    best, told = 0, ""
    for field in (f for f in column.fields if f != CourseField.ID):
        values = {v.casefold() for v in known[field].tolist() if v}
        for way in rewritings(column.keys, known[field].tolist()):
            written = way.of(column.keys)
            good = sum(new.casefold() in values for new in written.values())
            if good > best and _enough(good, len(written), way, column):
                best, told = good, _sentence(column, field, way, good, len(written))
    return told


def _hits(matches: pd.DataFrame, field: str, number: str) -> Mapping[str, int]:
    """Key → whose it is."""
    sure = matches[matches["match"].isin(SURE) & (matches["field"] == field)]
    return dict(zip(sure["key"].tolist(), sure[number].tolist(), strict=True))


def _enough(good: int, tried: int, way: Rewriting, column: Strange) -> bool:
    return good > 0 and good >= MOST_OF * tried and (not way.whole or tried >= MOST_OF * len(column.keys))


def _sentence(column: Strange, field: str, way: Rewriting, good: int, tried: int) -> str:
    """The evidence: “all 214 values are known as ID numbers without the leading “S””."""
    known = f"known as {PLURAL[field]} {way.how}"
    if good == column.of == 1:
        return f"its only value is known as {FIELD_WORDS[field]} {way.how}"
    if good == column.of:
        return f"all {good:,} values are {known}"
    rest = f"of {column.of:,} values, {len(column.keys):,} are no {PLURAL[column.kind]} in Moodle as they stand"
    if tried < len(column.keys):
        return f"{rest}; {good:,} of {tried:,} that were tried are {known}"
    return f"{rest}; {'all' if good == len(column.keys) else f'{good:,}'} of these are {known}"


def _known_users(found: Found, site: Site) -> tuple[Values, Sequence[str]]:
    """How Moodle writes the keys of people, by those found and some in the roster's courses; and their domains."""
    users, courses = found[0].matches, found[1].matches
    ids = sorted(set(courses.loc[courses["course_id"] > 0, "course_id"].tolist()))[:COURSES]
    tables = [users[users["user_id"] > 0]]
    if ids:
        people = moodle.read_courses(site.client, ids, page_size=PEOPLE_OF_THEM).people
        some = [str(i) for i in people["user_id"].tolist()[:PEOPLE_OF_THEM]]
        tables.append(moodle.find_users(site.client, UserField.ID, some) if some else users.iloc[:0])
    known = pd.concat([t[list(PEOPLE.columns)] for t in tables], ignore_index=True).drop_duplicates("user_id")
    values = {f: [v for v in known[f].tolist() if v] for f in ("username", "idnumber", "email")}
    return values, _domains((*values["email"], *values["username"]))


def _domains(texts: Iterable[str]) -> list[str]:
    counts = Counter(t.rpartition("@")[2] for t in texts if "@" in t)
    return [domain for domain, _ in counts.most_common(3)]
