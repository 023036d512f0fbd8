"""Say what people are called: as Moodle does, and beside it as the file does, where that is another name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from rostersync.frames.alike_rows import picked
from rostersync.frames.columns import TEXT
from rostersync.frames.distinct import mask, whole
from rostersync.frames.packed import Ints, first_of_run, in_order, place, take
from rostersync.text import names


def called(full: pd.Series, at: Ints, in_file: pd.Series) -> pd.Series:
    """A column like “Ann Smith (file: Anne Smyth)”.

    The order of the words, letter case and accents make no other name. Where one of both is not known, the other stands
    alone.

    Args:
        full: full names in Moodle.
        at: for each line the position of its person's full name; -1: not known.
        in_file: for each line the name in the file.
    """
    full = full.str.strip()  # who has one name alone has a blank beside it
    own = picked(full, at)
    said, shown = whole(in_file), whole(own)
    made = own.where(own != "", in_file.reset_index(drop=True))
    differs = pc.and_(pc.not_equal(said, shown), pc.and_(pc.not_equal(said, ""), pc.not_equal(shown, "")))
    lines = np.flatnonzero(mask(differs))
    if not len(lines):
        return made
    # Both stand in many lines: each pair is worded once.
    code, texts = pd.factorize(in_file.iloc[lines])
    of, pairs = pd.factorize(at[lines] * len(texts) + code)
    both = zip(full.iloc[pairs // len(texts)].tolist(), texts[pairs % len(texts)].tolist(), strict=True)
    words = pd.Series([_both(one, other) for one, other in both], dtype=TEXT)
    chosen = np.full(len(made), -1)
    chosen[lines] = of
    values = picked(words, chosen)
    return made.where(values == "", values)


def firsts(ids: Ints, wanted: Ints) -> Ints:
    """For each wanted id the position of its first occurrence; -1 where it does not occur."""
    order = in_order(ids)
    first = order[first_of_run(ids[order])]
    return take(first, place(ids[first], wanted), missing=-1)


def _both(moodle: str, file: str) -> str:
    same = sorted(names.plain(moodle).split()) == sorted(names.plain(file).split())
    return moodle if same else f"{moodle} (file: {file})"
