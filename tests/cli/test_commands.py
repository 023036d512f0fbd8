"""Every command does what its help says: results, messages, exit codes, and the site afterwards."""

import csv
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from rostersync.sandbox.server import Server
from rostersync.store import open_store

Run = Callable[..., Any]


def people(site: Server, course: int = 11) -> dict[str, tuple[set[str], int]]:
    """User name → roles and status of the enrolment, as the sandbox holds them."""
    state = site.state
    enrolled = state.enrolled(course)
    status = {one.userid: one.status for one in state.enrolments_of(course)}
    return {state.users.rows[user].username: (roles, status[user]) for user, roles in enrolled.items()}


def one_document(text: str, name: str) -> dict[str, Any]:
    """The document that standard output is, whole."""
    made: dict[str, Any] = json.loads(text)
    assert (made["format"], made["version"]) == (f"rostersync-{name}", 1)
    return made


def test_check_says_what_a_file_holds_without_a_site(process: Run, run: Run, roster: Path) -> None:
    """Checking needs neither site nor token; the result is on standard output, nothing on standard error."""
    ran = process("check", roster)
    assert (ran.code, ran.err) == (0, "")
    assert "roster.csv: 7 rows, mirror" in ran.out
    made = one_document(run("check", roster, "--json").out, "check")
    assert made["rows"] == 7


def test_check_ends_with_three_where_rows_are_rejected(run: Run, roster: Path) -> None:
    """A rejected row is told by the exit code, too."""
    roster.write_text(roster.read_text() + "hugo,BIO101,wizard,active\n")
    ran = run("check", roster)
    assert ran.code == 3
    assert "“wizard” is no role that rostersync knows" in ran.out


def test_plan_changes_nothing_and_says_what_would(run: Run, connected: Server, changed: Path) -> None:
    """A plan is a preview: it names who would come and go, and the site stays as it is."""
    before = connected.state.document()
    ran = run("plan", changed)
    assert (ran.code, ran.err) == (0, "")
    assert "1  to enrol" in ran.out
    assert "1  to unenrol" in ran.out
    assert "Finn Offinn (finn)" in ran.out
    assert connected.state.document() == before


def test_plan_tells_scripts_whether_something_is_to_be_done(
    run: Run, connected: Server, roster: Path, changed: Path
) -> None:
    """Exit code 10 only with --exit-code, and only where changes are pending."""
    assert run("plan", changed, "--exit-code").code == 10
    assert run("plan", roster, "--exit-code").code == 0


def test_a_plan_goes_from_one_person_to_another(run: Run, connected: Server, changed: Path) -> None:
    """One saves a plan, another looks at it without the site and applies it; a second time it is refused."""
    made = run("plan", changed, "--out", "new/monday.json", "--report", "for-approval")
    assert made.code == 0
    assert "rostersync show new/monday.json" in made.err
    assert sorted(path.name for path in Path("for-approval").iterdir()) == [
        "preview.csv",
        "preview.json",
        "preview.removals.csv",
        "preview.xlsx",
    ]
    changed.unlink()  # the second person has the plan alone
    for words in (["show", "new/monday.json"], ["apply", "new/monday.json", "--dry-run"]):
        shown = run(*words, ROSTERSYNC_SITE="", ROSTERSYNC_TOKEN="")
        assert (shown.code, shown.err) == (0, "")
        assert shown.out == made.out
    done = run("apply", "new/monday.json", "--json")
    report = one_document(done.out, "report")
    assert (done.code, report["exit_code"], report["preview"]) == (0, 0, False)
    assert (report["buckets"]["enrolled"], report["buckets"]["unchanged"]) == (1, 6)
    assert people(connected)["hugo"] == ({"student"}, 0)
    assert "finn" not in people(connected)
    again = run("apply", "new/monday.json")
    assert again.code == 4
    assert again.err.startswith("Error: the plan was applied already, as run 1\nWhat to do: ")


def test_a_plan_edited_by_hand_is_refused(run: Run, connected: Server, changed: Path) -> None:
    """What was approved is what is applied."""
    run("plan", changed, "--out", "plan.json")
    plan = Path("plan.json")
    plan.write_text(plan.read_text().replace("hugo", "hilda"))
    before = connected.state.document()
    ran = run("apply", plan)
    assert ran.code == 4
    assert "plan.json" in ran.err
    assert connected.state.document() == before


def test_sync_makes_the_site_say_what_the_file_says(process: Run, run: Run, connected: Server, changed: Path) -> None:
    """After sync the site is what the roster says, the report is written, and a second run finds nothing to do."""
    ran = process("sync", changed, "--yes")
    assert ran.code == 0, ran.err
    assert people(connected) == {
        "ada": ({"editingteacher"}, 0),
        "ben": ({"teacher"}, 0),
        "cleo": ({"student"}, 0),
        "dan": ({"student"}, 0),
        "eve": ({"student"}, 0),
        "gwen": ({"student"}, 1),
        "hugo": ({"student"}, 0),
    }
    assert people(connected, 12).keys() == {"ada", "cleo"}
    assert ran.err == (
        "The report is in rostersync-reports: "
        "run-000001.xlsx, run-000001.csv, run-000001.removals.csv, run-000001.json\n"
    )
    text = Path("rostersync-reports/run-000001.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["bucket"] for row in rows if row["user"] == "hugo"] == ["enrolled"]
    assert load_workbook("rostersync-reports/run-000001.xlsx").sheetnames
    again = run("sync", changed, "--yes", "--json")
    assert one_document(again.out, "report")["buckets"]["unchanged"] == 7


def test_a_dry_run_changes_nothing_and_writes_nothing(run: Run, connected: Server, changed: Path) -> None:
    """--dry-run stops after the preview, as text or as one document."""
    before = connected.state.document()
    text, document = run("sync", changed, "--dry-run"), run("sync", changed, "--dry-run", "--json")
    assert (text.code, document.code) == (0, 0)
    assert "nothing has been changed" in text.out
    assert one_document(document.out, "report")["preview"] is True
    assert connected.state.document() == before
    assert [path.name for path in Path().iterdir()] == ["changed.csv"]


def test_nobody_to_ask_is_no_yes(run: Run, connected: Server, changed: Path) -> None:
    """Without a terminal sync asks for a flag, before it asks the site for anything."""
    before = connected.state.document()
    ran = run("sync", changed)
    assert (ran.code, ran.out) == (2, "")
    assert "--dry-run" in ran.err
    assert "--yes" in ran.err
    assert connected.state.document() == before


@pytest.mark.parametrize("name", ["bio.csv", "deep/bio.xlsx"])
def test_an_exported_file_synced_as_it_is_changes_nothing(run: Run, connected: Server, name: str) -> None:
    """The file says teachers, non-editing teachers and suspended people so that sync finds nothing to do."""
    made = run("export", "BIO101", "C-2", "--out", name)
    note = "Note: 1 person is written as suspended: suspended, or the dates are over or ahead; Moodle mixes these\n"
    assert (made.code, made.out, made.err) == (0, f"9 rows for BIO101, C-2 written to {name}\n", note)
    before = connected.state.document()
    ran = run("sync", name, "--yes", "--json")
    report = one_document(ran.out, "report")
    assert (ran.code, report["verdict"]) == (0, "nothing was to do")
    assert {bucket: n for bucket, n in report["buckets"].items() if n} == {"unchanged": 9}
    assert connected.state.document() == before


def test_export_without_a_file_is_a_csv_on_standard_output(process: Run, run: Run, connected: Server) -> None:
    """`export BIO101 > bio.csv` gives the same file as --out bio.csv."""
    run("export", "BIO101", "--out", "bio.csv")
    ran = process("export", "BIO101", PYTHONIOENCODING="ascii")
    assert ran.out.encode() == Path("bio.csv").read_bytes()
    lines = list(csv.DictReader(io.StringIO(ran.out.removeprefix("\ufeff"))))
    assert [line["Username"] for line in lines] == ["ada", "ben", "cleo", "dan", "eve", "finn", "gwen"]
    made = one_document(run("export", "BIO101", "--json").out, "export")
    assert (made["file"], made["rows"], made["roster"]) == ("", 7, lines)


def test_export_never_overwrites_what_somebody_may_have_edited(run: Run, connected: Server) -> None:
    """A second export needs --force; until then the file stays as it is."""
    run("export", "BIO101", "--out", "bio.csv")
    Path("bio.csv").write_text("edited")
    ran = run("export", "BIO101", "--out", "bio.csv")
    assert ran.code == 2
    assert ran.err == "Error: bio.csv exists already\nWhat to do: name another file, or say --force to replace it\n"
    assert Path("bio.csv").read_text() == "edited"
    assert run("export", "BIO101", "--out", "bio.csv", "--force").code == 0
    assert Path("bio.csv").read_text() != "edited"


def test_config_shows_where_each_value_comes_from(run: Run, tmp_path: Path) -> None:
    """A file, a variable and a flag: each setting says which one it is from, and the token is never shown."""
    where = run("config", "path").out.strip()
    assert where == str(tmp_path / "config" / "rostersync" / "config.toml")
    assert one_document(run("config", "new", "--json").out, "config") == {
        "format": "rostersync-config",
        "version": 1,
        "file": where,
        "exists": True,
    }
    environment = {"ROSTERSYNC_TOKEN": "0123secret", "ROSTERSYNC_TIMEOUT": "30"}
    ran = run("config", "show", "--connections", "2", "--json", **environment)
    settings = one_document(ran.out, "config")["settings"]
    assert settings["site"] == {"value": "https://moodle.example", "from": "profile default"}
    assert settings["timeout"] == {"value": 30.0, "from": "ROSTERSYNC_TIMEOUT"}
    assert settings["connections"] == {"value": 2, "from": "--connections"}
    assert settings["mode"] == {"value": None, "from": "default"}
    text = run("config", "show", **environment)
    assert f"Settings file: {where}" in text.out
    assert "secret" not in ran.out + text.out + ran.err + text.err
    again = run("config", "new")
    assert (again.code, again.err.splitlines()[0]) == (2, f"Error: {where} is there already")


def test_refusals_end_with_four(run: Run, connected: Server, changed: Path) -> None:
    """An emptied roster and the limit of a run: nothing at all is changed."""
    before = connected.state.document()
    empty = Path("empty.csv")
    empty.write_text("Username,Course short name,Role\n")
    refused = run("sync", empty, "--yes")
    assert refused.code == 4
    assert refused.err.startswith("Error: ")
    limited = run("sync", changed, "--yes", ROSTERSYNC_RUN_LIMIT_COUNT="0", ROSTERSYNC_RUN_LIMIT_SHARE="0.01")
    assert limited.code == 4
    assert "--allow-removals" in limited.out
    saved = run("plan", changed, "--out", "p.json", ROSTERSYNC_RUN_LIMIT_COUNT="0", ROSTERSYNC_RUN_LIMIT_SHARE="0.01")
    assert saved.code == 4
    assert "apply refuses it" in saved.err
    assert run("apply", "p.json").code == 4
    assert connected.state.document() == before


def test_a_site_that_another_run_holds_ends_with_six(run: Run, connected: Server, changed: Path) -> None:
    """One run at a time: the second one ends at once, and the first one's site is left alone."""
    store = open_store(os.environ["ROSTERSYNC_STORE"], clock=time.time)
    store.acquire(connected.url, "somebody else")
    before = connected.state.document()
    ran = run("sync", changed, "--yes")
    assert ran.code == 6
    assert ran.err.startswith(f"Error: another run of rostersync is working on {connected.url}\n")
    store.release(connected.url, "somebody else")
    store.close()
    assert connected.state.document() == before
    assert run("sync", changed, "--yes").code == 0


def test_rejected_rows_end_a_run_with_three(run: Run, connected: Server, changed: Path) -> None:
    """The good rows are done, the bad one is told, and it holds whoever it could have meant."""
    changed.write_text(changed.read_text() + "hogu,BIO101,student,active\n")
    ran = run("sync", changed, "--yes")
    assert ran.code == 3
    assert "no user with username “hogu” is to be seen in Moodle" in ran.out
    assert {"finn", "hugo"} <= people(connected).keys()


def test_errors_are_one_document_with_json(run: Run, connected: Server) -> None:
    """A script finds message, remedy and exit code where it looks for the result; people find them as ever."""
    for words, code in ((["check", "none.csv"], 1), (["check"], 2), (["export", "NONE"], 2), (["nonsense"], 2)):
        ran = run(*words, "--json")
        made = one_document(ran.out, "error")
        assert (ran.code, made["exit_code"]) == (code, code)
        assert f"Error: {made['message']}" in ran.err
