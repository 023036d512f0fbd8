"""Say what each distinct key means, and spread it over the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rostersync.enums import Match, UserField
from rostersync.frames.packed import Ints, Mask, take
from rostersync.sync.resolve.distinct_keys import FIELDS
from rostersync.sync.resolve.matches import SURE, Matched

FIELD_WORDS = {
    "username": "username",
    "idnumber": "ID number",
    "email": "e-mail address",
    "id": "Moodle id",
    "shortname": "short name",
    "any": "key",
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """What one distinct key turned out to be: an id, or a code with its detail and the candidates it may mean."""

    id: int
    code: str = ""
    detail: str = ""
    candidates: tuple[int, ...] = ()


class LookedUp:
    """The answers for one key column, spread over its rows."""

    def __init__(self, matched: Matched, fields: Ints, lines: Ints, answers: Mapping[int, Resolved]) -> None:
        """Takes what `look_up` found: for each distinct key a line of the matches, or -1 and an answer that says why.

        `ids` is aligned with the rows, `lines` with the distinct keys; both are changed by `doubt`.
        """
        self.asked, self.matches, self.lines = matched.keys, matched.matches, lines
        self._fields, self._answers = fields, answers
        ids = take(self.matches[f"{self.asked.what}_id"].to_numpy(), lines, 0)
        self.ids = np.where(self.asked.live, ids, 0)[self.asked.places]
        self._doubted: dict[int, Resolved] = {}

    def key_at(self, row: int) -> str:
        """The row's key."""
        return str(self.asked.texts[self.asked.text[self.asked.places[row]]])

    def field_at(self, row: int) -> str:
        """What the row's key is."""
        return FIELDS[self.asked.what][self._fields[self.asked.places[row]]]

    def words_at(self, row: int) -> tuple[str, str]:
        """The key's field in words, and the key: what messages are about."""
        return FIELD_WORDS[self.field_at(row)], self.key_at(row)

    def answer_at(self, row: int) -> Resolved:
        """What the row's key turned out to be."""
        return self._doubted.get(row) or self._answers.get(int(self.asked.places[row])) or Resolved(int(self.ids[row]))

    def doubt(self, row: int, answer: Resolved) -> None:
        """This row's key means nobody for certain, whatever other rows with it mean."""
        self.ids[row], self._doubted[row] = 0, answer


@dataclass(frozen=True, slots=True)
class ResolvedKeys:
    """What the keys of all rows turned out to be."""

    user: LookedUp
    course: LookedUp
    bad_user: Mask
    bad_course: Mask


def look_up(matched: Matched, fields: Ints) -> LookedUp:
    """What each key means.

    Args:
        matched: the distinct keys of a column, and what was found for them.
        fields: the field of each, as it was decided.
    """
    keys, lines = matched.keys, _plainly(matched, fields)
    left = np.flatnonzero(lines < 0)
    texts = keys.texts.take(pa.array(keys.text[left])).to_pylist()
    wanted = [(FIELDS[keys.what][f], k) for f, k in zip(fields[left].tolist(), texts, strict=True)]
    mine = np.zeros(len(keys.texts) + 1, dtype=np.bool_)
    mine[keys.text[left]] = True
    there = np.flatnonzero(mine[matched.text])
    found = matched.matches.iloc[there]
    known, line_of = (
        _by_key(found, keys.what),
        dict(zip(found[f"{keys.what}_id"].tolist(), there.tolist(), strict=True)),
    )
    answers = {}
    for at, (field, key), undecided in zip(left.tolist(), wanted, keys.undecided[left].tolist(), strict=True):
        answers[at] = answer(field, key, known, keys.what, tuple(FIELD_WORDS) if undecided else ())
        if answers[at].id:
            lines[at] = line_of[answers[at].id]
    return LookedUp(matched, fields, lines, answers)


def _plainly(matched: Matched, fields: Ints) -> Ints:
    """The lines of keys that mean one and the same under every field in which anything was found; -1 for the others."""
    keys, texts = matched.keys, matched.text
    ids = matched.matches[f"{keys.what}_id"].to_numpy()
    line = np.full(len(keys.texts) + 1, -1)
    line[texts] = np.arange(len(texts))
    line[texts[(ids != ids[line[texts]]) | ~matched.sure]] = -1
    return np.where(matched.found[fields, keys.text], line[keys.text], -1)


Found = Mapping[tuple[str, str], list[tuple[str, int, str]]]
"""(field, key) → match, id, and the name or what Moodle said, of everything that was found."""


def _by_key(matches: pd.DataFrame, what: str) -> Found:
    known: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
    shown = matches["username" if what == "user" else "shortname"]
    for field, key, match, number, name, detail in zip(
        *(c.to_numpy(dtype=object) for c in (matches["field"], matches["key"], matches["match"])),
        matches[f"{what}_id"].tolist(),
        *(c.to_numpy(dtype=object) for c in (shown, matches["detail"])),
        strict=True,
    ):
        known.setdefault((field, key), []).append((match, number, detail if match == Match.ERROR else name))
    return known


def answer(  # noqa: PLR0911 - one return for each thing that a key can turn out to be, in their order
    field: str, key: str, known: Found, what: str, others: Iterable[str]
) -> Resolved:
    """What a key means. An exact match goes before one by letter case, save for e-mail, where case means nothing.

    `others` are the fields under which the key was looked up as well, because its column was undecided.
    """
    if not key:
        return Resolved(0, f"{what}_blank")
    found = known.get((field, key), [])
    exact = {n: name for m, n, name in found if m == Match.EXACT}
    alike = {n: name for m, n, name in found if m in SURE}
    candidates = alike if field == UserField.EMAIL or not exact else exact
    elsewhere = {
        n: (other, name)
        for other in others
        if other != field
        for m, n, name in known.get((other, key), [])
        if m in SURE
    }
    if len(candidates) == 1:
        number = next(iter(candidates))
        if set(elsewhere) - {number}:  # under another field the same value is somebody else's
            both = {**candidates, **elsewhere}
            return Resolved(0, f"{what}_not_unique", _names(both), tuple(sorted(both)))
        return Resolved(number)
    if candidates:
        return Resolved(0, f"{what}_not_unique", _names(candidates), tuple(sorted(candidates)))
    refused = [words for m, _, words in found if m == Match.ERROR]
    if refused:
        return Resolved(0, f"{what}_refused", refused[0])
    near = {n: name for m, n, name in found if m == Match.NEAR}
    if near:
        return Resolved(0, f"{what}_not_found", f" — the nearest is “{next(iter(near.values()))}”", tuple(sorted(near)))
    if elsewhere:
        other, name = next(iter(elsewhere.values()))
        return Resolved(0, f"{what}_not_found", f" — it is the {FIELD_WORDS[other]} of “{name}”", tuple(elsewhere))
    if any(m == Match.DELETED for m, _, _ in found):
        return Resolved(0, f"{what}_not_found", ": the account was deleted in Moodle")
    return Resolved(0, f"{what}_not_found")


def _names(candidates: Mapping[int, Any]) -> str:
    return ", ".join(f"id {n}" for n in sorted(candidates))
