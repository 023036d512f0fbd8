"""Web pages and XML workbooks that are called .xls: their tables as text, and what could hide or lose rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.roster.readers import files, html, xml_spreadsheet
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
HEADER = "<tr><th>user<th>course<th>role<th>last name</tr>"
ROW = "<tr><td>{}<td>BIO101<td>student<td>{}</tr>"


def page(*tables: str) -> str:
    return "<html><body>" + "".join(f"<table>{t}</table>" for t in tables) + "</body></html>"


def sheets(content: str | bytes, **chosen: object) -> list[Sheet]:
    data = content.encode() if isinstance(content, str) else content
    file = files.File(path="t.xls", data=data, sha256="", kind=FileKind.HTML)
    return html.read(file, Settings.model_validate(chosen))


def refused(content: str, **chosen: object) -> str:
    with pytest.raises(RosterError) as caught:
        sheets(content, **chosen)
    return caught.value.message


def column(sheet: Sheet, position: int) -> list[str]:
    return list(sheet.cells[position].to_pylist())


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("00123", "00123"),
        ("1e5", "1e5"),
        ("  Lee\n   Ray ", "Lee Ray"),
        ("O&#39;Neill &amp; Bj&ouml;rn", "O'Neill & Björn"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<b>Le</b>e<font color='red'>!</font>", "Lee!"),
        ("a&nbsp;b", "a\u00a0b"),
        ("<!-- x -->a<script>b()</script>", "a"),
        ("", ""),
    ],
)
def test_a_cell_is_what_a_browser_shows(written: str, text: str) -> None:
    """Zeros and letters stay as they are written, `<br>` is a line break, blanks of the source are one."""
    (sheet,) = sheets(page(HEADER + ROW.format("ann", written)))
    assert column(sheet, 3) == [text]


def test_cells_that_reach_over_rows_are_repeated_and_over_columns_are_not() -> None:
    """One course beside two people is the course of both; a cell over two columns is no value of the second."""
    rows = "<tr><td>ann<td rowspan=2>BIO101<td>student<td>Lee<tr><td>bob<td>student<td>Ray"
    (sheet,) = sheets(page(HEADER + rows + "<tr><td colspan=3>Total: 2 students<td>x"))
    assert [column(sheet, i) for i in range(3)] == [
        ["ann", "bob", "Total: 2 students"],
        ["BIO101", "BIO101", ""],
        ["student", "student", ""],
    ]
    assert sheet.notes == ("web page in utf-8", "1 cell that reaches over several rows, repeated in each")


def test_numbers_of_excel_are_known() -> None:
    """Where the page says that a cell is a number, the number's shape can have lost digits."""
    (sheet,) = sheets(page(HEADER + "<tr><td x:num='120000123'>1.2E+08<td>BIO101<td>student<td>Lee"))
    assert {c: m.tolist() for c, m in sheet.numbers.items()} == {0: [True]}


def test_rows_of_another_length_are_told(loaded: Load) -> None:
    """A cell too few or too many shifts what stands beside it."""
    rows = "<tr><td>ann<td>BIO101<tr><td>x<td>bob<td>BIO101<td>student<td>Ray<tr><td>cid<td>BIO101<td>student<td>Orr"
    roster = loaded(page(HEADER + rows), "t.xls")
    assert roster.rows[["user", "line", "code"]].to_numpy().tolist() == [
        ["ann", 2, "row_length"],
        ["", 3, "row_length"],
        ["cid", 4, ""],
    ]


def test_every_table_that_is_a_roster_is_read(loaded: Load) -> None:
    """Title rows are noted, and so are tables that are none."""
    title = "<tr><td colspan=4>Class roster BIO101"
    first, second = HEADER + ROW.format("ann", "Lee"), title + HEADER + ROW.format("bob", "Ray")
    roster = loaded(page("<tr><td>Term<td>Autumn", first, second), "t.xls")
    assert roster.rows[["user", "line", "code"]].to_numpy().tolist() == [
        ["ann", 2, ""],
        ["Class roster BIO101", 1, "title_row"],
        ["bob", 3, ""],
    ]
    assert [(s.sheet, s.notes) for s in roster.sources] == [
        ("table 2", ("web page in utf-8", "not read: table 1 (“Term”, 1 row)")),
        ("table 3", ("web page in utf-8", "row 1 stands above the header, which is row 2")),
    ]


def test_titles_and_totals_of_a_web_page_are_no_enrolments(loaded: Load) -> None:
    """Rows above the header, a repeated header and a row with a number of people are ignored, each with its reason."""
    titles = "<tr><td colspan=4>Class roster<tr><td>Term:<td>Autumn 2026<td><td><tr><td colspan=4>"
    rows = ROW.format("ann", "Lee") + HEADER + ROW.format("bob", "Ray")
    roster = loaded(page(titles + HEADER + rows + "<tr><td colspan=3>Total<td>2<tr><td>Total students<td>2"), "t.xls")
    assert roster.rows[["line", "user", "state", "code"]].to_numpy().tolist() == [
        [1, "Class roster", "ignored", "title_row"],
        [2, "Term:", "ignored", "title_row"],
        [3, "", "ignored", "row_blank"],
        [5, "ann", "ok", ""],
        [6, "user", "ignored", "header_row"],
        [7, "bob", "ok", ""],
        [8, "Total", "ignored", "totals_row"],
        [9, "Total students", "ignored", "totals_row"],
    ]


def test_a_web_page_without_a_header_is_refused(loaded: Load) -> None:
    """Its first row of people must not be taken for one."""
    with pytest.raises(RosterError, match="has no header: its row 1 looks like data"):
        loaded(page("<tr><td>ann@college.example<td>BIO101<td>student<td>Lee"), "t.xls")


def test_moodles_flat_file_as_a_web_page(loaded: Load) -> None:
    """It has no header in any format."""
    flat = page("<tr><td>add<td>student<td>0012<td>BIO101<tr><td>del<td>student<td>0013<td>BIO101<td>0<td>0")
    roster = loaded(flat, "t.xls")
    assert roster.rows[["line", "user", "action", "state"]].to_numpy().tolist() == [
        [1, "0012", "add", "ok"],
        [2, "0013", "remove", "ok"],
    ]


def test_a_table_that_may_continue_another_is_refused() -> None:
    """Reports cut into pages do not always repeat the header; whoever stands there would be lost."""
    message = refused(page(HEADER + ROW.format("ann", "Lee"), ROW.format("bob", "Ray")))
    assert message == "t.xls: table 2 (“bob”) has as many columns as table 1 and no header: its rows may continue it"


def test_tables_that_lay_out_a_page_are_no_obstacle() -> None:
    """A roster in a cell of another table is a table of its own."""
    inner = f"<table>{HEADER}{ROW.format('ann', 'Lee')}</table>"
    (sheet,) = sheets(page(f"<tr><td>Menu<td>{inner}"))
    assert column(sheet, 0) == ["ann"]
    assert sheet.lines.tolist() == [2]


def test_a_table_in_a_cell_of_a_roster_is_refused() -> None:
    """Its text belongs to the cell, and cannot be put there."""
    inner = "<table><tr><td>Lee</table>"
    assert refused(page(HEADER + ROW.format("ann", inner))) == "t.xls has a table inside of a cell of table 1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<html><body><p>Log in", "t.xls is a web page without a table"),
        (page("<tr><td> "), "t.xls is a web page without a table"),
        (page(HEADER + ROW.format("ann", "Lee"))[:-20], "t.xls is cut short: a table in it has no end"),
        (page("<td>user<td>course"), "t.xls is damaged: a table has a cell outside of its rows"),
        (page(HEADER + ROW.format("a&#7;nn", "Lee")), "t.xls has a control character in line 1: b'&#7;'"),
        ("<div>" * 400 + page(HEADER), "t.xls is damaged: Excessive depth in document"),
    ],
)
def test_pages_that_cannot_be_read_whole_are_refused(content: str, message: str) -> None:
    """Nothing that the parser drops or mends is dropped or mended in silence."""
    assert refused(content).startswith(message)


UNSEEN = (
    "<tr style='display: none'>",
    "<tr hidden>",
    "<tr style='mso-height-source:userset;display:none'>",
    "<style>.xl9 {mso-style-parent:style0; display:none;}</style><tr class='xl8 xl9'>",
    "<tbody style='DISPLAY:NONE'><tr>",
)


@pytest.mark.parametrize("row", UNSEEN)
def test_hidden_rows_are_read_and_said(row: str) -> None:
    """Or left out, where that is said."""
    content = page(HEADER + ROW.format("ann", "Lee") + f"{row}<td>bob<td>BIO101<td>student<td>Ray")
    (sheet,) = sheets(content)
    assert column(sheet, 0) == ["ann", "bob"]
    assert sheet.notes[1] == "1 hidden row read like the others (3); --hidden skip leaves such out"
    (skipped,) = sheets(content, hidden="skip")
    assert [(a.code, a.rows.tolist()) for a in skipped.aside] == [("hidden_row", [1])]
    assert skipped.notes[1] == "1 hidden row left out (3), as --hidden skip says"


@pytest.mark.parametrize(
    "style",
    [
        ".tree.collapsed .r { display: none; }",
        "@media print { .r { display: none } }",
        "@media (max-width: 600px) { .a { color: red } .r { display: none } }",
        ".menu > .r { display: none }",
        ".r:hover { display: none }",
        "/* .r { display: none } */",
        ".r { display: none } .r { display: table-row }",
    ],
)
def test_a_class_that_is_hidden_somewhere_is_not_hidden_here(style: str) -> None:
    """In print, in a menu, when a tree is folded: a browser shows these rows, and whoever stands in them is there."""
    content = page(f"<style>{style}</style>" + HEADER + "<tr class='r'><td>bob<td>BIO101<td>student<td>Ray")
    (sheet,) = sheets(content, hidden="skip")
    assert (column(sheet, 0), sheet.aside) == (["bob"], ())


def test_a_hidden_column_is_one_whose_header_is_hidden() -> None:
    """It loses its header where hidden ones are skipped."""
    content = page(HEADER.replace("<th>last name", "<th style='display:none'>last name") + ROW.format("ann", "Lee"))
    assert sheets(content)[0].header == ("user", "course", "role", "last name")
    assert sheets(content, hidden="skip")[0].header == ("user", "course", "role", "")


@pytest.mark.parametrize(
    ("footer", "code"),
    [
        ("<td colspan=4>Total: 1 student", "totals_row"),
        ("<td colspan=2>Total", "totals_row"),
        ("<td colspan=4>Total<td>1", "totals_row"),
        ("<td colspan=3>Total<td>1<td>1<td>100%", "totals_row"),
        ("<td colspan=9>Printed on 1.9.2026", "footer_row"),
        ("<td>Total<td colspan=5>1", "totals_row"),
        ("<td colspan=6>Ask the registrar", "course_blank"),
        ("<td>bob<td>BIO101<td>student<td>Ray<td>5", "row_length"),
        ("<td colspan=3>bob<td>BIO101<td>student<td>Ray", "row_length"),
    ],
)
def test_a_footer_over_several_columns_is_one(loaded: Load, footer: str, code: str) -> None:
    """As it would be in a workbook; what may be a row of data that does not fit stays one."""
    content = page(HEADER + ROW.format("ann", "Lee") + f"<tr>{footer}</tr>")
    assert loaded(content, "r.xls").rows["code"].tolist() == ["", code]


@pytest.mark.parametrize(
    "row",
    [
        "<tr style='text-decoration: line-through'><td>bob<td>BIO101<td>student<td>Ray",
        "<tr><td><s>bob</s><td><s>BIO101</s><td>student<td>Ray",
        "<tr><td><del>bob</del><td>BIO101<td>student<td>Ray",
        "<tr><td style='text-decoration:line-through'>bob<td>BIO101<td>student<td>Ray",
    ],
)
def test_a_line_through_a_row_of_a_page_is_found(loaded: Load, row: str) -> None:
    """The row is read as it stands."""
    roster = loaded(page(HEADER + ROW.format("ann", "<s>x</s>y") + row), "r.xls")
    assert roster.rows["state"].tolist() == ["ok", "ok"]
    found = roster.problems[roster.problems["code"] == "row_struck"]
    assert found[["line", "column", "value"]].to_numpy().tolist() == [[3, "user", "bob"]]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("utf-8", "utf-8"), ("windows-1252", "cp1252"), ("iso-8859-1", "cp1252"), ("x-sjis", "cp932"), ("none", "cp1252")],
)
def test_the_page_says_its_encoding(charset: str, encoding: str) -> None:
    """As the web means it: iso-8859-1 is cp1252. A name that nobody knows is no name."""
    name = "山田" if encoding == "cp932" else "Müller’s"  # noqa: RUF001 -- this very sign
    content = f"<meta http-equiv=Content-Type content='text/html; charset={charset}'>" + page(
        HEADER + ROW.format("ann", name)
    )
    (sheet,) = sheets(content.encode(encoding))
    assert column(sheet, 3) == [name]
    assert sheet.notes[0] == f"web page in {encoding}"


def test_a_page_in_utf16_and_a_flag_that_says_more_than_the_page() -> None:
    """A mark leaves no doubt; what a person says goes before what the page says."""
    content = "<meta charset=utf-8>" + page(HEADER + ROW.format("ann", "Müller"))
    assert column(sheets(content.encode("utf-16"))[0], 3) == ["Müller"]
    assert column(sheets(content.encode("cp1252"), encoding="cp1252")[0], 3) == ["Müller"]
    with pytest.raises(RosterError, match="is not utf-8"):
        sheets(content.encode("cp1252"))


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=12).map(
    lambda t: " ".join(t.split(" ")).strip(" ")
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8))
def test_what_is_written_as_a_table_comes_back(rows: list[tuple[str, str]]) -> None:
    """Each cell, in its row, whatever letters it has."""
    rows = [("first", "x"), *rows]
    table = etree.Element("table")
    for row in [("user", "course", "role", "last name"), *((u, "BIO101", "student", n) for u, n in rows)]:
        line = etree.SubElement(table, "tr")
        for value in row:
            etree.SubElement(line, "td").text = value
    (sheet,) = sheets(etree.tostring(table, method="html", encoding="utf-8"))
    assert column(sheet, 0) == [" ".join(filter(None, u.split(" "))) for u, _ in rows]
    assert column(sheet, 3) == [" ".join(filter(None, n.split(" "))) for _, n in rows]


XML = '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel">{}</Workbook>'  # noqa: E501 -- one tag
NAMES = "".join(f"<Cell><Data ss:Type='String'>{h}</Data></Cell>" for h in ("user", "course", "role"))
ANN = "".join(f"<Cell><Data ss:Type='String'>{h}</Data></Cell>" for h in ("ann", "BIO101", "student"))


def worksheet(name: str, rows: str, more: str = "") -> str:
    return f"<Worksheet ss:Name='{name}'><Table>{rows}</Table>{more}</Worksheet>"


def book(content: str, **chosen: object) -> Sheet:
    data = ("<?xml version='1.0'?>" + XML.format(content)).encode()
    file = files.File(path="t.xls", data=data, sha256="", kind=FileKind.XML)
    (sheet,) = xml_spreadsheet.read(file, Settings.model_validate(chosen))
    return sheet


def test_of_several_rosters_in_xml_one_has_to_be_named() -> None:
    """Hidden sheets count, unless it is said that they do not; what is left out is listed."""
    unseen = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    rows = f"<Row>{NAMES}</Row><Row>{ANN}</Row>"
    content = worksheet("Old", rows.replace("ann", "old"), unseen) + worksheet("New", rows)
    with pytest.raises(RosterError, match="has a roster in several sheets: “Old”, “New”"):
        book(content)
    assert column(book(content, hidden="skip"), 0) == ["ann"]
    assert book(content, hidden="skip").notes == ("sheet “New” (XML Spreadsheet 2003)", "other sheets, not read: “Old”")
    assert column(book(content, sheet="old"), 0) == ["old"]
    with pytest.raises(RosterError, match=r"t\.xls has no sheet “Summer”"):
        book(content, sheet="Summer")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (f"<Row>{NAMES}</Row><Row ss:Index='99999999'>{ANN}</Row>", "takes more memory than it may"),
        (f"<Row>{NAMES}</Row><Row><Cell ss:Index='999999999'/></Row>", "takes more memory than it may"),
        (f"<Row>{NAMES}</Row><Row><Cell ss:MergeDown='1'/></Row>", "is merged with those below"),
        (f"<Row>{NAMES}</Row><Row>{ANN}", "is damaged"),
        ("", "has nothing in any sheet that is read"),
    ],
)
def test_xml_that_is_broken_or_harmful_is_refused(rows: str, message: str) -> None:
    """Cells far out, merged cells, tags that do not close."""
    with pytest.raises(RosterError, match=message):
        book(worksheet("S", rows), max_megabytes=8)


def test_what_the_content_is_decides_and_not_the_name(tmp_path: Path) -> None:
    """A page called .csv is a page; other XML is refused."""
    path = tmp_path / "t.csv"
    path.write_text(page(HEADER + ROW.format("ann", "Lee")), encoding="utf-8")
    assert load([path], Settings()).rows["user"].tolist() == ["ann"]
    path.write_text("<?xml version='1.0'?><roster/>", encoding="utf-8")
    with pytest.raises(RosterError, match="is XML of a kind that is not read"):
        load([path], Settings())


def test_what_an_xml_workbook_hides_is_seen() -> None:
    """Rows with their numbers, columns, and a line through a text; elements that stand for several count so."""
    styles = "<Styles><Style ss:ID='s1'><Font ss:StrikeThrough='1'/></Style></Styles>"
    more = "<Cell><Data ss:Type='String'>{}</Data></Cell>"
    rows = "<Column/><Column ss:Span='1'/><Column ss:Hidden='1'/>"
    rows += f"<Row>{NAMES}{more.format('last name')}</Row><Row>{ANN}{more.format('Lee')}</Row>"
    rows += f"<Row ss:Hidden='1'>{ANN.replace('ann', 'bob')}</Row><Row ss:Hidden='1' ss:Span='2'/>"
    rows += f"<Row ss:StyleID='s1'>{ANN.replace('ann', 'cleo')}</Row>"
    content = styles + worksheet("Roster", rows)
    sheet = book(content)
    assert column(sheet, 0) == ["ann", "bob", "", "", "", "cleo"]
    assert sheet.lines.tolist() == [2, 3, 4, 5, 6, 7]
    assert sheet.notes[1:] == (
        "4 hidden rows read like the others (3, 4, 5, 6); --hidden skip leaves such out",
        "hidden columns, read like the others: “last name”; --hidden skip leaves such out",
    )
    assert [(a.code, a.rows.tolist(), a.column) for a in sheet.aside] == [("row_struck", [5], "user")]
    skipped = book(content, hidden="skip")
    assert skipped.header == ("user", "course", "role", "")
    assert [(a.code, a.rows.tolist()) for a in skipped.aside] == [("hidden_row", [1, 2, 3, 4]), ("row_struck", [5])]
