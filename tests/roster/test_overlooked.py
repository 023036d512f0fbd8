"""Columns that nothing is taken from, and that all the same say which rows may not count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rostersync import problems
from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
Write = Callable[..., Path]


def listed(*columns: str, rows: tuple[str, ...], status: str = "") -> str:
    """A roster of numbered people with these further columns."""
    name, _, word = status.partition(":")
    lines = [",".join(["username,course short name,role", *([name] if status else []), *columns])]
    for number, row in enumerate(rows):
        lines.append(",".join([f"p{number},BIO101,student", *([word] if status else []), row]))
    return "\n".join(lines) + "\n"


def told(roster: Roster, code: str) -> list[str]:
    return [
        problems.message(p.code, column=p.column, value=p.value, detail=p.detail)
        for p in roster.problems[roster.problems["code"] == code].itertuples()
    ]


def refused(load_it: Callable[[], Roster]) -> tuple[str, str]:
    with pytest.raises(RosterError) as caught:
        load_it()
    return caught.value.message, caught.value.remedy


TERMS = listed("Term", rows=("Fall 2026", "Fall 2026", "Spring 2026", ""))


def test_a_mirror_of_several_terms_is_refused(loaded: Load) -> None:
    """Last term's rows would enrol last term's people, and manage courses that are over."""
    message, remedy = refused(lambda: loaded(TERMS))
    assert message.endswith("\n  “Term”: “Fall 2026” (2 rows), “Spring 2026” (1 row)")
    assert "[keep] \"Term\" = 'Fall 2026'" in remedy
    assert remedy.endswith('say --map "Term=ignore"')


def test_what_the_refusal_says_reads_the_file(write: Write, tmp_path: Path) -> None:
    """The line of the preset leaves the other term's rows out; the flag counts all of them, and still says so."""
    preset = tmp_path / "term.toml"
    preset.write_text("title = 'x'\nunverified = 'x'\n[keep]\n\"Term\" = 'Fall 2026|'\n", encoding="utf-8")
    path = write(TERMS)
    kept = load([path], Settings(preset=str(preset)))
    assert kept.rows["state"].tolist() == ["ok", "ok", "ignored", "ok"]
    assert told(kept, "terms_mixed") == []
    every = load([path], Settings(columns={"Term": "ignore"}))
    assert every.rows["state"].tolist() == ["ok"] * 4
    assert told(every, "terms_mixed") == [
        "the column “Term” names several terms: “Fall 2026” (2 rows), “Spring 2026” (1 row); rows of all of them count"
    ]


def test_only_a_mirror_is_refused_for_its_terms(loaded: Load) -> None:
    """A file of additions removes nobody; that it names several terms is said all the same."""
    assert len(told(loaded(TERMS, mode="add-only"), "terms_mixed")) == 1


@pytest.mark.parametrize(
    ("header", "values"),
    [("Semester", ("1", "3", "5")), ("Year", ("2026", "2025", "2026")), ("Term", ("2026W", "2026W", ""))],
)
def test_one_term_or_a_count_of_semesters_is_no_reason_to_refuse(
    loaded: Load, header: str, values: tuple[str, ...]
) -> None:
    """In some countries “Semester” counts how long somebody studies, and a year may be that of their birth."""
    assert loaded(listed(header, rows=values)).rows["state"].tolist() == ["ok"] * 3


def test_terms_in_totals_and_filtered_rows_do_not_count(loaded: Load) -> None:
    """What states no enrolment mixes nothing."""
    assert len(loaded(listed("Term", rows=("F26", "F26")) + "Total,,,2\n").rows) == 3


def test_error_cells_and_dashes_are_no_terms(loaded: Load) -> None:
    """They would make a second term of a stray cell."""
    assert loaded(listed("Term", rows=("F26", "#REF!", "-"))).rows["state"].tolist() == ["ok"] * 3


@pytest.mark.parametrize(
    "remark",
    [
        "hat sich am 3.9. abgemeldet",
        "withdrew 3.9.",
        "(Exmatrikulation 9/26)",
        "a quitté le cours",
        "9月辞退",
        "Warteliste 3",
    ],
)
def test_a_remark_that_somebody_left_is_found(loaded: Load, remark: str) -> None:
    """With its row and its column; the row is read as it stands."""
    roster = loaded(listed("Notes", rows=(remark, "likes maths", "no dropbox")))
    assert roster.rows["state"].tolist() == ["ok"] * 3
    found = roster.problems[roster.problems["code"] == "remark_left"]
    assert found[["line", "column", "value"]].to_numpy().tolist() == [[2, "Notes", remark]]
    silent = loaded(listed("Notes", rows=(remark, "", "")), columns={"Notes": "ignore"})
    assert told(silent, "remark_left") == []


@pytest.mark.parametrize(("name", "told"), [("BIO dropped.csv", 1), ("waitlist_2026.csv", 1), ("dropbox.csv", 0)])
def test_a_file_that_is_called_a_list_of_those_who_left_is_named(loaded: Load, name: str, told: int) -> None:
    """Its rows are read as enrolments, which somebody has to see; a status says what they are."""
    text = listed(rows=("", ""))
    assert sum("is called as a list" in n for n in loaded(text, name).sources[0].notes) == told
    with_status = listed(rows=("", ""), status="Enrolment status:active")
    assert not any("is called as a list" in n for n in loaded(with_status, name).sources[0].notes)


def test_a_remark_in_brackets_behind_a_name_is_found(loaded: Load) -> None:
    """Where a list has no column for it, it stands there."""
    text = "username,last name,course short name,role\nann,Lee (withdrawn),B,student\nben,Withdrawn,B,student\n"
    found = loaded(text).problems.query("code == 'remark_left'")
    assert found[["line", "column", "value"]].to_numpy().tolist() == [[2, "last name", "Lee (withdrawn)"]]
