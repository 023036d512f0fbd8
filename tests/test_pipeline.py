"""The pipeline as commands use it: settings in, a site over HTTP, plan files, and what is refused."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rostersync.enums import Mode
from rostersync.errors import (
    EmptyRoster,
    FunctionMissing,
    PlanRefused,
    ReportError,
    SettingsError,
    StoreError,
    TokenRefused,
    Unreachable,
    UsageError,
)
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.workflow import review
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.export import export
from rostersync.workflow.plan import make_plan
from rostersync.workflow.plan_file import load_plan, save_plan
from rostersync.workflow.site import open_site


@pytest.fixture
def server() -> Iterator[Server]:
    """An invented term with four courses over HTTP."""
    with serve(State.load(term(people=120, courses=4, enrolments=160))) as running:
        yield running


@pytest.fixture
def settings(server: Server, tmp_path: Path) -> Settings:
    """Everything that a command would be told."""
    return settings_for(server, tmp_path)


def settings_for(server: Server, folder: Path, **more: object) -> Settings:
    values = {"site": server.url, "token": server.token, "store": str(folder / "store.db"), "mode": "mirror", **more}
    return Settings.model_validate(values)


def roster(server: Server, folder: Path, *, without: int = 1) -> Path:
    """The students of the first course, without the first of them and with somebody new."""
    state = server.state
    course = min(state.courses)
    here = [u for u, roles in state.enrolled(course).items() if roles == {"student"}]
    new = next(u for u in sorted(state.users.rows, reverse=True) if u not in state.enrolled(course))
    names = [state.users.rows[u].username for u in [*here[without:], new]]
    path = folder / "term.csv"
    short = state.courses[course].shortname
    path.write_text("username,course,role\n" + "".join(f"{n},{short},student\n" for n in names), encoding="utf-8")
    return path


def plan_of(settings: Settings, file: Path) -> Plan:
    with open_site(settings) as work:
        return make_plan([file], work)


def test_plan_save_load_apply(server: Server, settings: Settings, tmp_path: Path) -> None:
    """A plan survives its file, is applied once, and is refused afterwards, in another process, too."""
    file, path = roster(server, tmp_path), tmp_path / "monday.plan.json"
    plan = plan_of(settings, file)
    preview = review.preview(plan)
    assert preview.preview
    assert preview.buckets()["enrolled"] == 1
    save_plan(plan, path)
    assert not list(tmp_path.glob("*.part"))
    loaded = load_plan(path)
    assert loaded.digest() == plan.digest()
    assert server.token not in path.read_text(encoding="utf-8")
    with open_site(settings) as work:
        report = apply_plan(loaded, work)
        assert report.buckets() == preview.buckets()
        assert report.digest == plan.digest()
    with open_site(settings) as work, pytest.raises(PlanRefused, match="applied already, as run 1") as caught:
        apply_plan(load_plan(path), work)
    assert caught.value.exit_code == 4


def test_a_plan_without_anything_to_do_can_be_applied_again(server: Server, settings: Settings, tmp_path: Path) -> None:
    """Two nightly runs within one second make the same empty plan, and the second is no error."""
    file = roster(server, tmp_path, without=0)
    with open_site(settings) as work:
        apply_plan(make_plan([file], work), work)
        still = replace(work, clock=lambda: 1_900_000_000.0)
        first, second = make_plan([file], still), make_plan([file], still)
        assert first.changes.empty
        assert first.digest() == second.digest()
        assert apply_plan(first, still).exit_code == 0
        assert apply_plan(second, still).exit_code == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"unenrol"', '"enrol"'),
        ('"refused": ""', '"refused": " "'),
        ('"run_limit_count": 25', '"run_limit_count": 999'),
    ],
)
def test_an_edited_plan_is_refused(server: Server, settings: Settings, tmp_path: Path, old: str, new: str) -> None:
    """One word in a plan's file is enough."""
    path = tmp_path / "plan.json"
    save_plan(plan_of(settings, roster(server, tmp_path)), path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PlanRefused, match="was edited after it was made"):
        load_plan(path)


def test_files_that_are_no_plans(tmp_path: Path) -> None:
    """Missing, no JSON, other JSON, a newer version: each says so."""
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_plan(tmp_path / "none.json")
    path = tmp_path / "plan.json"
    for text in ("", "[1]", '{"format": "other"}', "username,course\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PlanRefused, match=r"plan\.json is not a plan"):
            load_plan(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="it is not text"):
        load_plan(path)
    path.write_text(json.dumps({"format": "rostersync-plan", "version": 99}), encoding="utf-8")
    with pytest.raises(PlanRefused, match="version 99"):
        load_plan(path)


def test_a_plan_that_cannot_be_written_leaves_nothing(server: Server, settings: Settings, tmp_path: Path) -> None:
    """The error names the file."""
    plan = plan_of(settings, roster(server, tmp_path))
    with pytest.raises(ReportError, match="cannot be written"):
        save_plan(plan, tmp_path / "nowhere" / "plan.json")


def test_a_file_that_only_adds_removes_nobody(server: Server, settings: Settings, tmp_path: Path) -> None:
    """What its rows say of leaving is ignored; where the mode lets them speak it is carried out."""
    course = min(server.state.courses)
    here = [u for u, roles in server.state.enrolled(course).items() if roles == {"student"}][:2]
    new = next(u for u in sorted(server.state.users.rows, reverse=True) if u not in server.state.enrolled(course))
    names = [server.state.users.rows[u].username for u in [*here, new]]
    short = server.state.courses[course].shortname
    file = tmp_path / "term.csv"
    words = zip(names, ("removed", "suspended", "active"), strict=True)
    lines = "".join(f"{n},{short},student,{word}\n" for n, word in words)
    file.write_text("username,course,role,status\n" + lines, encoding="utf-8")
    adding = plan_of(settings.model_copy(update={"mode": Mode.ADD_ONLY}), file)
    assert adding.changes[["user_id", "removal"]].to_numpy().tolist() == [[new, False]]
    speaking = plan_of(settings.model_copy(update={"mode": Mode.EXPLICIT}), file)
    assert set(speaking.changes["user_id"]) == {*here, new}


def test_a_plan_is_refused_when_a_file_of_its_set_has_changed(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    """Whom the rows mean stands in users.csv."""
    course = min(server.state.courses)
    somebody, other = sorted(set(server.state.users.rows) - set(server.state.enrolled(course)))[-2:]
    names = [server.state.users.rows[u].username for u in (somebody, other)]
    short = server.state.courses[course].shortname
    files = {
        "users.csv": f"sourcedId,status,enabledUser,username,identifier\nu1,,true,{names[0]},\n",
        "classes.csv": f"sourcedId,status,title,courseSourcedId,classCode\nk1,,T,c,{short}\n",
        "enrollments.csv": "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role\ne1,,k1,o,u1,student\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    chosen = settings.model_copy(
        update={
            "mode": Mode.ADD_ONLY,
            "columns": {
                "users.username": "username",
                "classes.classCode": "course_shortname",
                "userSourcedId": "ignore",
                "classSourcedId": "ignore",
            },
        }
    )
    with open_site(chosen) as work:
        plan = make_plan([tmp_path / name for name in files], work)
        assert len(plan.changes) == 1
        (tmp_path / "users.csv").write_text(files["users.csv"].replace(names[0], names[1]), encoding="utf-8")
        assert make_plan([tmp_path / name for name in files], work).digest() != plan.digest()
        with pytest.raises(PlanRefused, match=r"users\.csv has changed"):
            apply_plan(plan, work)


def test_a_plan_for_another_site_is_refused(server: Server, settings: Settings, tmp_path: Path) -> None:
    """The address is part of the plan."""
    plan = plan_of(settings, roster(server, tmp_path))
    other = replace(plan, site="https://moodle.example")
    refused = pytest.raises(PlanRefused, match=r"itself https://moodle\.example, not for")
    with open_site(settings) as work, refused:
        apply_plan(other, work)


def test_a_refused_plan_is_not_applied(server: Server, tmp_path: Path) -> None:
    """Over the run's limit nothing at all is changed, and the preview says 4."""
    strict = settings_for(server, tmp_path, run_limit_count=0, run_limit_share=0)
    before = server.state.document()
    plan = plan_of(strict, roster(server, tmp_path))
    assert plan.refused
    assert review.preview(plan).exit_code == 4
    with open_site(strict) as work, pytest.raises(PlanRefused, match="the plan is refused") as caught:
        apply_plan(plan, work)
    assert "--allow-removals" in caught.value.remedy
    assert server.state.document() == before


def test_planning_changes_nothing(server: Server, settings: Settings, tmp_path: Path) -> None:
    """The site is the same afterwards, to the last row."""
    before = server.state.document()
    assert not plan_of(settings, roster(server, tmp_path)).changes.empty
    assert server.state.document() == before


def test_nobody_outside_the_plan_changes(server: Server, settings: Settings, tmp_path: Path) -> None:
    """Enrolments and roles of the other courses, and accounts, are what they were."""
    before = server.state.document()
    course = min(server.state.courses)
    with open_site(settings) as work:
        apply_plan(make_plan([roster(server, tmp_path)], work), work)
    after = server.state.document()
    instances = {i["id"] for i in before["enrol_instances"] if i["courseid"] == course}
    for table in ("users", "courses", "groups", "roles", "enrol_instances"):
        assert after[table] == before[table]
    for document in (before, after):
        document["enrolments"] = [e for e in document["enrolments"] if e["enrolid"] not in instances]
        document["role_assignments"] = [a for a in document["role_assignments"] if a["courseid"] != course]
    assert after["enrolments"] == before["enrolments"]
    assert after["role_assignments"] == before["role_assignments"]


def test_a_roster_without_any_enrolment_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Blank rows are no roster: nobody has left."""
    path = tmp_path / "empty.csv"
    path.write_text("username,course,role\n,,\n,,\n", encoding="utf-8")
    with open_site(settings) as work, pytest.raises(EmptyRoster) as caught:
        make_plan([path], work)
    assert caught.value.exit_code == 4


def test_what_has_to_be_there_before_work_begins(server: Server, settings: Settings, tmp_path: Path) -> None:
    """No site, no token, a wrong token, a missing function, a store that cannot be opened: each has its own error."""

    def begin(**changed: object) -> None:
        with open_site(Settings.model_validate({**settings.model_dump(), **changed})):
            raise AssertionError

    with pytest.raises(SettingsError, match="no site is set"):
        begin(site="")
    with pytest.raises(SettingsError, match="no token is set"):
        begin(token="")
    with pytest.raises(TokenRefused):
        begin(token="0" * 32)
    with pytest.raises(StoreError):
        begin(store=str(tmp_path))
    server.state.functions.remove("enrol_manual_enrol_users")
    with pytest.raises(FunctionMissing, match="enrol_manual_enrol_users"):
        begin()


def test_a_site_that_is_not_there(server: Server, settings: Settings) -> None:
    """Exit code 5, and nothing is waited for that cannot come."""
    server.close()
    with (
        pytest.raises(Unreachable) as caught,
        open_site(Settings.model_validate({**settings.model_dump(), "outage_minutes": 0, "attempts": 1})),
    ):
        raise AssertionError
    assert caught.value.exit_code == 5


def test_an_export_is_a_roster_that_changes_nothing(server: Server, settings: Settings, tmp_path: Path) -> None:
    """What Moodle says now, as a file, makes an empty plan."""
    course = min(server.state.courses)
    with open_site(settings) as work:
        rows, _ = export([server.state.courses[course].shortname], work)
    path = tmp_path / "export.csv"
    rows.to_csv(path, index=False)
    plan = plan_of(settings, path)
    todo = plan.changes[(plan.changes["hold"] == "") & (plan.changes["op"] != "nothing")]
    assert todo.empty


def test_a_large_run_stays_small(tmp_path: Path) -> None:
    """A thousand changes take some megabytes, not some hundred."""
    state = State.load(term(people=1400, courses=4, enrolments=40))
    with serve(state) as running:
        short = state.courses[min(state.courses)].shortname
        names = [u.username for u in list(state.users.rows.values())[300:1300]]
        path = tmp_path / "large.csv"
        path.write_text("username,course,role\n" + "".join(f"{n},{short},student\n" for n in names), encoding="utf-8")
        settings = settings_for(running, tmp_path, mode="add-only")
        with open_site(settings) as work:
            plan = make_plan([path], work)
            tracemalloc.start()
            report = apply_plan(plan, work)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert report.buckets()["enrolled"] > 900
    assert peak < 60_000_000
