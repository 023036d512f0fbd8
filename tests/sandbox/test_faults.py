import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.errors import UsageError
from rostersync.sandbox.faults import MEANINGS, NETWORK, Fault, FaultKind, parse
from rostersync.sandbox.switches import Faults, Met

PLAIN = sorted(NETWORK - {FaultKind.REFUSED}, key=lambda kind: kind.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("maintenance", Fault(kind=FaultKind.MAINTENANCE)),
        ("maintenance:n=100", Fault(kind=FaultKind.MAINTENANCE, n=100)),
        ("database-away:n=40,lasts=20.0", Fault(kind=FaultKind.DATABASE_AWAY, n=40, lasts=20)),
        ("500:n=40,times=0,lasts=0.5", Fault(kind=FaultKind.ERROR_500, n=40, lasts=0.5)),
        ("reset-after-commit:p=0.02", Fault(kind=FaultKind.RESET_AFTER_COMMIT, p=0.02)),
        ("html-200:n=7", Fault(kind=FaultKind.HTML_200, n=7, times=1)),
        ("html-200:n=7,times=0", Fault(kind=FaultKind.HTML_200, n=7)),
        ("503:p=0.1,retry-after=2", Fault(kind=FaultKind.UNAVAILABLE, p=0.1, retry_after=2)),
        ("slow-first-byte:p=0.1,seconds=0.2", Fault(kind=FaultKind.SLOW_FIRST_BYTE, p=0.1, seconds=0.2)),
        (
            "503:function=core_enrol_get_enrolled_users,course=302",
            Fault(kind=FaultKind.UNAVAILABLE, function="core_enrol_get_enrolled_users", course=302),
        ),
        ("refused", Fault(kind=FaultKind.REFUSED, times=1)),
        ("capability=moodle/user:viewdetails", Fault(kind=FaultKind.CAPABILITY, subject="moodle/user:viewdetails")),
        (
            "capability=moodle/user:viewdetails:function=core_user_get_users_by_field,n=2",
            Fault(
                kind=FaultKind.CAPABILITY,
                subject="moodle/user:viewdetails",
                function="core_user_get_users_by_field",
                n=2,
            ),
        ),
        ("separate-groups", Fault(kind=FaultKind.SEPARATE_GROUPS)),
        ("separate-groups=LIT Ünï 7:times=3", Fault(kind=FaultKind.SEPARATE_GROUPS, subject="LIT Ünï 7", times=3)),
    ],
)
def test_a_fault_is_read_from_words(text: str, fault: Fault) -> None:
    """Kind, subject and options stand in one word, as the command line and the control address take them."""
    assert parse(text) == fault


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("typhoon", "no fault"),
        ("", "no fault"),
        ("maintenance:", "no fault"),
        ("maintenance:when=now", "no option when"),
        ("html-200:n=soon", "n is no number"),
        ("html-200:n=0", "counts calls from 1"),
        ("html-200:times=-1", "counts calls from 1"),
        ("html-200:p=1.5", "from 0 to 1"),
        ("html-200:p=nan", "from 0 to 1"),
        ("html-200:seconds=3", "takes no seconds"),
        ("slow-body:seconds=inf", "without an end"),
        ("maintenance:retry-after=3", "takes no retry-after"),
        ("maintenance=soon", "takes no =soon"),
        ("500:lasts=0", "more than no time"),
        ("refused:lasts=2", "said by its seconds"),
        ("refused:function=core_user_get_users", "has no function"),
        ("refused:course=302", "has no course"),
        ("503:course=BIO101", "course is no number"),
        ("503:course=-1", "named by its id"),
        ("503:function=enrol_manual_enrol_user", "Moodle has no function enrol_manual_enrol_user"),
        ("capability", "the sandbox knows enrol/manual:enrol"),
        ("capability=moodle/user:viewdetail", "the sandbox knows enrol/manual:enrol"),
    ],
)
def test_words_that_mean_nothing_are_refused(text: str, part: str) -> None:
    """A fault that would never show is an error and not a calm rehearsal."""
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert part in caught.value.message


@given(
    st.builds(
        Fault,
        kind=st.sampled_from([*PLAIN, FaultKind.MAINTENANCE, FaultKind.TOKEN_EXPIRED]),
        function=st.sampled_from(["", "core_enrol_get_enrolled_users"]),
        course=st.sampled_from([0, 302]),
        p=st.floats(0, 1),
        n=st.integers(1, 50),
        times=st.none() | st.integers(1, 9),
    )
    | st.builds(Fault, kind=st.just(FaultKind.REFUSED), n=st.integers(1, 9), times=st.none() | st.integers(1, 9))
    | st.builds(Fault, kind=st.just(FaultKind.UNAVAILABLE), retry_after=st.none() | st.integers(0, 900))
)
def test_a_fault_is_written_as_it_is_read(fault: Fault) -> None:
    """What the sandbox shows of a fault switches the same fault on."""
    assert parse(str(fault)) == fault


def test_every_kind_says_what_it_does() -> None:
    """No kind is without its line in the list that the control address shows."""
    assert set(MEANINGS) == set(FaultKind)


def seen(faults: Faults, calls: int, function: str = "f") -> list[int]:
    """The numbers of the calls that met a fault of the network."""
    return [number for number in range(1, calls + 1) if faults.meet(function).network]


def test_a_network_fault_comes_once_at_the_nth_call() -> None:
    """Call 3 meets it, no other does."""
    faults = Faults()
    faults.add("html-200:n=3")
    assert seen(faults, 10) == [3]


def test_times_bounds_a_fault() -> None:
    """From call 3 on two calls meet it."""
    faults = Faults()
    faults.add("html-200:n=3,times=2")
    assert seen(faults, 10) == [3, 4]


def test_a_mood_lasts_from_the_nth_call_on() -> None:
    """Maintenance that begins with call 3 is still there at call 6."""
    faults = Faults()
    faults.add("maintenance:n=3")
    assert [bool(faults.meet("f").moods) for _ in range(6)] == [False, False, True, True, True, True]


@pytest.mark.parametrize("kind", ["database-away", "500"])
def test_an_outage_lasts_for_its_seconds_from_the_first_call_that_meets_it(kind: str) -> None:
    """However many calls come meanwhile, and however late the first one is."""
    faults = Faults()
    faults.add(f"{kind}:n=2,lasts=0.2")
    time.sleep(0.25)
    calls = [faults.meet("f") for _ in range(4)]
    assert [bool(met.moods or met.network) for met in calls] == [False, True, True, True]
    time.sleep(0.25)
    assert faults.meet("f") == Met()


def test_only_calls_of_the_function_count() -> None:
    """The second call of one function meets it, however many others come between."""
    faults = Faults()
    enrol, unenrol = "enrol_manual_enrol_users", "enrol_manual_unenrol_users"
    faults.add(f"html-200:n=2,function={unenrol}")
    met = [bool(faults.meet(name).network) for name in (enrol, unenrol, enrol, enrol, unenrol, unenrol)]
    assert met == [False, False, False, False, True, False]


def test_the_second_of_two_faults_at_the_same_call_waits() -> None:
    """One call meets one fault of the network; the other one meets the next call."""
    faults = Faults()
    faults.add("html-200:n=3")
    faults.add("500:n=3")
    met = [fault.kind if (fault := faults.meet("f").network) else None for _ in range(5)]
    assert met == [None, None, FaultKind.HTML_200, FaultKind.ERROR_500, None]


def test_chance_is_drawn_from_the_seed() -> None:
    """The same seed gives the same calls, another one others, and about as many as the probability says."""
    first, again, other = Faults(seed=7), Faults(seed=7), Faults(seed=8)
    for faults in (first, again, other):
        faults.add("html-200:p=0.1")
    met = seen(first, 1_000)
    assert met == seen(again, 1_000)
    assert met != seen(other, 1_000)
    assert 70 <= len(met) <= 130


def test_one_fault_does_not_change_anothers_chances() -> None:
    """A second fault that never comes leaves the first one's calls as they were."""
    alone, beside = Faults(seed=7), Faults(seed=7)
    alone.add("html-200:p=0.1")
    beside.add("html-200:p=0.1")
    beside.add("500:p=0")
    assert seen(alone, 300) == seen(beside, 300)


def test_clearing_all_begins_again() -> None:
    """Numbers and chances are those of a new sandbox."""
    faults = Faults(seed=7)
    number = faults.add("html-200:p=0.1")
    met = seen(faults, 300)
    faults.clear()
    assert faults.describe() == []
    assert faults.add("html-200:p=0.1") == number
    assert seen(faults, 300) == met


def test_the_list_says_how_many_calls_met_a_fault() -> None:
    """Whoever rehearses sees whether what was planned has come."""
    faults = Faults()
    faults.add("html-200:n=2,times=3")
    faults.add("rest-off:n=5")
    seen(faults, 5)
    assert faults.describe() == [
        {"id": 1, "fault": "html-200:n=2,times=3", "met": 3},
        {"id": 2, "fault": "rest-off:n=5", "met": 1},
    ]
