"""Read the marks of a sheet of an .ods file.

OpenDocument says beside each number the text that it is shown as, and marks errors only there.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping

from rostersync.roster.readers.marks import SheetMarks
from rostersync.roster.readers.xml import walk

PIECE = 1 << 22
CELLS = ("table-cell", "covered-table-cell")
ERRORS = ("#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "Err:")
MOST = 1 << 14
"""Rows or columns that one element may repeat; more are the blank rest of the sheet."""


def look(archive: zipfile.ZipFile, index: int, keys: Collection[int]) -> SheetMarks:
    """What the sheet at this place holds besides its values.

    Args:
        archive: the file.
        index: of the sheet in the workbook's order.
        keys: columns of which shown texts are wanted, counted from 0.
    """
    reader = _Reader(index, set(keys))
    with archive.open("content.xml") as source:
        walk(iter(lambda: source.read(PIECE), b""), reader.start, reader.end, reader.text)
    return reader.marks


class _Reader:
    """Follows the elements of content.xml."""

    def __init__(self, index: int, keys: set[int]) -> None:
        self.marks = SheetMarks()
        self._index, self._keys = index, keys
        self._table = -1
        self._header = 0
        self._depth = 0
        self._row = self._column = 0
        self._rows = self._columns = 1
        self._kind = self._text = ""
        self._paragraph = False
        self._aside = 0
        self._style = ""
        self._struck: set[str] = set()
        self._defaults: list[tuple[int, str]] = []
        """First column and style, of columns whose cells need not name theirs."""
        self._row_style = self._cell_style = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._styled(name, attributes)
        if name == "table":
            self._depth += 1
            if self._depth == 1:
                self._table += 1
                self._row, self._header, self._defaults = 0, 0, []
        if self._table != self._index or self._depth != 1:
            return
        if name == "table-column":
            self._defaults.append((self._header, attributes.get("default-cell-style-name", "")))
            self._hide_columns(attributes)
        elif name == "table-row":
            self._rows, self._column = int(attributes.get("number-rows-repeated", "1")), 0
            self._row_style = attributes.get("default-cell-style-name", "")
            if attributes.get("visibility", "visible") != "visible" and self._rows <= MOST:
                self.marks.hidden_rows.update(range(self._row, self._row + self._rows))
        elif name in CELLS:
            self._begin(attributes)
        elif name == "annotation":
            self._aside += 1
        elif name == "p" and not self._aside:
            self._paragraph = True

    def _styled(self, name: str, attributes: Mapping[str, str]) -> None:
        """Styles stand before the tables: those whose text has a line through it are kept."""
        if name == "style":
            self._style = attributes.get("name", "")
        elif name == "text-properties" and attributes.get("text-line-through-style", "none") != "none":
            self._struck.add(self._style)

    def end(self, name: str) -> None:
        """An element ends."""
        if self._table == self._index and self._depth == 1:
            if name in CELLS:
                self._cell()
                self._column += self._columns
            elif name == "table-row":
                self._row += self._rows
            elif name == "annotation":
                self._aside -= 1
            elif name == "p":
                self._paragraph = False
        if name == "table":
            self._depth -= 1

    def text(self, piece: str) -> None:
        """Text between elements."""
        if self._paragraph:
            self._text += piece

    def _hide_columns(self, attributes: Mapping[str, str]) -> None:
        count = int(attributes.get("number-columns-repeated", "1"))
        if attributes.get("visibility", "visible") != "visible" and count <= MOST:
            self.marks.hidden_columns.update(range(self._header, self._header + count))
        self._header += count

    def _begin(self, attributes: Mapping[str, str]) -> None:
        """A cell begins; its kind is that of LibreOffice's own attribute, where there are two."""
        self._columns = int(attributes.get("number-columns-repeated", "1"))
        self._kind, self._text = attributes.get("value-type", ""), ""
        self._cell_style = attributes.get("style-name", self._row_style)
        down = int(attributes.get("number-rows-spanned", "1"))
        right = int(attributes.get("number-columns-spanned", "1"))
        if down > 1 or right > 1:
            last = (self._row + down - 1, self._column + right - 1)
            self.marks.merged.append(((self._row, self._column), last))

    def _cell(self) -> None:
        """A cell is complete: notes its error, or the text that its number is shown as."""
        if not self._text or self._columns > MOST or self._rows > MOST:
            return
        style = self._cell_style or next((s for first, s in reversed(self._defaults) if first <= self._column), "")
        error = self._kind == "error" or self._text.startswith(ERRORS)
        for column in range(self._column, self._column + self._columns):
            for row in range(self._row, self._row + self._rows):
                if style in self._struck:
                    self.marks.struck.append((row, column))
                if error:
                    self.marks.error(row, column, self._text)
                elif self._kind == "float" and column in self._keys:
                    self.marks.shown.setdefault(column, {})[row] = self._text
