"""Columns, headings and names of sheets that say who takes part, who does not or no longer, and who waits (rule 15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from rostersync import problems
from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
Write = Callable[..., Path]

TAKES, GONE, WAITS = "", "not_taking_part", "waiting_list"


def listed(header: str, values: Sequence[str], *more: str) -> str:
    """A roster of numbered people with this column behind the others."""
    lines = [f"username,course short name,role,{header}"]
    lines += [f"p{number},BIO101,student,{value}" for number, value in enumerate(values)]
    return "\n".join([*lines, *more]) + "\n"


def codes(roster: Roster) -> list[str]:
    return [str(code) for code in roster.rows["code"].tolist()]


def refused(load_it: Callable[[], Roster]) -> RosterError:
    with pytest.raises(RosterError) as caught:
        load_it()
    return caught.value


LEAVING: dict[str, tuple[str, ...]] = {
    # header → values of which the first one keeps somebody out
    "Enrolled?": ("No", "Yes", "Yes"),
    "enrolled": ("FALSE", "TRUE", "TRUE"),
    "Registered": ("N", "Y", "Y"),
    "Currently attending": ("0", "1", "1"),
    "On roll": ("no", "yes", "yes"),
    "Left": ("yes", "", ""),
    "Exit Date": ("2025-09-10", "", ""),
    "Withdrawal Dt": ("9/10/2025", "", ""),
    "Enrl Stat": ("D", "E", "E"),
    "Student Status": ("I", "A", "A"),
    "Reg Status": ("DD", "RE", "RW"),
    "WL pos": ("2", "", ""),
    "Remarks": ("dropped out", "", "sits in front"),
    "Attendance Status": ("Left", "Present", "Present"),
    "Reason for leaving": ("moved to Spain", "", ""),
    "Deceased": ("x", "", ""),
    "No longer enrolled": ("Y", "N", "N"),
    "Something": ("withdrawn", "", ""),
    "Angemeldet": ("nein", "ja", "ja"),
    "Zulassung": ("abgelehnt", "zugelassen", "zugelassen"),
    "Abgang": ("10.09.2025", "", ""),
    "Nimmt teil (J/N)": ("N", "J", "J"),
    "Warteliste": ("x", "", ""),
    "Inscrit": ("N", "O", "O"),
    "Situation": ("radié", "inscrit", "inscrit"),
    "Sortie le": ("03/09/2025", "", ""),
    "Matriculado": ("N", "S", "S"),
    "Baja": ("sí", "", ""),
    "Situação": ("trancado", "cursando", "cursando"),
    "Matrícula ativa": ("não", "sim", "sim"),
    "Iscritto": ("no", "sì", "sì"),
    "Rinuncia": ("x", "", ""),
    "在籍": ("いいえ", "はい", "はい"),
    "状態": ("退学", "在籍", "在籍"),
    "履修取消": ("1", "0", "0"),
    "Leaver": ("Leaver", "", ""),
    "W/D": ("W/D", "", ""),
    "Transfer out": ("2025-09-10", "", ""),
    "Kündigung zum": ("31.12.2024", "", ""),
    "Zusage": ("nein", "ja", "ja"),
    "RSVP": ("No", "Yes", "Yes"),
    "Démission": ("oui", "", ""),
    "No show": ("x", "", ""),
    "Suplente": ("X", "", ""),
    "Décision": ("R", "A", "A"),
    "受講可否": ("否", "可", "可"),
    "抽選結果": ("落選", "当選", "当選"),
}
HARMLESS: dict[str, tuple[str, ...]] = {
    "Registration Date": ("2026-09-01", "2026-09-02", "2026-09-01"),
    "Registration fee": ("120", "80", "120"),
    "Admission No": ("A-1001", "A-1002", "A-1003"),
    "Attendance Mode": ("full-time", "part-time", "full-time"),
    "Mode of attendance": ("FT", "PT", "FT"),
    "Left-handed": ("yes", "no", "no"),
    "Handedness": ("left", "right", "right"),
    "Dropbox": ("yes", "no", "yes"),
    "Current address": ("1 High St", "2 High St", "3 High St"),
    "Roll No": ("17", "18", "19"),
    "Country code": ("GB", "FR", "DE"),
    "State": ("MD", "VA", "DC"),
    "Result": ("62", "71", "55"),
    "House code": ("7A", "7B", "7A"),
    "Fee status": ("home", "overseas", "home"),
    "Photo consent": ("yes", "no", "yes"),
    "Paid": ("Y", "N", "Y"),
    "Laptop": ("x", "", "x"),
    "Notes": ("sits in front", "", "allergic to nuts"),
    "Active learning group": ("north", "south", "north"),
    "Exit exam": ("passed", "passed", "failed"),
    "Waiting room": ("A12", "B3", "A12"),
    "Studienform": ("Vollzeit", "Teilzeit", "Vollzeit"),
    "Anmeldedatum": ("01.09.2026", "02.09.2026", "01.09.2026"),
    "Foto": ("ja", "nein", "ja"),
    "Date d'inscription": ("01/09/2026", "02/09/2026", "01/09/2026"),
    "Régime": ("interne", "externe", "interne"),
    "Fecha de matrícula": ("2026-09-01", "2026-09-02", "2026-09-01"),
    "Turno": ("mañana", "tarde", "mañana"),
    "Data de inscrição": ("2026-09-01", "2026-09-02", "2026-09-03"),
    "Turno preferido": ("manhã", "noite", "manhã"),
    "Anno di iscrizione": ("2025", "2026", "2026"),
    "Sede": ("Milano", "Roma", "Milano"),
    "学年": ("1", "2", "1"),
    "登録日": ("2026-04-01", "2026-04-02", "2026-04-01"),
    "Abgangszeugnis": ("ja", "nein", ""),
    "Austrittsgespräch": ("ja", "nein", "ja"),
    "Abmeldeformular": ("x", "", "x"),
    "Teilnahmegebühr": ("50", "0", "50"),
    "Exit interview": ("yes", "no", "yes"),
    "Leaving Certificate": ("yes", "no", "yes"),
    "Sortie autorisée": ("oui", "non", "oui"),
    "Uscita autonoma": ("sì", "no", "sì"),
    "Enrolled": ("Y", "Y", "Y"),
    "Drop deadline": ("2026-10-01", "2026-10-01", "2026-10-01"),
}


ASKED = {"Reason for leaving", "No longer enrolled", "Something", "Décision"}


@pytest.mark.parametrize("header", LEAVING)
def test_a_column_that_keeps_people_out_is_understood_or_asked_about(write: Write, header: str) -> None:
    """Whoever it marks never enrols; it is never just not used."""
    path = write(listed(header, LEAVING[header]))
    if header in ASKED:
        assert f'--map "{header}=' in refused(lambda: load([path], Settings())).remedy
        return
    first, *others = codes(load([path], Settings()))
    assert first in {GONE, WAITS}
    assert others == [TAKES] * 2


@pytest.mark.parametrize("header", HARMLESS)
def test_a_column_of_something_else_is_left_alone(loaded: Load, header: str) -> None:
    """None of its people is kept out, and nobody is asked."""
    assert codes(loaded(listed(header, HARMLESS[header]))) == [TAKES] * 3


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("Enrolled?", ("Yes", "No"), [TAKES, GONE]),
        ("Is enrolled (Y/N)", ("Y", "N"), [TAKES, GONE]),
        ("Active", ("✓", "✗"), [TAKES, GONE]),
        ("Dropped", ("Y", "N", "", "-"), [GONE, TAKES, TAKES, TAKES]),
        ("is_dropped", ("1", "0"), [GONE, TAKES]),
        ("Left", ("x", ""), [GONE, TAKES]),
        ("Left on", ("3 Sept 2025", ""), [GONE, TAKES]),
        ("On waitlist?", ("yes", "no"), [WAITS, TAKES]),
        ("Waitlist position", ("2", "", "0"), [WAITS, TAKES, TAKES]),
        ("Warteliste", ("Nachrücker", ""), [WAITS, TAKES]),
        ("Enrl Stat", ("E", "D"), [TAKES, GONE]),
        ("State", ("active", "inactive"), [TAKES, GONE]),
        ("Remarks", ("dropped out", "likes maths", ""), [GONE, TAKES, TAKES]),
        ("Zulassung", ("zugelassen", "abgelehnt", "Warteliste"), [TAKES, GONE, WAITS]),
        ("Inscrit", ("O", "N"), [TAKES, GONE]),
        ("Matriculado", ("S", "N"), [TAKES, GONE]),
        ("Registered", ("Y", "withdrawn"), [TAKES, GONE]),
    ],
)
def test_a_column_with_a_sense_is_understood(
    loaded: Load, header: str, values: tuple[str, ...], expected: list[str]
) -> None:
    """Without a question, and it is told what its values were read as."""
    roster = loaded(listed(header, values))
    assert codes(roster) == expected
    assert any(n.startswith(f"column “{header}” says who takes part: ") for n in roster.sources[0].notes)


@pytest.mark.parametrize(
    ("header", "values", "told", "flags"),
    [
        ("Enrolled", ("x", ""), "“x” (1 row), blank (1 row)", ["taking_part", "ignore"]),
        ("Registered on", ("2026-09-01", ""), "“2026-09-01” (1 row), blank (1 row)", ["taking_part", "ignore"]),
        ("Enrl Stat", ("E", "Q"), "“E” (1 row), “Q” (1 row)", ["status", "taking_part", "ignore"]),
        ("Left on", ("2098-09-01", ""), "“2098-09-01” (1 row), blank (1 row)", ["end", "left", "ignore"]),
        ("Not dropped", ("Y", "N"), "“N” (1 row), “Y” (1 row)", ["taking_part", "left", "ignore"]),
        ("Enrolled/Dropped", ("Y", "N"), "“N” (1 row), “Y” (1 row)", ["taking_part", "left", "ignore"]),
        ("Auditing", ("Y", "N"), "“N” (1 row), “Y” (1 row)", ["taking_part", "left", "waiting", "ignore"]),
        ("Status", ("Y", "N"), None, []),
        ("Previous term", ("withdrawn", ""), "“withdrawn” (1 row), blank (1 row)", ["status", "taking_part"]),
        (
            "Standing",
            ("suspended", "good", "fair"),
            "“fair” (1 row), “good” (1 row), “suspended” (1 row)",
            ["status", "taking_part"],
        ),
        ("State", ("active", "withdrawn", ""), "“withdrawn” (1 row), “active” (1 row), blank (1 row)", ["status"]),
    ],
)
def test_a_column_that_is_not_clear_is_asked_about(
    write: Write, header: str, values: tuple[str, ...], told: str | None, flags: list[str]
) -> None:
    """With each flag that decides it; “Status” itself rejects the words that it does not know."""
    path = write(listed(header, values))
    if told is None:
        assert set(codes(load([path], Settings()))) == {"status_unknown"}
        return
    error = refused(lambda: load([path], Settings()))
    assert f"\n  “{header}”: {told}" in error.message
    offered = [part.partition("=")[2].strip('"') for part in error.remedy.removeprefix("say ").split(" or ")]
    assert offered[: len(flags)] == flags
    assert offered[-1] == "ignore"
    for flag in offered:
        assert len(load([path], Settings(columns={header: flag})).rows) == len(values)


@pytest.mark.parametrize(
    ("field", "values", "expected"),
    [
        ("taking_part", ("x", "", "no", "2026-09-01", "17", "withdrawn"), [TAKES, GONE, GONE, TAKES, TAKES, GONE]),
        (
            "left",
            ("x", "", "no", "2025-09-01", "2098-09-01", "moved"),
            [GONE, TAKES, TAKES, GONE, TAKES, "status_unknown"],
        ),
        ("waiting", ("x", "", "no", "2", "2098-09-01", "enrolled"), [WAITS, TAKES, TAKES, WAITS, WAITS, TAKES]),
        ("ignore", ("x", "", "no", "2", "withdrawn", "left"), [TAKES] * 6),
    ],
)
def test_an_answer_decides_every_value(loaded: Load, field: str, values: tuple[str, ...], expected: list[str]) -> None:
    """A date of leaving that is ahead keeps nobody out yet."""
    assert codes(loaded(listed("Mark", values), columns={"Mark": field})) == expected


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Enrolled?", "No"),
        ("Left", "Yes"),
        ("Waitlist", "x"),
        ("Exit Date", "2025-10-01"),
        ("Dropped", "1"),
        ("Registered", "0"),
    ],
)
def test_a_mark_beside_everybody_that_keeps_people_out_is_asked_about(write: Write, header: str, value: str) -> None:
    """It may be a list of those who left; a mark beside everybody that says that they are there says nothing."""
    error = refused(lambda: load([write(listed(header, (value,) * 3))], Settings()))
    assert f'--map "{header}=' in error.remedy
    one = refused(lambda: load([write(listed(header, (value,)))], Settings()))
    assert f'--map "{header}=' in one.remedy


@pytest.mark.parametrize(("header", "value"), [("Enrolled?", "Yes"), ("Left", "No"), ("Exit Date", "2098-10-01")])
def test_a_mark_beside_everybody_that_keeps_nobody_out_says_nothing(loaded: Load, header: str, value: str) -> None:
    """Nobody is asked."""
    assert codes(loaded(listed(header, (value,) * 3))) == [TAKES] * 3


def test_several_columns_keep_people_out_together(loaded: Load) -> None:
    """Whoever one of them marks does not enrol."""
    text = "username,course short name,role,Enrolled?,Waitlist,Status\n" + "".join(
        f"p{n},B,student,{said}\n"
        for n, said in enumerate(("Yes,,active", "No,,active", "Yes,Y,active", "Yes,,withdrawn"))
    )
    roster = loaded(text)
    assert codes(roster) == [TAKES, GONE, WAITS, TAKES]
    assert roster.rows["status"].tolist()[3] == "removed"
    assert {"taking_part": "Enrolled?", "waiting": "Waitlist", "status": "Status"}.items() <= dict(
        roster.sources[0].columns
    ).items()
    two = listed("Left,Dropped", ("x,", ",x", ","))
    assert dict(loaded(two).sources[0].columns)["left 2"] == "Dropped"


def test_totals_and_repeated_headers_say_nothing(loaded: Load) -> None:
    """They state no enrolment, and their cells are no values of the column."""
    more = ("username,course short name,role,Enrolled?", "p8,BIO101,student,Yes", "Total,,,3")
    assert codes(loaded(listed("Enrolled?", ("Yes", "No"), *more))) == [TAKES, GONE, "header_row", TAKES, "totals_row"]


def test_an_error_in_such_a_column_rejects_its_row(loaded: Load) -> None:
    """Whether the person takes part cannot be told."""
    assert codes(loaded(listed("Enrolled?", ("Yes", "#REF!", "No")))) == [TAKES, "cell_error", GONE]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("active", "withdrawn", ""), [TAKES, TAKES, "status_blank"]),
        (("active", "suspended", ""), [TAKES] * 3),
        (("withdrawn", "", ""), [TAKES] * 3),
        (("active", "", ""), [TAKES] * 3),
    ],
)
def test_a_blank_status_beside_who_is_there_and_who_left_is_rejected(
    write: Write, statuses: tuple[str, ...], expected: list[str]
) -> None:
    """It may mean either; the flag that the message names says which."""
    path = write(listed("Status", statuses))
    roster = load([path], Settings())
    assert codes(roster) == expected
    if "status_blank" in expected:
        assert '--status-word "=active"' in problems.remedy("status_blank", column="Status")
        said = load([path], Settings(status_words={"": "active"}))
        assert codes(said) == [TAKES] * 3
        assert said.rows["status"].tolist() == ["active", "removed", "active"]


def test_other_yes_or_no_columns_are_told_with_their_counts(loaded: Load) -> None:
    """Whoever approves a preview sees what was not used."""
    roster = loaded(listed("Paid", ("Y", "N", "Y", "")))
    told = [
        problems.message(p.code, column=p.column, value=p.value, detail=p.detail)
        for p in roster.problems[roster.problems["code"] == "yes_no_unused"].itertuples()
    ]
    assert told == ["the column “Paid” is not used; it says “Y” (2 rows), “N” (1 row), blank (1 row)"]


PAIRS = ("☑☐", "✓□", "☒☐", "○×", "是否", "ja nee", "ano ne", "да нет", "tak nie", "ja nej", "evet hayır")  # noqa: RUF001


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("header", ["Attending", "Left"])
def test_both_halves_of_a_pair_are_read(loaded: Load, header: str, pair: str) -> None:
    """Whichever signs or words people answer with; a cross says nothing clear of who has left."""
    yes, no = pair.split() if " " in pair else [*pair]
    found = codes(
        loaded(listed("Mark", (yes, no)), columns={"Mark": "taking_part" if header == "Attending" else "left"})
    )
    if header == "Attending":
        assert found == [TAKES, GONE]
    elif no != "×":  # noqa: RUF001
        assert found == [GONE, TAKES]
    else:
        assert found[0] == GONE
        assert found[1] != TAKES


def test_an_empty_circle_beside_a_full_one_is_not_clear(loaded: Load) -> None:
    """As a button it says no; in Japanese lists both say yes."""
    assert codes(loaded(listed("Mark", ("●", "○")), columns={"Mark": "taking_part"}))[1] not in {TAKES, GONE}


@pytest.mark.parametrize("header", ["Désistement", "Désistements", "Radiation", "Renonciation"])
def test_french_nouns_of_leaving_are_understood(loaded: Load, header: str) -> None:
    """They end otherwise than the verbs."""
    assert codes(loaded(listed(header, ("oui", "non", "non")))) == [GONE, TAKES, TAKES]


def told_of_unused(roster: Roster) -> list[str]:
    return [str(p.detail) for p in roster.problems[roster.problems["code"] == "yes_no_unused"].itertuples()]


@pytest.mark.parametrize(
    ("header", "values", "told"),
    [
        ("Uitgeschreven", ("nee", "nee", "ja"), "“nee” (2 rows), “ja” (1 row)"),
        ("Vyřazen", ("ne", "ne", "ano"), "“ne” (2 rows), “ano” (1 row)"),
        ("退选", ("否", "否", "是"), "“否” (2 rows), “是” (1 row)"),
        ("Отчислен", ("нет", "нет", "да"), "“нет” (2 rows), “да” (1 row)"),
        ("Avregistrerad", ("", "", "2025-09-01"), "blank (2 rows), dates (1 row)"),
        ("Kilépett", ("itt", "itt", "elment"), "“itt” (2 rows), “elment” (1 row)"),
        ("Kód", ("", "", "w"), "blank (2 rows), “w” (1 row)"),
        ("Kilépett", ("", "", "elment"), "blank (2 rows), “elment” (1 row)"),
    ],
)
def test_columns_that_part_people_in_two_are_told_with_their_counts(
    loaded: Load, header: str, values: tuple[str, ...], told: str
) -> None:
    """In a language that is not known, too: whoever approves a preview sees whom they may mark."""
    assert told_of_unused(loaded(listed(header, values))) == [told]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Gender", ("f", "m", "f")),
        ("Attendance Mode", ("full-time", "part-time", "full-time")),
        ("Born", ("1999-03-04", "", "2001-05-06")),
        ("Room", ("A12", "B3", "A12")),
        ("Town", ("Ulm", "Bern", "Graz")),
        ("Faculty", ("Arts", "Arts", "Arts")),
    ],
)
def test_columns_that_hardly_mark_anybody_are_not_counted(loaded: Load, header: str, values: tuple[str, ...]) -> None:
    """A preview stays short."""
    assert told_of_unused(loaded(listed(header, values))) == []


def test_the_advice_for_an_unknown_word_names_both_ways() -> None:
    """A mark of leaving is not proposed as active alone."""
    advice = problems.remedy("status_unknown", column="Left", value="✤")
    assert '"✤=absent"' in advice
    assert '"✤=active"' in advice


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("Nachrückerliste", WAITS),
        ("Nachrückerplätze", WAITS),
        ("Nachrückende", WAITS),
        ("Wartendenliste", WAITS),
        ("Abgängerliste", GONE),
        ("Abgangsliste", GONE),
        ("Abmeldeliste", GONE),
        ("Exmatrikulationsliste", GONE),
    ],
)
def test_german_compounds_are_headings(loaded: Load, heading: str, code: str) -> None:
    """As they are headers of columns."""
    text = f"username,course short name,role\np1,B,student\n{heading},,\np2,B,student\n"
    assert codes(loaded(text)) == [TAKES, "heading_row", code]


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("Waiting list", WAITS),
        ("Waiting list (2)", WAITS),
        ("Warteliste:", WAITS),
        ("Lista de espera", WAITS),
        ("Abgemeldet", GONE),
        ("Students who have withdrawn", GONE),
        ("退学者", GONE),
        ("Not enrolled", GONE),
        ("Removed students:", GONE),
        ("Former students", GONE),
        ("Nicht angemeldet", GONE),
        ("Reserve list", WAITS),
        ("補欠", WAITS),
        ("Enrolled and withdrawn", "heading_unclear"),
        ("Not registered yet", "heading_unclear"),
        ("Suspended", "heading_unclear"),
    ],
)
def test_a_heading_inside_the_table_gives_its_meaning_to_the_rows_below(loaded: Load, heading: str, code: str) -> None:
    """Until one says that people take part; below another one it cannot be told."""
    below = ("p7,BIO101,student", "", "Enrolled students,,", "p8,BIO101,student", f"{heading},,")
    rows = (
        "username,course short name,role",
        "p1,BIO101,student",
        f"{heading},,",
        *below,
        "p9,BIO101,student",
        "Group B,,",
        "p0,BIO101,student",
    )
    roster = loaded("\n".join(rows) + "\n")
    by_user = dict(zip(roster.rows["user"].tolist(), codes(roster), strict=True))
    assert [by_user[f"p{n}"] for n in (1, 7, 8, 9, 0)] == [TAKES, code, TAKES, code, "heading_unclear"]
    assert by_user[heading] == "heading_row"


def test_headings_that_say_nothing_of_it_change_nothing(loaded: Load) -> None:
    """As before: the row itself is no enrolment."""
    text = "username,course short name,role\np1,B,student\nGroup B,,\np2,B,student\n"
    assert codes(loaded(text)) == [TAKES, "course_blank", TAKES]


def test_a_title_above_the_header_that_is_a_word_of_leaving_counts(loaded: Load) -> None:
    """A list of those who have left, with that title alone."""
    text = "Withdrawn students\n\nusername,course short name,role\np1,B,student\np2,B,student\n"
    assert codes(loaded(text))[-2:] == [GONE, GONE]
    for title in ("Students withdrawn from EDU101", "Dropped students, fall 2026", "Waiting list EDU101"):
        text = f'"{title}"\n\nusername,course short name,role\np1,B,student\np2,B,student\n'
        assert codes(loaded(text))[-1] in {GONE, WAITS}
    text = "Enrolled and withdrawn students\n\nusername,course short name,role\np1,B,student\np2,B,student\n"
    assert codes(loaded(text))[-2:] == [TAKES, TAKES]


def workbook(folder: Path, **sheets: Sequence[str]) -> Path:
    """A workbook with these sheets, each with the header and these people."""
    book = openpyxl.Workbook()
    book.remove(book["Sheet"])
    for name, people in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in (("username", "course short name", "role"), *((p, "BIO101", "student") for p in people)):
            sheet.append(row)
    path = folder / "roster.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [("Dropped", GONE), ("Waiting list", WAITS), ("Abgemeldet", GONE), ("Drops", GONE), ("Drop list", GONE)],
)
def test_a_sheet_with_such_a_name_is_read_only_where_it_is_named(tmp_path: Path, name: str, code: str) -> None:
    """By “*” it is left out; named, its people are what its name says."""
    path = workbook(tmp_path, Roster=("p1", "p2"), **{name.replace(" ", "_"): ("p8", "p9")})
    for said in ("", "*"):
        roster = load([path], Settings(sheet=said))
        assert roster.rows["user"].tolist() == ["p1", "p2"]
        assert set(roster.unread["sheet"]) == {name}
    named = load([path], Settings(sheet=f"Roster,{name}"))
    assert codes(named) == [TAKES, TAKES, code, code]


def test_a_workbook_of_such_a_sheet_alone_is_refused(tmp_path: Path) -> None:
    """And both ways out are named."""
    path = workbook(tmp_path, Dropped=("p8", "p9"))
    error = refused(lambda: load([path], Settings()))
    assert "“Dropped” alone" in error.message
    assert error.remedy.endswith('--sheet "Dropped"')
    assert codes(load([path], Settings(sheet="Dropped"))) == [GONE, GONE]


def test_a_file_name_is_evidence_and_decides_nothing(loaded: Load) -> None:
    """A file called trailing-commas-dropped.csv is no list of people who dropped."""
    text = "username,course short name,role\np1,B,student\n"
    assert codes(loaded(text, "trailing-commas-dropped.csv")) == [TAKES]


@pytest.mark.parametrize(
    "lines",
    [
        ("idnumber,course idnumber,Status", "1001,7,active", "1002,7,withdrawn", "1003,7,active"),
        ("idnumber,course idnumber,last name", "1001,7,Adams", "1002,7,Leavitt", "1003,7,Left"),
        ("idnumber,course idnumber,notes", "1001,7,withdrawn", "1002,7,waiting list", "1003,7,"),
    ],
)
def test_a_row_with_both_keys_is_no_heading(loaded: Load, lines: tuple[str, ...]) -> None:
    """Keys of digits are keys, too."""
    roster = loaded("\n".join(lines) + "\n", default_role="student")
    assert not {"heading_row", "heading_unclear"} & {*codes(roster)}


@pytest.mark.parametrize("name", ["Leavenworth", "esperanza", "Leavitt", "Retirement", "Drop-in class", "Exclusive"])
def test_names_that_begin_like_such_words_say_nothing(loaded: Load, tmp_path: Path, name: str) -> None:
    """Of a heading, of a title, and of a sheet."""
    below = f"username,course short name,role\np1,B,student\n{name},,\np2,B,student\n"
    assert codes(loaded(below)) == [TAKES, "course_blank", TAKES]
    assert codes(loaded(f"{name}\n\nusername,course short name,role\np1,B,student\n"))[-1:] == [TAKES]
    path = workbook(tmp_path, **{name.replace(" ", "_"): ("p1", "p2")})
    assert codes(load([path], Settings())) == [TAKES, TAKES]


def test_a_heading_in_several_cells_is_one(loaded: Load) -> None:
    """Merged cells come as one text in each; a count may stand beside it, but not in the place of a key."""
    text = "username,course short name,role\np1,B,student\nWaiting list,Waiting list,Waiting list\np2,B,student\n"
    assert codes(loaded(text)) == [TAKES, "heading_row", WAITS]
    text = "username,course short name,role,n\np1,B,student,\nWaiting list,,,3\np2,B,student,\n"
    assert codes(loaded(text)) == [TAKES, "heading_row", WAITS]
    text = "username,course short name,role\np1,B,student\n7,,withdrawn\np2,B,student\n"
    assert codes(loaded(text))[2] == TAKES


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Registered", ("Yes", "Yes", "No - moved away")),
        ("Angemeldet", ("ja", "nein", "noch nicht")),
        ("Registered", ("No", "", "")),
        ("Group", ("A", "A", "Waiting list")),
        ("", ("", "withdrawn", "")),
    ],
)
def test_marks_beside_other_texts_are_asked_about(write: Write, header: str, values: tuple[str, ...]) -> None:
    """One remark among them does not make the column one of no concern."""
    error = refused(lambda: load([write(listed(header, values))], Settings()))
    assert "read without it, each row enrols" in error.message


def test_yes_and_no_as_some_programs_write_them(loaded: Load) -> None:
    """1.0 and 0.0 are numbers to them."""
    assert codes(loaded(listed("Registered", ("1.0", "0.0", "1.0")))) == [TAKES, GONE, TAKES]


@pytest.mark.parametrize("field", ["taking_part", "left", "status"])
def test_codes_that_nobody_explained_reject_their_rows(loaded: Load, field: str) -> None:
    """An answer about the column says nothing of a letter; --status-word does."""
    text = listed("Enrl Stat", ("E", "Q", "D"))
    assert codes(loaded(text, columns={"Enrl Stat": field})) == ["status_unknown"] * 3
    words = {"E": "active", "Q": "waiting", "D": "absent"}
    assert codes(loaded(text, columns={"Enrl Stat": field}, status_words=words)) == [TAKES, WAITS, GONE]


def test_a_word_that_settings_leave_out_is_left_out(loaded: Load) -> None:
    """It states nothing, and explains no absence."""
    roster = loaded(listed("State", ("active", "withdrawn", "guest")), status_words={"guest": "ignored"})
    assert codes(roster) == [TAKES, GONE, "status_ignored"]


def test_a_blank_that_settings_explain_is_a_blank_alone(loaded: Load) -> None:
    """Signs have no letters, and are no blanks."""
    words = {"": "absent"}
    assert codes(loaded(listed("Registered", ("✓", "✗", "✓")), status_words=words)) == [TAKES, GONE, TAKES]
    assert codes(loaded(listed("Status", ("active", "", "?")), status_words=words)) == [TAKES, GONE, "status_unknown"]


def test_one_such_word_among_very_many_values_is_found(loaded: Load) -> None:
    """Thousands of remarks do not hide it."""
    roster = loaded(listed("Notes", [*(f"note {n}" for n in range(5_200)), "withdrawn"]))
    assert codes(roster)[-1] == GONE
    assert set(codes(roster)[:-1]) == {TAKES}


def test_what_a_row_asks_for_goes_before_such_a_mark(loaded: Load) -> None:
    """In a list of changes whoever is to be removed is removed."""
    text = "username,course short name,role,action,Left\np1,B,student,remove,x\np2,B,student,add,\np3,B,student,add,x\n"
    assert codes(loaded(text)) == [TAKES, TAKES, GONE]


@pytest.mark.parametrize(
    ("values", "order", "expected"),
    [
        (("12.10.2025", "", ""), "", [GONE, TAKES, TAKES]),
        (("12/10/2025", "25/10/2025", ""), "", [GONE, GONE, TAKES]),
        (("01/12/2098", "12/25/2025", ""), "mdy", [TAKES, GONE, TAKES]),
        (("01/02/2026", "", ""), "", [GONE, TAKES, TAKES]),
    ],
)
def test_dates_of_leaving_are_read_as_the_file_writes_them(
    loaded: Load, values: tuple[str, ...], order: str, expected: list[str]
) -> None:
    """Dots mean that the day comes first, and one date of a column decides for all; past in each way is past."""
    assert codes(loaded(listed("Exit Date", values), date_order=order, columns={"Exit Date": "left"})) == expected


def test_a_date_of_leaving_that_may_be_past_or_ahead_rejects_its_row(write: Write) -> None:
    """It is asked about, and the answer that it is one of leaving does not make it clear; --date-order does."""
    today = dt.datetime.now(dt.UTC).date()
    # One of these has been by now, the other has not; on the days of which both are one it is the next year's.
    year = today.year if dt.date(today.year, 1, 12) <= today < dt.date(today.year, 12, 1) else today.year + 1
    text = f"01/12/{year}"
    path = write(listed("Exit Date", (text, "", "")))
    assert '--map "Exit Date=left"' in refused(lambda: load([path], Settings())).remedy
    assert codes(load([path], Settings(columns={"Exit Date": "left"})))[0] == "date_unclear"
    assert codes(load([path], Settings(columns={"Exit Date": "left"}, date_order="dmy")))[0] in {GONE, TAKES}


def test_what_each_answer_does_stands_beside_the_values(write: Write) -> None:
    """How many rows enrol nobody."""
    error = refused(lambda: load([write(listed("Not attending", ("x", "", "")))], Settings()))
    outs = "as taking_part 2 rows enrol nobody, as left 1 row enrols nobody"
    assert error.message.endswith(f"“x” (1 row), blank (2 rows); {outs}")
