"""Say what Moodle knows of a column's values, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from rostersync.enums import CourseField, Match, UserField

SAMPLE = 200
"""Values of a column that are looked up under fields that nobody said it to be."""
ENOUGH = 5
"""Distinct values from which on numbers mean something."""
ENOUGH_COURSES = 1
"""Likewise of courses, to contradict a header: many files name one course alone, and its code is nobody's number."""
SURE = 0.95
"""The share of the values that must be known under one field for an ambiguous header to be settled by them."""
MOST, FEW = 0.8, 0.5
"""A field that knows most values contradicts one that knows only few of them."""
USER_WORDS = {
    UserField.USERNAME: "usernames in Moodle",
    UserField.IDNUMBER: "id numbers of users in Moodle",
    UserField.EMAIL: "e-mail addresses in Moodle",
    UserField.ID: "Moodle's own ids of users",
}
COURSE_WORDS = {
    CourseField.SHORTNAME: "course short names in Moodle",
    CourseField.IDNUMBER: "id numbers of courses in Moodle",
    CourseField.ID: "Moodle's own ids of courses",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How many of a column's values Moodle knows under each field."""

    asked: int
    """How many were looked up."""
    of: int
    """How many distinct values the column has, at least."""
    hits: Mapping[str, int]
    """Field → values that somebody (or some course) has there, but for letter case."""
    words: Mapping[str, str]
    """Field → how its values are called."""
    against: int
    """Values that mean another person, or another course, under another field than the best."""

    @property
    def best(self) -> str:
        """The field that knows the most values, the first of equals."""
        return max(self.hits, key=lambda f: (self.hits[f], -list(self.hits).index(f)))

    @property
    def settles(self) -> bool:
        """Nearly all values are known under one field, and under no other do they mean anything else.

        Moodle's own ids never settle anything: they are small numbers without gaps, and so is every running number.
        """
        best = self.best
        return (
            self.asked >= ENOUGH and best != UserField.ID and not self.against and self.hits[best] >= SURE * self.asked
        )

    def sentence(self) -> str:
        """The numbers in words, the best field first: "212 of 214 values are usernames in Moodle, 0 are …"."""
        first, *others = sorted(self.hits, key=lambda f: -self.hits[f])
        sample = f" (a sample of {self.of:,})" if self.of > self.asked else ""
        told = [f"{self.hits[first]:,} of {self.asked:,} values{sample} are {self.words[first]}"]
        told += [f"{self.hits[f]:,} are {self.words[f]}" for f in others if self.hits[f] or f != UserField.ID]
        return ", ".join(told)


def spread(values: Sequence[str]) -> list[str]:
    """At most SAMPLE of these values, spread over all of them: the first ones are often all of one kind."""
    if len(values) <= SAMPLE:
        return list(values)
    return [values[i * (len(values) - 1) // (SAMPLE - 1)] for i in range(SAMPLE)]


def of_users(matches: pd.DataFrame, keys: Sequence[str], *, of: int) -> Evidence:
    """What the users found say of a column.

    Args:
        matches: USER_MATCHES of these keys under all fields.
        keys: the distinct values that were looked up.
        of: how many distinct values the column has.
    """
    return _evidence(matches, keys, "user_id", {str(f): w for f, w in USER_WORDS.items()}, of)


def of_courses(matches: pd.DataFrame, keys: Sequence[str], *, of: int) -> Evidence:
    """What the courses found say of a column; arguments as for `of_users`."""
    return _evidence(matches, keys, "course_id", {str(f): w for f, w in COURSE_WORDS.items()}, of)


def contradicts(evidence: Evidence, field: str, enough: int = ENOUGH) -> bool:
    """Whether the values of a column that was taken for this field are another field's.

    Moodle's own ids contradict nothing: id numbers of people who are not there yet can be other people's ids.
    """
    best = evidence.best
    return (
        evidence.asked >= enough
        and best not in {field, UserField.ID}
        and evidence.hits[field] < FEW * evidence.asked
        and evidence.hits[best] >= MOST * evidence.asked
    )


def _evidence(matches: pd.DataFrame, keys: Sequence[str], found: str, words: Mapping[str, str], of: int) -> Evidence:
    real = matches[matches["match"].isin([str(Match.EXACT), str(Match.CASE)]) & matches["key"].isin(keys)]
    pairs = real[["field", "key", found]].drop_duplicates()
    hits = {f: int(pairs.loc[pairs["field"] == f, "key"].nunique()) for f in words}
    best = max(hits, key=lambda f: hits[f])
    mine, others = pairs[pairs["field"] == best], pairs[pairs["field"] != best]
    both = others.merge(mine, on="key", how="left", suffixes=("", "_best"))
    against = int(both.loc[both[found] != both[f"{found}_best"], "key"].nunique())
    return Evidence(asked=len(keys), of=max(of, len(keys)), hits=hits, words=words, against=against)
