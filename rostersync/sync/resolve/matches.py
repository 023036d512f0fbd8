"""Tell which key was found under which field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from rostersync.enums import Match
from rostersync.frames.distinct import whole
from rostersync.frames.packed import Ints, Mask
from rostersync.sync.resolve.distinct_keys import FIELDS, DistinctKeys

SURE = (str(Match.EXACT), str(Match.CASE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What Moodle found for the distinct keys of a column.

    `text` and `sure` are aligned with the lines of `matches`, and tell of each its key's place among `keys.texts`, -1
    where it is none of them, and whether it is a match by the whole key. `found` has a row for each of FIELDS, and in
    it a column for each text, and one more for those that are none of them.
    """

    keys: DistinctKeys
    matches: pd.DataFrame
    """USER_MATCHES or COURSE_MATCHES."""
    text: Ints
    sure: Mask
    found: Mask

    def surely_found(self, field: int, chosen: Mask) -> int:
        """How many of the chosen keys are somebody's, or a course's, under this field."""
        known = np.zeros(self.found.shape[1], dtype=np.bool_)
        known[self.text[self.sure & (self.matches["field"].cat.codes.to_numpy() == field)]] = True
        return int(np.count_nonzero(known[self.keys.text[chosen]]))


def matched(keys: DistinctKeys, matches: pd.DataFrame) -> Matched:
    """The same side by side.

    Args:
        keys: the distinct keys of a column.
        matches: USER_MATCHES or COURSE_MATCHES for all of them, and maybe for others.
    """
    places = pc.index_in(whole(matches["key"]), value_set=keys.texts)
    text = pc.fill_null(places, -1).to_numpy().astype(np.int64)
    # The categories of the tables' column field are in the order of FIELDS.
    found = np.zeros((len(FIELDS[keys.what]), len(keys.texts) + 1), dtype=np.bool_)
    found[matches["field"].cat.codes.to_numpy(), text] = True
    return Matched(keys=keys, matches=matches, text=text, sure=matches["match"].isin(SURE).to_numpy(), found=found)


def both_matched(
    asked: tuple[DistinctKeys, DistinctKeys], users: pd.DataFrame, courses: pd.DataFrame
) -> tuple[Matched, Matched]:
    """The same for the keys of users and of courses."""
    return matched(asked[0], users), matched(asked[1], courses)
