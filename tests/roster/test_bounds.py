"""Files that are made to do harm, or came out broken: one clear message, and no more memory than the settings allow."""

from __future__ import annotations

import gzip
import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rostersync.errors import RosterError, RosterSyncError
from rostersync.roster import load
from rostersync.roster.readers import files, memory_limits
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.settings import Settings

Write = Callable[..., Path]
SMALL = Settings(max_megabytes=8)
ANN = b"user,course,role\nann,BIO101,student\n"
MEGABYTE = 1 << 20
CHILD = """
import json, resource, sys
from pathlib import Path
from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.settings import Settings
# What importing takes is not what is measured.
from rostersync.roster.readers import html, memory_limits, workbook, xml_spreadsheet
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, found = peak(), {}
for path in sys.argv[1:]:
    try:
        load([Path(path)], Settings(max_megabytes=64))
    except RosterError as error:
        found[Path(path).name] = error.message, peak() - before
print(json.dumps(found))
"""


def refused(path: Path, chosen: Settings = SMALL) -> RosterError:
    with pytest.raises(RosterError) as caught:
        load([path], chosen)
    return caught.value


def packed(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def workbook(cells: bytes = b"", **parts: bytes) -> bytes:
    """A small .xlsx with more rows at the end of its sheet, and with these parts instead of its own."""
    made = openpyxl.Workbook()
    for row in (["user", "course", "role"], ["ann", "BIO101", "student"]):
        made.worksheets[0].append(row)
    target = io.BytesIO()
    made.save(target)
    with zipfile.ZipFile(target) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    members[sheet] = members[sheet].replace(b"</sheetData>", cells + b"</sheetData>")
    return packed(members | {n.replace("__", "/").replace("_", "."): c for n, c in parts.items()})


def ods(rows: bytes) -> bytes:
    content = (
        b'<?xml version="1.0"?><office:document-content><office:body><office:spreadsheet>'
        b'<table:table table:name="s">' + rows + b"</table:table></office:spreadsheet></office:body>"
        b"</office:document-content>"
    )
    return packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def length(number: int) -> bytes:
    """A record's length as .xlsb files have it: seven bits in each byte."""
    return bytes([number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14 & 0x7F | 0x80, number >> 21])


def merged(text: bytes, count: int) -> bytes:
    """A small .xlsx in which one cell's text is that of so many rows."""
    rows = b"".join(b'<row r="%d"><c r="B%d" t="str"><v>x</v></c></row>' % (i, i) for i in range(4, 4 + count))
    first = b'<row r="3"><c r="A3" t="str"><v>' + text + b'</v></c><c r="B3" t="str"><v>x</v></c></row>'
    data = workbook(first + rows)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    ranges = b'<mergeCells count="1"><mergeCell ref="A3:A%d"/></mergeCells>' % (3 + count)
    members[sheet] = members[sheet].replace(b"</sheetData>", b"</sheetData>" + ranges)
    return packed(members)


def lying(content: bytes, says: int) -> bytes:
    """A ZIP whose member says that it is smaller than it is."""
    data = bytearray(packed({"a.csv": content}))
    true, false = struct.pack("<I", len(content)), struct.pack("<I", says)
    return bytes(data.replace(true, false))


def overlapping(count: int) -> bytes:
    """A ZIP in which many names stand for the same bytes."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"a" * MEGABYTE
    deflated = body.compress(content) + body.flush()
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, zlib.crc32(content), len(deflated), len(content))
    local = b"PK\x03\x04" + fields + struct.pack("<HH", 5, 0) + b"a.csv" + deflated
    central = b"".join(
        b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHHHII", 9, 0, 0, 0, 0, 0, 0) + b"%05d.csv" % i
        for i in range(count)
    )
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count & 0xFFFF, count & 0xFFFF, len(central), len(local), 0)
    return local + central + end


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]>"
)


MUCH = b"user,course,role\n" + b"a" * 300 * MEGABYTE
TAKES = "takes more memory than it may"
FAR = "has a cell far out: row "
LAUGHS = "defines XML entities in "
HARM: dict[str, tuple[bytes, str]] = {
    "gzip.gz": (gzip.compress(MUCH, 1), TAKES),
    "zip.zip": (packed({"a.csv": MUCH}), TAKES),
    "many-members.zip": (packed({f"{i}.csv": ANN + b"a" * 7 * MEGABYTE for i in range(20)}), TAKES),
    "gzip-in-zip.zip": (packed({"a.gz": gzip.compress(MUCH, 1)}), TAKES),
    "picture.xlsx": (workbook(xl__media__image_png=MUCH), TAKES),
    "members.zip": (overlapping(100_001), "holds 100,001 files; 10,000 are read at most"),
    "corner.xlsx": (workbook(b'<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row>'), FAR),
    "nothing.xlsx": (workbook(b'<row r="20000"><c r="SZZ20000" t="str"><v></v></c></row>'), FAR),
    "spelling.xlsx": (workbook(b"<row r='20000'><c r = 'szz20000' t='str'><v>x</v></c></row>"), FAR),
    "row.xlsx": (workbook(b'<row r="99999999"><c r="A99999999" t="str"><v>x</v></c></row>'), FAR),
    "no-place.xlsx": (workbook(b'<row r="99999999"><c t="str"><v>x</v></c><c r="ZZ2"><v>1</v></c></row>'), FAR),
    "shared.xlsx": (
        workbook(
            b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (i, i) for i in range(3, 3000)),
            xl__sharedStrings_xml=b"<sst><si><t>" + b"a" * MEGABYTE + b"</t></si></sst>",
        ),
        "has long texts in so many cells that they would take 2,",
    ),
    "shared.xlsb": (
        packed(
            {
                "xl/workbook.bin": b"",
                "xl/sharedStrings.bin": b"\x13" + length(MEGABYTE) + bytes(MEGABYTE),
                "xl/worksheets/sheet1.bin": b"".join(b"\x07\x0c" + bytes(12) for _ in range(3000)),
            }
        ),
        "has long texts in so many cells that they would take 3,",
    ),
    "repeated.ods": (
        ods(
            b'<table:table-row table:number-rows-repeated="50"><table:table-cell table:number-columns-repeated="50">'
            b"<text:p>" + b"a" * MEGABYTE + b"</text:p></table:table-cell></table:table-row>"
        ),
        "has long texts in so many cells that they would take 2,5",
    ),
    "spanned.xls": (
        b"<table><tr><td>user<td>course<td>role</tr><tr><td rowspan=3000>"
        + b"a" * MEGABYTE
        + b"<td>B<td>student</tr>"
        + b"<tr><td>B<td>student</tr>" * 3000
        + b"</table>",
        "has long texts in so many cells that they would take ",
    ),
    "merged.xlsx": (
        merged(b"a" * MEGABYTE, 3000),
        "has long texts in so many cells that they would take 3,",
    ),
    "laughs.xlsx": (workbook(xl__sharedStrings_xml=BOMB + b"<sst><si><t>&j;</t></si></sst>"), LAUGHS),
    "laughs-utf16.xlsx": (workbook(xl__sharedStrings_xml=(BOMB + b"<sst/>").decode().encode("utf-16")), LAUGHS),
    "laughs.ods": (packed({"mimetype": b"opendocument.spreadsheet", "content.xml": BOMB + b"<x/>"}), LAUGHS),
    "laughs.xls": (
        BOMB + b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&j;</Workbook>',
        "defines a document type",
    ),
}


@pytest.fixture(scope="module")
def loaded_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int]]:
    """Each harmful file's message, and the megabytes that a process of its own had taken at most by then."""
    folder = tmp_path_factory.mktemp("harm")
    for name, (content, _) in HARM.items():
        (folder / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *(str(folder / name) for name in HARM)],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("name", HARM)
def test_a_file_that_is_made_to_do_harm_is_refused(name: str, loaded_elsewhere: dict[str, tuple[str, int]]) -> None:
    """Bytes are counted while they are unpacked, and cells before they are laid out; memory stays near the limit."""
    message, megabytes = loaded_elsewhere[name]
    assert HARM[name][1] in message
    assert megabytes < 200


def test_a_file_beyond_the_limit_is_not_read(write: Write) -> None:
    """The message names the setting that allows more."""
    error = refused(write(ANN * 300_000))
    assert error.message.endswith("takes more memory than it may: 8 MB were left of what max_megabytes allows")
    assert "raise max_megabytes" in error.remedy


def test_a_declared_size_is_not_believed(write: Write) -> None:
    """A member that says it has ten bytes and has more is damaged, not cut."""
    assert "is damaged" in refused(write(lying(ANN * 1000, 10), "term.zip")).message


def test_names_that_share_bytes_are_refused(write: Write) -> None:
    """Many small members that are each the same megabyte are a bomb."""
    assert refused(write(overlapping(500), "term.zip")).message.endswith("two of its files lie on the same bytes")


def test_two_members_of_one_name_are_refused(write: Write) -> None:
    """Programs differ in which of them they take."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.csv", ANN)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", ANN)
    assert refused(write(target.getvalue(), "term.zip")).message.endswith("it holds two files named 'a.csv'")


def test_a_format_far_out_is_no_cell(write: Write) -> None:
    """A cell without a value costs nothing, and many workbooks have one."""
    path = write(workbook(b'<row r="1048576"><c r="XFD1048576" s="0"/></row>'), "term.xlsx")
    memory_limits.check(files.File(path="f", data=path.read_bytes(), sha256="", kind=FileKind.XLSX), Settings())


def test_a_wide_sheet_within_the_limit_is_read(write: Write) -> None:
    """A cell in column ZZ of a small sheet is no harm."""
    path = write(workbook(b'<row r="3"><c r="A3" t="str"><v>b</v></c><c r="ZZ3" t="str"><v>x</v></c></row>'), "t.xlsx")
    assert load([path], Settings()).rows["user"].tolist() == ["ann", "b"]


def test_a_long_text_in_one_cell_is_read(write: Write) -> None:
    """Ten thousand characters are a remark."""
    path = write([["user", "course", "role", "remark"], ["ann", "BIO101", "student", "x" * 10_000]], "t.xlsx")
    assert load([path], SMALL).rows["user"].tolist() == ["ann"]


def test_a_merge_of_everything_is_refused(write: Write) -> None:
    """Each cell of a merged range can become an object."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    merge = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    members[sheet] = members[sheet].replace(b"</sheetData>", merge)
    assert "has merged cells that cover 17,179,869,184 cells" in refused(write(packed(members), "t.xlsx")).message


def test_entities_of_a_page_stay_what_they_are(write: Write) -> None:
    """In a web page they are not expanded at all."""
    page = BOMB.replace(b'<?xml version="1.0"?><!DOCTYPE lolz', b"<!DOCTYPE html")
    table = b"<table><tr><td>user<td>course<td>role<tr><td>&j;<td>BIO101<td>student</table>"
    assert load([write(page + table, "t.xls")], SMALL).rows["user"].tolist() == ["&j;"]


BLANK = b'<table:table-cell table:number-columns-repeated="16384"/>'
CELL = b'<table:table-cell office:value-type="string"%s><text:p>a</text:p></table:table-cell>'


@pytest.mark.parametrize(
    ("rows", "fits"),
    [
        (b"<table:table-row>" + CELL % b"" + b"</table:table-row>", True),
        (
            b'<table:table-row table:number-rows-repeated="1048576">' + BLANK + b"</table:table-row>",
            True,
        ),
        (
            b'<table:table-row table:number-rows-repeated="1048575"><table:table-cell/></table:table-row>'
            b'<table:table-row><table:table-cell table:number-columns-repeated="16383"/>'
            + CELL % b""
            + b"</table:table-row>",
            False,
        ),
        (
            b'<table:table-row table:number-rows-repeated="1048576">'
            + CELL % b' table:number-columns-repeated="16384"'
            + b"</table:table-row>",
            False,
        ),
    ],
    ids=["a cell", "a blank sheet", "a cell far out", "a cell repeated"],
)
def test_repeated_cells_of_ods_are_counted(rows: bytes, fits: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """Blank rows up to the end of the sheet are usual, and cost nothing without a cell behind them."""
    file = files.File(path="t.ods", data=ods(rows), sha256="", kind=FileKind.ODS)
    if fits:
        memory_limits.check(file, SMALL)
        return
    with pytest.raises(RosterError, match="has a cell far out: row 1,048,576, column 16,384"):
        memory_limits.check(file, SMALL)


def test_cells_of_xlsb_are_counted() -> None:
    """Records of a row and of a cell in it, as [MS-XLSB] describes them."""
    row, cell = struct.pack("<BBI", 0, 4, 1_048_575), struct.pack("<BBII", 6, 8, 16_383, 0)
    for records, fits in ((row, True), (cell, True), (row + cell, False)):
        data = packed({"xl/workbook.bin": b"", "xl/worksheets/sheet1.bin": records})
        file = files.File(path="t.xlsb", data=data, sha256="", kind=FileKind.XLSB)
        if fits:
            memory_limits.check(file, SMALL)
        else:
            with pytest.raises(RosterError, match="has a cell far out: row 1,048,576, column 16,384"):
                memory_limits.check(file, SMALL)


@pytest.mark.parametrize("cut", [1, 100, 1000])
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.gz", gzip.compress(bytes(range(256)) * 50), "is damaged"),
        ("t.zip", packed({"a.csv": ANN * 1000, "b.csv": bytes(range(256)) * 50}), "is damaged"),
        ("t.xlsx", workbook(), "is damaged"),
        (
            "t.xls",
            b"<table><tr><td>user<td>course<td>role<tr><td>ann<td>BIO101<td>student" + b" " * 2000 + b"</table>",
            "is cut short",
        ),
    ],
    ids=["gzip", "zip", "xlsx", "html"],
)
def test_what_is_cut_short_is_refused(write: Write, name: str, content: bytes, message: str, cut: int) -> None:
    """Nothing of it is read: those at its end would look as if they had left."""
    assert message in refused(write(content[: -min(cut, len(content) // 2)], name)).message


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("content", [workbook(), packed({"a.csv": ANN}), gzip.compress(ANN)], ids=["xlsx", "zip", "gz"])
def test_damage_anywhere_is_an_error_or_harmless(write: Write, content: bytes, data: st.DataObject) -> None:
    """A byte that is changed ends in a clear error, or in the roster; never in a traceback."""
    place = data.draw(st.integers(0, len(content) - 1))
    broken = content[:place] + bytes([data.draw(st.integers(0, 255))]) + content[place + 1 :]
    try:
        roster = load([write(broken, "t.csv")], SMALL)
    except RosterSyncError:
        return
    assert roster.rows["user"].tolist() == ["ann"]


@pytest.mark.parametrize("size", [10_000, 200_000, 900_000])
def test_long_cells_are_read_whole(write: Write, size: int) -> None:
    """A value of many characters is a value; nothing is cut."""
    rows = ANN + b"bob,BIO101,student\n"
    path = write(rows.replace(b"ann", b"a" * size))
    assert [len(u) for u in load([path], Settings()).rows["user"]] == [size, 3]


def test_a_cell_of_more_than_a_megabyte_is_refused(write: Write) -> None:
    """An open quotation mark makes one; the message says what to look for."""
    path = write(ANN + b'"' + b"a,BIO101,student\n" * 200_000)
    assert "quotation mark" in refused(path, Settings()).remedy


def test_a_long_record_of_another_length_is_no_blank_row(write: Write) -> None:
    """A record that is too long for the csv module is rejected, and never counted as blank."""
    path = write(ANN + b"bob," + b"x" * 300_000 + b",BIO101,student\n")
    assert load([path], Settings()).rows["code"].tolist() == ["", "row_length"]


def test_control_characters_stay(write: Write) -> None:
    """A bell in a user name is part of it; nobody of that name will be found."""
    assert load([write(ANN + b"b\x07ob,BIO101,student\n")], Settings()).rows["user"].tolist() == ["ann", "b\x07ob"]
