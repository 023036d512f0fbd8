"""Pages of lists: as large as the site answers in good time, and together the whole list whatever their sizes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from rostersync.moodle import Client
from rostersync.moodle.enrolments import list_people
from rostersync.moodle.throttle import PAGE_FLOOR, Throttle
from rostersync.moodle.transport import Setback, SetbackKind
from rostersync.sandbox.http import Arrival
from rostersync.sandbox.server import LOOPBACK, Server
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from rostersync.settings import Settings
from rostersync.tables.functions import ENROLLED_USERS


class Watched(Server):
    """A sandbox that notes which page each call asks for."""

    def __init__(self, state: State) -> None:
        self.pages: list[tuple[int, int]] = []
        super().__init__(state, host=LOOPBACK, port=0, seed=0, capacity=None)

    def arrive(self, body: bytes, query: str) -> Arrival:
        """Note it and go on."""
        made = super().arrive(body, query)
        options = made.asked.form.get("options", {})
        if isinstance(options, dict):
            wish = {o["name"]: o["value"] for o in options.values() if isinstance(o, dict)}
            self.pages.append((int(str(wish["limitfrom"])), int(str(wish["limitnumber"]))))
        return made


@pytest.fixture(scope="module")
def server() -> Iterator[Watched]:
    """A course of 40 people and ones of up to some hundreds."""
    with Watched(State.load(term(people=700, courses=4, enrolments=1200))) as running:
        yield running


def client_of(server: Server, seconds: list[float], **more: object) -> Client:
    """A client whose calls take so many seconds by its own clock, one after the other, and then none."""
    left, now, looks = iter(seconds), [0.0], count()

    def clock() -> float:
        if next(looks) % 2:  # a call looks when it begins, and when it has ended
            now[0] += next(left, 0.0)
        return now[0]

    made = Settings.model_validate({"connections": 1, **more})
    return Client(
        server.url, SecretStr(server.token), settings=made, clock=clock, sleep=lambda _: None, random=lambda: 0.0
    )


def truth(server: Server, course: int) -> list[int]:
    return sorted(server.state.enrolled(course))


@examples(max_examples=40, deadline=None)
@given(
    seconds=st.lists(st.sampled_from((0.1, 1.5, 2.5, 5.0)), max_size=60),
    page_size=st.integers(10, 200),
    breaks=st.integers(0, 3),
    to_the_end=st.booleans(),
    inactive=st.booleans(),
)
def test_any_sequence_of_page_sizes_gives_the_same_list(
    server: Watched, *, seconds: list[float], page_size: int, breaks: int, to_the_end: bool, inactive: bool
) -> None:
    """Quick, slow and broken answers in any order: nobody is left out, nobody is listed twice, and pages join."""
    for course in sorted(server.state.courses)[:2]:
        server.pages.clear()
        fault = f"500:function={ENROLLED_USERS},times={breaks}"
        with client_of(server, seconds) as client, server.faulty(*([fault] if breaks else [])):
            found = list_people(
                client, course, page_size=page_size, read_to_the_end=to_the_end, only_inactive=inactive, with_keys=True
            )
        assert found.complete, found.detail
        assert sorted(found.names) == list(found.names) == ([] if inactive else truth(server, course))
        came = dict(server.pages)  # the last try of each page is the one that came
        at = 0
        for start, size in sorted(came.items()):
            assert (start, size <= page_size) == (at, True)
            at += size
        assert at >= len(found.names)


def test_a_site_that_answers_slowly_is_asked_for_smaller_pages(server: Watched) -> None:
    """Each of three slow answers makes the next page smaller, by a third or by half; quick ones make it grow again."""
    course = max(server.state.courses, key=lambda c: len(server.state.enrolled(c)))
    server.pages.clear()
    with client_of(server, [2.5, 2.5, 5.0]) as client:
        assert list_people(client, course, page_size=120).complete
    assert [size for _, size in server.pages][:6] == [120, 80, 53, 26, 39, 58]


def test_a_page_that_does_not_come_is_asked_for_again_smaller(server: Watched) -> None:
    """Two answers are lost: the same place is asked for with half, and with a quarter."""
    course = max(server.state.courses, key=lambda c: len(server.state.enrolled(c)))
    server.pages.clear()
    with client_of(server, []) as client, server.faulty(f"500:function={ENROLLED_USERS},times=2"):
        found = list_people(client, course, page_size=200)
    assert found.complete
    assert server.pages[:4] == [(0, 200), (0, 100), (0, 50), (50, 75)]


@pytest.mark.parametrize(
    ("seconds", "error", "then"),
    [
        (0.9, None, 750),
        (1.9, None, 500),
        (2.1, None, 333),
        (4.1, None, 250),
        (0.1, Setback(SetbackKind.LATE, "no answer in time"), 250),
        (0.1, Setback(SetbackKind.REFUSED, "slow down", status=429), 500),
    ],
)
def test_the_time_of_a_full_page_decides(seconds: float, error: Setback | None, then: int) -> None:
    """The aim is 1 to 2 s, so that no call takes more than 3 s for long."""
    now = [0.0]
    pace = Throttle(rows=200, connections=4, clock=lambda: now[0])

    def one() -> None:
        with pace.call("list", page=500) as turn:
            now[0] += seconds
            turn.got = 500
            if error:
                raise error

    if error:
        with pytest.raises(Setback):
            one()
    else:
        one()
    assert pace.page("list", 5000) == then


def test_the_last_page_of_a_list_says_nothing_of_the_size() -> None:
    """Three people are quick on any site; and a page is never made smaller than what a call costs anyway."""
    now = [0.0]
    pace = Throttle(rows=200, connections=4, clock=lambda: now[0])
    with pace.call("list", page=500) as turn:
        turn.got = 3
    assert pace.page("list", 5000) == 500
    for _ in range(9):
        with pace.call("list", page=pace.page("list", 500)):
            now[0] += 60
    assert pace.page("list", 500) == PAGE_FLOOR
