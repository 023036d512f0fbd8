"""One small file of each shape and preset, made as its system makes it: every row that comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rostersync.enums import Mode
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

SAMPLES = Path(__file__).parent.parent.parent / "samples"


def read(name: str, **settings: object) -> Roster:
    return load([SAMPLES / name], Settings.model_validate(settings))


def rows(roster: Roster, *columns: str) -> list[tuple[object, ...]]:
    """Line, user, course and what else is asked for, then the row's code or `ok`."""
    frame = roster.rows
    outcome = [c or str(s) for c, s in zip(frame["code"], frame["state"].astype(str), strict=True)]
    lines = frame[["line", "user", "course", *columns]].astype(object).itertuples(index=False, name=None)
    return [(*line, said) for line, said in zip(lines, outcome, strict=True)]


def fields(roster: Roster) -> tuple[str, str]:
    """What the keys of the rows that stand are."""
    good = roster.rows[roster.rows["state"] == "ok"]
    (user,), (course,) = set(good["user_field"].astype(str)), set(good["course_field"].astype(str))
    return user, course


def test_oneroster_bulk() -> None:
    """The manifest makes it a mirror; who or what is not in the other files is rejected, and so is an aide."""
    roster = read("oneroster-1.1-bulk.zip")
    assert rows(roster, "role_name", "last_name") == [
        (2, "u-t1", "k-alg-1", "editingteacher", "Roth", "ok"),
        (3, "u-s1", "k-alg-1", "student", "Bell", "ok"),
        (4, "u-s2", "k-alg-1", "student", "Okoye", "ok"),
        (5, "u-s3", "k-bio-1", "student", "Conti", "ok"),
        (6, "u-a1", "k-bio-1", "", "Lind", "role_unknown"),
        (7, "u-s9", "k-bio-1", "student", "", "user_not_in_files"),
        (8, "u-s1", "k-art-1", "student", "Bell", "course_not_in_files"),
    ]
    assert fields(roster) == ("idnumber", "idnumber")
    # 2026-08-24 and, since the standard's end is exclusive, the first second of 2026-12-20
    assert roster.rows.loc[1, ["start", "end"]].tolist() == [1787529600, 1797724800]
    assert [s.mode for s in roster.sources] == [Mode.MIRROR]
    notes = " | ".join(roster.sources[0].notes)
    for said in ("users.csv: 5 rows", "bulk", "exclusive", "enabledUser", "preset oneroster", "orgs.csv"):
        assert said in notes


def test_oneroster_delta() -> None:
    """Each row speaks for itself; whom a delta's other files leave out is known by the id."""
    roster = read("oneroster-1.2-delta.zip")
    assert rows(roster, "role_name", "status") == [
        (2, "u-s4", "k-chem-1", "student", "active", "ok"),
        (3, "u-s1", "k-alg-1", "student", "removed", "ok"),
        (4, "u-s5", "k-chem-1", "student", "active", "record_deleted"),
        (5, "u-t1", "k-chem-1", "editingteacher", "active", "ok"),
    ]
    assert roster.sources[0].mode == Mode.EXPLICIT


def test_canvas() -> None:
    """A row without a course has its section's; completed, deleted people and observers are not guessed."""
    roster = read("canvas-sis.zip")
    assert rows(roster, "role_name", "status") == [
        (2, "01103", "E411208", "student", "active", "ok"),
        (3, "13834", "R001104", "student", "active", "ok"),
        (4, "13aa3", "E411208", "editingteacher", "active", "ok"),
        (5, "13834", "E411208", "student", "removed", "ok"),
        (6, "01103", "R001104", "student", "suspended", "ok"),
        (7, "13aa3", "R001104", "teacher", "", "status_unknown"),
        (8, "01999", "E411208", "student", "active", "record_deleted"),
        (9, "01103", "", "student", "active", "course_not_in_files"),
        (10, "13aa3", "R001104", "", "active", "role_unknown"),
    ]
    assert fields(roster) == ("idnumber", "idnumber")
    assert roster.sources[0].mode == Mode.EXPLICIT


def test_school_data_sync() -> None:
    """The set is complete: who is not in users.csv is rejected."""
    roster = read("sds-2.1.zip")
    assert rows(roster, "role_name", "last_name") == [
        (2, "te-1", "cl-1", "editingteacher", "Roth", "ok"),
        (3, "st-1", "cl-1", "student", "Bell", "ok"),
        (4, "st-2", "cl-1", "student", "Okoye", "ok"),
        (5, "st-3", "cl-1", "student", "", "user_not_in_files"),
    ]
    assert roster.sources[0].mode == Mode.MIRROR


def test_blackboard() -> None:
    """Row status and availability make the status together; rows speak for themselves."""
    roster = read("blackboard-snapshot.txt")
    assert rows(roster, "role_name", "status") == [
        (2, "00012345", "BIO101.202610", "student", "active", "ok"),
        (3, "00012346", "BIO101.202610", "student", "suspended", "ok"),
        (4, "00012347", "BIO101.202610", "student", "suspended", "ok"),
        (5, "00012348", "BIO101.202610", "student", "removed", "ok"),
        (6, "00090001", "BIO101.202610", "editingteacher", "active", "ok"),
        (7, "00090002", "BIO101.202610", "teacher", "active", "ok"),
        (8, "00012349", "BIO101.202610", "", "active", "role_unknown"),
    ]
    assert roster.sources[0].mode == Mode.EXPLICIT


def test_brightspace() -> None:
    """The first field of a line says what is done; the number of fields says which they are."""
    roster = read("brightspace-batch.csv")
    assert rows(roster, "role_name", "action") == [
        (1, "abell", "BIO101_F26", "student", "add", "ok"),
        (2, "iroth", "BIO101_F26", "editingteacher", "add", "ok"),
        (3, "bokoye", "BIO101_F26", "", "remove", "ok"),
        (4, "cconti", "", "", "", "account_only"),
        (5, "dlind", "BIO101_F26", "student", "add", "ok"),
        (6, "eaksoy", "", "", "add", "batch_fields"),
    ]
    assert roster.sources[0].mode == Mode.EXPLICIT


def test_banner() -> None:
    """The key is term and CRN together; one row a meeting time; a code that is not listed is not guessed."""
    roster = read("banner.csv")
    assert rows(roster, "role_name", "status") == [
        (2, "@00000036", "202710.20117", "student", "active", "ok"),
        (3, "@00000036", "202710.20117", "student", "active", "ok"),
        (4, "@00000041", "202710.20117", "student", "active", "ok"),
        (5, "@00000058", "202710.20117", "student", "removed", "ok"),
        (6, "@00000060", "202710.20117", "student", "", "waiting_list"),
        (7, "@00000060", "202710.20118", "student", "", "status_unknown"),
        (8, "@00000041", "", "student", "active", "course_blank"),
        (9, "@00000058", "202710.20118", "student", "removed", "ok"),
    ]
    assert fields(roster) == ("idnumber", "idnumber")
    assert not {"TERM_CODE", "CRN"} & set(roster.sources[0].ignored)
    assert any("unverified: no public specification" in note for note in roster.sources[0].notes)


def test_peoplesoft() -> None:
    """W is the waiting list here; the dates of adding and dropping are no dates of the enrolment."""
    roster = read("peoplesoft.csv")
    assert rows(roster, "role_name", "status", "start", "end") == [
        (2, "0104511", "2271.10443", "student", "active", -1, -1, "ok"),
        (3, "0104512", "2271.10443", "student", "removed", -1, -1, "ok"),
        (4, "0104513", "2271.10443", "student", "", -1, -1, "waiting_list"),
        (5, "0104514", "2271.10444", "student", "", -1, -1, "status_unknown"),
    ]


def test_workday() -> None:
    """Titles stand above the header; of a section with its title the section is kept; a dash in a word is none."""
    roster = read("workday.xlsx")
    assert rows(roster, "role_name", "status") == [
        (1, "", "", "student", "", "title_row"),
        (2, "Fall 2026", "", "student", "", "title_row"),
        (3, "11/23/2026 08:15 AM", "", "student", "", "title_row"),
        (4, "", "", "", "", "row_blank"),
        (6, "0012345", "MATH 101-01", "student", "active", "ok"),
        (7, "0012346", "MATH 101-01", "student", "removed", "ok"),
        (8, "0012347", "BIO 210L-02", "student", "", "waiting_list"),
        (9, "0012348", "BIO 210L-02", "student", "active", "ok"),
        (10, "0012349", "BIO 210L-02", "student", "", "status_unknown"),
    ]


def test_sits() -> None:
    """The programme's number goes from the student's; a key with a blank part is blank."""
    roster = read("sits.csv")
    key = "BIO-4001A_A_2026/7_SEM1"
    assert rows(roster, "role_name") == [
        (2, "1234567", key, "student", "ok"),
        (3, "1234568", key, "student", "ok"),
        (4, "1234569", key, "student", "ok"),
        (5, "1234570", "", "student", "course_blank"),
    ]
    assert any("3 of 4 values are cut, like “1234567/1” to “1234567”" in note for note in roster.sources[0].notes)


def test_powerschool() -> None:
    """Tabs, and the line ends of old Macintoshes."""
    roster = read("powerschool.txt")
    assert rows(roster, "role_name", "start", "end") == [
        (2, "0007101", "3601.MATH9.1", "student", 1787529600, 1797724799, "ok"),
        (3, "0007102", "3601.MATH9.1", "student", 1787529600, -1, "ok"),
    ]


def test_moodle_upload() -> None:
    """One row for each courseN, with the line that it stands in; `teacher` is Moodle's own short name here."""
    roster = read("moodle-upload.csv")
    assert rows(roster, "role_name", "status", "start", "end") == [
        (2, "abell", "BIO101", "student", "active", 1788220800, 1788220800 + 30 * 86400, "ok"),
        (2, "abell", "CHE201", "student", "", -1, -1, "ok"),
        (3, "iroth", "BIO101", "teacher", "", -1, -1, "ok"),
        (3, "iroth", "CHE201", "editingteacher", "", -1, -1, "ok"),
        (4, "bokoye", "CHE201", "student", "", -1, -1, "ok"),
        (5, "cconti", "", "", "", -1, -1, "no_course"),
        (6, "dlind", "BIO101", "student", "suspended", -1, -1, "ok"),
        (7, "eaksoy", "BIO101", "student", "active", -1, -1, "account_deleted"),
    ]
    assert fields(roster) == ("username", "shortname")
    source = roster.sources[0]
    assert source.mode == Mode.EXPLICIT
    assert {"cohort1", "group"} <= set(source.ignored)
    assert "enrolperiod without enroltimestart in 1 enrolment: no end is set" in source.notes


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        ("oneroster-1.1-bulk.zip", "oneroster"),
        ("oneroster-1.2-delta.zip", "oneroster"),
        ("canvas-sis.zip", "canvas"),
        ("sds-2.1.zip", "sds"),
        ("blackboard-snapshot.txt", "blackboard"),
        ("brightspace-batch.csv", "brightspace"),
        ("banner.csv", "banner"),
        ("peoplesoft.csv", "peoplesoft"),
        ("workday.xlsx", "workday"),
        ("sits.csv", "sits"),
        ("powerschool.txt", "powerschool"),
        ("moodle-upload.csv", "moodle-upload"),
    ],
)
def test_a_guessed_preset_says_how_to_switch_it_off(name: str, preset: str) -> None:
    """Recognised by its header, which is told as a guess; named, it gives the same rows and is no guess."""
    guessed, named = read(name), read(name, preset=preset)
    assert any(n.startswith(f"preset {preset} ") and "--preset none" in n for n in guessed.sources[0].notes)
    assert any(n.startswith(f"preset {preset} ") and "--preset none" not in n for n in named.sources[0].notes)
    assert named.rows.equals(guessed.rows)
