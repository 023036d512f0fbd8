"""Hold changes that could remove somebody by mistake: rules 1, 2 and 21, and what is protected."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from rostersync.enums import Bucket, Mode, Op, RowState
from rostersync.frames.packed import (
    Ints,
    contains,
    course_of,
    distinct,
    enrolment_of,
    in_course,
    of_people,
    pack,
    place,
    role_of,
)
from rostersync.frames.role_sets import roles_of
from rostersync.settings import Settings
from rostersync.sync.resolve.resemblance import Resemblance
from rostersync.sync.safety import protected_names
from rostersync.sync.safety.believed_reads import UNBELIEVED, believed_courses
from rostersync.sync.safety.holds import Holds, by_course
from rostersync.sync.safety.protected_names import UnknownName
from rostersync.sync.state.desired import Desired
from rostersync.sync.state.scope import ANY_ROLE, RejectedRoles
from rostersync.tables import READS, Roster
from rostersync.text.names import alike

LIKE = {"unresolved_user": "unresolved_likeness"}
"""Code of a blocker → that of the hold, where it holds only those who resemble the row."""


def hold_unresolved(marks: Holds, blockers: pd.DataFrame, people: pd.DataFrame, roster: Roster) -> None:
    """Rule 1: a row that could not be read or resolved is not an absence.

    It holds removals, and roles that another row replaces: the row that is not understood could have named them.

    Args:
        marks: the changes.
        blockers: BLOCKERS.
        people: PEOPLE, with what is known of those about to be removed, for likeness.
        roster: the rows that blockers stand for.
    """
    whole, like = blockers[~blockers["like"]], blockers[blockers["like"]]
    places: dict[int, str] = {}
    for use_course, use_user in ((True, True), (False, True), (True, False), (False, False)):
        kind = whole[((whole["course_id"] > 0) == use_course) & ((whole["user_id"] > 0) == use_user)]
        if kind.empty:
            continue
        # Where several rows hold the same, the first of the roster is named.
        kind = kind.sort_values("row", kind="stable")
        keys, first = np.unique(pack(kind["course_id"], kind["user_id"]), return_index=True)
        at, course, user = _losses(marks)
        found = place(keys, pack(course * use_course, user * use_user))
        by = kind["row"].to_numpy()[first][found]
        codes = kind["code"].to_numpy(dtype=object)[first][found]
        for code in sorted(set(codes[found >= 0].tolist())):
            hit = (found >= 0) & (codes == code)
            marks.hold(at[hit], code, _where(roster, by[hit], places), by=by[hit])
    if len(like):
        _hold_alike(marks, like, Resemblance(people), roster, places)


def _hold_alike(
    marks: Holds, like: pd.DataFrame, likeness: Resemblance, roster: Roster, places: dict[int, str]
) -> None:
    """Where people without an account are expected, a row that names one holds those who resemble it.

    So does a row whose key is somebody's of another name.
    """
    at, courses, users = _losses(marks)
    like = like.sort_values("row", kind="stable")
    said = roster.rows[["user", "email", "first_name", "last_name", "user_field"]].iloc[like["row"].to_numpy()]
    by = np.full(len(at), -1, dtype=np.int64)
    for row, course, words in zip(
        like["row"].tolist(), like["course_id"].tolist(), said.itertuples(index=False, name=None), strict=True
    ):
        # Changes are sorted by course.
        low, high = np.searchsorted(courses, [course, course + 1]) if course else (0, len(at))
        if low < high:
            alike = likeness.to(*words)
            for one in range(low, high):
                if by[one] < 0 and alike(int(users[one])):
                    by[one] = row
    codes = dict(zip(like["row"].tolist(), like["code"].tolist(), strict=True))
    code = np.array([LIKE.get(codes[b], codes[b]) if b >= 0 else "" for b in by.tolist()], dtype=object)
    for one_code in sorted({*code.tolist()} - {""}):
        hit = code == one_code
        marks.hold(at[hit], one_code, _where(roster, by[hit], places), by=by[hit])


def hold_adding(marks: Holds, roster: Roster, rows: pd.DataFrame) -> None:
    """A file that only adds takes nobody's access away, not by its dates, either.

    Args:
        marks: the changes.
        roster: for the mode of each file.
        rows: RESOLVED.
    """
    adds = np.array([source.mode == Mode.ADD_ONLY for source in roster.sources], dtype=np.bool_)
    if not adds.any():
        return
    stands = rows["state"].isin([RowState.OK, RowState.DUPLICATE]).to_numpy()
    keys = pack(rows["course_id"].to_numpy()[stands], rows["user_id"].to_numpy()[stands])
    only = adds[rows["source"].to_numpy()[stands]]
    others = distinct(keys[~only])
    changes = marks.changes
    ends = (changes["op"] == Op.UPDATE) & (changes["effect"] == Bucket.DATES_CHANGED)
    at = marks.open[ends.to_numpy()[marks.open]]
    mine = pack(changes["course_id"].to_numpy()[at], changes["user_id"].to_numpy()[at])
    marks.hold(at[contains(distinct(keys[only]), mine) & ~contains(others, mine)], "only_adds", "")


def hold_widened(marks: Holds, doubtful: RejectedRoles, wanted: Desired, held: Ints, roster: Roster) -> None:
    """A rejected row never widens what others lose: a role goes alone only if it would, too, had that row been read.

    Somebody whose other roles are all such that a rejected row names them would have been taken for absent as a whole:
    with grades, or suspended already, nothing would have been taken from them. A row that names the role that it takes
    says so whatever other rows say.

    Args:
        marks: the changes, sorted by course.
        doubtful: roles of rejected rows.
        wanted: whom rows name.
        held: CURRENT, packed (course, user, role) and sorted.
        roster: the rows.
    """
    if not len(doubtful.keys):
        return
    changes = marks.changes
    alone = (changes["op"] == Op.UNASSIGN) & changes["reason"].isin(ALONE)
    at = np.flatnonzero(marks.free() & alone.to_numpy())
    keys = pack(*(changes[name].to_numpy()[at] for name in ("course_id", "user_id", "role_id")))
    depends = ~contains(wanted.keys[~wanted.any_role], enrolment_of(keys))
    at, keys = at[depends], keys[depends]
    people = distinct(enrolment_of(keys))
    left = held[of_people(held, people) & (role_of(held) > 0)]
    left = left[~contains(distinct(keys), left)]
    named = contains(doubtful.keys, in_course(left)) | contains(doubtful.keys, pack(course_of(left), 0, ANY_ROLE))
    sure = distinct(enrolment_of(left[~named]))
    hurt = ~contains(sure, enrolment_of(keys)) & contains(distinct(enrolment_of(left)), enrolment_of(keys))
    first = np.searchsorted(doubtful.keys, pack(course_of(keys[hurt]), 0))
    rows = doubtful.rows[first]
    marks.hold(at[hurt], "rejected_role", _where(roster, rows, {}), by=rows)


ALONE = ("absent", "row_removes")
"""Reasons of roles that are taken away while others stay; whoever is named keeps the enrolment in any case."""


def _losses(marks: Holds) -> tuple[Ints, Ints, Ints]:
    """Positions, course ids and user ids of the free changes by which somebody loses something."""
    changes = marks.changes
    at = np.flatnonzero(marks.free() & (changes["removal"] | (changes["op"] == Op.UNASSIGN)).to_numpy())
    return at, changes["course_id"].to_numpy()[at], changes["user_id"].to_numpy()[at]


def _where(roster: Roster, rows: Ints, known: dict[int, str]) -> npt.NDArray[np.object_]:
    """Each row's place as a person looks for it."""
    new = sorted(set(rows.tolist()) - set(known))
    lines, sources = (roster.rows[name].to_numpy()[new].tolist() for name in ("line", "source"))
    for row, line, source in zip(new, lines, sources, strict=True):
        known[row] = f"{line:,} of {roster.sources[source].name}"
    made = np.full(len(rows), "", dtype=object)
    made[:] = [known[r] for r in rows.tolist()]
    return made


def hold_unproven(marks: Holds, reads: pd.DataFrame, settings: Settings) -> None:
    """Rule 2: a list that nothing confirms removes nobody, unless the settings trust this site's reads."""
    READS.check(reads)
    said = reads[reads["detail"] != ""]
    detail = {int(c): str(d) for c, d in zip(said["course_id"], said["detail"], strict=True)}
    marks.explain("read_incomplete", detail)
    marks.explain("suspension_unknown", detail)
    if settings.trust_reads:
        return
    proven = np.sort(reads.loc[reads["proven"], "course_id"].to_numpy())
    at = marks.open[~contains(proven, marks.course)]
    words = by_course(detail, marks.changes["course_id"].to_numpy()[at])
    words[words == ""] = "it was not counted"
    marks.hold(at, "read_unproven", words)


def hold_unbelieved(marks: Holds, reads: pd.DataFrame, settings: Settings) -> None:
    """Nobody is enrolled who may be there already: that would clear their dates and lift their suspension.

    Args:
        marks: the changes.
        reads: READS, which say what bears each list out.
        settings: trust_reads.
    """
    changes = marks.changes
    at = np.flatnonzero(marks.free() & (changes["op"] == Op.ENROL).to_numpy())
    course = changes["course_id"].to_numpy()[at]
    at = at[~contains(believed_courses(reads, settings), course)]
    if not len(at):
        return
    detail = {int(c): str(d) for c, d in zip(reads["course_id"], reads["detail"], strict=True)}
    words = by_course(detail, changes["course_id"].to_numpy()[at])
    words[words == ""] = "it was not counted"
    marks.hold(at, UNBELIEVED, words)


def hold_protected(marks: Holds, courses: pd.DataFrame, people: pd.DataFrame, own_id: int, settings: Settings) -> None:
    """Protected users and courses, and the account of the token itself, are never removed.

    A person whose names Moodle does not tell counts as protected where any user is.
    """
    if settings.protected_users:
        listed = _folded(settings.protected_users)
        known = people[["username", "email", "idnumber"]].apply(lambda c: c.map(alike))
        named = known.isin(listed).any(axis=1) | people["user_id"].astype(str).isin(listed) | (people["username"] == "")
        ours = np.sort(people.loc[named, "user_id"].to_numpy())
        unknown = ~contains(np.sort(people["user_id"].to_numpy()), marks.user)
        marks.hold(marks.open[contains(ours, marks.user) | unknown], "protected", "the user")
    marks.hold(marks.open[marks.user == own_id], "protected", "the token's own account")
    if settings.protected_courses:
        listed = _folded(settings.protected_courses)
        mine = courses["shortname"].map(alike).isin(listed) | courses["idnumber"].map(alike).isin(listed)
        mine |= courses["course_id"].astype(str).isin(listed)
        ids = np.sort(courses.loc[mine, "course_id"].to_numpy())
        marks.hold(marks.open[contains(ids, marks.course)], "protected", "the course")


def hold_protected_roles(marks: Holds, roles: pd.DataFrame, settings: Settings) -> None:
    """A protected role is never taken away, alone or with its enrolment, not even where another one replaces it."""
    wanted = roles["shortname"].map(alike).isin(_folded(settings.protected_roles))
    ids = {int(i): str(n) for i, n in zip(roles["role_id"][wanted], roles["shortname"][wanted], strict=True)}
    if not ids:
        return
    changes = marks.changes
    alone = (changes["op"] == Op.UNASSIGN).to_numpy()
    marks.hold(np.flatnonzero(alone & changes["role_id"].isin(ids).to_numpy()), "protected", "the role")
    for at, before in zip(marks.open.tolist(), changes["roles_before"].iloc[marks.open].tolist(), strict=True):
        named = [ids[i] for i in roles_of(before) if i in ids]
        if named and not alone[at]:
            marks.hold(np.array([at]), "protected", f"the role {named[0]}")


def hold_unknown_protection(marks: Holds, unknown: Sequence[UnknownName]) -> None:
    """Where a protected name fits nobody, whoever is meant could be anybody: nobody is removed.

    Where a role is meant, no role is taken away, either, not even where another one replaces it.
    """
    if not unknown:
        return
    detail = protected_names.told(unknown)
    marks.hold(marks.open, "protected_unknown", detail)
    if any(one.setting == "protected_roles" for one in unknown):
        marks.hold(np.flatnonzero((marks.changes["op"] == Op.UNASSIGN).to_numpy()), "protected_unknown", detail)


def hold_unconfirmed(marks: Holds, unconfirmed: Collection[int]) -> None:
    """What would be refused for the account alone, every time, is not sent; its roles can be given and taken."""
    if unconfirmed:
        changes = marks.changes
        theirs = changes["user_id"].isin(list(unconfirmed)) & changes["op"].isin([Op.ENROL, Op.UPDATE, Op.UNENROL])
        marks.hold(np.flatnonzero(theirs.to_numpy()), "not_confirmed", "")


def _folded(names: tuple[str, ...]) -> set[str]:
    """Names as the look-up compares them, so that what it finds is protected."""
    return {alike(name) for name in names}
