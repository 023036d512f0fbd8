"""Changes go in; those that could remove somebody by mistake are held: rules 1 and 2, and what is protected."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rostersync.settings import Settings
from rostersync.sync.keys import contains, distinct
from rostersync.sync.likeness import resembles
from rostersync.sync.marks import Marks
from rostersync.tables import READS, Roster
from rostersync.vocabulary import Op


def where(roster: Roster, row: int) -> str:
    """A row's place as a person looks for it."""
    line = roster.rows.iloc[row]
    return f"{line['line']:,} of {roster.sources[line['source']].name}"


def hold_unresolved(marks: Marks, blockers: pd.DataFrame, people: pd.DataFrame, roster: Roster) -> None:
    """Rule 1: a row that could not be read or resolved is not an absence.

    Args:
        marks: the changes.
        blockers: BLOCKERS.
        people: PEOPLE, with what is known of those about to be removed, for likeness.
        roster: the rows that blockers stand for.
    """
    for row, course, user, like, code in blockers[["row", "course_id", "user_id", "like", "code"]].itertuples(
        index=False, name=None
    ):
        if not len(marks.open):
            return
        hit = np.ones(len(marks.open), dtype=np.bool_)
        if course:
            hit &= marks.course == course
        if user:
            hit &= marks.user == user
        if like and hit.any():
            hit &= resembles(marks.user, hit, people, roster.rows.iloc[row])
        if hit.any():
            marks.hold(marks.open[hit], "unresolved_likeness" if like else code, where(roster, row), by=row)


def hold_unproven(marks: Marks, reads: pd.DataFrame, settings: Settings) -> None:
    """Rule 2: a list that nothing confirms removes nobody, unless the settings trust this site's reads."""
    READS.check(reads)
    detail = {int(c): str(d) for c, d in zip(reads["course_id"], reads["detail"], strict=True)}
    marks.explain("read_incomplete", detail)
    marks.explain("status_unknown", detail)
    if settings.trust_reads:
        return
    proven = np.sort(reads.loc[reads["proven"], "course_id"].to_numpy())
    for course in distinct(marks.course[~contains(proven, marks.course)]).tolist():
        at = marks.open[marks.course == course]
        marks.hold(at, "read_unproven", detail.get(course) or "it was not counted")


def hold_protected(marks: Marks, courses: pd.DataFrame, people: pd.DataFrame, own_id: int, settings: Settings) -> None:
    """Protected users and courses, and the account of the token itself, are never removed.

    A person whose names Moodle does not tell counts as protected where any user is.
    """
    if settings.protected_users:
        names = _folded(settings.protected_users)
        known = people[["username", "email", "idnumber"]].apply(lambda c: c.str.lower())
        named = known.isin(names).any(axis=1) | people["user_id"].astype(str).isin(names) | (people["username"] == "")
        ours = np.sort(people.loc[named, "user_id"].to_numpy())
        unknown = ~contains(np.sort(people["user_id"].to_numpy()), marks.user)
        marks.hold(marks.open[contains(ours, marks.user) | unknown], "protected", "the user")
    marks.hold(marks.open[marks.user == own_id], "protected", "the token's own account")
    if settings.protected_courses:
        names = _folded(settings.protected_courses)
        mine = courses["shortname"].str.lower().isin(names) | courses["idnumber"].str.lower().isin(names)
        ids = np.sort(courses.loc[mine, "course_id"].to_numpy())
        marks.hold(marks.open[contains(ids, marks.course)], "protected", "the course")


def hold_protected_roles(marks: Marks, roles: pd.DataFrame, settings: Settings) -> None:
    """A protected role is never taken away, alone or with its enrolment, not even where another one replaces it."""
    wanted = roles["shortname"].isin(settings.protected_roles)
    ids = {int(i): str(n) for i, n in zip(roles["role_id"][wanted], roles["shortname"][wanted], strict=True)}
    if not ids:
        return
    changes = marks.changes
    alone = (changes["op"] == Op.UNASSIGN).to_numpy()
    marks.hold(np.flatnonzero(alone & changes["role_id"].isin(ids).to_numpy()), "protected", "the role")
    for at, before in zip(marks.open.tolist(), changes["roles_before"].iloc[marks.open].tolist(), strict=True):
        named = [ids[int(i)] for i in before.split("+") if i.isdecimal() and int(i) in ids]
        if named and not alone[at]:
            marks.hold(np.array([at]), "protected", f"the role {named[0]}")


def _folded(names: tuple[str, ...]) -> set[str]:
    return {n.strip().lower() for n in names}
