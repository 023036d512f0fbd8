"""One Moodle is one site, by whatever address it is called."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from rostersync import report
from rostersync.cli.result import question
from rostersync.errors import PlanRefused, SiteBusy
from rostersync.report.wording import site_words
from rostersync.settings import Settings
from rostersync.store import open_store
from rostersync.sync.plan import Plan
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.review import preview
from rostersync.workflow.site import open_site
from tests.invented import TOKEN

Make = Callable[..., Any]
ROSTER = "username,course,role\nada,BIO101,student\nben,BIO101,student\n"
WANTED = {"ada": "student", "ben": "student"}
SPELLINGS: list[Callable[[str], str]] = [
    lambda url: url + "/",
    lambda url: url.replace("127.0.0.1", "localhost"),
    lambda url: url.replace("http://127.0.0.1", "HTTP://LOCALHOST"),
]


def settings_of(world: Any, site: str) -> Settings:  # noqa: ANN401 - a World
    return Settings(site=site, token=TOKEN, store=str(world.store_path), mode="mirror", allow_removals=9)  # type: ignore[arg-type]  # pydantic makes them of texts


def planned(world: Any, site: str) -> Plan:  # noqa: ANN401 - a World
    with open_site(settings_of(world, site)) as work:
        return make_plan([world.roster(ROSTER)], work)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_plan_of_one_spelling_is_carried_out_by_another(make: Make, spelling: Callable[[str], str]) -> None:
    """And what it set is known to both, as one history."""
    world = make({"BIO101": "ben:student"}, people=["ada"])
    other = spelling(world.gate.url)
    plan = planned(world, other)
    with open_site(settings_of(world, world.gate.url)) as work:
        assert apply_plan(plan, work).exit_code == 0
    assert world.people("BIO101") == WANTED
    with open_site(settings_of(world, other)) as work:
        assert [run.run for run in work.store.runs(work.client.site)] == [1]
        with pytest.raises(PlanRefused, match="applied already"):
            apply_plan(plan, work)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_two_runs_at_once_on_one_moodle_never_happen(make: Make, spelling: Callable[[str], str]) -> None:
    """Whoever comes second by another spelling is told so, and changes nothing."""
    world = make({"BIO101": "ben:student"}, people=["ada"])
    other = spelling(world.gate.url)
    first, second = planned(world, world.gate.url), planned(world, other)
    busy: list[SiteBusy] = []

    def come(called: Any, body: bytes) -> bytes:  # noqa: ANN401 - the gate's own type
        if called.writes and not busy:
            with open_site(settings_of(world, other)) as work:
                try:
                    apply_plan(second, work)
                except SiteBusy as error:
                    busy.append(error)
        return body

    world.gate.spoil = come
    with open_site(settings_of(world, world.gate.url)) as work:
        assert apply_plan(first, work).exit_code == 0
    assert len(busy) == 1
    assert len(world.wrote()) == 1


def test_what_moodle_calls_itself_is_its_name(make: Make) -> None:
    """Behind a proxy both addresses lead to the Moodle that says of itself what it is called."""
    world = make({"BIO101": "ben:student"}, people=["ada"])
    world.state.site["url"] = "https://Moodle.Uni.Example/"
    plan = planned(world, world.gate.url)
    assert plan.site == "https://moodle.uni.example"
    with open_store(world.store_path, clock=world.clock) as store:
        assert store.site_of(world.gate.url.replace("127.0.0.1", "localhost")) == "https://moodle.uni.example"


def test_previews_and_reports_name_the_address_that_can_be_opened(make: Make) -> None:
    """It is the one that settings name; what Moodle calls itself stands beside it where it is another one."""
    world = make({"BIO101": "ben:student"}, people=["ada"])
    world.state.site["url"] = "https://moodle.uni.example"
    plan = planned(world, world.gate.url.replace("127.0.0.1", "localhost"))
    there = world.gate.url.replace("127.0.0.1", "localhost")
    with open_site(settings_of(world, there)) as work:
        done = apply_plan(plan, work)
    for shown in (preview(plan), done):
        named = f"{there}, which calls itself https://moodle.uni.example (Moodle {shown.release})"
        assert site_words(shown) == named
        document = report.document(shown)
        assert (document["site"], document["address"]) == ("https://moodle.uni.example", there)
        console = Console(file=io.StringIO(), width=400)
        report.show(shown, console)
        assert named in console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert question(done).endswith(f" on {there}, which calls itself https://moodle.uni.example?")


def test_an_address_that_moodle_calls_itself_stands_alone(make: Make) -> None:
    """Other spellings of one address are the same."""
    world = make({"BIO101": "ben:student"}, people=["ada"])
    there = world.gate.url.replace("127.0.0.1", "localhost")
    shown = preview(planned(world, there))
    assert site_words(shown) == f"{there} (Moodle {shown.release})"


def test_what_an_earlier_version_stored_under_another_name_is_found_again(make: Make) -> None:
    """A run of the address, from before Moodle was asked what it calls itself, is this site's."""
    world = make({"BIO101": "ben:student"}, people=["ada"])
    world.state.site["url"] = "https://moodle.uni.example"
    with open_store(world.store_path, clock=world.clock) as store:
        assert store.begin(world.gate.url.replace("127.0.0.1", "LOCALHOST"), "d1") == 1
    planned(world, world.gate.url)
    with open_store(world.store_path, clock=world.clock) as store:
        assert [run.run for run in store.runs("https://moodle.uni.example")] == [1]
