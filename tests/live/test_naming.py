"""What of the live checks is run follows from what is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term

TOP = Path(__file__).parents[2]
CHECKS = ("tests/live/test_live.py", "tests/live/test_harm.py")
COUNT = 12


@pytest.mark.parametrize(
    ("named", "passed", "said"),
    [
        ((), 0, "ROSTERSYNC_LIVE_URL and ROSTERSYNC_LIVE_TOKEN not set"),
        (("URL", "TOKEN"), 2, "ROSTERSYNC_LIVE_COURSES not set"),
        (("URL", "TOKEN", "COURSES"), 4, "ROSTERSYNC_LIVE_PEOPLE not set"),
        (("URL", "TOKEN", "COURSES", "GRADED"), 5, "ROSTERSYNC_LIVE_PEOPLE not set"),
    ],
)
def test_what_nobody_has_named_is_left_out(named: tuple[str, ...], passed: int, said: str) -> None:
    """Without a Moodle everything; without courses what looks into them; without people what changes something."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("ROSTERSYNC_LIVE_")}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *CHECKS]
    with serve(State.load(term(people=60, courses=2, enrolments=40))) as server:
        before = server.document()
        course = next(one["id"] for one in before["courses"] if one["shortname"] == "ANT101")
        graded = next(one["userid"] for one in before["grades"] if one["courseid"] == course and one["rawgrade"])
        name = next(one["username"] for one in before["users"] if one["id"] == graded)
        every = {"URL": server.url, "TOKEN": server.token, "COURSES": "ANT101", "GRADED": name}
        live = {f"ROSTERSYNC_LIVE_{name}": every[name] for name in named}
        ended = subprocess.run(
            [*command, "-k", "[live]"], cwd=TOP, env=others | live, capture_output=True, text=True, check=True
        )
        assert server.document() == before
    counts = f"{passed} passed, {COUNT - passed} skipped" if passed else f"{COUNT} skipped"
    assert counts in ended.stdout
    assert said in ended.stdout
    assert ("that it was not tried" in ended.stdout) is bool(named)
