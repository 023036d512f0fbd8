"""Mark the rows that the look-up rejects, leaves out or doubts."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from rostersync.enums import RowState
from rostersync.frames.packed import Ints, Mask
from rostersync.settings import Settings
from rostersync.sync.resolve import damaged_keys, identity
from rostersync.sync.resolve.distinct_keys import gone
from rostersync.sync.resolve.near_misses import NearMisses
from rostersync.sync.resolve.resolved_keys import Resolved, ResolvedKeys
from rostersync.sync.resolve.row_states import RowStates
from rostersync.tables import Roster

GUEST = "guest"
"""The user name of the guest account."""


def mark_torn_courses(marking: RowStates, keys: ResolvedKeys, roster: Roster, courses: pd.DataFrame) -> None:
    """Rejects rows whose second course key is not that of the course found: neither is certain."""
    for at, detail in damaged_keys.torn(roster, keys.course.ids, marking.ok(), courses, "other_course"):
        candidates = (int(keys.course.ids[at]),)
        marking.mark(at, RowState.REJECTED, "course_keys_disagree", detail, keys.course.words_at(at))
        keys.course.doubt(at, Resolved(0, "course_keys_disagree", detail, candidates))


def mark_courses(marking: RowStates, keys: ResolvedKeys, live: Mask, offers: NearMisses, settings: Settings) -> None:
    """Rejects rows whose course was not found; a damaged key is left out by no pattern of not_in_moodle."""
    for at in np.flatnonzero(live & (keys.course.ids == 0)).tolist():
        field, key, answer = keys.course.field_at(at), keys.course.key_at(at), keys.course.answer_at(at)
        words, offer = keys.course.words_at(at), offers.courses.get((field, key), "")
        absent = answer.code == "course_not_found" and not keys.bad_course[at]
        if absent and any(fnmatchcase(key, p) for p in settings.not_in_moodle):
            marking.mark(at, RowState.IGNORED, "not_in_moodle", answer.detail, words)
        elif marking.sound(at):
            marking.mark(at, RowState.REJECTED, answer.code, answer.detail or offer, words)
        elif keys.bad_course[at] and offer:
            marking.note(at, "key_offered", offer, words)


def mark_users(marking: RowStates, keys: ResolvedKeys, live: Mask, offers: NearMisses) -> None:
    """Rejects rows whose user was not found."""
    for at in np.flatnonzero(live & (keys.user.ids == 0) & (marking.ok() | keys.bad_user)).tolist():
        answer, words = keys.user.answer_at(at), keys.user.words_at(at)
        offer = offers.users.get((keys.user.field_at(at), words[1]), "")
        if marking.sound(at):
            marking.mark(at, RowState.REJECTED, answer.code, answer.detail or offer, words)
        elif offer:
            marking.note(at, "key_offered", offer, words)


def mark_unconfirmed(marking: RowStates, keys: ResolvedKeys) -> None:
    """Leaves rows out whose account nobody can enrol: one that is not confirmed, or the guest account."""
    matches, user = keys.user.matches, keys.user
    barred = matches["unconfirmed"].to_numpy()
    if not barred.any():
        return
    mine = (user.lines >= 0) & barred[user.lines]
    for at in np.flatnonzero(mine[user.asked.places] & (user.ids > 0) & marking.ok()).tolist():
        guest = matches["username"].iloc[int(user.lines[user.asked.places[at]])] == GUEST
        detail = "it is the guest account" if guest else "it is not confirmed yet"
        marking.mark(at, RowState.IGNORED, "unconfirmed", detail, user.words_at(at))


def mark_doubts(
    marking: RowStates,
    keys: ResolvedKeys,
    takes: Mask,
    roster: Roster,
    users: pd.DataFrame,
    beside: identity.Beside,
    settings: Settings,
) -> Sequence[Ints]:
    """Rejects rows whose key may be, or what stands beside it is, somebody else's; notes names that do not fit.

    A row that takes something away from somebody of another name is rejected, and so is one that says that somebody of
    another name does not take part.

    Args:
        marking: what is known of the rows.
        keys: what their keys turned out to be.
        takes: rows that remove or suspend.
        roster: the rows.
        users: USER_MATCHES.
        beside: what differs beside the keys, and whose it is.
        settings: where user_key says which key counts, a second one that nobody has says nothing.

    Returns:
        The rows of each name that does not fit, those that stand.
    """
    ids = keys.user.ids
    for lost in damaged_keys.zeros(roster, ids, marking.ok(), keys.user.field_at, users):
        marking.mark(lost.row, RowState.REJECTED, "user_zeros", lost.detail, keys.user.words_at(lost.row))
        keys.user.doubt(lost.row, Resolved(0, "user_zeros", lost.detail, lost.candidates))
    for two in identity.contradicted(keys.user, marking.ok(), beside):
        marking.mark(two.row, RowState.REJECTED, "contradicted", two.detail, keys.user.words_at(two.row))
        keys.user.doubt(two.row, Resolved(0, "contradicted", two.detail, two.candidates))
    torn = damaged_keys.torn(roster, ids, marking.ok(), users, "other") if not settings.user_key else ()
    for at, detail in torn:
        candidates = (int(ids[at]),)
        marking.mark(at, RowState.REJECTED, "keys_disagree", detail, keys.user.words_at(at))
        keys.user.doubt(at, Resolved(0, "keys_disagree", detail, candidates))
    unlike = []
    out = gone(roster.rows)
    for places, detail in damaged_keys.unlike(roster, keys.user, marking.ok() | out):
        for at in places[(takes | out)[places]].tolist():
            marking.mark(at, RowState.REJECTED, "name_refused", detail, keys.user.words_at(at))
        gives = places[~(takes | out)[places]]
        for at in gives.tolist():
            marking.note(at, "name_unlike", detail, keys.user.words_at(at))
        unlike.append(gives)
    for places, detail in damaged_keys.twice(roster, keys.user, marking.ok()):
        for at in places.tolist():
            marking.note(at, "user_twice", detail, keys.user.words_at(at))
    return [places for places in unlike if places.size]
