"""A roster goes in; what Moodle knows of its keys comes out, and what unknown ones may have been."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from hashlib import blake2b

import pandas as pd

from rostersync import moodle
from rostersync.errors import AnswerError, TransportError, Unreachable, UsageError
from rostersync.roster.fields import COURSE_KEYS, FIELDS, USER_KEYS
from rostersync.roster.forensics.repairs import repairs
from rostersync.roster.words import normalise
from rostersync.store import Hint
from rostersync.sync import doubts, evidence, offers, resolve
from rostersync.sync.decide import Decision
from rostersync.sync.offers import Offers
from rostersync.tables import COURSE_MATCHES, USER_MATCHES, Roster
from rostersync.vocabulary import CourseField, Match, RowState, UserField, counted
from rostersync.work import Work

SHOWN = ("username", "email", "idnumber", "fullname")
"""What is told of an account, in look-ups as in lists."""

_log = logging.getLogger(__name__)


@contextmanager
def indispensable(site: str) -> Iterator[None]:
    """Look-ups without which there is nothing to go on with, whatever stands in the way.

    Raises:
        Unreachable: one of them got no usable answer.
    """
    try:
        yield
    except TransportError as error:
        raise Unreachable(
            f"{site}: {error.message}",
            remedy="try again later; if it stays, ask the site's administrator for the web server's error log",
            code=str(error.status or ""),
        ) from error


def look_up_users(loaded: Roster, work: Work, known: pd.DataFrame) -> pd.DataFrame:
    """USER_MATCHES for every user key of the rows, those of rejected rows included.

    Args:
        loaded: the rows.
        work: the site.
        known: USER_MATCHES of keys that need not be asked for.
    """
    rows = live(loaded)
    padded = doubts.padded(loaded)
    users = [USER_MATCHES.empty(), known]
    for field, part in rows.groupby("user_field", observed=True):
        keys = _keys(part["user"])
        keys += sorted({padded[row] for row in part.index.intersection(list(padded))})
        settled = set(known.loc[known["field"] == field, "key"].tolist())
        keys = [key for key in keys if key not in settled]
        if field != UserField.ANY:
            users.append(look_up_afresh(UserField(str(field)), keys, work))
        elif keys:
            users.append(
                moodle.find_users_any(work.client, keys, progress=work.told(f"looking up {counted(len(keys), 'user')}"))
            )
    found = pd.concat(users, ignore_index=True).drop_duplicates(["field", "key", "user_id"], ignore_index=True)
    return found.sort_values(["field", "key", "user_id"], ignore_index=True) if len(known) else found


def look_up_afresh(field: UserField, keys: Sequence[str], work: Work) -> pd.DataFrame:
    """USER_MATCHES for these keys, as the site says now; whose they are alone is remembered."""
    found = moodle.find_users(work.client, field, keys, progress=work.told(f"looking up {counted(len(keys), 'user')}"))
    alone = found[~found["key"].duplicated(keep=False) & (found["match"] == Match.EXACT)]
    shown = zip(*(alone[name].tolist() for name in SHOWN), strict=True)
    hints = {
        key: Hint(user_id, shown_as(*values))
        for key, user_id, values in zip(alone["key"].tolist(), alone["user_id"].tolist(), shown, strict=True)
    }
    work.store.learn(work.client.site, str(field), keys, hints)
    return found


def shown_as(*values: str) -> str:
    """A digest of what is told of an account (SHOWN): two are the same where it was shown alike."""
    return blake2b("\0".join(values).encode(), digest_size=16).hexdigest()


def look_up_courses(loaded: Roster, work: Work) -> pd.DataFrame:
    """COURSE_MATCHES for every course key of the rows, those of rejected rows included, and for those of `--courses`.

    They are never remembered: whether a course can be enrolled into is to be asked in any case (rules 7 and 8), and
    one call brings all courses where there are more than a few.
    """
    courses = [COURSE_MATCHES.empty()]
    for field, part in live(loaded).groupby("course_field", observed=True):
        keys = _keys(part["course"])
        told = work.told(f"looking up {counted(len(keys), 'course')}")
        if field == CourseField.ANY:
            courses.append(moodle.find_courses_any(work.client, keys, progress=told))
        else:
            courses.append(moodle.find_courses(work.client, CourseField(str(field)), keys, progress=told))
    if work.settings.courses:
        courses.append(moodle.find_courses_any(work.client, work.settings.courses))
    return pd.concat(courses, ignore_index=True).drop_duplicates(["field", "key", "course_id"], ignore_index=True)


def live(loaded: Roster) -> pd.DataFrame:
    """The rows that state an enrolment, rejected ones included."""
    return loaded.rows[loaded.rows["state"] != RowState.IGNORED]


def offered(
    loaded: Roster,
    users: pd.DataFrame,
    courses: pd.DataFrame,
    decisions: tuple[Sequence[Decision], Sequence[Decision]],
    work: Work,
) -> Offers:
    """What keys that were not found may have been; a look-up that fails costs the offer, not the run."""
    state = (loaded.rows["state"] != RowState.IGNORED).to_numpy()
    rows, said = loaded.rows[state], doubts.spelled(loaded.rows)[state]
    user_field, course_field = (
        resolve.key_fields(loaded.rows, what, made)[state]
        for what, made in zip(("user", "course"), decisions, strict=True)
    )
    lengths = sorted({len(k) for k in users.loc[users["field"] == UserField.IDNUMBER, "idnumber"].unique() if k})
    unknown = offers.missing(rows, "user", user_field, users)
    may_be = {(f, k): (*repairs(k), *offers.candidates(k, lengths)) for f, k in unknown}
    strange = [
        (f, k)
        for f, k in offers.missing(rows, "course", course_field, courses)
        if not any(fnmatchcase(k, p) for p in work.settings.not_in_moodle)
    ]
    if not unknown and not strange:
        return Offers()
    found, known = [users], [courses]
    try:
        for field in sorted({f for f, _ in may_be}):
            keys = sorted({k for (f, _), repaired in may_be.items() if f == field for k in repaired})
            found.append(moodle.find_users(work.client, UserField(field), keys))
        if strange:
            known.append(moodle.all_courses(work.client))
    except AnswerError as error:
        _log.info("not everything can be offered for keys that were not found: %s", error)
    beside = rows["user"].isin([k for _, k in unknown]).to_numpy()
    names = dict(zip(zip(user_field[beside], rows["user"][beside], strict=True), said[beside], strict=True))
    return Offers(
        users=offers.of_users(may_be, pd.concat(found, ignore_index=True), names),
        courses=offers.of_courses(
            strange, {(f, k): repairs(k) for f, k in strange}, pd.concat(known, ignore_index=True)
        ),
    )


def make_sure(loaded: Roster, users: pd.DataFrame, courses: pd.DataFrame, work: Work) -> None:
    """Refuse a column of which Moodle knows few values as what its header says, and most as something else.

    A column that settings name is not doubted.

    Raises:
        UsageError: there is such a column.
    """
    settings = work.settings
    said = {normalise(header) for header in settings.columns}
    # What stands in the columns of rejected rows may be anything.
    rows = loaded.rows[loaded.rows["state"] == RowState.OK]
    for what, fields, forced, matches, enough in (
        ("user", USER_KEYS, settings.user_key, users, evidence.ENOUGH),
        ("course", COURSE_KEYS, settings.course_key, courses, evidence.ENOUGH_COURSES),
    ):
        for (number, kind), part in rows.groupby(["source", f"{what}_field"], observed=True):
            source = loaded.sources[int(str(number))]
            field = next(f for f, k in fields.items() if k == kind)
            header = source.columns.get(field, "")
            keys = _keys(part[what])
            found = matches[(matches["field"] == kind) & matches["match"].isin([str(Match.EXACT), str(Match.CASE)])]
            few = found.loc[found["key"].isin(keys), "key"].nunique() < evidence.FEW * len(keys)
            if forced or kind == UserField.ANY or normalise(header) in said or not few or len(keys) < enough:
                continue
            sample = evidence.spread(keys)
            if what == "user":
                known = evidence.of_users(moodle.find_users_any(work.client, sample), sample, of=len(keys))
            else:
                known = evidence.of_courses(moodle.find_courses_any(work.client, sample), sample, of=len(keys))
            if evidence.contradicts(known, str(kind), enough):
                better = next(f for f, k in fields.items() if k == known.best)
                raise UsageError(
                    f"{source.name}: column “{header}” is read as {FIELDS[field]}, but {known.sentence()}",
                    remedy=f'say --map "{header}={better}"; if it is right as it is, --map "{header}={field}"'
                    if header
                    else f"say --{what}-key {known.best}; if it is right as it is, --{what}-key {kind}",
                )


def _keys(column: pd.Series) -> list[str]:
    return [k for k in column.drop_duplicates().tolist() if k]
