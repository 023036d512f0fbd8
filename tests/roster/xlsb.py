"""Rows go in; a binary Excel workbook comes out, written record by record, since nothing else here writes one.

The records are those of Microsoft's [MS-XLSB]; only what the tests need is written.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Override PartName="/xl/worksheets/sheet1.bin" ContentType="application/vnd.ms-excel.worksheet"/>'
    '<Override PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
RELATION = (
    '<Relationship Id="{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/>'
)
WHEN = (2026, 9, 1, 8, 0, 0)
ERRORS = {"#N/A": 0x2A, "#REF!": 0x17, "#DIV/0!": 0x07}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A number with a number format."""

    number: float
    style: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lined:
    """A text with a line through it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """An error cell."""

    text: str


def write(
    rows: Sequence[Sequence[object]],
    *,
    name: str = "Roster",
    formats: Sequence[str] = ("00000",),
    hidden: Collection[int] = (),
    merged: Mapping[tuple[int, int], tuple[int, int]] | None = None,
) -> bytes:
    """The bytes of a workbook with one sheet.

    Args:
        rows: texts, numbers, booleans, `Shown` numbers, errors, or None.
        name: of the sheet.
        formats: number formats; the style n of a `Shown` number is the nth of these, from 1.
        hidden: rows that are hidden, from 0.
        merged: first cell → last cell of ranges.
    """
    target = io.BytesIO()
    office = RELATIONS.format(RELATION.format("rId1", "officeDocument", "xl/workbook.bin"))
    parts = RELATION.format("rId1", "worksheet", "worksheets/sheet1.bin")
    parts += RELATION.format("rId2", "styles", "styles.bin")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in (
            ("[Content_Types].xml", TYPES.encode()),
            ("_rels/.rels", office.encode()),
            ("xl/_rels/workbook.bin.rels", RELATIONS.format(parts).encode()),
            ("xl/workbook.bin", _workbook(name)),
            ("xl/styles.bin", _styles(formats, lined=any(isinstance(v, Lined) for row in rows for v in row))),
            ("xl/worksheets/sheet1.bin", _sheet(rows, hidden, merged or {}, lined=len(formats) + 1)),
        ):
            archive.writestr(zipfile.ZipInfo(path, WHEN), content)
    return target.getvalue()


def _record(kind: int, body: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, rest = bytearray(), len(body)
    while rest >= 0x80:
        size.append(rest & 0x7F | 0x80)
        rest >>= 7
    return number + bytes([*size, rest]) + body


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _workbook(name: str) -> bytes:
    sheet = struct.pack("<II", 0, 1) + _text("rId1") + _text(name)
    return b"".join([_record(131), _record(143), _record(156, sheet), _record(144), _record(132)])


def _styles(formats: Sequence[str], *, lined: bool) -> bytes:
    numbers = [_record(44, struct.pack("<H", 164 + i) + _text(code)) for i, code in enumerate(formats)]
    fonts = [
        _record(43, struct.pack("<HHHHBBBB", 220, flags, 400, 0, 0, 0, 0, 0) + bytes(9)) for flags in (0, 8) if lined
    ]
    cells = [
        _record(47, struct.pack("<HHHHHBBHBB", 0, number, font, 0, 0, 0, 0, 0, 0, 0))
        for number, font in ((0, 0), *((164 + i, 0) for i in range(len(formats))), *([(0, 1)] if lined else []))
    ]
    return b"".join(
        [
            _record(278),
            _record(615, struct.pack("<I", len(numbers))),
            *numbers,
            _record(616),
            *([_record(611, struct.pack("<I", len(fonts))), *fonts, _record(612)] if lined else []),
            _record(617, struct.pack("<I", len(cells))),
            *cells,
            _record(618),
            _record(279),
        ]
    )


def _sheet(
    rows: Sequence[Sequence[object]],
    hidden: Collection[int],
    merged: Mapping[tuple[int, int], tuple[int, int]],
    *,
    lined: int,
) -> bytes:
    width = max(len(row) for row in rows)
    records = [_record(129), _record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, width - 1)), _record(145)]
    for number, row in enumerate(rows):
        flags = 0x10 if number in hidden else 0
        records.append(_record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, flags, 0, 0)))
        records += [_cell(column, value, lined) for column, value in enumerate(row) if value is not None]
    records.append(_record(146))
    if merged:
        ranges = [struct.pack("<IIII", top, bottom, left, right) for (top, left), (bottom, right) in merged.items()]
        records += [_record(177, struct.pack("<I", len(ranges))), *(_record(176, r) for r in ranges), _record(178)]
    return b"".join([*records, _record(130)])


def _cell(column: int, value: object, lined: int) -> bytes:
    if isinstance(value, Lined):
        return _record(6, struct.pack("<II", column, lined) + _text(value.text))
    place = struct.pack("<II", column, value.style if isinstance(value, Shown) else 0)
    match value:
        case bool():
            return _record(4, place + bytes([value]))
        case Shown():
            return _record(5, place + struct.pack("<d", value.number))
        case float() | int():
            return _record(5, place + struct.pack("<d", value))
        case Error():
            return _record(3, place + bytes([ERRORS[value.text]]))
        case _:
            return _record(6, place + _text(str(value)))
