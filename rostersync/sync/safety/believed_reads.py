"""Say which reads can be believed before somebody is enrolled, and who has to be asked to find that out.

Enrolling somebody again who is there after all clears their dates and lifts their suspension. A list that is cut short
looks like one that nobody is missing from, so that additions need a list that something bears out: an independent
count, or, where none can be had, a sample of the people to be added, who are asked for their own courses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import Ints, Mask, contains, course_of, distinct, pack, user_of
from rostersync.settings import Settings
from rostersync.tables import READS

COUNT, SAMPLE, TRUST = "count", "sample", "trust"
"""What READS.believed can be."""
ASKED = 5
"""People who are asked for one sample, at most; spread over all by their ids, so that they are always the same."""
NO_GROUPS, VISIBLE_GROUPS = 0, 2
"""Group modes that hide nobody; what Moodle does not tell counts as separate groups."""
SEES_HIDDEN = ("manager", "coursecreator", "editingteacher", "teacher")
"""Roles whose holders see a hidden course among their own, by short name."""
UNBELIEVED = "read_unbelieved"

CUT = "it has separate groups, and the token does not see all of them (moodle/site:accessallgroups)"
UNTOLD = "it has separate groups, and Moodle does not tell whether the token sees all of them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """People who are asked for their own courses, and the courses whose lists rely on what comes back."""

    courses: tuple[int, ...]
    people: tuple[int, ...]
    """In the order in which they are chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbelievedReads:
    """The additions to courses whose lists nothing bears out yet, and the samples that could."""

    added: Ints
    """Packed (course, user), sorted and distinct."""
    samples: tuple[Sample, ...]
    cut: Mapping[int, str]
    """Course id → why nobody's answer bears its list out."""
    names: Mapping[int, str]
    """Course id → short name."""

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody to be asked, once."""
        return tuple(sorted({user for sample in self.samples for user in sample.people}))


def separate(
    changes: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame, courses: pd.DataFrame
) -> tuple[int, ...]:
    """Ids of the courses with separate groups of which it has to be known whether the token sees all of them.

    Arguments are as for `doubtful`.
    """
    gaining = distinct(course_of(_unborne(changes, current, reads)))
    free = _ids(courses, courses["groupmode"].isin([NO_GROUPS, VISIBLE_GROUPS]))
    return tuple(gaining[~contains(free, gaining)].tolist())


def doubtful(
    changes: pd.DataFrame,
    current: pd.DataFrame,
    reads: pd.DataFrame,
    courses: pd.DataFrame,
    roles: pd.DataFrame,
    *,
    seen: Mapping[int, bool | None],
) -> UnbelievedReads:
    """Who has to be asked before people are enrolled.

    One sample stands for all courses: what cuts a list short does so everywhere, but for separate groups. Where these
    may hide people, nobody's answer bears the list out, for whoever is there and not active is not shown the course.

    Args:
        changes: CHANGES that are to be sent, or held only because no read is believed.
        current: CURRENT of their courses, as read last: who is listed by now is not asked.
        reads: READS of the same.
        courses: COURSES.
        roles: ROLES.
        seen: course id → whether the token sees all groups of it (None: not told), for those of `separate`.
    """
    added = _unborne(changes, current, reads)
    cut = {course: UNTOLD if sees is None else CUT for course, sees in seen.items() if not sees}
    asked = added[~np.isin(course_of(added), list(cut))]
    hidden = _ids(courses, ~courses["visible"])
    told = changes[changes["role_id"].isin(_ids(roles, roles["shortname"].isin(SEES_HIDDEN)))]
    see = distinct(pack(told["course_id"], told["user_id"]))
    # Whose courses are hidden tells less: they come last.
    shown = ~contains(hidden, course_of(asked)) | contains(see, asked)
    samples = (_sample(asked, shown),) if len(asked) else ()
    names = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    return UnbelievedReads(added=added, samples=samples, cut=cut, names=names)


def _unborne(changes: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame) -> Ints:
    """Packed (course, user) of additions to courses whose lists nothing bears out, sorted and distinct."""
    coming = changes[(changes["op"] == Op.ENROL) & changes["hold"].isin(["", UNBELIEVED])]
    open_ = np.sort(reads.loc[reads["complete"] & (reads["believed"] == ""), "course_id"].to_numpy())
    listed = distinct(pack(current["course_id"], current["user_id"]))
    keys = distinct(pack(coming["course_id"], coming["user_id"]))
    return keys[contains(open_, course_of(keys)) & ~contains(listed, keys)]


def departed(
    changes: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame, courses: pd.DataFrame
) -> UnbelievedReads:
    """Who has to be asked after people were unenrolled from courses of which no count can be had any more.

    A course that was emptied has nobody who could be asked for its count; but those who were in it can be asked for
    their own courses. Each such course has a sample of its own. Who was not active, or was in a hidden course, had not
    been shown it before, either: their answers tell nothing. Nor does anybody's where the list lacks somebody who was
    to stay: it is cut short.

    Args:
        changes: CHANGES that Moodle accepted.
        current: CURRENT of their courses, read after them.
        reads: READS of the same.
        courses: COURSES.
    """
    visible = _ids(courses, courses["visible"])
    staying = changes[changes["op"] != Op.UNENROL]
    stay = pack(staying["course_id"], staying["user_id"])
    short = distinct(course_of(stay[~contains(distinct(pack(current["course_id"], current["user_id"])), stay)]))
    open_ = np.sort(reads.loc[reads["complete"] & ~reads["proven"] & (reads["counted"] < 0), "course_id"].to_numpy())
    left = changes[(changes["op"] == Op.UNENROL) & (changes["inactive_before"] == 0)]
    keys = distinct(pack(left["course_id"], left["user_id"]))
    course = course_of(keys)
    keys = keys[contains(visible, course) & contains(open_, course) & ~contains(short, course)]
    course = course_of(keys)
    samples = [
        _sample(keys[course == one], np.ones(int((course == one).sum()), dtype=np.bool_)) for one in distinct(course)
    ]
    names = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    return UnbelievedReads(added=keys, samples=tuple(samples), cut={}, names=names)


def _sample(added: Ints, shown: Mask) -> Sample:
    first, last = distinct(user_of(added[shown])), distinct(user_of(added[~shown]))
    chosen = _spread(first, ASKED)
    chosen += _spread(last[~contains(first, last)], ASKED - len(chosen))
    return Sample(courses=tuple(distinct(course_of(added)).tolist()), people=tuple(chosen))


def _spread(people: Ints, most: int) -> list[int]:
    """So many of them, from the first to the last: neighbours by id are often of one kind, such as suspended."""
    if len(people) <= most:
        return people.tolist()
    return people[[i * (len(people) - 1) // (most - 1) for i in range(most)] if most > 1 else [0] * most].tolist()


def believe(reads: pd.DataFrame, doubt: UnbelievedReads, told: Mapping[int, frozenset[int] | None]) -> pd.DataFrame:
    """READS with what the samples say.

    Somebody who is there after all makes the list incomplete, and all others that relied on the same sample are not
    believed. A sample that finds nobody there bears its lists out.

    Args:
        reads: READS.
        doubt: what was to be found out.
        told: user id → the courses in which Moodle shows them; None: not told.
    """
    if not len(doubt.added):
        return reads
    there: dict[int, int] = {}
    for course, user in zip(course_of(doubt.added).tolist(), user_of(doubt.added).tolist(), strict=True):
        if course in (told.get(user) or ()):
            there.setdefault(course, user)
    words = {c: f"it does not show the person with the Moodle id {user}, who is there" for c, user in there.items()}
    words |= doubt.cut
    had = dict(zip(reads["course_id"].tolist(), reads["detail"].tolist(), strict=True))
    believed = []
    for sample in doubt.samples:
        wrong = next((course for course in sample.courses if course in there), 0)
        others = [course for course in sample.courses if course not in there]
        if wrong:
            name = doubt.names.get(wrong) or f"id {wrong}"
            words |= dict.fromkeys(others, f"the list of another course ({name}) lacks somebody who is there")
        elif all(told.get(user) is None for user in sample.people):
            words |= {
                c: had[c] or "it was not counted, and Moodle does not tell who is in which courses" for c in others
            }
        else:
            believed += others
    made = reads.copy()
    ids = made["course_id"]
    made.loc[ids.isin(list(there)), "complete"] = False
    made.loc[ids.isin(believed), "believed"] = SAMPLE
    doubted = ids.isin(list(words))
    made.loc[doubted, "detail"] = ids[doubted].map(words).astype(made["detail"].dtype)
    return READS.check(made)


def trusted(reads: pd.DataFrame) -> pd.DataFrame:
    """READS, all of which are believed that were read to their end: the settings say so."""
    chosen = reads["complete"] & (reads["believed"] == "")
    if not chosen.any():
        return reads
    made = reads.copy()
    made.loc[chosen, "believed"] = TRUST
    return made


def believed_courses(reads: pd.DataFrame, settings: Settings) -> Ints:
    """Ids of the courses in which somebody who is not listed may be enrolled, sorted."""
    return np.sort(
        reads.loc[(reads["believed"] != "") | reads["proven"] | settings.trust_reads, "course_id"].to_numpy()
    )


def _ids(frame: pd.DataFrame, chosen: pd.Series) -> Ints:
    found: Ints = np.sort(frame.loc[chosen, frame.columns[0]].to_numpy())
    return found
