"""What a spreadsheet, an export or a copy does to keys: each damage is found, and nothing else is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync import problems
from rostersync.enums import Mode
from rostersync.frames.distinct import encoded
from rostersync.roster.columns import headers
from rostersync.roster.columns.ambiguous import Settled
from rostersync.roster.forensics.repairs import repairs
from rostersync.roster.rows import build
from rostersync.roster.rows.build import SheetRows
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
ORDINARY = {"key_undecided", "key_second", "column_ignored", "column_offered", "column_contradicts"}


def built(
    header: Sequence[str],
    columns: Sequence[Sequence[str]],
    settings: Settings = Settings(),  # noqa: B008 - it is frozen
    **more: Mapping[int, Any],
) -> SheetRows:
    """A sheet's part of a roster, as from a workbook that says which cells are numbers and dates."""
    kinds = {name: {p: np.array(m, dtype=bool) for p, m in masks.items()} for name, masks in more.items()}
    sheet = Sheet(
        name="S",
        header=tuple(header),
        cells=tuple(pa.array(c, pa.string()) for c in columns),
        lines=np.arange(2, 2 + len(columns[0])),
        numbers=kinds.get("numbers", {}),
        dates=kinds.get("dates", {}),
    )
    understood = Settled(columns=headers.understand(sheet.header, settings), settings=settings)
    known = encoded(sheet.cells, understood.columns.fields.values())
    return build.build(sheet, known, understood, Mode.MIRROR, source=0, first_row=0)


def users(*keys: str) -> SheetRows:
    """A roster with these id numbers."""
    return built(["student id", "course short name", "role"], [keys, ["BIO101"] * len(keys), ["student"] * len(keys)])


def courses(*keys: str) -> SheetRows:
    """A roster with these courses."""
    people = [f"p{n}" for n in range(len(keys))]
    return built(["username", "course short name", "role"], [people, keys, ["student"] * len(keys)])


def found(part: SheetRows) -> list[list[Any]]:
    """Each finding's line, code and value, in order."""
    mine = part.problems[~part.problems["code"].isin(ORDINARY)]
    lines: list[list[Any]] = mine[["line", "code", "value"]].to_numpy().tolist()
    return lines


DAMAGED_USERS = [
    ("1.2E+08", "key_scientific", ""),
    ("1,2E+08", "key_scientific", ""),
    ("1.2E8", "key_scientific", ""),
    ("1E+05", "key_scientific", ""),
    ("123456.0", "key_float", "“123456”"),
    ("123456,00", "key_float", "“123456”"),
    ("1,234,567", "key_thousands", "“1234567”"),
    ("1.234.567", "key_thousands", "“1234567”"),
    ("1'234'567", "key_thousands", "“1234567”"),
    ("1\u00a0234\u00a0567", "key_invisible", "no-break space"),
    ("'00123", "key_apostrophe", "“00123”"),
    ('="00123"', "formula_text", "“00123”"),
    ('=A1&"x"', "formula_text", ""),
    ("an\u200bna", "key_invisible", "U+200B (zero width space); it probably was “anna”"),
    ("an\u00adna", "key_invisible", "soft hyphen"),
    ("\u202eanna", "key_invisible", "right-to-left override"),
    ("\ufeffanna", "key_invisible", "zero width no-break space"),
    ("an\tna", "key_invisible", "(tab); it probably was “an na”"),
    ("an\nna", "key_invisible", "line break"),
    ("an\x07na", "key_invisible", "U+0007 (control character)"),
    ("１２３４５", "key_fullwidth", "“12345”"),
    ("ａｎｎａ", "key_fullwidth", "“anna”"),
    ("١٢٣٤٥", "key_fullwidth", "“12345”"),
    ("аnna", "key_lookalike", "“anna”"),
    ("bοb", "key_lookalike", "“bob”"),
    ("mÃ¼ller", "key_mojibake", "“müller”"),
    ("mÃƒÂ¼ller", "key_mojibake", "“müller”"),
    ("m\ufffdller", "key_mojibake", "letters were lost"),
    ("2026-03-01", "key_date", "“MAR-1”, “3-1”, “MAR-26”"),
    ("1-Mar", "key_date", "“MAR-1”"),
]


@pytest.mark.parametrize(("value", "code", "was"), DAMAGED_USERS)
def test_a_user_key_that_cannot_be_the_true_one_is_rejected(value: str, code: str, was: str) -> None:
    """With the value as it stands and what it probably was; the rows beside it are well."""
    part = users("anna-1", value, "anna-2")
    mine = part.problems[part.problems["code"] == code]
    assert mine[["line", "column", "value"]].to_numpy().tolist() == [[3, "student id", value]]
    assert was in mine["detail"].item()
    assert part.rows["state"].tolist() == ["ok", "rejected", "ok"]
    assert part.rows["code"].tolist() == ["", code, ""]
    assert part.rows["user"].tolist()[1] == value


@pytest.mark.parametrize(
    ("value", "code", "was"),
    [
        ("2026-03-01", "key_date", "“MAR-1”, “3-1”, “MAR-26”"),
        ("2026-03-05 00:00:00", "key_date", "“MAR-5”, “3-5”"),
        ("3/1/2026", "key_date", "“MAR-26”, “JAN-3”, “1-3”"),
        ("1-Mar", "key_date", "“MAR-1”"),
        ("01. Mrz", "key_date", "“MAR-1”"),
        ("01.Mrz", "key_date", "“MAR-1”"),
        ("01-mars", "key_date", "“MAR-1”"),
        ("1-Mar-26", "key_date", "“MAR-1”"),
        ("Mar-26", "key_date", "“MAR-26”"),
        ("Mrz 26", "key_date", "“MRZ-26”"),
        ("1E+05", "key_scientific", ""),
        ("101.0", "key_float", "“101”"),
        ("BIO\u00a0101", "key_invisible", "“BIO 101”"),
        ("ВIO101", "key_lookalike", "“BIO101”"),
        ("Einf\u00c3\u00bchrung", "key_mojibake", "“Einführung”"),
        ("БИО101".encode().decode("cp1252", errors="replace"), "key_mojibake", ""),
    ],
)
def test_a_course_key_that_cannot_be_the_true_one_is_rejected(value: str, code: str, was: str) -> None:
    """Codes that a spreadsheet took for dates or numbers, among codes that it left alone."""
    part = courses("BIO101", value, "CHE-2")
    assert found(part) == [[3, code, value]]
    assert was in part.problems["detail"].tolist()[-1]
    assert part.rows["state"].tolist() == ["ok", "rejected", "ok"]


@pytest.mark.parametrize(
    "keys",
    [
        [str(n) for n in range(1, 12_001)],
        [str(n) for n in range(1, 100)],
        ["S0012345", "S12345", "T1"],
        ["anna@uni.example", "o'brien@uni.example", "jürgen.müller@uni.example"],
        ["2023-00123", "2023-00124", "99-1"],
        ["@00000036", "@00000037"],
        ["a1e5", "1e5", "12E4"],
        ["12.345.678", "12.345.679", "23.456.789", "34.567.890", "45.678.901"],
        ["1234567890123456", "1234567890123457", "9876543210987650"],
        ["анна", "борис"],
        ["山田太郎", "佐藤"],
        ["ångström", "nguyễn", "o’brien", "ipek"],
        ["annα1", "naïve"],
    ],
)
def test_user_keys_that_are_as_they_should_be(keys: list[str]) -> None:
    """Numbers of different lengths, addresses, other scripts: nothing is said of them."""
    assert found(users(*keys)) == []


@pytest.mark.parametrize(
    "keys",
    [
        ["MAR1", "MAR-1", "1-MAR", "MAR-26", "CS1E05", "1E5"],
        ["Bio-26", "Mar-26"],
        ["101.1", "101.2", "102.0"],
        ["101.234", "101.235"],
        ["5E-10", "3E-2"],
        ["情報　基礎", "情報１"],
        ["ИНФ-101", "МАТ-101"],
        ["Droit & société", "Français – A", "Ñandú"],
        ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"],
    ],
)
def test_course_keys_that_are_as_they_should_be(keys: list[str]) -> None:
    """Codes that only look like months or powers, sections, titles, codes that are dates: nothing is said of them."""
    assert found(courses(*keys)) == []


@pytest.mark.parametrize("error", ["#N/A", "#NV", "#BEZUG!", "#¡VALOR!", "#NOM?", "#DIV/0!", "Err:502", "######"])
def test_errors_as_text_are_errors(loaded: Load, error: str) -> None:
    """In a text file as in a workbook's cell; a role of that name is not complained about as well."""
    roster = loaded(
        f"username,course short name,role,last name\n{error},BIO101,student,Lee\nann,BIO101,student,{error}\n"
    )
    assert roster.problems[["line", "code", "column", "value"]].to_numpy().tolist() == [
        [2, "cell_error", "username", error]
    ]
    assert roster.rows["user"].tolist() == ["", "ann"]


def test_numbers_that_may_have_lost_zeros_are_noted(loaded: Load) -> None:
    """Beside others of full length that begin with a zero; what they were is said, and they are not rejected."""
    roster = loaded(
        "student id,course short name,role\n"
        "00012345,BIO101,student\n12345678,BIO101,student\n4711,BIO101,student\n87654321,BIO101,student\n"
    )
    mine = roster.problems[["line", "code", "value", "detail"]].to_numpy().tolist()
    assert mine == [[4, "zeros_lost", "4711", "00004711"]]
    assert roster.rows["state"].tolist() == ["ok"] * 4


def test_nearly_all_of_one_length_make_the_others_odd() -> None:
    """Ten of eight digits and one of seven, far apart: the short one is noted."""
    long = [str(10_000_019 + n * 7_654_321) for n in range(10)]
    assert found(users(*long, "1234567")) == [[12, "zeros_lost", "1234567"]]


def test_rounded_numbers_are_rejected() -> None:
    """Those that a workbook holds as numbers, and texts of which half end in zeros where digits should be."""
    text = users("1234567890123450000", "9876543210987650000")
    assert [code for _, code, _ in found(text)] == ["key_rounded"] * 2
    part = built(
        ["student id", "course short name", "role"],
        [["1234567890123456", "1234567890123456", "123456789012345"], ["B1"] * 3, ["student"] * 3],
        numbers={0: [True, False, True]},
    )
    assert found(part) == [[2, "key_rounded", "1234567890123456"]]


def test_what_cells_of_a_workbook_are_counts() -> None:
    """Dates among codes, numbers with decimals, numbers among codes."""
    part = built(
        ["username", "course short name", "role"],
        [["a", "b", "c", "d", "e"], ["2026-03-01", "101.1", "100000", "BIO-1", "CHE-1"], ["student"] * 5],
        dates={1: [True, False, False, False, False]},
        numbers={1: [False, True, True, False, False]},
    )
    assert found(part) == [
        [2, "key_date", "2026-03-01"],
        [3, "key_fraction", "101.1"],
        [4, "key_power", "100000"],
    ]
    assert part.rows["state"].tolist() == ["rejected", "ok", "ok", "ok", "ok"]
    assert part.problems["detail"].tolist()[-1] == ": it may have been “1E5”"


def test_a_workbook_tells_what_became_of_its_keys(loaded: Load) -> None:
    """A code that became a date, numbers beyond Excel's digits, errors; the cells beside them are well."""
    roster = loaded(
        [
            ["student id", "course short name", "role"],
            ["00123", dt.date(2026, 3, 1), "student"],
            ["00124", "MAR1", "student"],
            [1234567890123450000, "MAR1", "student"],
            [9876543210987650000, "MAR1", "student"],
            ["'00125", "MAR1", "student"],
            ["#NV", "MAR1", "student"],
        ],
        "r.xlsx",
    )
    assert roster.rows["code"].tolist() == [
        "key_date",
        "",
        "key_rounded",
        "key_rounded",
        "key_apostrophe",
        "cell_error",
    ]
    assert roster.sources[0].letters == {"student id": "A", "course short name": "B", "role": "C"}


def _starts(values: list[str], dates: list[bool], **settings: object) -> SheetRows:
    count = len(values)
    columns = [[*"abcdefgh"[:count]], ["BIO101"] * count, ["student"] * count, values]
    header = ["username", "course short name", "role", "start"]
    return built(header, columns, dates={3: dates} if any(dates) else {}, settings=Settings.model_validate(settings))


def test_days_and_months_that_a_spreadsheet_exchanged_are_asked_about() -> None:
    """All dates have a day up to 12, all texts one above; days that are the same either way are certain."""
    days = ["2026-02-03", "2026-05-05", "2026-12-09 00:00:00", "13/02/2026", "14/02/26"]
    part = _starts(days, [True, True, True, False, False])
    assert found(part) == [[2, "dates_swapped", days[0]], [4, "dates_swapped", days[2]]]
    assert part.rows["state"].tolist() == ["rejected", "ok", "rejected", "ok", "ok"]
    fine = ["2026-02-03", "2026-05-14", "2026-12-09", "13/02/2026"]
    assert found(_starts(fine, [True, True, True, False])) == []


def test_a_flag_says_what_such_dates_are() -> None:
    """As they stand, or with day and month put back; both are told."""
    days, dates = ["2026-02-03", "13/02/2026"], [True, False]
    right, back = (_starts(days, dates, mixed_dates=said) for said in ("right", "exchanged"))
    assert [found(right), found(back)] == [[], []]
    wanted = [
        _starts([day, "13/02/2026"], [False, False]).rows["start"].tolist() for day in ("2026-02-03", "2026-03-02")
    ]
    assert [part.rows["start"].tolist() for part in (right, back)] == wanted
    assert "read as they stand" in right.notes[0]
    assert back.notes[0] == "column “start”: day and month of 1 date exchanged, as --mixed-dates exchanged says"


def test_a_text_file_made_of_such_a_workbook_is_asked_about_too() -> None:
    """With three dates that begin with their year: nothing says that they were dates of a workbook."""
    days = ["2026-02-03", "2026-05-04", "2026-12-09", "13/02/2026"]
    assert [code for _, code, _ in found(_starts(days, [False] * 4))] == ["dates_swapped"] * 3
    assert found(_starts(days[1:], [False] * 3)) == []


def test_a_damaged_key_beside_the_one_in_use_harms_nobody() -> None:
    """The row's key is its user name; its id number is not asked."""
    part = built(
        ["username", "student id", "course short name", "role"],
        [["ann", ""], ["1.2E+08", "1.2E+08"], ["BIO101"] * 2, ["student"] * 2],
    )
    assert found(part) == [[3, "key_scientific", "1.2E+08"]]


def test_what_is_left_out_is_counted(loaded: Load) -> None:
    """Blanks around keys, of any kind, and capitals in user names: one note for a column."""
    roster = loaded(
        "username,course short name,role\nAnn\u00a0,BIO101,student\nBob ,BIO101,student\ncid,BIO101,student\n"
    )
    assert roster.problems[["row", "code", "column", "value", "detail"]].to_numpy().tolist() == [
        [-1, "key_blanks", "username", "", "2 values"],
        [-1, "key_capitals", "username", "Ann", "2"],
    ]
    assert roster.rows["user"].tolist() == ["Ann", "Bob", "cid"]


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("an\u200bna", "anna"),
        ("123456.0", "123456"),
        ("1,234,567", "1234567"),
        ("ＢＩＯ１０１", "BIO101"),
        ("BIO–101", "BIO-101"),
        ("МАТ101", "MAT101"),
        ('="00123"', "00123"),
        ("'00123", "00123"),
        ("mÃ¼ller", "müller"),
    ],
)
def test_repairs_begin_with_the_likeliest(key: str, first: str) -> None:
    """What a key may have been is only offered."""
    assert repairs(key)[0] == first
    assert repairs("anna") == ()


CLEAN = st.one_of(
    st.from_regex(r"[a-z]{2,8}[0-9]{0,3}", fullmatch=True),
    st.from_regex(r"[A-Z]{2,4}[0-9]{3}", fullmatch=True),
    st.from_regex(r"[a-z]{2,8}\.[a-z]{2,8}@uni\.example", fullmatch=True),
    st.from_regex(r"20[0-9]{2}-[0-9]{5}", fullmatch=True),
    st.from_regex(r"[a-zåäöüßéèñçøæłšžő]{2,10}", fullmatch=True),
)
BREAK: list[Callable[[str], str]] = [
    lambda key: key[:1] + "\u200b" + key[1:],
    lambda key: key[:1] + "\u00a0" + key[1:],
    lambda key: "'" + key,
    lambda key: f'="{key}"',
    lambda key: key + "\ufffd",
    lambda key: key + "Ã¼",
    lambda key: key[:1] + "\t" + key[1:],
    lambda key: key + "\u0430b",
]


@settings(max_examples=100, deadline=None)
@given(keys=st.lists(CLEAN, min_size=1, max_size=30, unique=True))
def test_clean_rosters_have_no_findings(keys: list[str]) -> None:
    """Ordinary user names, codes, numbers and addresses, in any mixture."""
    assert found(users(*keys)) == []
    assert found(courses(*keys)) == []


@settings(max_examples=100, deadline=None)
@given(keys=st.lists(CLEAN, min_size=1, max_size=30, unique=True), data=st.data(), damage=st.sampled_from(BREAK))
def test_a_damaged_cell_is_always_found(keys: list[str], data: st.DataObject, damage: Callable[[str], str]) -> None:
    """Wherever it stands among clean ones, alone."""
    at = data.draw(st.integers(0, len(keys) - 1))
    broken = [damage(k) if n == at else k for n, k in enumerate(keys)]
    for part in (users(*broken), courses(*broken)):
        assert [line for line, code, _ in found(part) if code in problems.DAMAGED] == [at + 2]
        assert part.rows["state"].tolist() == ["rejected" if n == at else "ok" for n in range(len(keys))]
