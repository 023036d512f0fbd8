"""A row whose user was not found and people about to be removed go in; whom the row could mean comes out.

Used only where people without an account are expected (missing_users = accept): the row then holds those who resemble
it by key, e-mail address or name, and nobody else (rule 1).
"""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from rostersync.sync.keys import Ints, Mask

NAME_SCORE = 85
"""rapidfuzz's token_sort_ratio from which two names count as alike: “Anna Maria Berg” and “Berg, Anna-Maria”."""
KEY_DISTANCE = 2
"""Typing errors between two keys that still count as alike, for keys of at least five signs."""
SHORT = 5


def resembles(users: Ints, among: Mask, people: pd.DataFrame, row: pd.Series) -> Mask:
    """For each change whether its person resembles the row.

    Args:
        users: the user id of each change.
        among: the changes to look at; the others are False.
        people: PEOPLE; somebody of whom nothing is known resembles every row.
        row: one row of ROSTER.
    """
    known = people.drop_duplicates("user_id").set_index("user_id")
    alike = np.zeros(len(users), dtype=np.bool_)
    verdicts: dict[int, bool] = {}
    for at in np.flatnonzero(among):
        user = int(users[at])
        if user not in verdicts:
            verdicts[user] = user not in known.index or _alike(known.loc[user], row)
        alike[at] = verdicts[user]
    return alike


def _alike(person: pd.Series, row: pd.Series) -> bool:
    if not person["username"]:
        return True
    keys = [_bare(row[c]) for c in ("user", "email") if row[c]]
    theirs = [_bare(person[c]) for c in ("username", "email", "idnumber") if person[c]]
    if any(_near(mine, other) for mine in keys for other in theirs):
        return True
    name = f"{row['first_name']} {row['last_name']}".strip()
    return bool(name) and fuzz.token_sort_ratio(_plain(name), _plain(person["fullname"])) >= NAME_SCORE


def _near(one: str, other: str) -> bool:
    """Equal, equal but for leading zeros or the part after the @, or a typing error or two apart."""
    pairs = [
        (one, other),
        (one.lstrip("0"), other.lstrip("0")),
        (one.split("@", maxsplit=1)[0], other.split("@", maxsplit=1)[0]),
    ]
    if any(a and a == b for a, b in pairs):
        return True
    if min(len(one), len(other)) < SHORT:
        return False
    return DamerauLevenshtein.distance(one, other, score_cutoff=KEY_DISTANCE) <= KEY_DISTANCE


def _bare(key: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", key).casefold() if c.isalnum() or c == "@")


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c)).split())
