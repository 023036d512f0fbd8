"""Read the marks of a sheet of an .xlsx file.

Files are read by patterns, which is many times quicker than parsing; the parser takes those that no common program
writes so: without cell references, with prefixes, comments or other quotation marks.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from html import unescape

from rostersync.roster.readers import number_format
from rostersync.roster.readers.marks import UNVALUED, SheetMarks, Styles
from rostersync.roster.readers.xml import walk

PIECE = 1 << 22
"""Bytes of XML that are looked at in one go; memory stays in proportion to this, not to the sheet."""
TRUE = ("1", "true")
COLUMN = re.compile(rb"<col\b[^>]*>")
HIDDEN_ATTRIBUTE = re.compile(rb'\bhidden="(?:1|true)"')
SPAN_FROM = re.compile(rb'\bmin="(\d+)"')
SPAN_TO = re.compile(rb'\bmax="(\d+)"')
HIDDEN = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"[^>]*>')
ROW = re.compile(rb'\br="(\d+)"')
CELL = re.compile(rb'\br="([A-Z]+)(\d+)"')
ERROR = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(?:(?!</c>).)*?(?:<v>([^<]*)</v>)?\s*</c>', re.DOTALL)
FORMULA = re.compile(
    rb"<c\b([^>]*)>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?P<v><v\s*/>|<v>\s*</v>)?\s*</c>",
)


def look(archive: zipfile.ZipFile, index: int, keys: Collection[int]) -> SheetMarks:
    """What the sheet at this place holds besides its values.

    Args:
        archive: the file.
        index: of the sheet in the workbook's order.
        keys: columns of which number formats are wanted, counted from 0.
    """
    part, styles_part = _parts(archive, index)
    styles = _styles(archive, styles_part)
    if not part:
        return SheetMarks(unseen=True)
    marks = SheetMarks()
    quick = 0 not in styles.formats and 0 not in styles.struck and _quickly(_rows(archive, part), marks, styles, keys)
    if not quick:
        marks = SheetMarks()
        parser = _Parser(marks, styles, keys)
        with archive.open(part) as source:
            walk(iter(lambda: source.read(PIECE), b""), parser.start, parser.end, parser.text)
    return marks


def _parts(archive: zipfile.ZipFile, index: int) -> tuple[str, str]:
    """The names of the sheet's part and of the styles' part."""
    names = {n.casefold(): n for n in archive.namelist()}
    ids: list[str] = []
    targets: dict[str, str] = {}
    styles = ""

    def sheet(name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            ids.append(attributes.get("id", ""))

    def relation(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal styles
        if name == "Relationship":
            target = attributes.get("Target", "")
            full = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            targets[attributes.get("Id", "")] = names.get(full.casefold(), "")
            if attributes.get("Type", "").endswith("/styles"):
                styles = names.get(full.casefold(), "")

    walk([archive.read(names["xl/workbook.xml"])], sheet)
    if (relations := names.get("xl/_rels/workbook.xml.rels")) is not None:
        walk([archive.read(relations)], relation)
    return targets.get(ids[index], "") if index < len(ids) else "", styles


def _styles(archive: zipfile.ZipFile, part: str) -> Styles:
    """The cell styles whose number formats change whole numbers, and those whose font has a line through it."""
    if not part:
        return Styles()
    codes: dict[str, str] = {}
    formats: dict[int, str] = {}
    fonts: list[bool] = []
    struck: set[int] = set()
    inside: list[str] = []
    count = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal count
        inside.append(name)
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        if name == "font" and "fonts" in inside:
            fonts.append(False)
        if name == "strike" and "fonts" in inside and attributes.get("val", "1") in TRUE:
            fonts[-1] = True
        if name == "xf" and "cellXfs" in inside:
            code = codes.get(attributes.get("numFmtId", ""), "")
            if number_format.changes(code):
                formats[count] = code
            font = int(attributes.get("fontId", "0"))
            if font < len(fonts) and fonts[font]:
                struck.add(count)
            count += 1

    walk([archive.read(part)], start, lambda _: inside.pop())
    return Styles(formats=formats, struck=frozenset(struck))


def _rows(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The sheet's XML in pieces that end with a row."""
    with archive.open(part) as source:
        rest = b""
        while piece := source.read(PIECE):
            rest += piece
            end = rest.rfind(b"</row>") + len(b"</row>")
            if end >= len(b"</row>"):
                yield rest[:end]
                rest = rest[end:]
        yield rest


def _quickly(pieces: Iterator[bytes], marks: SheetMarks, styles: Styles, keys: Collection[int]) -> bool:
    """Adds what is found; False where the sheet is not written as programs commonly do."""
    styled = [
        (key, code, re.compile(rb'<c r="%s(\d+)"[^>]*? s="%d"' % (_letters(key).encode(), style)))
        for key in keys
        for style, code in styles.formats.items()
    ]
    lined = "|".join(map(str, sorted(styles.struck))).encode()
    through = re.compile(rb'<c (r="[A-Z]+\d+")[^>]*? s="(?:%s)"' % lined) if lined else None
    for number, piece in enumerate(pieces):
        if number == 0:
            head, mark, _ = piece.partition(b"<sheetData")
            if not mark:
                return False
            _hidden_columns(head, marks)
        if not _is_common(piece):
            return False
        _errors(piece, marks)
        if through:
            marks.struck += map(_place, through.findall(piece))
        for key, code, pattern in styled:
            if rows := pattern.findall(piece):
                marks.format(key, code, [int(row) - 1 for row in rows])
    return True


def _is_common(piece: bytes) -> bool:
    """Every cell and row begins with its reference, and nothing looks like a cell that is none."""
    cells = b"<!" not in piece and b"<c>" not in piece and piece.count(b"<c ") == piece.count(b'<c r="')
    return cells and piece.count(b"<row") == piece.count(b'<row r="')


def _errors(piece: bytes, marks: SheetMarks) -> None:
    """Adds errors, formulas without a value, and hidden rows; each is looked for only where its sign is seen."""
    if b"hidden=" in piece:
        marks.hidden_rows.update(_row(m[0]) - 1 for m in HIDDEN.finditer(piece))
    if b't="e"' in piece:
        for m in ERROR.finditer(piece):
            marks.error(*_place(m[1]), unescape((m[2] or b"").decode()) or "#N/A")
    if b"<f" in piece:
        for m in FORMULA.finditer(piece):
            if not (m["v"] and b't="str"' in m[1]) and b't="e"' not in m[1]:
                marks.error(*_place(m[1]), UNVALUED)


class _Parser:
    """Follows the elements of a sheet."""

    def __init__(self, marks: SheetMarks, styles: Styles, keys: Collection[int]) -> None:
        self._marks, self._styles, self._keys = marks, styles, keys
        self._row = self._column = -1
        self._kind = self._value = ""
        self._formula = self._stored = self._in_value = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        match name:
            case "col" if attributes.get("hidden") in TRUE:
                columns = range(int(attributes["min"]) - 1, int(attributes["max"]))
                self._marks.hidden_columns.update(columns)
            case "row":
                self._row, self._column = int(attributes.get("r", self._row + 2)) - 1, -1
                if attributes.get("hidden") in TRUE:
                    self._marks.hidden_rows.add(self._row)
            case "c":
                self._cell(attributes)
            case "f":
                self._formula = True
            case "v":
                self._stored = self._in_value = True

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "v":
            self._in_value = False
        elif name == "c" and self._kind == "e":
            self._marks.error(self._row, self._column, self._value or "#N/A")
        elif name == "c" and self._formula and not self._value and not (self._kind == "str" and self._stored):
            self._marks.error(self._row, self._column, UNVALUED)

    def text(self, piece: str) -> None:
        """Text between elements."""
        if self._in_value:
            self._value += piece

    def _cell(self, attributes: Mapping[str, str]) -> None:
        self._column += 1
        if "r" in attributes:
            self._row, self._column = _place(b'r="%s"' % attributes["r"].encode())
        self._kind, self._value, self._formula, self._stored = attributes.get("t", "n"), "", False, False
        style = int(attributes.get("s", "0"))
        if style in self._styles.struck:
            self._marks.struck.append((self._row, self._column))
        if self._column in self._keys and (code := self._styles.formats.get(style)):
            self._marks.format(self._column, code, [self._row])


def _hidden_columns(head: bytes, marks: SheetMarks) -> None:
    for match in COLUMN.finditer(head):
        first, last = SPAN_FROM.search(match[0]), SPAN_TO.search(match[0])
        if HIDDEN_ATTRIBUTE.search(match[0]) and first and last:
            marks.hidden_columns.update(range(int(first[1]) - 1, int(last[1])))


def _row(tag: bytes) -> int:
    match = ROW.search(tag)
    return int(match[1]) if match else 0


def _place(attributes: bytes) -> tuple[int, int]:
    """Row and column of a cell by its reference, from 0."""
    match = CELL.search(attributes)
    if match is None:
        return -1, -1
    column = 0
    for letter in match[1]:
        column = column * 26 + letter - ord("A") + 1
    return int(match[2]) - 1, column - 1


def _letters(column: int) -> str:
    """The name of a column: A for 0, AA for 26."""
    name = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
