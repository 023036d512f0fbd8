"""Unite what several classes or sections of one course say of one person.

Only within one section is a difference a contradiction. Between sections active wins over suspended, and that over
deleted; of those that count, the earliest start and the latest end do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from rostersync.enums import NOT_GIVEN, Action, Status
from rostersync.frames.packed import Ints, Mask, first_of_run
from rostersync.tables import Roster

GONE, PAUSED, NAMED, ACTIVE = range(4)
"""What a row says of somebody, the strongest last: one that says nothing of a status names somebody all the same."""
_ALWAYS, _NEVER = -2, np.iinfo(np.int64).max
"""A start that is none is earlier than any, and an end that is none is later; saying nothing stands beside them."""
_OPEN = _NEVER - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class United:
    """What the rows of several people say together; `run` counts people from 0, and rows stand in its order."""

    torn: Mapping[int, list[str]]
    """Person → what contradicts itself within one section."""
    counts: Mask
    """Rows that count: those of sections in which the person is, if there is one."""
    head: Ints
    """For each person the first row that says what counts, among these rows."""
    start: Ints
    """For each person."""
    end: Ints


def of_rows(roster: Roster) -> Ints:
    """A number for the section of each row, letter case apart; blank ones are a section of their own."""
    parts = roster.distinct("part")
    folded = pc.utf8_lower(parts.texts).dictionary_encode()
    sections: Ints = folded.indices.to_numpy().astype(np.int64)[parts.index]
    return sections


def united(section: Ints, run: Ints, says: Mapping[str, Ints]) -> United:
    """What these rows say together.

    Args:
        section: of each row.
        run: the person in a course whom each row is about: 0, 1, 2, …, in order.
        says: action and status as positions in Action and Status, start and end in epoch seconds.
    """
    rank = _rank(says["action"], says["status"])
    starts = np.flatnonzero(first_of_run(run))
    best = np.maximum.reduceat(rank, starts) if len(run) else rank
    counts = np.where(best >= NAMED, NAMED, best)[run] <= rank
    places = np.where(rank == best[run], np.arange(len(run)), len(run))
    begin = np.where(counts, np.where(says["start"] == 0, _ALWAYS, says["start"]), _NEVER)
    end = np.where(says["end"] == 0, _NEVER, np.where(says["end"] == NOT_GIVEN, _OPEN, says["end"]))
    end = np.where(counts, end, _ALWAYS)
    first, last = np.minimum.reduceat(begin, starts), np.maximum.reduceat(end, starts)
    return United(
        torn=_torn(section, run, says),
        counts=counts,
        head=np.minimum.reduceat(places, starts),
        start=np.where(first == _ALWAYS, 0, first),
        end=np.where(last == _NEVER, 0, np.where(last == _OPEN, NOT_GIVEN, last)),
    )


def alike(full: Ints, says: Mapping[str, Ints]) -> Ints:
    """For each row the first that is alike in everything, role included; rows of one person stand in their order."""
    order = np.lexsort((np.arange(len(full)), *says.values(), full))
    first = first_of_run(full[order])
    for column in says.values():
        first |= first_of_run(column[order])
    heads = np.empty(len(full), dtype=np.int64)
    heads[order] = order[np.maximum.accumulate(np.where(first, np.arange(len(full)), 0))]
    return heads


def _rank(action: Ints, status: Ints) -> Ints:
    """How much each row says that somebody is there."""
    actions, statuses = list(Action), list(Status)
    rank = np.where(status == statuses.index(Status.ACTIVE), ACTIVE, NAMED)
    paused = (action == actions.index(Action.SUSPEND)) | (status == statuses.index(Status.SUSPENDED))
    rank[paused] = PAUSED
    rank[action == actions.index(Action.REMOVE)] = GONE
    return rank


def _torn(section: Ints, run: Ints, says: Mapping[str, Ints]) -> dict[int, list[str]]:
    """Person → what differs among the rows of one section."""
    order = np.lexsort((section, run))
    first = first_of_run(run[order]) | first_of_run(section[order])
    heads = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    words: dict[int, list[str]] = {}
    for name, column in says.items():
        for person in sorted(set(run[order][column[order] != column[heads]].tolist())):
            words.setdefault(person, []).append(name)
    return words
