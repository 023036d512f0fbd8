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

from rostersync.settings import Settings
from rostersync.sync.keys import Ints, Mask, contains, course_of, distinct, pack, user_of
from rostersync.tables import READS
from rostersync.vocabulary import Op

COUNT, SAMPLE, TRUST = "count", "sample", "trust"
"""What READS.believed can be."""
ASKED = 5
"""People who are asked for one sample, at most; spread over all by their ids, so that they are always the same."""
NO_GROUPS, VISIBLE_GROUPS = 0, 2
"""Group modes that hide nobody; what Moodle does not tell counts as separate groups."""
SEES_HIDDEN = ("manager", "coursecreator", "editingteacher", "teacher")
"""Roles whose holders see a hidden course among their own, by short name."""
UNBELIEVED = "read_unbelieved"

HIDDEN_GROUPS = (
    "it is hidden and has separate groups, and Moodle would not show it among the courses of those to be added; make "
    "it visible, if only for the run"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """People who are asked for their own courses, and the courses whose lists rely on what comes back."""

    courses: tuple[int, ...]
    people: tuple[int, ...]
    """In the order in which they are chosen; nobody, where nobody's answer would tell anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """The additions to courses whose lists nothing bears out yet, and the samples that could."""

    added: Ints
    """Packed (course, user), sorted and distinct."""
    samples: tuple[Sample, ...]
    names: Mapping[int, str]
    """Course id → short name."""

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody to be asked, once."""
        return tuple(sorted({user for sample in self.samples for user in sample.people}))


def doubtful(
    changes: pd.DataFrame,
    current: pd.DataFrame,
    reads: pd.DataFrame,
    courses: pd.DataFrame,
    roles: pd.DataFrame,
    *,
    own_id: int,
) -> Doubtful:
    """Who has to be asked before people are enrolled.

    One sample stands for all courses without separate groups: what cuts a list short there does so everywhere. Each
    course with separate groups has a sample of its own. A hidden course with them is shown only to people with certain
    roles; but where its list has people and not the token's own account, groups do not cut it short.

    Args:
        changes: CHANGES that are to be sent, or held only because no read is believed.
        current: CURRENT of their courses, as read last: who is listed by now is not asked.
        reads: READS of the same.
        courses: COURSES.
        roles: ROLES.
        own_id: the token's own account.
    """
    coming = changes[(changes["op"] == Op.ENROL) & changes["hold"].isin(["", UNBELIEVED])]
    open_ = np.sort(reads.loc[reads["complete"] & (reads["believed"] == ""), "course_id"].to_numpy())
    listed = distinct(pack(current["course_id"], current["user_id"]))
    keys = pack(coming["course_id"], coming["user_id"])
    asks = contains(open_, coming["course_id"].to_numpy()) & ~contains(listed, keys)
    added = distinct(keys[asks])
    if not len(added):
        return Doubtful(added=added, samples=(), names={})
    free = _ids(courses, courses["groupmode"].isin([NO_GROUPS, VISIBLE_GROUPS]))
    hidden = _ids(courses, ~courses["visible"])
    peopled = distinct(course_of(listed))
    uncut = peopled[~contains(listed, pack(peopled, own_id))]
    course = course_of(added)
    shared = contains(free, course) | (contains(hidden, course) & contains(uncut, course))
    told = _ids(roles, roles["shortname"].isin(SEES_HIDDEN))
    see = distinct(keys[asks & contains(told, coming["role_id"].to_numpy())])
    shown = ~contains(hidden, course) | contains(see, added)
    samples = []
    if shared.any():
        # Whose courses are hidden tells less: they come last.
        samples.append(_sample(added[shared], shown[shared]))
    for one in distinct(course[~shared]).tolist():
        mine = ~shared & (course == one)
        telling = mine & shown
        people = _sample(added[telling], shown[telling]).people if telling.any() else ()
        samples.append(Sample(courses=(one,), people=people))
    names = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    return Doubtful(added=added, samples=tuple(samples), names=names)


def departed(changes: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame, courses: pd.DataFrame) -> Doubtful:
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
    return Doubtful(added=keys, samples=tuple(samples), names=names)


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


def believe(reads: pd.DataFrame, doubt: Doubtful, told: Mapping[int, frozenset[int] | None]) -> pd.DataFrame:
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
    had = dict(zip(reads["course_id"].tolist(), reads["detail"].tolist(), strict=True))
    believed = []
    for sample in doubt.samples:
        wrong = next((course for course in sample.courses if course in there), 0)
        others = [course for course in sample.courses if course not in there]
        if wrong:
            name = doubt.names.get(wrong) or f"id {wrong}"
            words |= dict.fromkeys(others, f"the list of another course ({name}) lacks somebody who is there")
        elif not sample.people:
            words |= dict.fromkeys(others, HIDDEN_GROUPS)
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
