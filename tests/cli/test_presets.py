"""`rostersync config preset`: list, show, and write one from a look at a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
TERM = (
    "Matr.-Nr.;Kurs;Rolle;Status;Fachbereich;ID\n"
    "0007;BIO101;Studentin;aktiv;Biologie;1\n0008;BIO101;Hörerin;ruht;Biologie;2\n"
)


def test_the_list_says_what_is_verified(run: Run) -> None:
    """Each preset with its source, or with why there is none."""
    shown = run("config", "preset", "list")
    assert shown.code == 0
    assert "banner" in shown.out
    assert "unverified: no public specification" in shown.out.replace("\n", " ")
    told = json.loads(run("config", "preset", "list", "--json").out)
    assert told["format"] == "rostersync-presets"
    by_name = {p["name"]: p for p in told["presets"]}
    assert by_name["oneroster"]["source"].startswith("1EdTech")
    assert by_name["oneroster"]["unverified"] == ""
    assert by_name["sits"]["source"] == ""


def test_a_preset_is_shown_as_it_is_written(run: Run) -> None:
    """What is shown can be saved and used."""
    shown = run("config", "preset", "show", "banner")
    assert tomllib.loads(shown.out)["columns"]["course_idnumber"][0] == "{TERM_CODE}.{CRN}"
    Path("mine.toml").write_text(shown.out, encoding="utf-8")
    assert json.loads(run("config", "preset", "show", "mine.toml", "--json").out)["name"] == "mine"
    wrong = run("config", "preset", "show", "bannr")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean banner?" in wrong.err


def test_a_preset_written_from_a_file_can_be_used(run: Run) -> None:
    """It reads the file as before; words and columns that are not understood are lines to complete."""
    Path("term.csv").write_text(TERM, encoding="utf-8")
    made = run("config", "preset", "new", "term.csv", "--map", "Matr.-Nr.=idnumber")
    assert made.code == 0
    text = Path("term.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    assert document["columns"] == {"idnumber": "Matr.-Nr.", "course": "Kurs", "role": "Rolle", "status": "Status"}
    assert document["role_words"] == {"Studentin": "student"}
    assert document["status_words"] == {"aktiv": "active"}
    for line in ('# "Hörerin" = "?"', '# "ruht" = "?"', '# ? = "Fachbereich"  # Biologie'):
        assert line in text.splitlines()
    assert '= "ID"  # 1, 2; could be ' in text

    def rows(*flags: str) -> list[Any]:
        done = run("check", "term.csv", "--json", *flags)
        assert done.code == 3
        return json.loads(done.out)["causes"]

    completed = text.replace('# "Hörerin" = "?"', '"Hörerin" = "student"')
    Path("done.toml").write_text(completed, encoding="utf-8")
    before = {c["code"] for c in rows()}
    assert {"role_unknown", "status_unknown"} <= before
    assert {c["code"] for c in rows("--preset", "term.toml")} == before
    assert {c["code"] for c in rows("--preset", "done.toml")} == before - {"role_unknown"}


def test_a_recognised_file_gives_a_copy_of_its_preset(run: Run) -> None:
    """With what that preset leaves out and the words that it does not know."""
    header = "TERM,CRN,SPRIDEN_ID,RSTS,CAMPUS\n"
    Path("reg.csv").write_text(header + "202710,1,@1,RE,N\n202710,1,@2,AU,N\n", encoding="utf-8")
    assert run("config", "preset", "new", "reg.csv").code == 0
    text = Path("reg.toml").read_text(encoding="utf-8")
    shown = run("config", "preset", "show", "banner").out
    assert tomllib.loads(text) == tomllib.loads(shown)
    assert '# ? = "CAMPUS"  # N' in text
    assert '# "AU" = "?"' in text
    assert run("check", "reg.csv", "--preset", "reg.toml").code == 3


def test_an_existing_file_is_left_alone(run: Run) -> None:
    """Whatever it is."""
    Path("term.csv").write_text(TERM, encoding="utf-8")
    Path("term.toml").write_text("mine", encoding="utf-8")
    refused = run("config", "preset", "new", "term.csv")
    assert refused.code == 2
    assert "term.toml is there already" in refused.err
    assert Path("term.toml").read_text(encoding="utf-8") == "mine"
    made = run("config", "preset", "new", "term.csv", "--out", "other.toml", "--encoding", "utf-8", "--json")
    assert json.loads(made.out)["file"] == "other.toml"
    assert tomllib.loads(Path("other.toml").read_text(encoding="utf-8"))["encoding"] == "utf-8"


def test_odd_headers_and_values_make_no_broken_file(run: Run) -> None:
    """Quotation marks, backslashes, line breaks and control characters."""
    Path("odd.csv").write_text(
        'user,course,role,"a ""b"" \\ \x7f"\nann,BIO101,"stu\ndent","x\ny\x7f"\n', encoding="utf-8", newline=""
    )
    assert run("config", "preset", "new", "odd.csv").code == 0
    assert tomllib.loads(Path("odd.toml").read_text(encoding="utf-8"))["columns"]["user"] == "user"
