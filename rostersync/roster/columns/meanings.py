"""Tell an approver which words of a column were read as what."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rostersync.enums import counted
from rostersync.frames.distinct import Distinct
from rostersync.roster.columns.word_columns import Words

SHOWN = 20
"""Words that are named."""
LEFT_OUT = {"not_taking_part": "not taking part", "waiting_list": "waiting", "status_ignored": "left out"}
"""What words mean that make no enrolment."""


def read_as(header: str, column: Distinct, words: Words, how: str = "") -> Iterator[str]:
    """“column “Rolle”: “Dozent” is read as editingteacher (2 rows)”; nothing where all words stand for themselves.

    Args:
        header: of the column.
        column: its cells.
        words: what they were read as.
        how: which settings decide some of them, to stand behind.
    """
    rows = np.bincount(column.index, minlength=len(column.texts))
    meant = [
        (text, LEFT_OUT.get(reading.code, "" if reading.code else str(reading.value)), int(count))
        for text, reading, count in zip(column.texts.to_pylist(), words.readings, rows.tolist(), strict=True)
    ]
    meant = [(text, value, count) for text, value, count in meant if text and value and count]
    if all(text.casefold() == value for text, value, _ in meant):
        return
    meant.sort(key=lambda one: (-one[2], one[0]))
    told = [f"“{text}” is {value} ({counted(count, 'row')})" for text, value, count in meant[:SHOWN]]
    more = [f"and {counted(len(meant) - SHOWN, 'more word')}"] if len(meant) > SHOWN else []
    yield f"column “{header}”: {', '.join([*told, *more])}{how}"
