"""Read the cells of a workbook that came back from review, as text.

calamine reads it, ten times as quickly as openpyxl. But it shows no formulas and no error values, and lays a sheet out
as a rectangle up to its furthest cell. Where a sheet has any such thing, openpyxl reads the workbook.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from python_calamine import CalamineError, CalamineWorkbook

Lines = Iterator[tuple[str, ...]]

_PIECE = 1 << 20
_OVERLAP = 64
"""Bytes that are looked at twice, so that nothing is cut in two."""
_STRANGE = (re.compile(rb"<f[\s/>]"), re.compile(rb":f[\s/>]"), re.compile(rb't="e"'), re.compile(rb"t='e'"))
"""A formula, with or without a prefix, an error value. Patterns that begin with plain text are found at once."""
_FAR = re.compile(rb"""r=["'](?:[L-Z]|[A-Z]{2,3})[0-9]""")
"""A cell beyond the columns that our workbooks have."""


class Damaged(Exception):
    """It is no workbook, or a damaged one."""


@contextmanager
def sheets(path: Path) -> Iterator[Mapping[str, Lines]]:
    """The lines of each sheet by its name; formulas as “the formula =…”, whatever they show.

    Raises:
        OSError: the file cannot be read.
        Damaged: it is no workbook, or a damaged one.
    """
    lines: dict[str, Lines]
    with ExitStack() as opened:
        with _damage():
            if _strange(path):
                workbook = load_workbook(path, read_only=True)
                opened.callback(workbook.close)
                lines = {name: map(_texts, workbook[name].iter_rows()) for name in workbook.sheetnames}
            else:
                book = opened.enter_context(CalamineWorkbook.from_path(path))
                lines = {name: _lines(book, name) for name in book.sheet_names}
        yield {name: _read(its) for name, its in lines.items()}


def _read(lines: Lines) -> Lines:
    """These lines, whose reading can meet the damage only now; what is done with them is not in it."""
    while True:
        with _damage():
            line = next(lines, None)
        if line is None:
            return
        yield line


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        # What calamine meets in a broken file and has no error for derives from BaseException alone.
        broken = BadZipFile | InvalidFileException | CalamineError | zlib.error | KeyError | ValueError | TypeError
        if not isinstance(error, broken) and type(error).__name__ != "PanicException":
            raise
        raise Damaged(str(error)) from error


def _strange(path: Path) -> bool:
    """Whether a sheet has what calamine hides, or a cell far out."""
    with ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            with archive.open(name) as sheet:
                before = b""
                while piece := sheet.read(_PIECE):
                    text = before + piece
                    if any(kind.search(text) for kind in (*_STRANGE, _FAR)):
                        return True
                    before = text[-_OVERLAP:]
    return False


def _lines(book: Any, name: str) -> Lines:  # noqa: ANN401 - calamine's workbook
    for row in book.get_sheet_by_name(name).iter_rows():
        yield tuple([cell if isinstance(cell, str) else _text(cell) for cell in row])


def _texts(row: Any) -> tuple[str, ...]:  # noqa: ANN401 - openpyxl's read-only cells
    return tuple(f"the formula {c.value}" if c.data_type == "f" else _text(c.value) for c in row)


def _text(value: object) -> str:
    if value is None:
        return ""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return str(whole).replace("\r\n", "\n")
