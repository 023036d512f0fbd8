"""A person at a terminal: the question, Ctrl-C, colours, signs that the terminal lacks, and mistakes of our own."""

import codecs
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from rostersync import store
from rostersync.sandbox.server import Server
from rostersync.settings import Settings
from tests import commands

Run = Callable[..., Any]
QUESTION = "? [y/N]: "


class Terminal:
    """A command on a terminal of 80 columns."""

    def __init__(self, *words: object, **environment: str) -> None:
        # A piece can end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self._master, slave = pty.openpty()
        told = os.environ | {"TERM": "xterm", "COLUMNS": "80"} | environment
        self.process = commands.begin(words, [slave] * 3, env=told, session=True)
        os.close(slave)

    def until(self, words: str) -> None:
        """Read until these words stand on the screen."""
        end = time.monotonic() + 30
        while words not in self.text and time.monotonic() < end and self._read():
            pass
        assert words in self.text

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def interrupt(self) -> None:
        """What Ctrl-C stands for: the test's terminal controls no process."""
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGINT)

    def code(self) -> int:
        """The exit code, when everything is read."""
        while self._read():
            pass
        os.close(self._master)
        return commands.ends(self.process, 30)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 30)[0]:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.text += self._decoder.decode(piece).replace("\r\n", "\n")
        return bool(piece)


def test_yes_goes_ahead(connected: Server, changed: Path) -> None:
    """The preview is on the screen before the question, the question has the numbers, and y does it."""
    terminal = Terminal("sync", changed, NO_COLOR="1")
    terminal.until(QUESTION)
    assert terminal.text.index("In short") < terminal.text.index("Make 2 changes (1 lose access) on")
    assert "\x1b[32m" not in terminal.text
    terminal.type("y\n")
    assert terminal.code() == 0
    assert "hugo" in {connected.state.users.rows[user].username for user in connected.state.enrolled(11)}


@pytest.mark.parametrize("keys", ["\n", "\x04", "\x03"], ids=["nothing", "Ctrl-D", "Ctrl-C"])
def test_any_other_answer_changes_nothing(connected: Server, changed: Path, keys: str) -> None:
    """An empty answer (as good as a no), the end of input and Ctrl-C: exit code 1, and it is said."""
    before = connected.state.document()
    terminal = Terminal("sync", changed)
    terminal.until(QUESTION)
    if keys == "\x03":  # the test's terminal controls no process, so that the key is sent as what it stands for
        time.sleep(0.5)  # Python's input() does not see one that comes before it begins to read
        terminal.interrupt()
    else:
        terminal.type(keys)
    assert terminal.code() == 1
    assert terminal.text.splitlines()[-1] == "Error: nothing was changed: the answer was not “y”"
    assert connected.state.document() == before


def test_nothing_to_do_asks_nothing(connected: Server, roster: Path) -> None:
    """Where Moodle and the file agree there is no question."""
    terminal = Terminal("sync", roster)
    assert terminal.code() == 0
    assert "nothing to do" in terminal.text
    assert "[y/N]" not in terminal.text


def older(run: Run, roster: Path) -> Path:
    """A file that was synced before one in which Hugo is as well."""
    later = Path("later.csv")
    later.write_text(roster.read_text(encoding="utf-8") + "hugo,BIO101,student,active\n", encoding="utf-8")
    for file in (roster, later):
        assert run("sync", file, "--yes", "--teacher-means", "teacher").code == 0
    return roster


@pytest.mark.parametrize(("keys", "code", "there"), [("1\n", 3, True), ("2\n", 0, False)], ids=["no", "yes"])
def test_whether_an_old_file_is_meant_is_asked(
    connected: Server, run: Run, roster: Path, keys: str, code: int, *, there: bool
) -> None:
    """After the preview, once; a no leaves it held, a yes plans again, shows it, and asks as ever."""
    terminal = Terminal("sync", older(run, roster), "--teacher-means", "teacher", COLUMNS="200")
    terminal.until("1 removal in 1 course: is it meant so?\n  1  no, they stay as they are\n  2  yes, it is meant so\n")
    assert "In short" in terminal.text
    terminal.type(keys)
    if not there:
        terminal.until(QUESTION)
        terminal.type("y\n")
    assert terminal.code() == code
    assert terminal.text.count("Which:") == 1
    assert ("hugo" in {connected.state.users.rows[user].username for user in connected.state.enrolled(11)}) is there


def test_what_can_be_answered_stands_in_every_document(connected: Server, run: Run, roster: Path) -> None:
    """With the flag that answers it: in the JSON document, on the screen, in a plan's file; --meant then does it."""
    file = older(run, roster)
    words = ("plan", file, "--teacher-means", "teacher", "--out", "p.json")
    (question,) = json.loads(run(*words, "--json").out)["questions"]
    assert (question["code"], question["courses"], question["people"]) == ("older", ["BIO101"], 1)
    assert [answer["flag"] for answer in question["answers"]] == ["", "--meant older"]
    assert "- yes, it is meant so: --meant older" in run("show", "p.json", "--report", "r").out
    (workbook,) = Path("r").glob("*.xlsx")
    lines = list(load_workbook(workbook).worksheets[0].iter_rows(values_only=True))
    assert ("To be answered", "yes, it is meant so: --meant older") in [line[:2] for line in lines]
    assert run("sync", file, "--teacher-means", "teacher", "--yes").code == 3
    assert run("sync", file, "--teacher-means", "teacher", "--yes", "--meant", "older,part").code == 0
    assert "hugo" not in {connected.state.users.rows[user].username for user in connected.state.enrolled(11)}
    assert run("sync", file, "--meant", "nonsense", "--yes").code == 2


def test_nothing_to_do_is_remembered(connected: Server, run: Run, roster: Path) -> None:
    """A roster that says what Moodle has is the last one from then on, although no run is made."""
    terminal = Terminal("sync", roster, "--teacher-means", "teacher")
    assert terminal.code() == 0
    Path("later.csv").write_text(roster.read_text(encoding="utf-8") + "hugo,BIO101,student,active\n", encoding="utf-8")
    assert run("sync", "later.csv", "--dry-run", "--teacher-means", "teacher").code == 0
    assert run("plan", "later.csv", "--teacher-means", "teacher").code == 0
    opened = store.store_as_it_is(os.environ["ROSTERSYNC_STORE"], clock=time.time)
    assert opened is not None
    assert opened.rosters_seen(connected.url, [11])["rows"].tolist() == [7]
    assert opened.runs() == []
    opened.close()


def test_settings_fit_into_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of `config show` is broken by the terminal."""
    for name in ("ROSTERSYNC_STORE", "ROSTERSYNC_OUTAGE_MINUTES"):  # a path, and a name, as long as tests have them
        monkeypatch.delenv(name)
    terminal = Terminal("config", "show", NO_COLOR="1")
    assert terminal.code() == 0
    table = re.sub(r"\x1b\[\d*m", "", terminal.text).partition("  Setting")[2].splitlines()
    assert len(table) == len(Settings.model_fields) + 1
    assert max(map(len, table)) <= 80


def test_a_supervisor_stops_a_run_as_a_person_does(connected: Server, changed: Path) -> None:
    """SIGTERM ends a run as Ctrl-C does: on the way out, without a traceback, with exit code 1."""
    command = [sys.executable, "-m", "rostersync", "sync", str(changed), "--yes"]
    with (
        connected.faulty("slow-first-byte:p=1,seconds=20"),
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
    ):
        while process.poll() is None and not connected.called():
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 1
        assert process.stderr is not None
        assert process.stderr.read().strip() == "Stopped; what was not sent was not done."


def test_a_terminal_without_unicode_shows_what_it_can(process: Run) -> None:
    """Signs that the encoding lacks are shown plainly or escaped; nothing ends because of them, and JSON stays JSON."""
    Path("größe.csv").write_text("Username;Course short name;Role\nada;BIO101;Чародей\n", encoding="utf-8")
    text, made = (process("check", "größe.csv", *more, PYTHONIOENCODING="ascii") for more in ([], ["--json"]))
    assert text.code == 3
    assert text.err.endswith("gr\\xf6\\xdfe.csv.problems.csv\n")
    assert "\\u0427\\u0430" in text.out
    assert json.loads(made.out)["causes"][0]["cases"][0]["value"] == "Чародей"


def test_a_mistake_of_our_own_is_one_line(run: Run, roster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback without --debug; with it, all of it; the exit code is 1 either way."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("rostersync.workflow.check.check", broken)
    quiet, loud = run("check", roster), run("check", roster, "--debug")
    assert (quiet.code, loud.code) == (1, 1)
    assert quiet.err == (
        "Error: rostersync has a mistake of its own (ZeroDivisionError: of all things)\n"
        "What to do: run it again with --debug, and send what it prints to whoever looks after rostersync\n"
    )
    assert loud.err.startswith("Traceback (most recent call last):\n")
    assert loud.err.endswith(quiet.err)


def test_closed_output_is_no_error(roster: Path) -> None:
    """`>&-` says that nobody wants the result."""
    command = f"exec {sys.executable} -m rostersync check roster.csv --json >&-"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)  # noqa: S602 - the shell closes it
    assert (done.returncode, done.stderr) == (0, b"")


def test_debug_logs_calls_and_never_the_token(process: Run, connected: Server, roster: Path) -> None:
    """Every call is named on standard error; the token is not."""
    ran = process("plan", roster, "--debug")
    assert ran.code == 0
    assert "core_webservice_get_site_info" in ran.err
    assert connected.token not in ran.out + ran.err


IDS = "".join(f"{number:06},BIO101,student\n" for number in range(103, 107))
ASKED = """\
term.csv: what is the column “Matrikelnumer”?
  It holds “000103”, “000104”, “000105”, …
  It looks like “Matrikelnummer”, which is not certain.
  4 of 4 values are id numbers of users in Moodle, 0 are usernames in Moodle, 0 are e-mail addresses in Moodle.
  1  the user's id number
  2  the user's username
  3  the user's e-mail address
  4  none of these
Which: """


def remembered(folder: Path) -> list[dict[str, str]]:
    """What stands in the store by now."""
    opened = store.store_as_it_is(folder / "store.db", clock=time.time)
    assert opened is not None
    found = [dict(m.fields) | ({"teacher": m.teacher_means} if m.teacher_means else {}) for m in store.mapped(opened)]
    opened.close()
    return found


def test_a_doubtful_column_is_asked_about_and_the_answer_remembered(connected: Server, tmp_path: Path) -> None:
    """Header, samples, likeness, evidence and choices stand in the question; the second time nothing is asked."""
    Path("term.csv").write_text("Matrikelnumer,Course short name,Role\n" + IDS, encoding="utf-8")
    terminal = Terminal("plan", "term.csv", "--mode", "add-only", COLUMNS="200")
    terminal.until(ASKED)
    terminal.type("1\n")
    terminal.until("[Y/n]: ")
    terminal.type("\n")
    assert terminal.code() == 0
    assert "column “Matrikelnumer” is taken for the user's id number: as answered; 4 of 4 values" in terminal.text
    assert remembered(tmp_path) == [{"Matrikelnumer": "idnumber"}]
    again = Terminal("plan", "term.csv", "--mode", "add-only", COLUMNS="200")
    assert again.code() == 0
    assert "Which" not in again.text
    assert "is taken for the user's id number: remembered from" in again.text


def test_none_of_these_leaves_the_file_refused(connected: Server, tmp_path: Path) -> None:
    """With the flags that decide; nothing is remembered, and a wrong key is asked again."""
    Path("term.csv").write_text("Matrikelnumer,Course short name,Role\n" + IDS, encoding="utf-8")
    terminal = Terminal("plan", "term.csv", COLUMNS="200")
    terminal.until(ASKED)
    terminal.type("9\n")
    terminal.until("1<=x<=4")
    terminal.type("4\n")
    assert terminal.code() == 1
    assert "has no column for the user" in terminal.text
    assert remembered(tmp_path) == []


@pytest.mark.parametrize("keys", ["\x04", "\x03"], ids=["Ctrl-D", "Ctrl-C"])
def test_a_question_can_be_left(connected: Server, tmp_path: Path, keys: str) -> None:
    """Ctrl-C and the end of input: exit code 1, one line, nothing remembered, nothing done."""
    Path("term.csv").write_text("Matrikelnumer,Course short name,Role\n" + IDS, encoding="utf-8")
    before = connected.state.document()
    terminal = Terminal("sync", "term.csv", COLUMNS="200")
    terminal.until("Which: ")
    if keys == "\x03":
        time.sleep(0.5)
        terminal.interrupt()
    else:
        terminal.type(keys)
    assert terminal.code() == 1
    assert terminal.text.splitlines()[-1] == "Stopped; what was not sent was not done."
    assert remembered(tmp_path) == []
    assert connected.state.document() == before


def test_what_teacher_means_is_asked_once(connected: Server, tmp_path: Path) -> None:
    """For two files in one question; an answer that is not to be remembered counts for this run alone."""
    text = "ada,BIO101,teacher\nben,BIO101,teacher\n"
    Path("a.csv").write_text("Username,Course short name,Role\n" + text, encoding="utf-8")
    Path("b.csv").write_text("Role,Username,Course code\nteacher,ada,BIO101\nteacher,ben,BIO101\n", encoding="utf-8")
    terminal = Terminal("plan", "a.csv", "b.csv", "--mode", "add-only", COLUMNS="200")
    terminal.until("a.csv: what does “teacher” (2 rows) mean?")
    terminal.until("Which: ")
    terminal.type("1\n")
    terminal.until("[Y/n]: ")
    terminal.type("n\n")
    assert terminal.code() == 0
    assert terminal.text.count("Which: ") == 1
    assert terminal.text.count("[Y/n]") == 1
    assert terminal.text.count("“teacher” (2 rows) is taken for the role editingteacher: as answered") == 2
    assert remembered(tmp_path) == []


def test_nobody_is_asked_where_nobody_is_expected_to_answer(connected: Server) -> None:
    """With --yes and with --json the file is refused with the flags, on a terminal too."""
    Path("term.csv").write_text("Matrikelnumer,Course short name,Role\n" + IDS, encoding="utf-8")
    for words in (["sync", "--yes"], ["plan", "--json"]):
        terminal = Terminal(*words, "term.csv", COLUMNS="200")
        assert terminal.code() == 1
        assert "Which" not in terminal.text
        assert '--map "Matrikelnumer=idnumber"' in terminal.text.replace("\\", "")


def test_what_numbers_of_roles_mean_is_asked(connected: Server, tmp_path: Path) -> None:
    """Each by itself, where they are no ids of this Moodle's."""
    text = "Username,Course short name,Role\nada,BIO101,3\nben,BIO101,3\nhugo,BIO101,1\n"
    Path("a.csv").write_text(text, encoding="utf-8")
    terminal = Terminal("plan", "a.csv", "--mode", "add-only", COLUMNS="200")
    terminal.until("a.csv: what are the numbers in the column “Role”?")
    terminal.until("Which: ")
    terminal.type("2\n")
    terminal.until("“1” (1 row)")
    terminal.until("Which: ")
    terminal.type("1\n")
    terminal.until("“3” (2 rows)")
    terminal.until("Which: ")
    terminal.type("3\n")
    assert terminal.code() == 0
    assert 'role_words = { "1" = "student", "3" = "editingteacher" }: as answered' in terminal.text
    assert remembered(tmp_path) == []


def test_a_token_is_typed_unseen(site: Server) -> None:
    """It is asked for, tried, and never stands on the screen."""
    terminal = Terminal("config", "token", ROSTERSYNC_SITE=site.url, COLUMNS="200")
    terminal.until("Token: ")
    time.sleep(0.5)  # the echo is switched off before or after the question, as the system has it
    terminal.type(f"{site.token}\n")
    assert terminal.code() == 0
    assert "Moodle accepts it: Example College, as robot." in terminal.text
    assert site.token not in terminal.text


def test_a_preview_within_a_run_states_no_exit_code(connected: Server, changed: Path) -> None:
    """Whether it goes on is about to be asked: the code at the end is that of the run."""
    terminal = Terminal("sync", changed)
    terminal.until(QUESTION)
    assert "(exit code" not in terminal.text
    terminal.type("y\n")
    assert terminal.code() == 0
    assert terminal.text.count("(exit code 0)") == 1
    undo = Terminal("undo", "1")
    undo.until(QUESTION)
    assert "(exit code" not in undo.text
    undo.type("n\n")
    assert undo.code() == 1


def test_a_preview_that_is_the_end_states_its_exit_code(connected: Server, changed: Path, run: Run) -> None:
    """A plan, a dry run, and a sync without questions, which has one preview and one result."""
    assert "(exit code 0)" in run("plan", changed).out
    assert "(exit code 0)" in run("sync", changed, "--dry-run").out
    assert run("sync", changed, "--yes").out.count("(exit code 0)") == 1


def test_columns_are_honoured_where_output_is_no_terminal(connected: Server, changed: Path, run: Run) -> None:
    """As rich does it: the variable says how wide; else a line may have 120 columns."""
    for columns, most in (("60", 60), ("200", 200), ("", 120), ("0", 120), ("wide", 120)):
        lines = run("plan", changed, COLUMNS=columns).out.splitlines()
        assert 0.8 * most < max(map(len, lines)) <= most, columns
