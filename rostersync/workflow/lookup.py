"""Look up keys of users and courses in Moodle, and what unknown ones may have been."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync import moodle
from rostersync.enums import CourseField, Match, RowState, UserField, counted
from rostersync.errors import AnswerError, RosterError, UsageError
from rostersync.roster.columns.fields import COURSE_KEYS, FIELDS, USER_KEYS
from rostersync.roster.columns.words import normalise
from rostersync.roster.forensics.repairs import repairs
from rostersync.settings import Settings
from rostersync.store import Hint
from rostersync.sync.resolve import damaged_keys, evidence, identity, near_misses
from rostersync.sync.resolve.distinct_keys import FIELDS as KINDS
from rostersync.sync.resolve.distinct_keys import DistinctKeys, fields_of
from rostersync.sync.resolve.identity import Beside
from rostersync.sync.resolve.key_columns import Decision, decided
from rostersync.sync.resolve.matches import Matched
from rostersync.sync.resolve.near_misses import NearMisses, Pair
from rostersync.sync.resolve.resolved_keys import look_up
from rostersync.tables import COURSE_MATCHES, USER_MATCHES, Roster
from rostersync.workflow.site import Site

SHOWN = ("username", "email", "idnumber", "fullname")
"""What is told of an account, in look-ups as in lists."""

_log = logging.getLogger(__name__)

Found = tuple[Matched, Matched]
"""What was found for the distinct keys of users and of courses."""
Decisions = tuple[Sequence[Decision], Sequence[Decision]]
"""What the undecided columns of both hold."""


def look_up_users(loaded: Roster, asked: DistinctKeys, site: Site, known: pd.DataFrame) -> pd.DataFrame:
    """USER_MATCHES for every user key of the rows, those of rejected rows included.

    Args:
        loaded: the rows.
        asked: their distinct keys.
        site: the site.
        known: USER_MATCHES of keys that need not be asked for.
    """
    padded: dict[str, set[str]] = {}
    for row, key in damaged_keys.padded(loaded).items():
        padded.setdefault(str(loaded.rows["user_field"].iloc[row]), set()).add(key)
    users = [USER_MATCHES.empty(), known]
    for field, plain in asked.by_field():
        settled = set(known.loc[known["field"] == field, "key"].tolist())
        keys = [key for key in (*plain, *sorted(padded.get(field, ()))) if key not in settled]
        if field != UserField.ANY:
            users.append(look_up_afresh(UserField(field), keys, site))
        elif keys:
            users.append(
                moodle.find_users_any(site.client, keys, progress=site.told(f"looking up {counted(len(keys), 'user')}"))
            )
    found = pd.concat(users, ignore_index=True).drop_duplicates(["field", "key", "user_id"], ignore_index=True)
    return found.sort_values(["field", "key", "user_id"], ignore_index=True) if len(known) else found


def look_up_afresh(field: UserField, keys: Sequence[str], site: Site) -> pd.DataFrame:
    """USER_MATCHES for these keys, as the site says now; whose they are alone is remembered."""
    found = moodle.find_users(site.client, field, keys, progress=site.told(f"looking up {counted(len(keys), 'user')}"))
    # No list shows whether an account is confirmed: one that is not is looked up each time.
    plain = (found["match"] == Match.EXACT) & ~found["unconfirmed"]
    alone = found[~found["key"].duplicated(keep=False) & plain]
    shown = zip(*(alone[name].tolist() for name in SHOWN), strict=True)
    hints = {
        key: Hint(user_id, shown_as(*values))
        for key, user_id, values in zip(alone["key"].tolist(), alone["user_id"].tolist(), shown, strict=True)
    }
    site.store.learn(site.client.site, str(field), keys, hints)
    return found


def shown_as(*values: str) -> str:
    """A digest of what is told of an account (SHOWN): two are the same where it was shown alike."""
    return blake2b("\0".join(values).encode(), digest_size=16).hexdigest()


def look_up_beside(loaded: Roster, found: Matched, decisions: Sequence[Decision], site: Site) -> Beside:
    """What rows have beside their users' keys that these people do not have, and whose it is.

    Args:
        loaded: the rows.
        found: what was found for their distinct keys of users; only values that differ from it are looked up.
        decisions: what the undecided columns of users hold.
        site: the site.

    Raises:
        RosterError: a column is not what its header says.
    """
    user = look_up(found, fields_of(found.keys, decided(decisions)))
    differing = identity.differing(loaded, user)
    owners = [USER_MATCHES.empty()]
    for one in differing:
        values = one.values()
        if one.field == UserField.EMAIL:  # some databases tell letters apart: whoever has it in others owns it, too
            values = [*values, *(other for value in values for other in near_misses.other_letters(one.field, value))]
        told = site.told(f"looking up {counted(len(values), 'user')}")
        owners.append(moodle.find_users(site.client, UserField(one.field), values, progress=told))
    known = identity.beside(differing, user, pd.concat(owners, ignore_index=True))
    said = {normalise(header) for header in site.settings.columns}
    for column in identity.misnamed(loaded, user, known, forced=bool(site.settings.user_key)):
        if normalise(column.header) not in said:
            raise _not_as_it_says(column, loaded.sources[column.source].name)
    return known


def _not_as_it_says(column: identity.Misnamed, source: str) -> RosterError:
    return RosterError(
        f"{source}: column “{column.header}” is read as {FIELDS[column.field]}, but in {column.rows:,} of "
        f"{counted(column.of, 'row')} it is not that of the person whom the row's key and name mean",
        remedy=f'if it is something else, say --map "{column.header}=ignore"; if it is right as it is, '
        f'--map "{column.header}={column.field}", and these rows are rejected one by one',
    )


def look_up_courses(asked: DistinctKeys, site: Site) -> pd.DataFrame:
    """COURSE_MATCHES for every course key of the rows, those of rejected rows included, and for those of `--courses`.

    They are never remembered: whether a course can be enrolled into is to be asked in any case (rules 7 and 8), and
    one call brings all courses where there are more than a few.
    """
    courses = [COURSE_MATCHES.empty()]
    for field, keys in asked.by_field():
        told = site.told(f"looking up {counted(len(keys), 'course')}")
        if field == CourseField.ANY:
            courses.append(moodle.find_courses_any(site.client, keys, progress=told))
        else:
            courses.append(moodle.find_courses(site.client, CourseField(field), keys, progress=told))
    if site.settings.courses:
        courses.append(moodle.find_courses_any(site.client, site.settings.courses))
    return pd.concat(courses, ignore_index=True).drop_duplicates(["field", "key", "course_id"], ignore_index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownKeys:
    """Keys that nothing was found for, (field, key): what those of users may have been, and those of courses."""

    users: Mapping[Pair, Sequence[str]]
    courses: Mapping[Pair, Sequence[str]]


def unknown(found: Found, decisions: Decisions, settings: Settings) -> UnknownKeys:
    """The first keys that nothing was found for."""
    strangers, places = (
        near_misses.missing(mine, fields_of(mine.keys, decided(made)))
        for mine, made in zip(found, decisions, strict=True)
    )
    users = found[0].matches
    numbers = pd.unique(users.loc[users["field"] == UserField.IDNUMBER, "idnumber"]) if strangers else []
    lengths = sorted({len(k) for k in numbers if k})
    return UnknownKeys(
        users={
            (f, k): (*repairs(k), *near_misses.candidates(k, lengths), *near_misses.other_letters(f, k))
            for f, k in strangers
        },
        courses={(f, k): repairs(k) for f, k in places if not any(fnmatchcase(k, p) for p in settings.not_in_moodle)},
    )


def ask_again(
    unknown: UnknownKeys, users: pd.DataFrame, courses: pd.DataFrame, site: Site
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables with what such keys may have been; a look-up that fails costs the offer, not the run."""
    found, known = [users], [courses]
    try:
        for field in sorted({f for f, _ in unknown.users}):
            keys = sorted({k for (f, _), repaired in unknown.users.items() if f == field for k in repaired})
            found.append(moodle.find_users(site.client, UserField(field), keys))
        if unknown.courses:
            known.append(moodle.all_courses(site.client))
    except AnswerError as error:
        _log.info("not everything can be offered for keys that were not found: %s", error)
    return pd.concat(found, ignore_index=True), pd.concat(known, ignore_index=True)


def offered(loaded: Roster, unknown: UnknownKeys, users: pd.DataFrame, courses: pd.DataFrame) -> NearMisses:
    """What keys that were not found may have been.

    Args:
        loaded: what names stand beside them.
        unknown: these keys.
        users: USER_MATCHES, with what such keys may have been.
        courses: COURSE_MATCHES, likewise.
    """
    if not (unknown.users or unknown.courses):
        return NearMisses()
    column, strange = loaded.distinct("user"), pa.array(sorted({k for _, k in unknown.users}), pa.string())
    rows = np.flatnonzero(column.rows(pc.is_in(column.texts, value_set=strange)))
    rows = rows[(loaded.rows["state"].iloc[rows] != RowState.IGNORED).to_numpy()]
    beside = dict(zip(column.take(rows).to_pylist(), loaded.names.take(rows).to_pylist(), strict=True))
    return NearMisses(
        users=near_misses.of_users(unknown.users, users, {(f, k): beside.get(k, "") for f, k in unknown.users}),
        courses=near_misses.of_courses(unknown.courses, courses),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakenColumn:
    """A column of which Moodle knows few values as what its header says."""

    what: str
    """user or course."""
    header: str
    source: str
    """The source's name."""
    kind: str
    """What its keys are looked up as."""
    fields: Mapping[str, str]
    """All kinds, and the fields of a roster that hold them."""
    keys: Sequence[str]
    enough: int
    """Distinct keys from which on numbers mean something."""

    @property
    def field(self) -> str:
        """What the column is read as."""
        return self.fields[self.kind]


def doubtful(loaded: Roster, found: Found, settings: Settings) -> list[MistakenColumn]:
    """Columns of which Moodle knows few values as what their headers say; a column that settings name is not doubted.

    Args:
        loaded: the roster.
        found: what was found for its distinct keys.
        settings: columns, user_key, course_key.
    """
    said = {normalise(header) for header in settings.columns}
    columns = []
    for matched, kinds, forced, enough in (
        (found[0], USER_KEYS, settings.user_key, evidence.ENOUGH),
        (found[1], COURSE_KEYS, settings.course_key, evidence.ENOUGH_COURSES),
    ):
        if forced:
            continue
        keys = matched.keys
        fields = {str(kinds[field]): field for field in reversed([*kinds])}
        # What stands in the columns of rejected rows may be anything.
        for number, kind, mine in keys.by_column(keys.ok & ~keys.undecided & ~keys.blank):
            source = loaded.sources[number]
            header = source.columns.get(fields[kind], "")
            count = int(np.count_nonzero(mine))
            if normalise(header) in said or count < enough:
                continue
            if matched.surely_found(KINDS[keys.what].index(kind), mine) < evidence.FEW * count:
                columns.append(
                    MistakenColumn(
                        what=keys.what,
                        header=header,
                        source=source.name,
                        kind=kind,
                        fields=fields,
                        keys=keys.named(mine),
                        enough=enough,
                    )
                )
    return columns


def make_sure(columns: Iterable[MistakenColumn], site: Site) -> None:
    """Refuse a column most of whose values are something else in Moodle than what its header says.

    Raises:
        UsageError: there is such a column.
    """
    for column in columns:
        sample, header = evidence.spread(column.keys), column.header
        if column.what == "user":
            known = evidence.of_users(moodle.find_users_any(site.client, sample), sample, of=len(column.keys))
        else:
            known = evidence.of_courses(moodle.find_courses_any(site.client, sample), sample, of=len(column.keys))
        if evidence.contradicts(known, column.kind, column.enough):
            better = column.fields[known.best]
            instead = f'say --map "{header}={better}"', f'--map "{header}={column.field}"'
            if not header:
                instead = f"say --{column.what}-key {known.best}", f"--{column.what}-key {column.kind}"
            raise UsageError(
                f"{column.source}: column “{header}” is read as {FIELDS[column.field]}, but {known.sentence()}",
                remedy=f"{instead[0]}; if it is right as it is, {instead[1]}",
            )
