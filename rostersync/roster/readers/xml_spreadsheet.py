"""Read an XML Spreadsheet 2003 (many programs call it .xls)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from rostersync.errors import RosterError
from rostersync.roster.columns.words import normalise
from rostersync.roster.layout import headings
from rostersync.roster.layout.header_row import Layout
from rostersync.roster.readers.archives import AGAIN
from rostersync.roster.readers.file_kinds import SAVE_AS, SPREADSHEETML
from rostersync.roster.readers.files import File
from rostersync.roster.readers.grids import CELL, Grid, sheet_of
from rostersync.roster.readers.intake import too_large
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings

_SS = f"{{{SPREADSHEETML.decode()}}}"
_VISIBLE = "{urn:schemas-microsoft-com:office:excel}Visible"
_ENTITIES = tuple(w.encode(e) for w in ("<!DOCTYPE", "<!ENTITY") for e in ("utf-8", "utf-16-le", "utf-16-be"))
_MIDNIGHT = "T00:00:00.000"
ZEROS = re.compile(r"0{2,}")
"""A number format that shows leading zeros."""
MOST_COLUMNS, MOST_ROWS = 1 << 14, 1 << 20
"""What a sheet can have."""
TREE = 4
"""Bytes of memory for each byte of a file, while its rows are read one by one."""


@dataclass(slots=True, kw_only=True)
class _Book:
    """The sheets of a file while it is read."""

    path: str
    room: int
    grids: list[Grid] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)
    """Names of hidden sheets."""
    zeros: dict[str, int] = field(default_factory=dict)
    """Style → digits that its numbers show at least."""
    struck: set[str] = field(default_factory=set)
    """Styles with a line through the text."""


def read(file: File, settings: Settings) -> list[Sheet]:
    """The sheet that `settings.sheet` names, else the only one whose header has what a roster needs.

    Raises:
        RosterError: damaged, cut short, too large, XML with a document type, no such sheet, nothing in it, or several
            sheets that could be meant.
    """
    room = settings.max_megabytes << 20
    if len(file.data) * TREE > room:
        raise too_large(file.path, room)
    if any(mark in file.data for mark in _ENTITIES):
        raise RosterError(f"{file.path} defines a document type, which no spreadsheet program does", remedy=SAVE_AS)
    book = _Book(path=file.path, room=room)
    try:
        for element in _elements(file.data):
            _take(book, element)
    except etree.XMLSyntaxError as error:
        raise RosterError(f"{file.path} is damaged: {error.msg}", remedy=AGAIN) from error
    grid, lay = _chosen(book, settings)
    others = [g.name for g in book.grids if g is not grid]
    notes = [f"sheet “{grid.name}” (XML Spreadsheet 2003)"]
    notes += [f"other sheets, not read: {', '.join(f'“{n}”' for n in others)}"] if others else []
    _square(book, grid)
    unread = tuple(g.unread(n) for n, g in enumerate(book.grids, start=1) if g is not grid and g.rows)
    return [replace(sheet_of(file.path, grid, lay, settings, notes, first_column=0), unread=unread)]


def _square(book: _Book, grid: Grid) -> None:
    """Fills the rows up with blank cells: the file leaves those at their ends out."""
    width = max(map(len, grid.rows))
    _occupy(book, width * len(grid.rows))
    for row in grid.rows:
        row.extend([""] * (width - len(row)))


def _elements(data: bytes) -> Iterator[etree._Element]:
    """Rows, styles and what sheets say of themselves, as they end; each is emptied after it was looked at."""
    wanted = [_SS + name for name in ("Worksheet", "Column", "Row", "Style")] + [_VISIBLE]
    source = etree.iterparse(
        io.BytesIO(data),
        events=("start", "end"),
        tag=wanted,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
    )
    for event, element in source:
        if (event == "start") == (element.tag == _SS + "Worksheet"):
            yield element
            if event == "end":
                element.clear()


def _take(book: _Book, element: etree._Element) -> None:
    match element.tag.rpartition("}")[2]:
        case "Worksheet":
            book.grids.append(Grid(name=element.get(_SS + "Name") or f"sheet {len(book.grids) + 1}"))
        case "Visible" if book.grids and (element.text or "") != "SheetVisible":
            book.unseen.add(book.grids[-1].name)
        case "Style":
            for shown in element.iterchildren(_SS + "NumberFormat"):
                digits = ZEROS.fullmatch(shown.get(_SS + "Format") or "")
                if digits:
                    book.zeros[element.get(_SS + "ID") or ""] = len(digits[0])
            if any(font.get(_SS + "StrikeThrough") == "1" for font in element.iterchildren(_SS + "Font")):
                book.struck.add(element.get(_SS + "ID") or "")
        case "Column" if book.grids:
            _column(book.grids[-1], element)
        case "Row" if book.grids:
            _row(book, book.grids[-1], element)


def _column(grid: Grid, element: etree._Element) -> None:
    """Notes which columns are hidden; an element can stand for several."""
    first = _index(element, grid.columns)
    grid.columns = first + 1 + _number(element, "Span")
    if element.get(_SS + "Hidden") == "1":
        grid.marks.hidden_columns.update(range(first, min(grid.columns, MOST_COLUMNS)))


def _row(book: _Book, grid: Grid, element: etree._Element) -> None:
    """Puts a row where it says that it stands; rows before it that the file does not mention are blank."""
    place = _index(element, len(grid.rows))
    _occupy(book, place - len(grid.rows) + 1)
    grid.rows += [[] for _ in range(place - len(grid.rows))]
    further = _number(element, "Span")
    if element.get(_SS + "Hidden") == "1":
        grid.marks.hidden_rows.update(range(place, place + 1 + min(further, MOST_ROWS)))
    row: list[str] = []
    for cell in element.iterchildren(_SS + "Cell"):
        column = _index(cell, len(row))
        across = _number(cell, "MergeAcross")
        _occupy(book, column - len(row) + 1 + across)
        row += [""] * (column - len(row))
        data = next(cell.iterchildren(_SS + "Data"), None)
        text = "" if data is None else "".join(data.itertext())
        style = cell.get(_SS + "StyleID") or element.get(_SS + "StyleID") or ""
        if style in book.struck:
            grid.marks.struck.append((place, column))
        match "" if data is None else data.get(_SS + "Type"):
            case "Number":
                grid.numbers.append((place, column))
                text = _shown(text, book.zeros.get(style, 0))
            case "DateTime":
                grid.dates.append((place, column))
                text = text.removesuffix(_MIDNIGHT).removesuffix(".000").replace("T", " ")
            case "Boolean":
                text = "TRUE" if text.strip() == "1" else "FALSE"
            case "Error":
                grid.marks.error(place, column, text)
                text = ""
        if _number(cell, "MergeDown"):
            raise RosterError(
                f"{book.path}, sheet “{grid.name}”, row {place + 1} has a cell that is merged with those below",
                remedy=f"unmerge them and fill in each; or {SAVE_AS}",
            )
        row += [text, *[""] * across]
    grid.rows.append(row)
    if further:
        _occupy(book, further)
        grid.rows += [[] for _ in range(further)]


def _occupy(book: _Book, cells: int) -> None:
    book.room -= cells * CELL
    if book.room < 0:
        raise too_large(book.path, book.room)


def _index(element: etree._Element, following: int) -> int:
    """The position that an element says it has; the next one where it says nothing or one that is taken."""
    return max(_number(element, "Index") - 1, following)


def _number(element: etree._Element, attribute: str) -> int:
    said = element.get(_SS + attribute) or ""
    return int(said) if said.isdecimal() and len(said) < 10 else 0  # noqa: PLR2004 -- more than any sheet has


def _shown(text: str, digits: int) -> str:
    """A number as its program shows it: 124 for 124.0, with the zeros that its format asks for."""
    try:
        number = float(text)
    except ValueError:
        return text
    if not number.is_integer():
        return text
    whole = str(int(text)) if text.lstrip("+-").isdecimal() else str(int(number))
    return whole.zfill(digits)


def _chosen(book: _Book, settings: Settings) -> tuple[Grid, Layout]:
    if wanted := settings.sheet:
        exact = [g for g in book.grids if g.name == wanted]
        grids = exact or [g for g in book.grids if normalise(g.name) == normalise(wanted)]
    else:
        grids = [g for g in book.grids if g.name not in book.unseen or settings.hidden != "skip"]
    laid = [(g, lay) for g in grids if (lay := g.layout(settings))]
    fitting = [one for one in laid if one[1].complete(settings)]
    if not wanted:
        fitting = [one for one in fitting if one[0].name in headings.readable([g.name for g, _ in fitting], book.path)]
    if len(fitting) > 1:
        # Leaving one out could look as if its people had left.
        names = [g.name for g, _ in fitting]
        flags = " or ".join(f'--sheet "{n}"' for n in names)
        raise RosterError(
            f"{book.path} has a roster in several sheets: {', '.join(f'“{n}”' for n in names)}",
            remedy=f"say which is to be read: {flags}; for all of them, {SAVE_AS}",
        )
    if laid:
        return (fitting or laid)[0]
    there = ", ".join(f"“{g.name}”" for g in book.grids) or "no sheets"
    if wanted and not grids:
        raise RosterError(f"{book.path} has no sheet “{wanted}”", remedy=f"it has {there}: name one as --sheet")
    raise RosterError(f"{book.path} has nothing in any sheet that is read; it has {there}", remedy="export it again")
