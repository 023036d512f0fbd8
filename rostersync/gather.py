"""A roster goes in; everything that a decision is made from comes out, asked of Moodle and of the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pandas as pd

from rostersync import moodle
from rostersync.errors import TransportError, Unreachable, UsageError
from rostersync.roster.fields import COURSE_KEYS, FIELDS, USER_KEYS
from rostersync.roster.words import normalise
from rostersync.sync import decide, evidence, propose, resolve, scope, wanted
from rostersync.sync.propose import Basis
from rostersync.tables import COURSE_MATCHES, PEOPLE, USER_MATCHES, Roster
from rostersync.vocabulary import CourseField, Match, RowState, UserField
from rostersync.work import Work


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


def read(loaded: Roster, work: Work) -> tuple[Basis, tuple[str, ...]]:
    """Everything that the first decision is made from, and how the undecided columns were decided."""
    settings, client = work.settings, work.client
    with indispensable(client.site):
        users, courses = _look_up(loaded, work)
        _make_sure(loaded, users, courses, work)
    decisions = (
        decide.decide_users(loaded.rows, users, loaded.sources, settings.user_key),
        decide.decide_courses(loaded.rows, courses, loaded.sources, settings.course_key),
    )
    resolution = resolve.resolve(loaded, users, courses, decisions, settings)
    in_scope = scope.courses_in_scope(loaded, resolution, courses, settings)
    ids = in_scope["course_id"].tolist()
    ledger = work.store.ledger(client.site, ids)
    read = moodle.read_courses(
        client,
        ids,
        page_size=settings.page_size,
        with_status=scope.needs_status(resolution, in_scope, ledger, settings),
        progress=work.told("reading courses"),
    )
    roles = wanted.site_roles(read.roles, settings)
    resolution = wanted.give_roles(loaded, resolution, roles, settings)
    resolution, enrolments = wanted.unite(loaded, resolution)
    info = client.info or moodle.site_info(client)
    basis = Basis(
        roster=loaded,
        resolution=resolution,
        wanted=enrolments,
        managed=scope.managed_roles(loaded, resolution, in_scope, roles, settings),
        courses=in_scope,
        roles=roles,
        current=propose.only_complete(read.current, read.reads),
        reads=read.reads,
        ledger=ledger,
        people=PEOPLE.empty(),
        own_id=info.user_id,
    )
    return basis, resolution.notes


def _look_up(loaded: Roster, work: Work) -> tuple[pd.DataFrame, pd.DataFrame]:
    """USER_MATCHES and COURSE_MATCHES for every key of the rows, those of rejected rows included."""
    rows = loaded.rows[loaded.rows["state"] != RowState.IGNORED]
    users = [USER_MATCHES.empty()]
    for user_field, part in rows.groupby("user_field", observed=True):
        keys = _keys(part["user"])
        told = work.told(f"looking up {len(keys):,} users")
        if user_field == UserField.ANY:
            users.append(moodle.find_users_any(work.client, keys, progress=told))
        else:
            users.append(moodle.find_users(work.client, UserField(str(user_field)), keys, progress=told))
    courses = [COURSE_MATCHES.empty()]
    for course_field, part in rows.groupby("course_field", observed=True):
        keys = _keys(part["course"])
        told = work.told(f"looking up {len(keys):,} courses")
        if course_field == CourseField.ANY:
            courses.append(moodle.find_courses_any(work.client, keys, progress=told))
        else:
            courses.append(moodle.find_courses(work.client, CourseField(str(course_field)), keys, progress=told))
    if work.settings.courses:
        courses.append(moodle.find_courses_any(work.client, work.settings.courses))
    return (
        pd.concat(users, ignore_index=True).drop_duplicates(["field", "key", "user_id"], ignore_index=True),
        pd.concat(courses, ignore_index=True).drop_duplicates(["field", "key", "course_id"], ignore_index=True),
    )


def _make_sure(loaded: Roster, users: pd.DataFrame, courses: pd.DataFrame, work: Work) -> None:
    """Refuse a column of which Moodle knows few values as what its header says, and most as something else.

    A column that settings name is not doubted.

    Raises:
        UsageError: there is such a column.
    """
    settings = work.settings
    said = {normalise(header) for header in settings.columns}
    rows = loaded.rows[loaded.rows["state"] != RowState.IGNORED]
    for what, fields, forced, matches in (
        ("user", USER_KEYS, settings.user_key, users),
        ("course", COURSE_KEYS, settings.course_key, courses),
    ):
        for (number, kind), part in rows.groupby(["source", f"{what}_field"], observed=True):
            source = loaded.sources[int(str(number))]
            field = next(f for f, k in fields.items() if k == kind)
            header = source.columns.get(field, "")
            keys = _keys(part[what])
            found = matches[(matches["field"] == kind) & matches["match"].isin([str(Match.EXACT), str(Match.CASE)])]
            few = found.loc[found["key"].isin(keys), "key"].nunique() < evidence.FEW * len(keys)
            if forced or kind == UserField.ANY or normalise(header) in said or not few or len(keys) < evidence.ENOUGH:
                continue
            sample = evidence.spread(keys)
            if what == "user":
                known = evidence.of_users(moodle.find_users_any(work.client, sample), sample, of=len(keys))
            else:
                known = evidence.of_courses(moodle.find_courses_any(work.client, sample), sample, of=len(keys))
            if evidence.contradicts(known, str(kind)):
                better = next(f for f, k in fields.items() if k == known.best)
                raise UsageError(
                    f"{source.name}: column “{header}” is read as {FIELDS[field]}, but {known.sentence()}",
                    remedy=f'say --map "{header}={better}"; if it is right as it is, --map "{header}={field}"'
                    if header
                    else f"say --{what}-key {known.best}; if it is right as it is, --{what}-key {kind}",
                )


def _keys(column: pd.Series) -> list[str]:
    return [k for k in column.drop_duplicates().tolist() if k]


def look_closer(basis: Basis, changes: pd.DataFrame, work: Work) -> Basis:
    """The same, with the courses that would lose somebody read again and counted, and those people's names."""
    courses = propose.may_lose(changes)
    if courses:
        again = moodle.read_courses(
            work.client,
            courses,
            page_size=work.settings.page_size,
            with_status=courses,
            to_prove=courses,
            progress=work.told("counting courses"),
        )
        reads = pd.concat([basis.reads[~basis.reads["course_id"].isin(courses)], again.reads], ignore_index=True)
        current = pd.concat(
            [basis.current[~basis.current["course_id"].isin(courses)], again.current], ignore_index=True
        )
        reads = reads.sort_values("course_id", ignore_index=True)
        basis = replace(basis, reads=reads, current=propose.only_complete(current, reads))
    return replace(basis, people=_people(propose.may_go(changes), work))


def _people(ids: Sequence[int], work: Work) -> pd.DataFrame:
    """PEOPLE with these ids, without those whom Moodle cannot show."""
    keys, told = [str(i) for i in ids], work.told("asking for names")
    with indispensable(work.client.site):
        found = moodle.find_users(work.client, UserField.ID, keys, progress=told)
    found = found[found["match"] == Match.EXACT].drop_duplicates("user_id")
    return PEOPLE.frame({name: found[name] for name in PEOPLE.columns})
