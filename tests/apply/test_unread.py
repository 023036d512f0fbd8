"""Parts of a file that are not read: whoever stands in one has not left, and notes keep nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest

from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.workflow.check import check
from rostersync.workflow.ignored_parts import remember
from rostersync.workflow.plan import make_plan

from .conftest import World

Make = Callable[..., World]
Rows = Sequence[Sequence[object]]
HEAD = ("username", "course short name", "role")
PEOPLE = tuple(f"u{n}" for n in range(1000, 1012))
CODE = "unread_part"


@pytest.fixture
def world(make: Make) -> World:
    """A course of twelve."""
    return make({"BIO101": " ".join(f"{p}:student" for p in PEOPLE)}, people=["u2000", "u2001", "u2002"])


def rows(*names: str, course: str = "BIO101") -> list[tuple[str, ...]]:
    """Rows of a roster."""
    return [(name, course, "student") for name in names]


def book(world: World, sheets: Mapping[str, Rows]) -> Path:
    """A workbook with these sheets."""
    made = openpyxl.Workbook(write_only=True)
    for name, lines in sheets.items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
    path = world.folder / "term.xlsx"
    made.save(path)
    return path


def planned(world: World, path: Path, **settings: object) -> Plan:
    """The plan for a file."""
    with world.work(**settings) as work:
        return make_plan([path], work)


def synced(world: World, path: Path, **settings: object) -> Report:
    """What comes of a file."""
    return world.apply_at_once(planned(world, path, **settings), **settings)


def held(plan: Plan) -> dict[str, str]:
    """Username → why the removal is held, for those that this rule holds."""
    found = plan.changes[plan.changes["hold"] == CODE]
    names = dict(zip(plan.people["user_id"], plan.people["username"], strict=True))
    return {names[u]: d for u, d in zip(found["user_id"].tolist(), found["hold_detail"].tolist(), strict=True)}


def gone(world: World) -> list[str]:
    """Who is not in the course any more."""
    return sorted({*PEOPLE} - {*world.people("BIO101")})


LEFT = PEOPLE[-1]
HERE = PEOPLE[:-1]
IDS = {name: f"{101 + i:08}" for i, name in enumerate(sorted([*PEOPLE, "u2000", "u2001", "u2002"]))}


@pytest.mark.parametrize(
    "line",
    [
        [LEFT],
        [LEFT.upper(), "BIO101"],
        ["", "", LEFT],
        [IDS[LEFT]],
        [f"{LEFT}.x@uni.example"],
        [f"{LEFT.title()} Example"],
        [f"Example, {LEFT.title()}"],
        ["Example", LEFT.title()],
        [f"late: {LEFT}, pays on Monday"],
        [f"Write to <{LEFT}.x@uni.example>."],
        [f"u1; {LEFT}; u3"],
    ],
)
def test_whoever_stands_on_another_sheet_is_not_removed(world: World, line: list[object]) -> None:
    """By key, address or full name, in one cell, in several or in a text."""
    report = synced(world, book(world, {"Term": [HEAD, *rows(*HERE)], "Late": [["Some of them"], line]}))
    assert (gone(world), report.exit_code) == ([], 3)


PARTS: Mapping[str, list[Rows]] = {
    "bare sheet": [[HEAD, *rows(*PEOPLE[:6])], rows(*PEOPLE[6:])],
    "sheet without roles": [[HEAD, *rows(*PEOPLE[:6])], [HEAD[:2], *(r[:2] for r in rows(*PEOPLE[6:]))]],
    "sheet of addresses": [[HEAD, *rows(*PEOPLE[:6])], [["Mail"], *([f"{p}.x@uni.example"] for p in PEOPLE[6:])]],
    "block at the right": [
        [(*HEAD, "", "", "", ""), *((*a, "", *b) for a, b in zip(rows(*PEOPLE[:6]), rows(*PEOPLE[6:]), strict=True))]
    ],
    "second set": [
        [
            (*HEAD, "Late user", "Late course"),
            *((*a, *b[:2]) for a, b in zip(rows(*PEOPLE[:6]), rows(*PEOPLE[6:]), strict=True)),
        ]
    ],
    "set behind a blank column": [
        [
            (*HEAD, "", "Late: user", "Late: course"),
            *((*a, "", *b[:2]) for a, b in zip(rows(*PEOPLE[:6]), rows(*PEOPLE[6:]), strict=True)),
        ]
    ],
    "above the header": [[*(r[:2] for r in rows(*PEOPLE[6:])), HEAD, *rows(*PEOPLE[:6])]],
}


@pytest.mark.parametrize("name", PARTS)
def test_half_of_the_people_in_a_part_that_is_not_read_stay(world: World, name: str) -> None:
    """None of six is removed, and the preview says where they stand."""
    path = book(world, {f"Sheet {n}": lines for n, lines in enumerate(PARTS[name], start=1)})
    plan = planned(world, path, allow_removals=99)
    assert set(held(plan)) == set(PEOPLE[6:])
    world.apply_at_once(plan, allow_removals=99)
    assert gone(world) == []


def test_all_removals_are_held_where_a_part_holds_people(world: World) -> None:
    """Two of three who left stand on the other sheet: the third one could, in another spelling."""
    path = book(world, {"Term": [HEAD, *rows(*PEOPLE[:9])], "More": [[p] for p in PEOPLE[9:11]]})
    assert set(held(planned(world, path, allow_removals=9))) == set(PEOPLE[9:])


def test_people_whom_nobody_knows_hold_all_removals(world: World) -> None:
    """Keys of the same form that no row has, and that Moodle was not asked for."""
    path = book(world, {"Term": [HEAD, *rows(*HERE)], "More": [["Name"], *([f"u{n}"] for n in range(3000, 3006))]})
    (why,) = held(planned(world, path)).values()
    assert why.startswith("sheet “More” of term.xlsx (--ignore-sheet More) holds people, as in row 2")


HARMLESS: Mapping[str, Rows] = {
    "Notes": [["Please read"], ["All students of the autumn term are in this file."], ["Ask the office, room 12."]],
    "Rooms": [["Course", "Room", "Seats"], ["BIO101", "H 2103", 120], ["BIO102", "R101", 40]],
    "Statistics": [["Course", "Students", "2025", "2026"], ["BIO101", 12, 11, 12], ["Total", 12, 11, 12]],
    "Grade key": [["From", "Grade"], [90, "A"], [80, "B"], [70, "C"], [0, "F"]],
    "Grades": [["username", "Grade"], *((p, 80 + n) for n, p in enumerate(HERE))],
    "Groups": [["Group A", "Group B"], *zip(HERE[:5], HERE[5:10], strict=True)],
    "Contacts": [["Name", "E-mail"], ["Office", "office@uni.example"], ["Help desk", "help@uni.example"]],
    "Calendar": [["Week", "Begins"], [1, "2026-10-01"], [2, "2026-10-08"], [3, "2026-10-15"]],
    "Lists": [["student", "teacher"], ["BIO101", "BIO102"], ["yes", "no"]],
    "Autumn 2025": [["Autumn 2025"], ["Course", "Title"], ["BIO101", "Biology"], ["BIO102", "Botany"]],
}


@pytest.mark.parametrize("name", HARMLESS)
def test_other_things_on_other_sheets_hold_nothing(world: World, name: str) -> None:
    """One who left is unenrolled, at once."""
    report = synced(world, book(world, {"Term": [HEAD, *rows(*HERE)], name: HARMLESS[name]}))
    assert (gone(world), report.exit_code) == ([LEFT], 0)


def test_other_things_beside_the_table_hold_nothing(world: World) -> None:
    """A key to the colours, a count and a remark."""
    beside = [("", "Legend", ""), ("", "green", "paid"), ("", "red", "not yet"), ("", "Students", 11)]
    body = rows(*HERE)
    lines = [(*HEAD, "", "", ""), *((*row, *(beside[n] if n < len(beside) else ())) for n, row in enumerate(body))]
    report = synced(world, book(world, {"Term": lines}))
    assert (gone(world), report.exit_code) == ([LEFT], 0)


def test_a_list_of_another_term_is_freed_by_the_flag_that_the_preview_names(world: World) -> None:
    """It holds people: all stay; with the flag one is unenrolled, and the next time without it, too."""
    old = [HEAD, *rows("u2000", "u2001", "u2002", LEFT, course="BIO25")]
    path = book(world, {"Term": [HEAD, *rows(*HERE)], "Old term": old})
    plan = planned(world, path, sheet="Term")
    assert held(plan)[LEFT].endswith("(--ignore-sheet 'Old term')")
    assert [q.answers[1].flag for q in plan.questions] == ["--ignore-sheet 'Old term'"]
    assert synced(world, path, sheet="Term", ignore_sheets=["old term"]).exit_code == 0
    assert gone(world) == [LEFT]


@pytest.mark.parametrize("cell", ["Sheet 1!E2", "Sheet 1!E1", "'Sheet 1'!$E$1", "F3", "sheet 1!e1:f9"])
def test_a_block_is_freed_by_one_of_its_cells_or_by_one_above_it(world: World, cell: str) -> None:
    """With the sheet's name or without it."""
    lines = [(*HEAD, "", "", ""), *((*r, "", LEFT, "gone") for r in rows(*HERE))]
    path = book(world, {"Sheet 1": lines})
    assert set(held(planned(world, path))) == {LEFT}
    assert not held(planned(world, path, ignore_blocks=[cell]))
    assert set(held(planned(world, path, ignore_blocks=["Sheet 1!A1", "Sheet 2!E1", "nonsense"]))) == {LEFT}


def test_what_was_left_out_is_remembered_for_files_with_the_same_header(world: World) -> None:
    """It is told each time, and goes when it is forgotten; another sheet is another thing."""
    sheets: dict[str, Rows] = {"Term": [HEAD, *rows(*HERE)], "Gone": [[LEFT], ["u2000"]]}
    path = book(world, sheets)
    with world.work(ignore_sheets=["Gone"]) as work:
        remember(check([path], work.settings), work)
    plan = planned(world, path)
    assert not held(plan)
    assert any("“Gone” is none of the roster: remembered from" in note for note in plan.notes)
    assert held(planned(world, book(world, {**sheets, "Gone 2": [[LEFT]]})))
    assert held(planned(world, book(world, {**sheets, "Term": [("Login", *HEAD[1:]), *rows(*HERE)]})))


def test_what_is_held_counts_for_the_limit_of_the_run(make: Make) -> None:
    """Half of the people on a second sheet, and many who left: nothing is done at all."""
    people = [f"u{n}" for n in range(1000, 1100)]
    world = make({"BIO101": " ".join(f"{p}:student" for p in people)})
    plan = planned(world, book(world, {"A": [HEAD, *rows(*people[:70])], "B": rows(*people[70:])}))
    assert "over the limit" in plan.refused


def test_a_file_that_only_adds_holds_nothing(world: World) -> None:
    """Nobody would be removed by it."""
    path = book(world, {"Term": [HEAD, *rows(*HERE)], "More": rows("u2000", "u2001")})
    assert synced(world, path, mode="add-only").exit_code == 0


def test_nobody_who_is_named_by_an_action_is_kept_by_another_sheet(world: World) -> None:
    """A row says that the person is to go: that is no absence."""
    lines = [(*HEAD, "action"), *((*r, "add") for r in rows(*HERE)), (LEFT, "BIO101", "student", "remove")]
    report = synced(world, book(world, {"Term": lines, "Old": [[LEFT], ["u2000"]]}), mode="explicit")
    assert (gone(world), report.exit_code) == ([LEFT], 0)


def test_tables_of_a_web_page_and_blocks_of_a_text_are_parts_as_well(world: World) -> None:
    """A second table without a header that is known, and columns at the right in a CSV."""
    table = "".join(f"<tr><td>{a}<td>{b}<td>{c}" for a, b, c in [HEAD, *rows(*HERE)])
    page = world.folder / "term.xls"
    page.write_text(f"<table>{table}</table><table><tr><td>{LEFT}<td>late</table>", encoding="utf-8")
    text = world.folder / "term.csv"
    lines = [",".join([*HEAD, "", ""]), *(f"{a},{b},{c},,{LEFT if a == HERE[3] else ''}" for a, b, c in rows(*HERE))]
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert set(held(planned(world, page))) == set(held(planned(world, text))) == {LEFT}
    assert not held(planned(world, page, ignore_sheets=["table 2"]))
    assert not held(planned(world, text, ignore_blocks=["E1"]))
