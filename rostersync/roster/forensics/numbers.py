"""Find out what a spreadsheet did to a key that it took for a number."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import Distinct
from rostersync.roster.forensics.damage import Damage, was
from rostersync.roster.sheet import Ints, Mask

DIGITS = 15
"""Digits of a number that Excel keeps; whole numbers beyond 2^53, of 16 digits, are rounded by everybody."""
FLOAT = re.compile(r"([0-9]+)[.,]0+")
SCIENTIFIC = re.compile(r"[0-9][.,][0-9]+[eE][+-]?[0-9]{1,3}|[0-9]+[eE]\+[0-9]{1,3}")
"""1.2E+08, 1,2E+08, 1E+05, 1.2E8; never 1E5 or 1E-01, which can be codes."""
THOUSANDS = re.compile(r"[0-9]{1,3}(?:([.,'’ ])[0-9]{3})(?:\1[0-9]{3})*")  # noqa: RUF001 - Swiss thousands
SHAPES = r"^[0-9]+[.,]0+$|^[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+$|^[0-9]{1,3}(?:[.,'’ ][0-9]{3})+$"  # noqa: RUF001
"""All of these, for pyarrow."""
PART = r"^[0-9]+[.,][0-9]*[1-9][0-9]*$"
"""A number with decimals that say something."""
SECTION = r"^[0-9]+[.,](?:[0-9]?[1-9]|[0-9]{3,}[1-9])$"
"""The same, and no thousands: sections like 101.2."""
LEAD = 0.85
"""Share of the numbers that have the greatest length, from which shorter ones are odd."""
LEAD_WITH_ZEROS = 0.5
"""The same where some of that length begin with a zero."""
SHORTEST = 5
"""Digits below which numbers of several lengths are nothing odd."""
DENSE = 0.2
"""Share of all numbers up to a length that a column holds when they are counted through: 1 to 95,000."""
ENOUGH = 10


def damage(key: str) -> Damage | None:
    """What is wrong with a key that looks like a number."""
    groups = THOUSANDS.fullmatch(key)
    if groups:
        plain = re.sub("[^0-9]", "", key)
        return Damage("key_thousands", was(plain, plain[:-3]) if _is_float(key) else was(plain))
    if match := FLOAT.fullmatch(key):
        return Damage("key_float", was(match[1]))
    return Damage("key_scientific") if SCIENTIFIC.fullmatch(key) else None


def _is_float(key: str) -> bool:
    return FLOAT.fullmatch(key) is not None


def rounded(cells: Distinct, digits: Mask, numbers: Mask) -> Ints:
    """Rows of whole numbers that have lost their last digits: numbers of a workbook, or texts made from such.

    A text of so many digits is one of them where at least half of all such texts look rounded.
    """
    long = np.flatnonzero(digits & cells.rows(pc.greater(pc.binary_length(cells.texts), DIGITS)))
    if not long.size:
        return long
    distinct = cells.take(long).dictionary_encode()
    texts = distinct.dictionary.to_pylist()
    tails = np.array([_is_rounded(value) for value in texts], dtype=bool)
    surely = len(texts) > 1 or len(texts[0]) > DIGITS + 2
    lost = tails if surely and 2 * tails.sum() >= len(tails) else np.zeros(len(tails), dtype=bool)
    return long[numbers[long] | lost[distinct.indices.to_numpy()]]


def _is_rounded(digits: str) -> bool:
    """Nothing but zeros behind the 15th digit, or exactly what a number of 64 bits holds: one of 64 texts by chance."""
    return not digits[DIGITS:].strip("0") or (len(digits) > DIGITS + 2 and int(float(digits)) == int(digits))


def shortened(cells: Distinct, used: Mask, digits: Mask) -> tuple[Ints, int]:
    """Rows of numbers that are shorter than nearly all others, and the length of those: they may have lost zeros."""
    nothing = np.empty(0, dtype=np.int64)
    count = int(digits.sum())
    if not count or count < 0.95 * int(used.sum()):
        return nothing, 0
    lengths = pc.binary_length(cells.texts).to_numpy()[cells.index]
    counts = np.bincount(np.minimum(lengths[digits], 99))
    length = int(counts.argmax())
    share = counts[length] / count
    if counts[:length].sum() == 0 or counts[length + 1 :].sum() > 0.02 * count or length < SHORTEST:
        return nothing, 0
    # Some of full length that begin with a zero prove that zeros belong there.
    full = digits & (lengths == length)
    zeros = bool(pc.any(pc.starts_with(cells.texts.filter(pa.array(cells.within(full))), "0")).as_py())
    short = np.flatnonzero(digits & (lengths < length))
    if zeros:
        return (short if share >= LEAD_WITH_ZEROS else nothing), length
    if share < LEAD or count < ENOUGH or length > DIGITS:
        return nothing, 0
    known = np.sort(cells.texts.filter(pa.array(cells.within(digits))).cast(pa.int64()).to_numpy())
    distinct = 1 + int((known[1:] != known[:-1]).sum())
    return (nothing if distinct < ENOUGH or distinct > DENSE * 10**length else short), length
