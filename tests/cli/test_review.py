"""A plan goes to a reviewer as a workbook, comes back with changes struck out, and is applied without them."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from rostersync.sandbox.server import Server

Run = Callable[..., Any]
HEADER = 6
"""The line of the headers."""


def book(path: str = "review.xlsx") -> Workbook:
    return load_workbook(path)


def answers(path: str = "review.xlsx") -> dict[str, str]:
    """What and whom → the word in the column apply?."""
    sheet = book(path)["Review"]
    lines = list(sheet.iter_rows(min_row=HEADER + 1, values_only=True))
    return {f"{line[5]} {line[3]}": str(line[0]) for line in lines if line[0]}


def say(what: str, word: object, *, column: int = 1, path: str = "review.xlsx") -> None:
    """Write into the line of “unenrol finn”."""
    made = book(path)
    sheet = made["Review"]
    for row in range(HEADER + 1, sheet.max_row + 1):
        if f"{sheet.cell(row, 6).value} {sheet.cell(row, 4).value}" == what:
            sheet.cell(row, column).value = word  # type: ignore[assignment] # any value will do
    made.save(path)


def names(site: Server) -> set[str]:
    return {site.state.users.rows[user].username for user in site.state.enrolled(11)}


@pytest.fixture
def sent(run: Run, connected: Server, changed: Path) -> Path:
    """The workbook, as the reviewer gets it; the plan and the roster are gone."""
    ran = run("plan", changed, "--review", "review.xlsx", "--out", "monday.json")
    assert ran.code == 0
    assert "rostersync plan --from-review review.xlsx --out PLAN" in ran.err
    return Path("review.xlsx")


def test_the_workbook_has_a_line_for_each_change_and_is_locked_but_for_one_column(sent: Path) -> None:
    """Who, what, before, after, why and the rows stand beside a list of yes and no; nothing else is to be changed."""
    made = book()
    sheet = made["Review"]
    assert [c.value for c in sheet[HEADER]] == [
        "apply?",
        "Change",
        "Course",
        "User",
        "Name",
        "What",
        "Before",
        "After",
        "Why",
        "Rows that ask for it",
        "Held by, and what to do",
    ]
    lines = [["" if c.value is None else str(c.value) for c in row] for row in sheet.iter_rows(min_row=HEADER + 1)]
    assert [line[:8] for line in lines] == [
        ["yes", "0", "BIO101", "hugo", "Hugo Ofhugo", "enrol as student", "not enrolled", "student; active; no dates"],
        ["yes", "1", "BIO101", "finn", "Finn Offinn", "unenrol", "student; active", "not enrolled"],
    ]
    assert [line[8:] for line in lines] == [
        ["the roster says so", "7 of changed.csv", ""],
        ["the roster does not name this person in this course", "", ""],
    ]
    assert sheet.protection.sheet
    assert [c.protection.locked for c in sheet[HEADER + 1]] == [False] + [True] * 10
    assert [(v.type, v.formula1, str(v.sqref)) for v in sheet.data_validations.dataValidation] == [
        ("list", '"yes,no"', "A7:A8")
    ]
    assert made["Plan"].sheet_state == "hidden"


def test_what_is_struck_out_is_not_applied(run: Run, connected: Server, sent: Path) -> None:
    """Finn stays, Hugo comes; the new plan says so in its preview, and the old one is not to be applied any more."""
    say("unenrol finn", " No ")
    made = run("plan", "--from-review", sent, "--out", "approved.json", ROSTERSYNC_TOKEN="")
    assert made.code == 3
    assert "a reviewer struck it out" in made.out
    assert "1 change is struck out" in made.out
    done = run("apply", "approved.json")
    assert done.code == 3
    assert {"finn", "hugo"} <= names(connected)
    old = run("apply", "monday.json")
    assert old.code == 4
    assert "a reviewer struck changes out of this plan, and what was left was applied already, as run 1" in old.err
    assert {"finn", "hugo"} <= names(connected)


def test_a_review_of_a_plan_that_was_applied_is_refused(run: Run, connected: Server, sent: Path) -> None:
    """Whoever struck something out is told that it has happened."""
    assert run("apply", "monday.json").code == 0
    say("unenrol finn", "no")
    run("plan", "--from-review", sent, "--out", "approved.json")
    late = run("apply", "approved.json")
    assert late.code == 4
    assert "was applied already, as run 1, with what is struck out" in late.err


def test_several_held_changes_come_back_as_they_went_out(run: Run, connected: Server, sent: Path) -> None:
    """Each of them says “held”, whatever stands in the lines around it."""
    for what in ("unenrol finn", "enrol as student hugo"):
        say(what, "no")
    assert run("plan", "--from-review", sent, "--out", "second.json", "--review", "second.xlsx").code == 3
    assert answers("second.xlsx") == {"enrol as student hugo": "held", "unenrol finn": "held"}
    assert run("plan", "--from-review", "second.xlsx", "--out", "third.json").code == 3


def test_two_reviewers_in_turn(run: Run, connected: Server, sent: Path) -> None:
    """The second sees what the first struck out as held; of all versions of a plan one is applied."""
    say("unenrol finn", "no")
    run("plan", "--from-review", sent, "--out", "second.json", "--review", "second.xlsx")
    assert answers("second.xlsx") == {"enrol as student hugo": "yes", "unenrol finn": "held"}
    say("unenrol finn", "yes", path="second.xlsx")
    assert run("plan", "--from-review", "second.xlsx").code == 4
    say("unenrol finn", "held", path="second.xlsx")
    made = run("plan", "--from-review", "second.xlsx", "--out", "third.json")
    assert made.code == 3
    assert run("apply", "third.json").code == 3
    for plan in ("monday.json", "second.json", "third.json"):
        again = run("apply", plan)
        assert (again.code, "applied already, as run 1" in again.err) == (4, True)
    assert {"finn", "hugo"} <= names(connected)


def test_sorted_lines_and_blank_ones_are_fine(run: Run, connected: Server, sent: Path) -> None:
    """Lines are told by their number, wherever they stand."""
    made = book()
    sheet = made["Review"]
    first, second = ([c.value for c in sheet[n]] for n in (HEADER + 1, HEADER + 2))
    for at, line in ((HEADER + 1, second), (HEADER + 2, [None] * 11), (HEADER + 4, first)):
        for column, value in enumerate(line, 1):
            sheet.cell(at, column).value = value
    made.save(sent)
    assert run("plan", "--from-review", sent, "monday.json").code == 0


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        (1, "maybe", "change 1, “apply?”: “maybe” is not known here"),
        (1, None, "change 1, “apply?”: “” is not known here"),
        (1, "held", "change 1, “apply?”: “held” is not known here"),
        (1, "=TRUE()", "is not known here"),
        (2, 7, "the line of change 1 is missing"),
        (2, 0, "change 0 stands there twice"),
        (2, None, "is the number of no change"),
        (3, "CHE201", "change 1, “Course”: it was “BIO101”, and is “CHE201” now"),
        (4, "ada", "change 1, “User”: it was “finn”, and is “ada” now"),
        (6, "suspend", "is missing"),
        (8, "student; active", "change 1, “After”: it was “not enrolled”"),
        (10, "3 of changed.csv", "only “apply?” may be changed"),
        (11, "#N/A", "change 1, “Held by, and what to do”: it was “”, and is “#N/A” now"),
        (11, '=""', "change 1, “Held by, and what to do”: it was “”, and is “the formula"),
        (14, "looks wrong to me", "there is something beside the table, behind change 1"),
    ],
)
def test_anything_else_that_was_changed_is_refused(
    run: Run, connected: Server, sent: Path, column: int, value: object, told: str
) -> None:
    """The cell, what it was and what it is stand in the message; no plan is written."""
    if (column, value) == (6, "suspend"):
        made = book()
        made["Review"].delete_rows(HEADER + 2)
        made.save(sent)
    else:
        say("unenrol finn", value, column=column)
    ran = run("plan", "--from-review", sent, "--out", "approved.json")
    assert ran.code == 4
    assert told in ran.err
    assert "What to do:" in ran.err
    assert not Path("approved.json").exists()


def test_an_added_line_is_refused(run: Run, connected: Server, sent: Path) -> None:
    """A reviewer takes away; whoever wants to add makes a new plan."""
    made = book()
    made["Review"].append(["yes", 2, "BIO101", "dan", "", "unenrol"])
    made.save(sent)
    ran = run("plan", "--from-review", sent)
    assert ran.code == 4
    assert "the plan has no change 2: a line was added or renumbered" in ran.err


def test_a_review_of_another_plan_or_site_is_refused(run: Run, connected: Server, sent: Path, roster: Path) -> None:
    """The plan that is named, and the site that is set, are those of the workbook."""
    run("plan", roster, "--out", "other.json")
    other = run("plan", "other.json", "--from-review", sent)
    assert other.code == 4
    assert "review.xlsx is the review of plan " in other.err
    elsewhere = run("plan", "--from-review", sent, ROSTERSYNC_SITE="https://moodle.example")
    assert elsewhere.code == 4
    assert f"review.xlsx is for {connected.url}, not for https://moodle.example" in elsewhere.err
    assert run("plan", "--from-review", sent, "monday.json", "other.json").code == 2


def test_what_is_no_review_is_refused(run: Run, connected: Server, sent: Path, roster: Path) -> None:
    """A missing file, another file, another workbook, a spoiled plan, a plan too large: each is told, with a remedy."""
    Path("cut.xlsx").write_bytes(sent.read_bytes()[:3000])
    Path("noise.xlsx").write_bytes(bytes(range(256)) * 40)
    other = Workbook()
    other.save("other.xlsx")
    spoiled = book()
    spoiled["Plan"]["A2"].value = str(spoiled["Plan"]["A2"].value)[:-40]
    spoiled.save("spoiled.xlsx")
    swapped = book()
    swapped["Plan"]["A1"].value = "0" * 64
    swapped.save("swapped.xlsx")
    codes = {
        name: run("plan", "--from-review", name).code
        for name in ("missing.xlsx", "cut.xlsx", "noise.xlsx", roster, "other.xlsx", "spoiled.xlsx", "swapped.xlsx")
    }
    assert codes == {name: 2 if name == "missing.xlsx" else 4 for name in codes}
    assert run("show", "monday.json", "--review", "review.csv").code == 1


def test_show_writes_the_same_workbook(run: Run, connected: Server, sent: Path) -> None:
    """A saved plan can be sent to be reviewed at any time, without Moodle."""
    ran = run("show", "monday.json", "--review", "again.xlsx", ROSTERSYNC_SITE="", ROSTERSYNC_TOKEN="")
    assert ran.code == 0
    assert Path("again.xlsx").read_bytes() == sent.read_bytes()


@pytest.mark.component("soffice")
def test_a_workbook_that_libreoffice_saved_is_still_one(
    run: Run, connected: Server, changed: Path, tmp_path: Path
) -> None:
    """Names that look like formulas, escapes or errors come back as they were, and only the struck line is missing."""
    delicate = ("=1+1", "_x0041_", "#N/A", "'007", "1e5", "TRUE", "zwei  Wörter", "<b>&amp;", "Bel\x07l", "-2", "1/2")
    lines = "Username,Course short name,Role,Last name\n" + "".join(
        f"{line.rsplit(',', 1)[0]},\n" for line in changed.read_text(encoding="utf-8").splitlines()[1:]
    )
    for number, name in enumerate(delicate, start=201):
        one = connected.state.user("eve")
        one = replace(one, id=number, username=f"u{number}", idnumber=f"X{number}", email=f"x{number}@host.example")
        connected.state.put_user(replace(one, firstname="", lastname=name))
        lines += f"u{number},BIO101,student,{name}\n"
    changed.write_text(lines, encoding="utf-8")
    assert run("plan", changed, "--review", "review.xlsx").code == 0
    written = [line[4] for line in book()["Review"].iter_rows(min_row=HEADER + 1, values_only=True)]
    assert {"=1+1", "#N/A", "'007", "1e5", "TRUE", "-2", "1/2"} <= set(written)
    say("unenrol finn", "no")
    command = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"]
    done = subprocess.run(
        [*command, "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", "saved", "review.xlsx"],
        capture_output=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert answers("saved/review.xlsx")["unenrol finn"] == "no"
    ran = run("plan", "--from-review", "saved/review.xlsx", "--out", "approved.json")
    assert ran.code == 3, ran.err
    assert "1 change is struck out" in ran.out
    assert ran.out.count("To be enrolled: 12") == 1
