"""Read tables of a web page (PeopleSoft and others call it .xls)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from rostersync.enums import counted
from rostersync.errors import RosterError
from rostersync.roster.readers import encodings, shared_texts
from rostersync.roster.readers.archives import AGAIN
from rostersync.roster.readers.file_kinds import SAVE_AS
from rostersync.roster.readers.files import File
from rostersync.roster.readers.grids import CELL, Grid, sheet_of
from rostersync.roster.readers.intake import too_large
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings

TREE = 20
"""Bytes of memory for each byte of a page (measured: 18 for tables of short cells)."""
HEAD = 1 << 16
MOST_COLUMNS = 1000
"""What the HTML standard allows a cell to span."""
CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
LABELS = {
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis"), "cp932"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    "iso-8859-9": "cp1254",
}
"""Names that mean a larger encoding on the web (WHATWG, Encoding Standard)."""
CONTROLS = re.compile(
    rb"[\x01-\x08\x0b\x0e-\x1f]|&#(?:0*(?:[0-8]|11|1[4-9]|2\d|3[01])|x0*(?:[0-8be-f]|1[0-9a-f]));", re.IGNORECASE
)
"""What the parser changes or drops."""
OPENED = re.compile(rb"<table[\s>]", re.IGNORECASE)
CLOSED = re.compile(rb"</table\s*>", re.IGNORECASE)
BLANKS = re.compile(r"[ \t\r\n\f]+")
AROUND_BREAKS = re.compile(r" *\n *")
BLANKS_BUT_BREAKS = re.compile(r" +")
UNSHOWN = frozenset({"script", "style", "table"})
COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
CONDITION = re.compile(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
"""Rules for a medium or a width alone: for print, as a rule."""
RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
CLASS = re.compile(r"\.([\w-]+)")
DISPLAY = re.compile(r"display\s*:\s*([\w-]+)")
STRUCK = frozenset({"s", "strike", "del"})
NUMBERS = re.compile(r"[\s\d.,:'\u2019%()/+-]*")
SHOWN = 40
"""Characters of a cell that a message shows."""
BLOCKS = frozenset({"p", "div", "li", "h1", "h2", "h3", "h4"})


def read(file: File, settings: Settings) -> list[Sheet]:
    """Every table of the page whose header has what a roster needs; without one, the table that comes nearest.

    Cells are text as a browser shows it: entities are letters, line breaks stay, blanks in a row are one. A cell that
    reaches over several rows is repeated in each of them, one over several columns stands in the first.

    Raises:
        RosterError: no table, cut short, control characters, a table inside of a cell, a table that may continue
            another one without a header, or too large, as where long texts stand in many rows.
    """
    if len(file.data) * TREE > settings.max_megabytes << 20:
        raise too_large(file.path, settings.max_megabytes << 20)
    text = encodings.decode(file.path, file.data, _as_the_page_says(file, settings))
    grids = _tables(file.path, text.data, settings)
    laid = [(g, lay) for g in grids if (lay := g.layout(settings))]
    if not laid:
        raise RosterError(f"{file.path} is a web page without a table", remedy=f"is it a login page? Else {SAVE_AS}")
    fitting = [(g, lay) for g, lay in laid if lay.complete(settings)]
    if not fitting:
        fitting = [max(laid, key=lambda one: (one[1].known(settings), len(one[0].rows)))]
    full, chosen = [g for g, _ in laid], [g for g, _ in fitting]
    others = [g for g in full if g not in chosen]
    for grid in others:
        _no_continuation(file.path, grid, chosen, full)
    if nested := next((g for g in chosen if g.nested), None):
        raise RosterError(f"{file.path} has a table inside of a cell of {nested.name}", remedy=SAVE_AS)
    notes = [f"web page in {text.encoding}", *text.notes]
    notes += [f"not read: {g.name} (“{_first(g)}”, {counted(len(g.rows), 'row')})" for g in others]
    if len(full) == 1:
        chosen[0].name = ""
    found = [
        sheet_of(file.path, g, lay, settings, notes if i == 0 else notes[:1]) for i, (g, lay) in enumerate(fitting)
    ]
    return [replace(found[0], unread=tuple(g.unread(n) for n, g in enumerate(others, start=1))), *found[1:]]


def _as_the_page_says(file: File, settings: Settings) -> Settings:
    """The settings with the encoding that the page names, unless one is set."""
    said = CHARSET.search(file.data[:HEAD])
    if settings.encoding or not said:
        return settings
    label = said[1].decode().lower()
    encoding = LABELS.get(label, label)
    # A page that is read byte by byte up to here is no UTF-16, whatever it says (HTML standard).
    encoding = "utf-8" if encoding.startswith("utf-16") else encoding
    try:
        "".encode(encoding)
    except LookupError:
        return settings
    return settings.model_copy(update={"encoding": encoding})


def _tables(path: str, data: bytes, settings: Settings) -> list[Grid]:
    if len(OPENED.findall(data)) > len(CLOSED.findall(data)):
        raise RosterError(f"{path} is cut short: a table in it has no end", remedy=AGAIN)
    if found := CONTROLS.search(data):
        line = data.count(b"\n", 0, found.start()) + 1
        raise RosterError(f"{path} has a control character in line {line}: {found[0]!r}", remedy=SAVE_AS)
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    root = etree.fromstring(data, parser)
    fatal = [e for e in parser.error_log if e.level_name == "FATAL"]
    if root is None or fatal:
        raise RosterError(f"{path} is damaged: {fatal[0].message if fatal else 'no page'}", remedy=SAVE_AS)
    room = settings.max_megabytes << 20
    grids = []
    for number, table in enumerate(root.iter("table"), start=1):
        grid, taken = _grid(path, table, f"table {number}", room)
        room -= taken
        grids.append(grid)
    return grids


def _grid(path: str, table: etree._Element, name: str, room: int) -> tuple[Grid, int]:
    """The rows of a table, and the memory that they take."""
    grid = Grid(name=name)
    unseen = _Unseen(table)
    carried: dict[int, tuple[int, str]] = {}
    taken = copied = 0
    for place, element in enumerate(_rows(path, table)):
        if unseen.row(element):
            grid.marks.hidden_rows.add(place)
        row: list[str] = []
        label = ""
        below: dict[int, tuple[int, str]] = {}
        for cell in element.iterchildren("td", "th"):
            _carry(row, carried, below)
            text = _text(cell)
            _mark(grid, unseen, cell, (place, len(row)), text)
            down = _span(cell, "rowspan", 1 << 16)
            across = _span(cell, "colspan", MOST_COLUMNS)
            label = label or (text if text and across > 1 and not any(row) else "")
            for i in range(across):
                if down > 1:
                    below[len(row)] = (down - 1, text if not i else "")
                row.append(text if not i else "")
            grid.spans += down > 1 and bool(text)
        _carry(row, carried, below)
        if label and all(t == label or NUMBERS.fullmatch(t) for t in row):
            grid.labels[place] = label
        copied += sum(len(repeated) for _, repeated in carried.values())
        carried = below
        taken += (len(row) + 1) * CELL
        shared_texts.bound(path, copied, room)
        if taken > room:
            raise too_large(path, room)
        grid.rows.append(row)
    return grid, taken + copied


def _mark(grid: Grid, unseen: _Unseen, cell: etree._Element, place: tuple[int, int], text: str) -> None:
    """Notes what a cell is besides its text."""
    grid.nested = grid.nested or next(cell.iter("table"), None) is not None
    if cell.get("x:num") is not None:
        grid.numbers.append(place)
    if unseen.says(cell):
        grid.hidden_cells.add(place)
    if text and _is_struck(cell):
        grid.marks.struck.append(place)


class _Unseen:
    """Tells what a browser does not show of a table: by an attribute, by its style, or by its class's."""

    def __init__(self, table: etree._Element) -> None:
        styles = "".join("".join(style.itertext()) for style in table.getroottree().iter("style"))
        self._classes = _hiding(styles)
        self._table = table

    def says(self, element: etree._Element) -> bool:
        """Whether the element itself is hidden."""
        style = (element.get("style") or "").replace(" ", "").lower()
        named = not self._classes.isdisjoint((element.get("class") or "").split())
        return element.get("hidden") is not None or "display:none" in style or named

    def row(self, element: etree._Element) -> bool:
        """Whether a row is hidden, itself or with others as a part of the table."""
        return self.says(element) or any(
            self.says(e) for e in element.iterancestors("tbody", "thead", "tfoot") if e.getparent() is self._table
        )


def _hiding(styles: str) -> set[str]:
    """The classes that a page's style hides wherever they stand: a rule of the class alone, and no rule but such."""
    plain = CONDITION.sub("", COMMENT.sub("", styles))
    shown: dict[str, set[str]] = {}
    for selectors, rule in RULE.findall(plain):
        for selector in selectors.split(","):
            if alone := CLASS.fullmatch(selector.strip()):
                shown.setdefault(alone[1], set()).update(DISPLAY.findall(rule.lower()))
    return {name for name, words in shown.items() if words == {"none"}}


def _is_struck(cell: etree._Element) -> bool:
    """Whether there is a line through all of a cell's text."""
    styles = [(e.get("style") or "").lower() for e in (cell.getparent(), cell)]
    within = next((e for e in cell if not (cell.text or "").strip()), None) if len(cell) == 1 else None
    alone = within is not None and within.tag in STRUCK and not (within.tail or "").strip()
    return alone or any("line-through" in style for style in styles)


def _carry(row: list[str], carried: dict[int, tuple[int, str]], below: dict[int, tuple[int, str]]) -> None:
    """Puts in what reaches down from the rows above, as far as it stands at the row's end."""
    while (found := carried.get(len(row))) is not None:
        left, text = found
        if left > 1:
            below[len(row)] = (left - 1, text)
        row.append(text)


def _rows(path: str, table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table without those of tables in it.

    Raises:
        RosterError: a cell that is in no row, and would be lost.
    """
    for element in table.iterchildren(tag=etree.Element):
        match element.tag:
            case "tr":
                yield element
            case "td" | "th":
                raise RosterError(f"{path} is damaged: a table has a cell outside of its rows", remedy=SAVE_AS)
            case "table":
                pass
            case _:
                yield from _rows(path, element)


def _text(cell: etree._Element) -> str:
    """What a browser shows, without tables in it."""
    if not len(cell):
        return BLANKS.sub(" ", cell.text or "").strip(" ")
    return AROUND_BREAKS.sub("\n", BLANKS_BUT_BREAKS.sub(" ", "".join(_parts(cell)))).strip(" \n")


def _parts(element: etree._Element) -> Iterator[str]:
    """Its text, piece by piece; blanks and line ends of the source are blanks, `<br>` and blocks are line breaks."""
    yield BLANKS.sub(" ", element.text or "")
    for child in element.iterchildren(tag=etree.Element):
        if child.tag == "br":
            yield "\n"
        elif child.tag not in UNSHOWN:
            yield "\n" if child.tag in BLOCKS else ""
            yield from _parts(child)
            yield "\n" if child.tag in BLOCKS else ""
        yield BLANKS.sub(" ", child.tail or "")


def _span(cell: etree._Element, attribute: str, most: int) -> int:
    said = (cell.get(attribute) or "").strip()
    return max(1, min(int(said), most)) if said.isdecimal() and len(said) <= len(str(most)) else 1


def _first(grid: Grid) -> str:
    """How a table begins."""
    return next((t for row in grid.rows for t in row if t.strip()), "")[:SHOWN]


def _no_continuation(path: str, grid: Grid, chosen: list[Grid], grids: list[Grid]) -> None:
    """Raises RosterError where a table that is left out has as many columns as one before it that is read.

    Reports that are cut into pages repeat the table and not always its header: whoever stands there would be lost.
    """
    before = [g for g in chosen if grids.index(g) < grids.index(grid)]
    wide = max(map(len, grid.rows))
    if found := next((g for g in before if max(map(len, g.rows)) == wide), None):
        raise RosterError(
            f"{path}: {grid.name} (“{_first(grid)}”) has as many columns as {found.name} and no header: "
            "its rows may continue it",
            remedy="put the rows below one header, or delete what does not belong there; " + SAVE_AS,
        )
