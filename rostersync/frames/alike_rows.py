"""Work something out once for all rows that are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rostersync.frames.columns import TEXT
from rostersync.frames.packed import Ints


def kinds(frame: pd.DataFrame) -> tuple[Ints, Ints]:
    """For each row the number of its kind, by first occurrence, and for each kind the position of its first row."""
    number = frame.groupby(list(frame.columns), sort=False, observed=True).ngroup().to_numpy(copy=True)
    return number, np.flatnonzero(~pd.Series(number).duplicated().to_numpy())


def spread(words: Sequence[str], at: Ints) -> pd.Series:
    """A column with the words at these places, -1 being the last: what stands there a million times is made once."""
    return pd.Series(words or [""], dtype=TEXT).take(at).reset_index(drop=True)


def picked(texts: pd.Series, at: Ints) -> pd.Series:
    """A column with the texts at these positions; blank where the position is -1."""
    return pd.Series(texts.array.take(at, allow_fill=True, fill_value=""))
