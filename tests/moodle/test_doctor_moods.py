"""Each mood of a site that was recorded, and each fault of the network, switched on before the doctor comes."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from rostersync.moodle.diagnostics import Conclusion, FindingState, examine
from rostersync.sandbox import state as sandbox
from rostersync.settings import Settings
from tests.contract.moods import FAULTS, LACKS, moods

from .examined import bad, doctor, only, unchanged

AWAY = ("site not available at present",)
OFF = ("web services switched off", "REST protocol switched off", "refused by something before Moodle")
UNKNOWN = ("token mistyped", "token deleted", "token expired")
REFUSED = ("webservice/rest:use", "token restricted to another address", "external service disabled")
SERVICE = (
    "external service disabled",
    "core_webservice_get_site_info and core_course_get_courses_by_field",
    "account not among the service's authorised users",
    "capability that the service requires",
)
GROUPS = "moodle/site:accessallgroups"
TITLES = sorted({fault["title"] for fault in FAULTS})
SHUT_OUT = {
    "site in maintenance mode": ("maintenance", AWAY),
    "CLI maintenance (climaintenance.html)": ("maintenance", AWAY),
    "web services switched off": ("web services", OFF),
    "REST protocol switched off": ("web services", OFF),
    "token expired": ("token", ("token expired",)),
    "token restricted to another address": ("token", REFUSED),
    "token lacks webservice/rest:use": ("token", REFUSED),
    "external service disabled": ("service", SERVICE),
    "account of the token suspended": ("account", ("active account of the token",)),
    "wrong path": ("address", ("right address",)),
    "Authorization header only": ("token", UNKNOWN),
}
"""What keeps the token out altogether, with the finding and its causes."""
HARMLESS = {
    "baseline",
    "baseline again",
    "maintenance mode scheduled",
    "course with separate groups, token may access all groups",
}


@pytest.mark.parametrize("title", SHUT_OUT)
def test_what_keeps_a_token_out_is_named(site: sandbox.State, title: str) -> None:
    """It, or all causes that Moodle answers alike, after at most three calls; nobody waits for the site."""
    with unchanged(site, moods(title)) as server:
        token = server.token if title != "Authorization header only" else ""
        found = only(examine(Settings(site=server.url), SecretStr(token)))
        assert sum(server.called().values()) <= 3
    code, causes = SHUT_OUT[title]
    assert (found.code, found.causes) == (code, causes)
    assert found.state is (FindingState.MISSING if len(causes) == 1 else FindingState.ONE_OF)
    assert found.remedy


@pytest.mark.parametrize("title", [title for title in TITLES if title.startswith(LACKS)])
def test_a_capability_that_was_taken_from_the_token_is_named(site: sandbox.State, title: str) -> None:
    """As missing, among causes that Moodle answers alike, or as what cannot be told from outside."""
    examination = doctor(site, faults=moods(title))
    assert [f for f in examination.findings if title.removeprefix(LACKS) in f.causes and f.state is not FindingState.OK]


def test_groups_that_the_token_may_not_see_are_named(site: sandbox.State) -> None:
    """The recorded course with separate groups looks empty, and is not taken for that."""
    title = "course with separate groups, token may not access all groups: empty list"
    assert bad(doctor(site, faults=moods(title))) == {GROUPS: (GROUPS,), "reads": (GROUPS,)}


@pytest.mark.parametrize("title", sorted(HARMLESS))
def test_a_mood_that_changes_nothing_is_no_alarm(site: sandbox.State, title: str) -> None:
    """All is well."""
    examination = doctor(site, faults=moods(title))
    assert (bad(examination), examination.verdict) == ({}, Conclusion.WELL)


def test_no_recorded_mood_is_left_out() -> None:
    """The tests of this file take all 37 lines of the recording."""
    rest = {title for title in TITLES if not title.startswith(LACKS)} - SHUT_OUT.keys() - HARMLESS
    assert rest == {"course with separate groups, token may not access all groups: empty list"}


def test_a_token_without_any_function_is_told_apart(site: sandbox.State) -> None:
    """Moodle looks at the token first and then for the function: the token is good where it misses the function."""
    site.functions.clear()
    found = only(doctor(site))
    assert (found.code, found.causes) == ("service", SERVICE)


@pytest.mark.parametrize(
    ("fault", "code", "causes"),
    [
        ("refused:seconds=30", "address", ("right address", *AWAY)),
        ("reset-before", "address", ("right address", *AWAY)),
        ("reset-after-commit", "address", ("right address", *AWAY)),
        ("truncated", "address", ("right address", *AWAY)),
        ("500", "address", ("right address", *AWAY)),
        ("504:seconds=0", "address", ("right address", *AWAY)),
        ("html-200", "address", ("right address",)),
        ("302", "address", ("right address",)),
        ("429", "maintenance", AWAY),
        ("429:retry-after=7", "maintenance", AWAY),
        ("503", "maintenance", AWAY),
        ("maintenance-200", "maintenance", AWAY),
        ("database-away", "maintenance", AWAY),
        ("503:retry-after=7", "maintenance", AWAY),
    ],
)
def test_a_network_that_lets_nothing_through_is_named(
    site: sandbox.State, fault: str, code: str, causes: tuple[str, ...]
) -> None:
    """Whether the address is wrong or the site ill cannot always be told: then both are named."""
    found = only(doctor(site, faults=[fault]))
    assert (found.code, found.causes) == (code, causes)
    assert found.remedy


@pytest.mark.parametrize("fault", ["slow-first-byte:seconds=0.01", "slow-body:seconds=0.01"])
def test_a_slow_network_is_no_alarm(site: sandbox.State, fault: str) -> None:
    """What takes its time comes all the same."""
    assert bad(doctor(site, faults=[fault])) == {}
