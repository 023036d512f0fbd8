"""A table goes in; the bytes of a CSV file come out, whole columns at a time: a million rows take about a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

BOM = b"\xef\xbb\xbf"
"""Without it Excel takes UTF-8 for the machine's old code page, and saves what it made of the names."""

_CHUNK = 65_536
_FORMULA = r"^\s*[=+\-@\t\r＝＋－＠]"  # noqa: RUF001 - Excel takes the wide ones for formulas too, where Japanese is set
_SPECIAL = '[",\r\n]'


def csv_bytes(frame: pd.DataFrame, *, defuse: bool) -> Iterator[bytes]:
    r"""The table as CSV: UTF-8 with BOM, `\r\n`, quotes only where they are needed.

    Args:
        frame: columns of text, whole numbers or choices.
        defuse: put an apostrophe before text that a spreadsheet would take for a formula.
    """
    yield BOM + _lines([pa.array([str(name)]) for name in frame.columns], defuse=defuse)
    for batch in pa.Table.from_pandas(frame, preserve_index=False).combine_chunks().to_batches(max_chunksize=_CHUNK):
        yield _lines(batch.columns, defuse=defuse)


def _lines(columns: list[Any], *, defuse: bool) -> bytes:
    fields = [_fields(column, defuse=defuse) for column in columns]
    fields[-1] = _joined(fields[-1], "\r\n")
    lines = _joined(*fields, between=",")
    # Arrow keeps the texts of a column one behind the other: that is the file.
    size = pc.sum(pc.binary_length(lines)).as_py()
    return bytes(lines.buffers()[2][:size])


def _fields(column: Any, *, defuse: bool) -> Any:  # noqa: ANN401 - pyarrow carries no types
    if pa.types.is_integer(column.type):
        return column.cast(pa.large_string())
    text = column.cast(pa.large_string())
    found = pc.match_substring_regex(text, f"{_FORMULA}|{_SPECIAL}" if defuse else _SPECIAL)
    if not pc.any(found).as_py():
        return text
    few = text.filter(found)
    if defuse:
        few = pc.if_else(pc.match_substring_regex(few, _FORMULA), _joined("'", few), few)
    quoted = _joined('"', pc.replace_substring(few, '"', '""'), '"')
    return pc.replace_with_mask(text, found, pc.if_else(pc.match_substring_regex(few, _SPECIAL), quoted, few))


def _joined(*texts: Any, between: str = "") -> Any:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
    wide = [pa.scalar(text, pa.large_string()) if isinstance(text, str) else text for text in texts]
    return pc.binary_join_element_wise(*wide, pa.scalar(between, pa.large_string()))
