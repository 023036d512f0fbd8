"""Who may read what rostersync writes: its owner alone, or with --share-reports the owner's group as well."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rostersync import private_files, settings, store
from rostersync.sandbox.server import Server

Run = Callable[..., Any]
REJECTED = "Username,Course short name,Role\nada,BIO101,editingteacher\n,BIO101,student\n"


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """A umask that takes nothing away: rights are what rostersync gives."""
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(folder: Path) -> dict[str, int]:
    """Name → rights of everything below a folder."""
    return {str(p.relative_to(folder)): rights(p) for p in sorted(folder.rglob("*"))}


def test_nobody_else_reads_plans_reports_reviews_and_exports(run: Run, connected: Server, changed: Path) -> None:
    """Files have 0600 and new folders 0700, whatever the umask is; folders that were there stay as they are."""
    changed.chmod(0o644)
    assert run("plan", changed, "--out", "a/b/p.json", "--review", "r.xlsx", "--report", "preview").code == 0
    assert run("sync", changed, "--yes").code == 0
    assert run("export", "BIO101", "--out", "bio.csv").code == 0
    assert run("runs", "show", 1, "--report", "again").code == 0
    found = written(Path())
    assert found.pop("changed.csv") == 0o644
    assert {name: mode for name, mode in found.items() if mode not in {0o600, 0o700}} == {}
    assert {name for name, mode in found.items() if mode == 0o700} == {
        "a",
        "a/b",
        "again",
        "preview",
        "rostersync-reports",
    }
    assert {"a/b/p.json", "r.xlsx", "bio.csv", "again/run-000001.csv", "preview/preview.json"} <= set(found)


def test_rejected_rows_are_their_owners_alone(run: Run) -> None:
    """The files of problems hold people, too."""
    Path("bad.csv").write_text(REJECTED, encoding="utf-8")
    assert run("check", "bad.csv").code == 3
    assert run("check", "bad.csv", "--problems", "shared", "--share-reports").code == 3
    found = written(Path())
    assert (found["bad.csv.problems.csv"], found["bad.csv.problems.xlsx"]) == (0o600, 0o600)
    assert (found["shared"], found["shared/bad.csv.problems.csv"]) == (0o750, 0o640)


def test_reports_can_be_shared_with_the_group(run: Run, connected: Server, changed: Path) -> None:
    """By the flag or by the setting, and under a umask that would take it away; the store is not shared."""
    os.umask(0o077)
    assert run("plan", changed, "--out", "p.json", "--review", "r.xlsx", "--share-reports").code == 0
    assert run("export", "BIO101", "--out", "bio.xlsx", "--share-reports").code == 0
    assert run("sync", changed, "--yes", "--report", "reports", ROSTERSYNC_SHARE_REPORTS="true").code == 0
    found = written(Path())
    assert {found[name] for name in ("p.json", "r.xlsx", "bio.xlsx", "reports/run-000001.xlsx")} == {0o640}
    assert found["reports"] == 0o750
    assert rights(Path(os.environ["ROSTERSYNC_STORE"])) == 0o600


def test_the_store_and_its_copies_are_their_owners_alone(run: Run, connected: Server, changed: Path) -> None:
    """With what SQLite puts beside it while it is in use; a new folder for it has 0700."""
    place = Path("kept/deep/store.db")
    with store.open_store(place, clock=lambda: 0.0) as opened:
        opened.see_rosters("https://moodle.example", ())
        beside = {path.name: rights(path) for path in place.parent.iterdir()}
    assert beside.pop("store.db") == 0o600
    assert set(beside.values()) <= {0o600}
    assert (rights(Path("kept")), rights(Path("kept/deep"))) == (0o700, 0o700)
    assert run("sync", changed, "--yes", "--store", place).code == 0
    assert run("store", "backup", "copy.db", "--store", place).code == 0
    assert rights(Path("copy.db")) == 0o600


def test_a_store_that_others_could_read_is_closed_to_them(run: Run, connected: Server, changed: Path) -> None:
    """An older rostersync made it; the folder of another place is nobody's business."""
    folder = Path("there")
    folder.mkdir(mode=0o755)
    place = folder / "store.db"
    store.open_store(place, clock=lambda: 0.0).close()
    place.chmod(0o644)
    assert run("sync", changed, "--yes", "--store", place).code == 0
    assert (rights(place), rights(folder)) == (0o600, 0o755)
    with sqlite3.connect(place) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    connection.close()


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Where something lies already, be it a link that leads nowhere, no file is made and nothing is written there."""
    for lies, target in (("dangling", tmp_path / "nowhere"), ("leads", tmp_path / "victim")):
        (tmp_path / "victim").write_text("mine", encoding="utf-8")
        (tmp_path / lies).symlink_to(target)
        with pytest.raises(FileExistsError):
            private_files.create(tmp_path / lies)
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "victim").read_text(encoding="utf-8") == "mine"


def test_a_link_that_waits_for_a_plan_changes_nothing_elsewhere(run: Run, connected: Server, changed: Path) -> None:
    """Under the names that earlier versions wrote to, for the plan, the report and the copy of the store."""
    victim = Path("victim")
    victim.write_text("mine", encoding="utf-8")
    number = os.getpid()
    for name in ("p.json.part", f".copy.db.{number}.part", f".bio.csv.{number}.part"):
        Path(name).symlink_to(victim)
    assert run("plan", changed, "--out", "p.json").code == 0
    assert run("sync", changed, "--yes").code == 0
    assert run("store", "backup", "copy.db").code == 0
    assert run("export", "BIO101", "--out", "bio.csv").code == 0
    assert victim.read_text(encoding="utf-8") == "mine"
    assert rights(Path("p.json")) == 0o600


def test_a_file_that_was_open_to_all_is_not_any_more(run: Run, connected: Server) -> None:
    """What is replaced does not pass its rights on."""
    Path("bio.csv").write_text("old", encoding="utf-8")
    Path("bio.csv").chmod(0o666)
    assert run("export", "BIO101", "--out", "bio.csv", "--force").code == 0
    assert rights(Path("bio.csv")) == 0o600


def test_the_settings_are_their_owners_alone(run: Run) -> None:
    """Somebody will put a token into them."""
    assert run("config", "new").code == 0
    place = settings.settings_path()
    assert (rights(place), rights(place.parent)) == (0o600, 0o700)


def test_a_full_disk_ends_a_report_with_one_error(process: Run, roster: Path) -> None:
    """No traceback, no internal error, nothing left behind; a workbook's own files elsewhere count as well."""
    Path("bad.csv").write_text(REJECTED + ",BIO101,student\n" * 3000, encoding="utf-8")
    code = (
        "import resource, sys; from rostersync.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "bad.csv", "--problems", "out"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "Error: out/bad.csv.problems.xlsx cannot be written: File too large",
        "What to do: close it where it is open, make room, or name another folder",
    ]
    assert list(Path("out").iterdir()) == []


@pytest.mark.parametrize("words", [["check"], ["check", "--json"]], ids=["text", "json"])
def test_standard_output_that_is_full_is_told_once(process: Run, roster: Path, words: list[str]) -> None:
    """One error and one remedy, exit code 1, and Python does not complain after it."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "rostersync", *words, str(roster)],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[0].endswith("No space left on device")
    assert len(done.stderr.decode().splitlines()) == 2


def test_what_is_no_store_keeps_its_rights(run: Run, connected: Server, changed: Path) -> None:
    """Somebody named another file, or a folder, by mistake."""
    Path("people.xlsx").write_bytes(b"no database")
    Path("people.xlsx").chmod(0o664)
    Path("folder").mkdir(mode=0o775)
    for name in ("people.xlsx", "folder"):
        assert run("sync", changed, "--yes", "--store", name).code == 1
    assert (rights(Path("people.xlsx")), rights(Path("folder"))) == (0o664, 0o775)
