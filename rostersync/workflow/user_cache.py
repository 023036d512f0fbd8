"""Use remembered ids of users where a read of this very run bears them out.

Asking for a user costs five times what a line of a course's list does (guide/moodle.md, facts 9 and 13), and a roster
names mostly people who are in its courses. So whose a key was is remembered, as a hint. It is used only where a list
that was read just now shows this account, under this id, exactly as the look-up had shown it: with this key, and with
the same user name, address, id number and full name. A key that went to somebody else, an account that was renamed,
merged, deleted or made anew, a store from another time, a token that sees less: whatever differs is looked up as ever.

One thing no list can show: that a second account, elsewhere, has got the same id number or address. So nothing is
changed on the strength of a hint: `still_so` looks up afresh whatever has to do with a change. And no hint lasts longer
than a week.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rostersync import moodle
from rostersync.enums import CourseField, Match, Op, UserField
from rostersync.frames.packed import contains, distinct, pack
from rostersync.moodle import Listing
from rostersync.moodle.enrolments import KEYS
from rostersync.sync import proposal
from rostersync.sync.resolve.distinct_keys import DistinctKeys
from rostersync.sync.snapshot import Snapshot
from rostersync.tables import USER_MATCHES, Roster
from rostersync.text import names
from rostersync.workflow import lookup
from rostersync.workflow.lookup import shown_as
from rostersync.workflow.site import Site


def borne_out(
    asked: tuple[DistinctKeys, DistinctKeys], courses: pd.DataFrame, site: Site
) -> tuple[pd.DataFrame, dict[int, Listing]]:
    """USER_MATCHES of the keys that are remembered and borne out, and the lists that were read for it, by course.

    Args:
        asked: the distinct keys of the rows, of users and of courses.
        courses: COURSE_MATCHES of theirs.
        site: the site.

    Raises:
        SiteError: nothing can go on.
    """
    hints = {}
    for field, keys in asked[0].by_field():
        if field != UserField.ANY:  # what an undecided column holds, all fields are asked for
            known = site.store.recall(site.client.site, field)
            plain = {key: names.alike(key) for key in keys}
            alike = Counter(plain.values())
            # Of keys that are alike, Moodle may take each for all of them: they are asked for together.
            hints[field] = {key: known[key] for key in keys if key in known and alike[plain[key]] == 1}
    if not any(hints.values()):
        return USER_MATCHES.empty(), {}
    listed = moodle.list_courses(
        site.client, _meant(asked[1], courses), page_size=site.settings.page_size, progress=site.told("reading courses")
    )
    shown = _accounts(listed)
    lines: list[tuple[Any, ...]] = []
    for field, known in hints.items():
        at = None if field == UserField.ID else KEYS.index(field)
        for key, hint in known.items():
            account = shown.get((hint.user_id, hint.shown))
            if account and key == (str(hint.user_id) if at is None else account[at]):
                lines.append((field, key, hint.user_id, *account, False, str(Match.EXACT), ""))
    if not lines:
        return USER_MATCHES.empty(), listed
    return USER_MATCHES.frame(dict(zip(USER_MATCHES.columns, map(list, zip(*lines, strict=True)), strict=True))), listed


def still_so(known: pd.DataFrame, loaded: Roster, snapshot: Snapshot, changes: pd.DataFrame, site: Site) -> bool:
    """Whether a fresh look-up of all that has to do with a change finds the same as was borne out.

    That is all keys of a course that may lose somebody (rule 2), the keys of people about whom something is changed,
    and keys that people may have as well who may lose something.

    Args:
        known: USER_MATCHES that were not looked up.
        loaded: the rows.
        snapshot: what was decided from, with the names of those who may lose something.
        changes: CHANGES before the limits.
        site: the site.

    Raises:
        SiteError: nothing can go on.
    """
    if known.empty:
        return True
    touched = _touched(snapshot, changes)
    rows = loaded.rows.loc[touched, ["user_field", "user"]].drop_duplicates()
    asked = set(rows.astype(str).itertuples(index=False, name=None))
    losing = snapshot.people[snapshot.people["user_id"].isin(proposal.may_go(changes))]
    for field in known["field"].astype(str).unique().tolist() if len(losing) else ():
        name = "user_id" if field == UserField.ID else field
        people = moodle.Index((str(value), value) for value in losing[name].tolist())
        mine = known.loc[known["field"] == field, "key"].tolist()
        asked |= {(field, key) for key in mine if any(True for _ in people.matches(key))}
    pairs = zip(known["field"].astype(str), known["key"], strict=True)
    doubted = known[np.fromiter((pair in asked for pair in pairs), dtype=np.bool_, count=len(known))]
    for field, part in doubted.groupby("field", observed=True):
        with moodle.indispensable(site.client.address):
            fresh = lookup.look_up_afresh(UserField(str(field)), part["key"].tolist(), site)
        if not _same(part, fresh):
            return False
    return True


def _meant(asked: DistinctKeys, courses: pd.DataFrame) -> list[int]:
    """Ids of the courses that the rows name, as far as each key means one course alone."""
    named = [(field, key) for field, keys in asked.by_field() if field != CourseField.ANY for key in keys]
    found = courses[courses["match"].isin([str(Match.EXACT), str(Match.CASE)])]
    exact = found.loc[found["match"] == Match.EXACT, ["field", "key"]].astype(str)
    better = pd.MultiIndex.from_frame(found[["field", "key"]].astype(str)).isin(pd.MultiIndex.from_frame(exact))
    found = found[(found["match"] == Match.EXACT).to_numpy() | ~better]
    found = found[~found.duplicated(["field", "key"], keep=False)]
    return found.loc[pd.MultiIndex.from_frame(found[["field", "key"]].astype(str)).isin(named), "course_id"].tolist()


def _accounts(listed: Mapping[int, Listing]) -> dict[tuple[int, str], tuple[str, ...]]:
    """(user id, digest) → everything that a list shows of the account; lists can show different things."""
    distinct_ones = {(u, (*keys, li.names[u])) for li in listed.values() for u, keys in li.keys.items()}
    return {(user_id, shown_as(*account)): account for user_id, account in distinct_ones}


def _touched(snapshot: Snapshot, changes: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The rows of the roster on which a change depends."""
    rows, taken = snapshot.resolution.rows, changes[(changes["op"] == Op.UNASSIGN) & (changes["hold"] == "")]
    losing = distinct(np.array([*proposal.may_lose(changes), *taken["course_id"].tolist()], dtype=np.int64))
    made = changes[changes["op"] != Op.NOTHING]
    here = contains(losing, rows["course_id"].to_numpy())
    pairs = distinct(pack(made["course_id"], made["user_id"]))
    return here | contains(pairs, pack(rows["course_id"], rows["user_id"]))


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    def lines(table: pd.DataFrame) -> list[tuple[Any, ...]]:
        return sorted(table.astype(object).itertuples(index=False, name=None))

    return lines(one) == lines(other)
