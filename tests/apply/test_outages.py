"""A Moodle that is away in the middle of a run, over real HTTP: waited for, or a run that `resume` goes on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rostersync.errors import Unreachable
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.plan_file import save_plan
from rostersync.workflow.resume import resume
from rostersync.workflow.site import Site, open_site
from tests.invented import NOW, TOKEN

from .conftest import document

COURSES = [f"C{n:02}" for n in range(12)]
PEOPLE = [f"p{n:02}" for n in range(15)]
ROSTER = "username,course,role\n" + "\n".join(f"{p},{c},student" for c in COURSES for p in PEOPLE)
DRESSES = [
    "database-away",
    "maintenance-200",
    "database-lost",
    "500",
    "503",
    "html-200",
    "reset-before",
    "reset-after-commit",
    "truncated",
]
MIDDLE = 65
"""The call of an apply that is in the middle of its writes: the first is the 51st, the last the 87th or so."""
SETTINGS = {"mode": "add-only", "chunk_rows": 10, "connections": 3}


@pytest.fixture
def server() -> Iterator[Server]:
    """Twelve courses, and fifteen people who are to come into each."""
    made = document(dict.fromkeys(COURSES, "tom:editingteacher"), people=PEOPLE)
    state = State.load(made, token=TOKEN, clock=lambda: NOW)
    with serve(state) as running:
        state.site["url"] = running.url
        yield running


@contextmanager
def working(server: Server, folder: Path, **settings: object) -> Iterator[Site]:
    """The site, ready to work with, as a command has it: whoever waits really waits."""
    store = str(folder / "store.db")
    chosen = {**SETTINGS, "site": server.url, "token": TOKEN, "store": store, **settings}
    with open_site(Settings.model_validate(chosen)) as work:
        yield work


def planned(server: Server, folder: Path) -> Plan:
    """The plan for ROSTER."""
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    with working(server, folder) as work:
        return make_plan([folder / "roster.csv"], work)


SETTING = "(outage_minutes in the settings file, which `rostersync config path` names)"


def enrolled(server: Server) -> dict[str, int]:
    """Course → how many of the people are in it."""
    with server.lock:
        state = server.state
        return {c: len(state.enrolled(state.course(c).id)) - 1 for c in COURSES}


@pytest.mark.parametrize("dress", DRESSES)
def test_an_outage_within_the_limit_leaves_no_trace(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, dress: str
) -> None:
    """Every course is done, and proved; it is said that Moodle was away, since when, and that it is back."""
    plan = planned(server, tmp_path)
    server.faults.add(f"{dress}:n={MIDDLE},lasts=2")
    with working(server, tmp_path) as work:
        report = apply_plan(plan, work)
    assert server.faults.describe()[0]["met"] > 0
    assert (report.exit_code, report.buckets()["enrolled"]) == (0, 180), report.verdict
    assert set(report.rows["proof"]) == {"proved"}
    assert enrolled(server) == dict.fromkeys(COURSES, 15)
    assert f"{server.url} has been away since " in caplog.text
    assert "rostersync waits until " in caplog.text
    assert f"{server.url} is back after " in caplog.text


@pytest.mark.parametrize("dress", [*DRESSES, "maintenance-cli"])
def test_a_run_that_an_outage_has_stopped_is_resumed(server: Server, tmp_path: Path, dress: str) -> None:
    """It rushed through all courses once, and counted as finished: it ends with 5, and goes on where it broke off."""
    plan = planned(server, tmp_path)
    server.faults.add(f"{dress}:n={MIDDLE},times=0")
    with working(server, tmp_path, outage_minutes=0.03) as work:
        report = apply_plan(plan, work)
        run = work.store.runs()[-1]
    assert server.faults.describe()[0]["met"] <= 40, "nobody hammers a site that is away"
    assert report.exit_code == 5, report.verdict
    assert "`rostersync resume` goes on with it" in report.verdict
    assert (str(run.state), run.exit_code) == ("stopped", 5)
    assert sum(report.buckets().values()) == 180
    assert set(report.rows["bucket"]) <= {"enrolled", "unproved", "held"}
    assert report.buckets()["held"] > 0
    assert sum(enrolled(server).values()) < 180
    server.faults.clear()
    with working(server, tmp_path) as work:
        report = resume(work)
        assert str(work.store.runs()[-1].state) == "done"
    assert report.exit_code == 0, report.verdict
    assert enrolled(server) == dict.fromkeys(COURSES, 15)


@pytest.mark.parametrize("dress", ["database-away", "database-lost", "500", "html-200"])
def test_a_plan_waits_as_well_and_ends_with_5(server: Server, tmp_path: Path, dress: str) -> None:
    """A course whose list could not be read is not held for it: nothing is planned that is not known."""
    server.faults.add(f"{dress}:n=30,times=0,lasts=2")
    plan = planned(server, tmp_path)
    assert len(plan.changes[plan.changes["hold"] == ""]) == 180
    server.faults.clear()
    server.faults.add(f"{dress}:n=30,times=0")
    with working(server, tmp_path, outage_minutes=0.03) as work, pytest.raises(Unreachable) as caught:
        make_plan([tmp_path / "roster.csv"], work)
    assert caught.value.exit_code == 5
    assert SETTING in caught.value.message
    assert caught.value.remedy


ALONE = [
    "503",
    "503:retry-after=300",
    "503:retry-after=1",
    "429",
    "500",
    "maintenance",
    "maintenance-200",
    "database-away",
    "webservices-off",
    "html-200",
    "truncated",
]
"""What one read alone can meet, while the site answers all others: most by a proxy that does not like it."""


@pytest.mark.parametrize("dress", ALONE)
def test_one_read_that_is_always_refused_holds_its_course_alone(server: Server, tmp_path: Path, dress: str) -> None:
    """The site is not away: the others are synced, in seconds, and the reason stands beside those that are held."""
    sep = "," if ":" in dress else ":"
    server.faults.add(f"{dress}{sep}function=core_enrol_get_enrolled_users,course={server.state.course('C03').id}")
    began = time.monotonic()
    plan = planned(server, tmp_path)
    with working(server, tmp_path) as work:
        report = apply_plan(plan, work)
    assert time.monotonic() - began < 60
    assert server.faults.describe()[0]["met"] > 0
    assert (report.exit_code, report.buckets()["enrolled"]) == (3, 165), report.verdict
    held = report.rows[report.rows["bucket"] == "held"]
    assert set(held["code"]) == {"read_incomplete"}
    assert len(held) == 15
    assert held["message"].str.contains("core_enrol_get_enrolled_users: ").all(), held["message"].iloc[0]
    assert enrolled(server) == {**dict.fromkeys(COURSES, 15), "C03": 0}


@pytest.mark.parametrize("dress", ["503", "503:retry-after=300", "429", "maintenance", "webservices-off"])
def test_one_read_that_is_refused_when_all_is_written_leaves_its_course_unproved(
    server: Server, tmp_path: Path, dress: str
) -> None:
    """What was sent is not called done, and the run comes to its end."""
    plan = planned(server, tmp_path)
    sep = "," if ":" in dress else ":"
    about = f"function=core_enrol_get_enrolled_users,course={server.state.course('C03').id}"
    server.faults.add(f"{dress}{sep}{about},n=3,times=0")  # two show the empty list before it is written
    with working(server, tmp_path) as work:
        report = apply_plan(plan, work)
        assert str(work.store.runs()[-1].state) == "done"
    assert (report.exit_code, report.buckets()["enrolled"]) == (3, 165), report.verdict
    assert report.buckets()["unproved"] == 15
    assert enrolled(server) == dict.fromkeys(COURSES, 15)


@pytest.mark.parametrize("dress", ["503", "429", "maintenance", "maintenance-200", "database-away", "webservices-off"])
def test_one_write_that_is_always_refused_fails_alone(server: Server, tmp_path: Path, dress: str) -> None:
    """Moodle takes the others: nothing is waited for a quarter of an hour, and no course but its own is stopped."""
    plan = planned(server, tmp_path)
    server.faults.add(f"{dress}:function=enrol_manual_enrol_users,course={server.state.course('C11').id}")
    began = time.monotonic()
    with working(server, tmp_path, attempts=1) as work:
        report = apply_plan(plan, work)
    assert time.monotonic() - began < 120
    assert enrolled(server) == {**dict.fromkeys(COURSES, 15), "C11": 0}, report.verdict
    assert report.buckets()["enrolled"] == 165
    assert set(report.rows.loc[report.rows["bucket"] != "enrolled", "bucket"]) <= {"failed", "held", "unproved"}
    assert report.exit_code == 3


@pytest.mark.parametrize("course", ["C00", "C05"])
def test_a_course_whose_writes_get_no_answer_stops_no_other(server: Server, tmp_path: Path, course: str) -> None:
    """Wherever it stands in the order: the run comes to its end, and says which rows were not tried."""
    plan = planned(server, tmp_path)
    server.faults.add(f"503:function=enrol_manual_enrol_users,course={server.state.course(course).id}")
    with working(server, tmp_path, attempts=1, connections=1) as work:
        report = apply_plan(plan, work)
    assert enrolled(server) == {**dict.fromkeys(COURSES, 15), course: 0}, report.verdict
    assert (report.exit_code, report.buckets()["enrolled"]) == (3, 165)
    assert set(report.rows.loc[report.rows["bucket"] != "enrolled", "bucket"]) <= {"failed", "held", "unproved"}


def test_an_outage_before_the_first_call_is_waited_for(server: Server, tmp_path: Path) -> None:
    """A run that begins while the database is away begins when it is back."""
    server.faults.add("database-away:lasts=1.5")
    assert len(planned(server, tmp_path).changes) == 180


def begun(server: Server, folder: Path, *words: str) -> subprocess.Popen[str]:
    """A command in this folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("ROSTERSYNC_")} | {
        "ROSTERSYNC_SITE": server.url,
        "ROSTERSYNC_TOKEN": TOKEN,
        "ROSTERSYNC_STORE": str(folder / "store.db"),
        "XDG_CONFIG_HOME": str(folder),
        **{f"ROSTERSYNC_{name.upper()}": str(value) for name, value in SETTINGS.items()},
    }
    command = [sys.executable, "-m", "rostersync", *words]
    return subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("what", ["apply", "plan"])
def test_a_signal_ends_the_wait_and_resume_goes_on(server: Server, tmp_path: Path, what: str) -> None:
    """Within two seconds, whatever Moodle has asked to wait for; what was said until then stands on standard error."""
    save_plan(planned(server, tmp_path), tmp_path / "plan.json")
    words = ["apply", "plan.json"] if what == "apply" else ["plan", "roster.csv", "--out", "other.json"]
    number = server.faults.add(f"maintenance:n={MIDDLE if what == 'apply' else 12}")
    process = begun(server, tmp_path, *words)
    until = time.monotonic() + 60
    while server.faults.describe()[0]["met"] == 0 and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 2.5, "half a second for the report and the interpreter"
    assert process.returncode == 1, out + err
    assert f"{server.url} has been away since " in err
    assert SETTING in err
    server.faults.clear(number)
    if what == "apply":
        with working(server, tmp_path) as work:
            assert resume(work).exit_code == 0
        assert enrolled(server) == dict.fromkeys(COURSES, 15)


def test_the_doctor_does_not_wait(server: Server, tmp_path: Path) -> None:
    """What is down now is a finding."""
    server.faults.add("database-away")
    process = begun(server, tmp_path, "doctor")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5, out + err
    assert "has been away since" not in err
    assert server.called() == {"core_webservice_get_site_info": 1}
