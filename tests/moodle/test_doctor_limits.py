"""How many form fields PHP reads, found by look-ups of nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from rostersync.moodle import Client
from rostersync.moodle.diagnostics.finding import Finding, FindingState
from rostersync.moodle.diagnostics.site_limits import CEILING, input_limit, longest
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State as Site
from rostersync.settings import Settings

RECORDED = Path(__file__).parent.parent / "contract" / "state.json"


def measured(limit: int, *, max_fields: int = 900, faults: Sequence[str] = ()) -> tuple[int | None, Finding]:
    """What is found on the recorded site with this limit; nothing in it is different afterwards."""
    site = Site.load(RECORDED)
    site.max_input_vars = limit
    before = site.document()
    settings = Settings(max_fields=CEILING + 100, attempts=1)
    with serve(site, faults=faults) as server, Client(server.url, SecretStr(server.token), settings=settings) as client:
        found = input_limit(client, max_fields)
    assert site.document() == before
    return found


@pytest.mark.parametrize("limit", [60, 777, 999, 1000, 1001, 3333, 5000, 10_000, CEILING])
def test_max_input_vars_is_found_exactly(limit: int) -> None:
    """By look-ups that are too long, not by guessing."""
    found, finding = measured(limit)
    assert found == limit
    assert finding.bad is (limit < 900)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("fault", ["truncated", "500", "503", "reset-before"])
def test_answers_that_get_lost_are_not_taken_for_the_limit(fault: str, n: int) -> None:
    """A look-up that brought nothing is sent again before anything is said of its length."""
    found, finding = measured(5000, faults=[f"{fault}:n={n},times=2"])
    assert (found, finding.state) == (5000, FindingState.OK)
    assert "other than PHP" not in finding.what


def test_no_limit_is_told_as_that_many_or_more() -> None:
    """Beyond the longest body that is tried nothing matters."""
    found, finding = measured(0)
    assert found == CEILING
    assert "20,000 or more" in finding.what


def test_a_limit_below_everything_is_not_guessed() -> None:
    """Where even a short look-up loses its function, the limit is not known."""
    found, finding = measured(10)
    assert (found, finding.state) == (None, FindingState.NOT_TESTED)


def test_max_fields_above_the_limit_is_something_to_put_right() -> None:
    """Bodies would lose their function; a value that fits is said."""
    _, finding = measured(1000, max_fields=4000)
    assert finding.state is FindingState.MISSING
    assert "max_fields = 900" in finding.remedy


def test_room_for_larger_calls_is_mentioned() -> None:
    """Not as something to put right."""
    _, finding = measured(5000)
    assert (finding.state, finding.remedy) == (FindingState.OK, "max_fields = 4500 would make fewer, larger calls")


def counted(limit: int) -> tuple[Callable[[int], bool], list[int]]:
    asked: list[int] = []

    def fits(number: int) -> bool:
        asked.append(number)
        return number <= limit

    return fits, asked


@pytest.mark.parametrize(("limit", "calls"), [(1000, 2), (5000, 4), (10_000, 6), (CEILING, 7)])
def test_usual_limits_take_few_calls(limit: int, calls: int) -> None:
    """PHP logs a warning for each body that it cuts."""
    fits, asked = counted(limit)
    assert longest(fits) == limit
    assert len(asked) == calls


@pytest.mark.parametrize("limit", [20, 21, 999, 1002, 4999, 5002, 12_345, 19_999])
def test_any_limit_is_found(limit: int) -> None:
    """In at most 21 calls."""
    fits, asked = counted(limit)
    assert longest(fits) == limit
    assert len(asked) <= 21
