"""Find out what a spreadsheet, an export or a copy did to the keys of a sheet.

Whole columns are sifted by kernels of pyarrow; only distinct values that look odd are looked at one by one. Nothing is
repaired: a key that cannot be the true one rejects its row, and what it probably was is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import Distinct, mask
from rostersync.roster.columns.fields import COURSE_KEYS
from rostersync.roster.columns.months import SHORT
from rostersync.roster.forensics import days, duplicate_people, letters, numbers
from rostersync.roster.forensics.damage import Damage
from rostersync.roster.sheet import Ints, Mask

ODD_START = rf"^['=]|{numbers.SHAPES}|{days.SHAPES}"
"""What an ASCII key can be damaged by; what this does not fit needs no second look."""
ODD_LETTERS = (
    rf"^['=\x{{2019}}]|{letters.HIDDEN}|{letters.MISREAD}|[\p{{Greek}}\p{{Cyrillic}}]|{letters.WIDE}|{days.SHAPES}"
)
"""The same for others."""
HABIT, ENOUGH = 0.5, 5
"""Share of a column's rows, and distinct values, from which an odd shape is how the registrar writes keys."""
POWER = r"^[1-9][0-9]*00$"
"""What is left of a code like 1E5, or 12E3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyColumn:
    """A key column."""

    field: str
    cells: pa.Array
    """Without outer blanks."""
    distinct: Distinct
    """The same."""
    used: Mask
    """Rows of which this column holds the key."""
    numbers: Mask
    """Cells that are numbers in the workbook."""
    dates: Mask
    """Cells that are dates in the workbook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedRows:
    """Rows with one code, each with its detail: an array with one for each row of the sheet."""

    code: str
    rows: Ints
    detail: pa.Array | str = ""


def examine(keys: KeyColumn) -> Iterator[DamagedRows]:
    """Everything that is odd in one key column, codes of `problems.IN_VALUES`.

    Args:
        keys: the column.

    Yields:
        Each code's rows; a row has one code of `problems.DAMAGED` at most.
    """
    damaged = np.zeros(len(keys.used), dtype=bool)
    digits = keys.distinct.rows(pc.ascii_is_decimal(keys.distinct.texts)) & keys.used & ~keys.dates
    lost = numbers.rounded(keys.distinct, digits, keys.numbers)
    if lost.size:
        damaged[lost] = True
        yield DamagedRows(code="key_rounded", rows=lost)
    odd = keys.used & (keys.distinct.rows(_odd(keys.distinct.texts)) | keys.dates)
    for found in _values(keys, np.flatnonzero(odd)):
        damaged[found.rows] = found.code != "key_script"
        yield found
    if keys.field not in {"id", "course_id", "email", "course_name"}:
        short, length = numbers.shortened(keys.distinct, keys.used & ~damaged, digits & ~damaged)
        if short.size:
            yield DamagedRows(code="zeros_lost", rows=short, detail=pc.utf8_lpad(keys.cells, length, "0"))
    if keys.numbers.any():
        yield from _numbers(keys, digits & ~damaged, damaged)


def outer_blanks(raw: pa.Array, trimmed: pa.Array) -> int:
    """How many cells are longer than without the blanks around them."""
    if raw is trimmed or pc.sum(pc.binary_length(raw)).as_py() == pc.sum(pc.binary_length(trimmed)).as_py():
        return 0
    return int(pc.sum(pc.not_equal(pc.binary_length(raw), pc.binary_length(trimmed))).as_py())


def capitals(cells: Distinct, used: Mask) -> tuple[int, str]:
    """How many cells have a capital letter, and the first of them."""
    rows = np.flatnonzero(used & cells.rows(pc.not_equal(cells.texts, pc.ascii_lower(cells.texts))))
    return len(rows), cells.take(rows[:1])[0].as_py() if rows.size else ""


def names(cells: Distinct) -> Iterator[DamagedRows]:
    """Names that were read in a wrong encoding."""
    maybe = pc.or_(pc.invert(pc.string_is_ascii(cells.texts)), pc.match_substring(cells.texts, "?"))
    some = np.flatnonzero(mask(maybe))
    odd = np.zeros(len(cells.texts), dtype=bool)
    odd[some[_matching(cells.texts.take(pa.array(some)), rf"{letters.MISREAD}|\pL\?\pL")]] = True
    rows = np.flatnonzero(cells.rows(odd))
    yield from _each(cells, rows, lambda name: Damage("text_mojibake", d) if (d := letters.misread(name)) else None)


def people_in(
    keys: Distinct, course: Distinct, spelled: Sequence[Distinct], email: Distinct | None
) -> Iterator[DamagedRows]:
    """Keys beside two names, and people with two keys: of one address, or of one name in one course.

    Args:
        keys: of the users.
        course: keys of the courses.
        spelled: first and last names, or full names, or nothing.
        email: addresses, where they are not the keys.
    """
    owners, count = duplicate_people.Owners(keys), len(keys.index)
    if spelled:
        yield _listed("key_two_names", duplicate_people.two_names(owners, spelled), count)
    if email is not None:
        yield _listed(
            "person_two_keys", duplicate_people.by_address(owners, email.mapped(pc.ascii_lower(email.texts))), count
        )
    if spelled:
        yield _listed("person_two_keys", duplicate_people.by_name(owners, spelled, course, email), count)


def _listed(code: str, found: Iterator[tuple[Ints, str]], count: int) -> DamagedRows:
    """Findings whose detail is one for several rows."""
    details = [""]
    at = np.zeros(count, dtype=np.int64)
    for rows, said in found:
        at[rows] = len(details)
        details.append(said)
    rows = np.flatnonzero(at)
    return DamagedRows(
        code=code, rows=rows, detail=pa.array(details, pa.string()).take(pa.array(at)) if rows.size else ""
    )


def _values(keys: KeyColumn, rows: Ints) -> Iterator[DamagedRows]:
    """Damage that a value shows by itself, or beside the others of its column."""
    if not rows.size:
        return
    natural = _habits(keys, rows)
    codes = days.are_codes(keys.distinct.texts.to_pylist()) if _has_months(keys.distinct.take(rows)) else False
    title = keys.field == "course_name"

    def read(key: str) -> Damage | None:
        found = _marked(key) or letters.damage(key, title=title) or numbers.damage(key)
        if found is None and not title:
            found = days.damage(key, codes=codes)
        if found is None and letters.only_looks_latin(key) and not natural("key_script"):
            found = Damage("key_script", f" — it may be “{letters.latin(key)}”")
        return None if found and natural(found.code) else found

    texts = rows[~keys.dates[rows]]
    yield from _each(keys.distinct, texts, read)
    cells = rows[keys.dates[rows]]
    yield from _each(keys.distinct, cells, lambda key: days.damage(key, codes=False) or Damage("key_date"))


def _marked(key: str) -> Damage | None:
    """A formula's text, or the mark by which a spreadsheet keeps a text from being a number."""
    if key.startswith("="):
        quoted = key[1:].strip()
        plain = quoted[1:-1] if len(quoted) > 1 and quoted[0] == quoted[-1] == '"' and '"' not in quoted[1:-1] else ""
        return Damage("formula_text", f" — it probably was “{plain}”" if plain else "")
    if key.startswith(("'", "\u2019")):
        return Damage("key_apostrophe", f" — it probably was “{key[1:]}”")
    return None


def _habits(keys: KeyColumn, rows: Ints) -> Callable[[str], bool]:
    """Says of a code whether its shape is how this column is written."""
    values = keys.distinct.take(rows)
    many = int(keys.used.sum()) * HABIT

    def often(pattern: str) -> bool:
        mask = _matching(values, pattern)
        return int(mask.sum()) >= many and len(pc.unique(values.filter(pa.array(mask)))) >= ENOUGH

    course = keys.field in COURSE_KEYS

    def sections() -> bool:
        return course and bool(pc.any(pc.match_substring_regex(keys.distinct.texts, numbers.SECTION)).as_py())

    def points() -> bool:
        plain = bool(pc.any(pc.ascii_is_decimal(keys.distinct.texts)).as_py())
        return sections() or (course and not plain) or often(r"^[0-9]{1,3}(?:[. ][0-9]{3})+$")

    def foreign() -> bool:
        texts = pc.unique(values).to_pylist()
        return any(letters.OTHER_SCRIPT.search(t) and not letters.latin(t).isascii() for t in texts)

    habits: Mapping[str, Callable[[], bool]] = {
        "key_fullwidth": lambda: often(letters.WIDE),
        "key_thousands": points,
        "key_float": sections,
        "key_date": lambda: often(days.SHAPES),
        "key_script": foreign,
    }
    known: dict[str, bool] = {}

    def natural(code: str) -> bool:
        if code in habits and code not in known:
            known[code] = habits[code]()
        return known.get(code, False)

    return natural


def _has_months(values: pa.Array) -> bool:
    return bool(_matching(values, rf"^(?i:{SHORT})").any())


def _numbers(keys: KeyColumn, digits: Mask, damaged: Mask) -> Iterator[DamagedRows]:
    """What numbers of a workbook may have lost: a zero behind the point, or the E of a code."""
    mine = keys.numbers & keys.used & ~damaged
    parts = np.flatnonzero(mine & mask(pc.match_substring_regex(keys.cells, numbers.PART)))
    if parts.size:
        yield DamagedRows(code="key_fraction", rows=parts)
    texts = keys.used & ~keys.numbers & mask(pc.not_equal(keys.cells, ""))
    lettered = keys.cells.filter(pa.array(texts & ~digits))
    if len(lettered) * 2 <= int(keys.used.sum()):
        return
    powers = np.flatnonzero(mine & digits & mask(pc.match_substring_regex(keys.cells, POWER)))
    yield from _each(keys.distinct, powers, _power)


def _power(key: str) -> Damage:
    stem = key.rstrip("0")
    return Damage("key_power", f": it may have been “{stem}E{len(key) - len(stem)}”")


def _each(cells: Distinct, rows: Ints, read: Callable[[str], Damage | None]) -> Iterator[DamagedRows]:
    """These rows by code, after each distinct value was looked at once."""
    if not rows.size:
        return
    places = np.flatnonzero(cells.within(rows))
    found = [read(value) for value in cells.texts.take(pa.array(places)).to_pylist()]
    at = np.zeros(len(cells.texts), dtype=np.int32)
    at[places] = np.arange(1, len(places) + 1)
    of_rows = at[cells.index]
    details = pa.array(["", *(d.detail if d else "" for d in found)], pa.string())
    for code in sorted({d.code for d in found if d}):
        here = rows[np.array([False, *(d is not None and d.code == code for d in found)], dtype=bool)[of_rows[rows]]]
        yield DamagedRows(code=code, rows=here, detail=details.take(pa.array(of_rows)))


def _odd(values: pa.Array) -> Mask:
    """Which distinct values need a second look."""
    odd = ~mask(pc.ascii_is_alnum(values))
    texts = np.flatnonzero(odd)
    some = values.take(pa.array(texts))
    ascii_ = mask(pc.string_is_ascii(some))
    plain, other = some.filter(pa.array(ascii_)), some.filter(pa.array(~ascii_))
    odd[texts[ascii_]] = mask(
        pc.or_(pc.match_substring_regex(plain, ODD_START), pc.invert(pc.ascii_is_printable(plain)))
    )
    odd[texts[~ascii_]] = _matching(other, ODD_LETTERS)
    return odd


def _matching(values: pa.Array, pattern: str) -> Mask:
    return mask(pc.match_substring_regex(values, pattern))
