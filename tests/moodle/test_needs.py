"""What the doctor says is needed, and what rostersync calls: a whole run is watched from inside the sandbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from rostersync.moodle.diagnostics import examine
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.settings import Settings
from rostersync.tables.capabilities import CAPABILITIES
from rostersync.tables.functions import FUNCTIONS
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.undo import undo_plan
from tests.faults.world import world
from tests.invented import NOW, TOKEN
from tests.kills.site import at_work

NEVER_ASKED = {
    "moodle/user:viewhiddendetails",
    "moodle/course:useremail",
    "moodle/site:viewuseridentity",
    "moodle/user:update",
    "enrol/manual:manage",
    "moodle/course:viewparticipants",
}
"""Those of Moodle's documentation without which no recording differs, and one that enrolreview stands for."""

TOO_LONG = ""
"""What a call is named whose body was cut: the doctor sends some of them, to find the limit."""


class Watched(State):
    """A site that remembers which of the token's capabilities were asked for."""

    asked: set[str]

    def can(self, capability: str) -> bool:
        """As ever."""
        self.asked = getattr(self, "asked", set()) | {capability}
        return super().can(capability)


def test_what_is_called_and_asked_for_is_what_the_doctor_lists(tmp_path: Path) -> None:
    """A sync with every kind of change, its way back, and the doctor: nothing is called or needed that is not listed.

    What is listed is called, and is asked for by the site.
    """
    chosen = world()
    state = Watched.load(chosen.document, token=TOKEN, clock=lambda: NOW)
    hidden = max(state.courses)
    state.courses[hidden] = replace(state.courses[hidden], visible=0)
    for course in state.courses:
        state.gradebook.open(course)
    (tmp_path / "roster.csv").write_text(chosen.roster, encoding="utf-8")
    with serve(state) as server:
        state.site["url"] = server.url
        with at_work(server.url, tmp_path, allow_removals=9999) as work:
            apply_plan(make_plan([tmp_path / "roster.csv"], work), work)
            apply_plan(undo_plan(work.store.runs()[-1].run, work), work)
        examine(Settings(site=server.url), SecretStr(TOKEN))
        called = {*server.called()} - {TOO_LONG}
    assert called == set(FUNCTIONS)
    assert isinstance(state, Watched)
    assert set(CAPABILITIES) - state.asked == NEVER_ASKED
    assert state.asked <= set(CAPABILITIES)
