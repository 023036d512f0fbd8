"""Moodle answers null and does nothing, and its lists then fail: nothing is called done, and the exit code says so."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.server import Server

from .conftest import CHANGED, written

Run = Callable[..., Any]
WRITES = ("enrol_manual_enrol_users", "enrol_manual_unenrol_users")


@pytest.mark.parametrize("as_json", [False, True])
def test_nothing_is_called_done_that_no_read_shows(run: Run, connected: Server, *, as_json: bool) -> None:
    """Exit code 3, and the words that tell it apart from a failure, in the terminal and in JSON."""
    assert run("plan", written("roster.csv", CHANGED), "--out", "plan.json").code == 0
    numbers = [connected.faults.add(f"null-not-done:function={name}") for name in WRITES]
    # Two pages of the list, one of them beyond its end, and two of the suspended come before the first write.
    numbers.append(connected.faults.add("truncated:function=core_enrol_get_enrolled_users,n=5,times=0"))
    ran = run("apply", "plan.json", *(["--json"] if as_json else []))
    for number in numbers:
        connected.faults.clear(number)
    assert ran.code == 3
    if as_json:
        told = json.loads(ran.out)
        assert (told["buckets"]["unproved"], told["buckets"]["enrolled"], told["people"]["unproved"]) == (1, 0, 2)
        assert told["verdict"] == "nothing is known to be changed; 2 enrolments unproved"
        assert {change["proof"] for change in told["changes"]} == {"unproved"}
    else:
        assert "Unproved: 2, sent, and no read shows what became of it" in ran.out
        assert "the next run looks again" in ran.out
        assert "Failed" not in ran.out
        assert "enrolments changed" not in ran.out
    time.sleep(1)  # two plans of one second that ask for the same are one
    assert run("sync", "roster.csv", "--yes").code == 0
    assert run("plan", "roster.csv", "--exit-code").code == 0
