"""How large calls are and how many are under way at once, by how the calls before them went."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from requests_mock import Mocker

from rostersync.enums import Op
from rostersync.errors import MoodleError, TransportError
from rostersync.moodle import Client, enrol, rows_at_this_pace
from rostersync.moodle.throttle import GOOD_CALLS, Throttle
from rostersync.moodle.transport import Setback, SetbackKind

ENROL, UNENROL = "enrol_manual_enrol_users", "enrol_manual_unenrol_users"
TIMED_OUT = Setback(SetbackKind.LATE, "no answer in time")
LOST = Setback(SetbackKind.LOST, "the connection broke")
NOBODY_THERE = Setback(SetbackKind.UNSENT, "no connection")
TURNED_AWAY = Setback(SetbackKind.REFUSED, "slow down", status=429)


class Bench:
    """A pace whose clock stands still but for what calls take."""

    def __init__(self, rows: int = 200, connections: int = 4) -> None:
        self.now = 0.0
        self.pace = Throttle(rows=rows, connections=connections, clock=lambda: self.now)

    def write(self, rows: int, seconds: float = 0.1, error: Exception | None = None, function: str = ENROL) -> int:
        """One call, and the rows of the next."""
        with suppress(Setback, MoodleError), self.pace.call(function, rows=rows):
            self.now += seconds
            if error:
                raise error
        return self.pace.rows(function)


def test_it_starts_safe_and_grows_while_calls_are_quick() -> None:
    """By half each time, up to the ceiling."""
    bench, sizes = Bench(), [50]
    while len(sizes) < 7:
        sizes.append(bench.write(sizes[-1]))
    assert sizes == [50, 75, 112, 168, 200, 200, 200]


def test_a_low_ceiling_is_the_start_and_the_floor() -> None:
    """A setting of five rows a call is kept whatever happens."""
    bench = Bench(rows=5)
    assert [bench.write(5), bench.write(5, error=TIMED_OUT)] == [5, 5]


@pytest.mark.parametrize(("seconds", "then"), [(0.9, 75), (1.1, 50), (1.9, 50), (2.1, 33), (3.9, 33), (4.1, 25)])
def test_the_time_of_a_full_call_decides(seconds: float, then: int) -> None:
    """Below a second it grows, above two it shrinks by as much, above four by half: the aim is 1 to 2 s."""
    assert Bench().write(50, seconds) == then


def test_a_call_that_was_not_full_proves_nothing() -> None:
    """A course's last three rows are quick on any site."""
    assert Bench().write(3) == 50


@pytest.mark.parametrize("error", [TIMED_OUT, LOST])
def test_time_outs_and_lost_answers_halve_it_down_to_the_floor(error: Setback) -> None:
    """And it grows back when calls are quick again."""
    bench, sizes = Bench(), [50]
    for _ in range(4):
        sizes.append(bench.write(sizes[-1], error=error))
    assert sizes == [50, 25, 12, 10, 10]
    assert [bench.write(10), bench.write(15), bench.write(22)] == [15, 22, 33]


def test_a_lost_call_of_few_rows_says_nothing_of_the_size() -> None:
    """A row that breaks the server alone is a bad row, and no slowness."""
    assert Bench().write(1, error=LOST) == 50


@pytest.mark.parametrize("seconds", [0.1, 9.0])
@pytest.mark.parametrize("error", [MoodleError("no", function=ENROL, errorcode="codingerror"), TURNED_AWAY])
def test_a_refusal_is_neither_slow_nor_quick(error: Exception, seconds: float) -> None:
    """What was not done says nothing of how long it takes."""
    assert Bench().write(50, seconds, error) == 50


def test_functions_do_not_learn_from_each_other() -> None:
    """Taking people out is slower than letting them in, and reads are another matter."""
    bench = Bench()
    bench.write(50)
    bench.write(0, 30)
    assert (bench.pace.rows(ENROL), bench.write(50, error=TIMED_OUT, function=UNENROL)) == (75, 25)


def together(bench: Bench, calls: int, error: Exception | None) -> None:
    """Calls of 50 rows that are under way at the same time and all end alike."""
    with suppress(Setback), ExitStack() as stack:
        for _ in range(calls):
            stack.enter_context(bench.pace.call(ENROL, rows=50))
        bench.now += 0.1
        if error:
            raise error


@pytest.mark.parametrize(("error", "rows", "connections"), [(TIMED_OUT, 25, 2), (LOST, 25, 4), (TURNED_AWAY, 50, 2)])
def test_calls_that_fail_together_count_once(error: Setback, rows: int, connections: int) -> None:
    """Four time-outs at once halve the rows and the connections, and do not end at the floor of both."""
    bench = Bench()
    together(bench, 4, error)
    assert (bench.pace.rows(ENROL), bench.pace.connections) == (rows, connections)


def test_calls_that_succeed_together_count_once() -> None:
    """Four quick calls at once are one step, and not the ceiling."""
    bench = Bench()
    together(bench, 4, None)
    assert bench.pace.rows(ENROL) == 75


@pytest.mark.parametrize(
    "error",
    [
        TIMED_OUT,
        TURNED_AWAY,
        NOBODY_THERE,
        *(Setback(SetbackKind.LOST, "a proxy's page", status=status) for status in (503, 504)),
    ],
)
def test_connections_are_halved_down_to_one(error: Setback) -> None:
    """By 429, 503, no connection and whatever says that the time was over; for reads as well."""
    bench, seen = Bench(connections=5), []
    for _ in range(3):
        bench.write(0, error=error)
        seen.append(bench.pace.connections)
    assert seen == [2, 1, 1]


def test_connections_come_back_one_by_one() -> None:
    """After some dozens of good calls, and never more than were asked for."""
    bench = Bench(connections=3)
    bench.write(0, error=TURNED_AWAY)
    seen = []
    for _ in range(3 * GOOD_CALLS):
        bench.write(0)
        seen.append(bench.pace.connections)
    assert (seen.index(2), seen.index(3), seen[-1]) == (GOOD_CALLS - 1, 2 * GOOD_CALLS - 1, 3)


def test_one_lost_answer_puts_the_next_connection_off() -> None:
    """It halves nothing, but good calls are counted anew."""
    bench = Bench(connections=2)
    bench.write(0, error=TURNED_AWAY)
    for error in [*[None] * (GOOD_CALLS - 1), LOST, *[None] * (GOOD_CALLS - 1)]:
        bench.write(0, error=error)
        assert bench.pace.connections == 1
    bench.write(0)
    assert bench.pace.connections == 2


def test_no_more_calls_are_under_way_than_may_be() -> None:
    """Whoever comes while the gate is full waits for a turn, and gets it."""
    pace = Throttle(rows=200, connections=3)
    with suppress(Setback), pace.call(ENROL):
        raise TURNED_AWAY
    inside, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        for _ in range(20):
            with pace.call(ENROL):
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                with lock:
                    inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert inside == [0]
    assert 1 <= most[0] <= 3


def test_the_client_tells_each_try(make_client: Callable[..., Client], requests_mock: Mocker) -> None:
    """A try that is repeated counts as well as the last one, and a gate is never left shut."""
    client = make_client(outage_minutes=0.01)
    answers: list[dict[str, Any]] = [*[{"status_code": 429}] * 4, {"content": b"null"}]
    requests_mock.post("https://moodle.example/webservice/rest/server.php", answers)
    with pytest.raises(Exception, match="429"):
        client.call(ENROL, [], writes=True)
    assert client.pace.connections == 1
    assert client.call(ENROL, [], writes=True) is None


def test_a_lost_write_makes_the_next_one_smaller(make_client: Callable[..., Client], requests_mock: Mocker) -> None:
    """What fits into a body is the other bound."""
    client = make_client()
    requests_mock.post("https://moodle.example/webservice/rest/server.php", status_code=500)
    assert rows_at_this_pace(client, Op.ENROL) == 50
    with pytest.raises(TransportError):
        enrol(client, [(5, n, 11, 0, 0, 0) for n in range(101, 151)])
    assert rows_at_this_pace(client, Op.ENROL) == 25
    assert rows_at_this_pace(client, Op.UNENROL) == 50
    assert rows_at_this_pace(make_client(max_fields=50), Op.ENROL) == 7


def test_calls_that_mail_have_a_size_of_their_own() -> None:
    """From 20 rows to 50, whatever is sent without a mail, and back to what 2 s are enough for."""
    bench, sizes = Bench(), [20]
    for _ in range(4):
        bench.write(bench.pace.rows(ENROL))
    for seconds in (0.1, 0.1, 0.1, 0.1, 5.0, 2.5):
        with bench.pace.call(ENROL, rows=sizes[-1], mails=True):
            bench.now += seconds
        sizes.append(bench.pace.rows(ENROL, mails=True))
    assert sizes == [20, 30, 45, 50, 50, 25, 16]
    assert bench.pace.rows(ENROL) == 200


@pytest.mark.parametrize(("patience", "rows"), [(120.0, 20), (4.0, 20), (3.0, 15), (1.0, 5), (0.1, 1)])
def test_mails_are_expected_to_take_half_of_the_time_limit(patience: float, rows: int) -> None:
    """At a tenth of a second each."""
    assert Throttle(rows=200, connections=1, patience=patience).rows(ENROL, mails=True) == rows
