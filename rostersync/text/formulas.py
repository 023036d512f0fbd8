"""Keep text from being taken for a formula by spreadsheets, and undo it without a loss.

An apostrophe is put before what would be a formula, and before what has such an apostrophe already: so the one that was
put there can be told, and taken off again.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_SIGNS = r"\s*[=+\-@\t\r＝＋－＠]"  # noqa: RUF001 - Excel takes the wide ones for formulas too, where Japanese is set
DELICATE = f"^'*{_SIGNS}"
"""What gets an apostrophe, in Arrow's syntax for patterns."""
_DEFUSED = f"^'+{_SIGNS}"


def restored(texts: Any) -> tuple[Any, int]:  # noqa: ANN401 - pyarrow carries no types
    """The texts without the apostrophe that stands before a formula, and how many had one.

    Args:
        texts: an array of Arrow strings.
    """
    # Nearly every column is done with this cheap look.
    if not pc.any(pc.starts_with(texts, "'")).as_py():
        return texts, 0
    found = pc.match_substring_regex(texts, _DEFUSED)
    count = int(pc.sum(found).as_py() or 0)
    if not count:
        return texts, 0
    plain = pc.utf8_slice_codeunits(texts.filter(found), 1)
    return pc.replace_with_mask(texts, found, plain), count


def restored_header(header: tuple[str, ...]) -> tuple[str, ...]:
    """The same for headers."""
    return tuple(restored(pa.array(header, pa.string()))[0].to_pylist())
