"""Say what a mirrored roster has for each course, so that it can be compared with rosters before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import Action, Mode, RowState
from rostersync.frames.distinct import Distinct
from rostersync.frames.packed import Ints, Mask, distinct, first_of_run
from rostersync.sync.resolve.distinct_keys import gone
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.tables import ROSTER_COURSES, Roster

Hashes = npt.NDArray[np.uint64]

BYTES = 16
"""Of a digest: two sets of rows of one course never have the same by chance."""
SHOWN = 20
"""Values of a section, group or campus column that are remembered: there is one, or there are several."""
COURSE_BITS, ROW_BITS = np.uint64(24), np.uint64(40)
_ODD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


def mirrored(roster: Roster, resolution: Resolution) -> Mask:
    """The rows of mirrored files that state something of a course that was found, rejected ones included."""
    found: Mask = _of_mirrors(roster, resolution) & (resolution.rows["course_id"] > 0).to_numpy()
    return found


def _of_mirrors(roster: Roster, resolution: Resolution) -> Mask:
    """The rows of mirrored files that state something.

    A file that holds what was given back to be corrected is a part of a roster on purpose, and no mirror.
    """
    rows = resolution.rows
    whole = np.array([s.mode == Mode.MIRROR and not s.partial for s in roster.sources], dtype=np.bool_)
    if not whole.any():
        return np.zeros(len(rows), dtype=np.bool_)
    live = (rows["state"].cat.codes.to_numpy() != list(RowState).index(RowState.IGNORED)) | gone(rows)
    stated: Mask = live & whole[rows["source"].to_numpy()]
    return stated


def courses_of(roster: Roster, resolution: Resolution) -> pd.DataFrame:
    """ROSTER_COURSES of a roster.

    A row is the user's key without regard to case, the role, what is to be done, status, dates, and whether the person
    does not take part: names, e-mail addresses beside the key, the order of the rows and their doubles make no other
    roster.

    Args:
        roster: what was read.
        resolution: the same rows with the ids of their courses.
    """
    at = np.flatnonzero(mirrored(roster, resolution))
    if not len(at):
        return ROSTER_COURSES.empty()
    rows, names, stands = resolution.rows, roster.distinct("role_name"), _stands(resolution)[at]
    # One number to sort by: the course, and what its row says, in as many bits as are left.
    course = rows["course_id"].to_numpy()[at].astype(np.uint64)
    content = (course << ROW_BITS) | (_hashes(roster, rows)[at] >> COURSE_BITS)
    order = np.argsort(content)
    firsts = np.flatnonzero(np.append(True, content[order[1:]] != content[order[:-1]]))
    content, role = content[order[firsts]], names.index[at[order[firsts]]]
    sound = np.logical_or.reduceat(stands[order], firsts)
    ids = distinct((content >> ROW_BITS).astype(np.int64))
    whole, good, role = _cut(content, ids), _cut(content[sound], ids), role[sound]
    roles = _roles((content[sound] >> ROW_BITS).astype(np.int64), role, names)
    parts = _parts(roster, rows["course_id"].to_numpy(), at[stands])
    sources = _sources(roster, rows, at) if len(roster.sources) > 1 else {}
    one = roster.sources[0].name
    return ROSTER_COURSES.frame(
        {
            "course_id": ids,
            "digest": [_digest(piece) for piece in whole],
            "sound": [_digest(piece) for piece in good],
            "source": [sources.get(c, one) for c in ids.tolist()],
            "rows": [len(piece) for piece in good],
            "roles": [json.dumps(roles.get(c, {}), ensure_ascii=False, sort_keys=True) for c in ids.tolist()],
            "parts": [json.dumps(parts.get(c, {}), ensure_ascii=False, sort_keys=True) for c in ids.tolist()],
        }
    )


def all_past(roster: Roster, resolution: Resolution, now: int) -> dict[int, str]:
    """Course id → what is said of a mirrored file that names it and whose people are over, all of them.

    That is a file in which at least half of the rows have an end date, and no end date is ahead: one that gives ends
    to a few people who leave early is an ordinary one. It is looked at with the rows that were rejected and without
    them, and a date that could not be read may be past: otherwise a row that is mended could take fewer people out.

    Args:
        roster: what was read.
        resolution: the same rows with ids.
        now: the clock, in epoch seconds.
    """
    rows = resolution.rows
    stays = rows["action"].cat.codes.to_numpy() != list(Action).index(Action.REMOVE)
    at = np.flatnonzero(_of_mirrors(roster, resolution) & stays)
    source, end, stands = rows["source"].to_numpy()[at], rows["end"].to_numpy()[at], _stands(resolution)[at]
    unread = rows["code"].str.startswith("date").to_numpy(dtype=np.bool_)[at] & ~stands & (end == 0)
    found: dict[int, str] = {}
    for number in distinct(source).tolist():
        mine = source == number
        if _is_past(end[mine & stands], now) or _is_past((end + unread)[mine], now):
            courses = [c for c in distinct(rows["course_id"].to_numpy()[at[mine]]).tolist() if c]
            found |= dict.fromkeys(courses, f"every end date in {roster.sources[number].name} is past")
    return found


def _is_past(ends: Ints, now: int) -> bool:
    dated = ends[ends > 0]
    return bool(len(dated) and 2 * len(dated) >= len(ends) and dated.max() <= now)


def _stands(resolution: Resolution) -> Mask:
    """The rows that were not rejected: one that is must neither make up for a row nor make another roster of it."""
    stands: Mask = resolution.rows["state"].cat.codes.to_numpy() != list(RowState).index(RowState.REJECTED)
    return stands


def _cut(content: Hashes, courses: Ints) -> list[Hashes]:
    """What stands in each of these courses."""
    edges = courses.astype(np.uint64) << ROW_BITS
    return np.split(content, np.searchsorted(content, edges[1:]))


def _digest(content: Hashes) -> str:
    return hashlib.blake2b(content.astype("<u8").tobytes(), digest_size=BYTES).hexdigest() if len(content) else ""


def _hashes(roster: Roster, rows: pd.DataFrame) -> Hashes:
    """One number for each row, by what it says."""
    user, role = roster.distinct("user"), roster.distinct("role_name")
    made = _of_texts(pc.utf8_lower(pc.utf8_normalize(user.texts, form="NFKC")))[user.index]
    columns: list[Hashes] = [_of_texts(role.texts)[role.index]]
    for name in ("action", "status"):
        words = rows[name].cat.categories.astype(str).tolist()
        columns.append(_of_texts(pa.array(words, pa.string()))[rows[name].cat.codes.to_numpy()])
    columns += [rows[name].to_numpy().astype(np.uint64) for name in ("start", "end")]
    for column in columns:
        made = (made ^ column) * _ODD  # what is beyond 64 bits is dropped
        made ^= made >> _SHIFT
    return np.where(gone(rows), ~made, made)


def _of_texts(texts: pa.Array) -> Hashes:
    hashes: Hashes = pd.util.hash_array(np.array([*texts.to_pylist(), ""], dtype=object), categorize=False)[:-1]
    return hashes


def _roles(course: Ints, role: npt.NDArray[np.int32], names: Distinct) -> dict[int, dict[str, int]]:
    """Course id → role name → different rows that have it."""
    many = max(len(names.texts), 1)
    pairs = np.sort(course * many + role)
    starts = np.flatnonzero(first_of_run(pairs))
    sizes = np.diff(np.append(starts, len(pairs)))
    words = names.texts.to_pylist()
    found: dict[int, dict[str, int]] = {}
    for pair, size in zip(pairs[starts].tolist(), sizes.tolist(), strict=True):
        found.setdefault(pair // many, {})[words[pair % many]] = size
    return found


def _parts(roster: Roster, courses: Ints, at: Ints) -> dict[int, Mapping[str, list[str]]]:
    """Course id → header → values of a section, group or campus column."""
    parts = roster.distinct("part")
    many, words = max(len(parts.texts), 1), parts.texts.to_pylist()
    if not any(words):
        return {}
    found: dict[int, dict[str, set[str]]] = {}
    for pair in distinct(courses[at] * many + parts.index[at]).tolist():
        for piece in filter(None, words[pair % many].split("\t")):
            header, _, value = piece.partition("=")
            found.setdefault(pair // many, {}).setdefault(header, set()).add(value)
    return {c: {h: sorted(v)[:SHOWN] for h, v in sorted(said.items())} for c, said in found.items()}


def _sources(roster: Roster, rows: pd.DataFrame, at: Ints) -> dict[int, str]:
    """Course id → the names of the files that have rows for it."""
    many = max(len(roster.sources), 1)
    found: dict[int, list[str]] = {}
    for pair in distinct(rows["course_id"].to_numpy()[at] * many + rows["source"].to_numpy()[at]).tolist():
        found.setdefault(pair // many, []).append(roster.sources[pair % many].name)
    return {course: ", ".join(names) for course, names in found.items()}
