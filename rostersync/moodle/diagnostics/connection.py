"""Check that the site answers and takes the token."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rostersync.moodle.client import Client
from rostersync.moodle.diagnostics import needs
from rostersync.moodle.diagnostics.attempts import NoAnswer, ask, attempt
from rostersync.moodle.diagnostics.finding import Finding, FindingState
from rostersync.moodle.enrolments import KNOWS_ONLYSUSPENDED
from rostersync.moodle.site_info import SiteInfo, site_info
from rostersync.tables.functions import COURSES_BY_FIELD, FUNCTIONS, SITE_INFO
from rostersync.text.addresses import canonical

MEASURED = ((4, 2), (5, 2))
"""The first and the last release of Moodle that rostersync was measured on, or whose sources were read."""
NO_SUCH_FUNCTION = "core_no_such_function"
"""Asked for where a token is not let in: Moodle looks at the token first, then whether there is such a function."""

_DOWN = "site not available at present"
_AWAY = ("maintenance", (_DOWN,), "")
_ELSEWHERE = ("address", ("right address",), "")
_CLOSED: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "invalidtoken": (
        "token",
        ("token mistyped", "token deleted", "token expired"),
        f"{needs.TOKENS}: compare it, or make a new one",
    ),
    "wsaccessuser": ("account", ("active account of the token",), f"{needs.ACCOUNTS}: {{}}"),
    "403": (
        "web services",
        ("web services switched off", "REST protocol switched off", "refused by something before Moodle"),
        f"{needs.OVERVIEW}: 1. Enable web services, 2. Enable protocols (REST)",
    ),
    "sitemaintenance": _AWAY,
    "dbconnectionfailed": _AWAY,
    "429": _AWAY,
    "503": _AWAY,
    "404": _ELSEWHERE,
    "notmoodle": _ELSEWHERE,
    "redirected": _ELSEWHERE,
    "unreachable": ("address", ("right address", _DOWN), ""),
}
"""What keeps a token out, by Moodle's error code, HTTP status or our own: the finding's code, causes, and remedy.

In a remedy {} stands for the one that comes with the answer, which is taken by itself where none is given here.
"""

_EXPIRED = Finding(
    code="token",
    state=FindingState.MISSING,
    what="the token has expired, and Moodle has just deleted it",
    causes=("token expired",),
    remedy=f"{needs.TOKENS} > Create token: make a new one, valid for longer",
    blocks=True,
)
_NOT_ADMITTED = Finding(
    code="token",
    state=FindingState.ONE_OF,
    what="Moodle knows the token and does not let it in; it answers these causes alike",
    causes=("webservice/rest:use", "token restricted to another address", "external service disabled"),
    remedy=f"{needs.allow('webservice/rest:use')}; {needs.TOKENS}: look at the token's IP restriction; "
    f"{needs.SERVICES} > Edit: Enabled",
    blocks=True,
)
_NO_SERVICE = Finding(
    code="service",
    state=FindingState.ONE_OF,
    what="Moodle lets the token in and refuses it every function that was tried; it answers these causes alike",
    causes=(
        "external service disabled",
        f"{SITE_INFO} and {COURSES_BY_FIELD}",
        "account not among the service's authorised users",
        "capability that the service requires",
    ),
    remedy=f"{needs.SERVICES}: Edit (Enabled, Required capability), Functions, Authorised users",
    blocks=True,
)


def enter(client: Client) -> tuple[SiteInfo | None, list[Finding]]:
    """What the token sees of the site, with the findings about the way in."""
    info = attempt(lambda: site_info(client))
    if isinstance(info, NoAnswer):
        return None, [_kept_out(client, info)]
    entered = Finding(
        code="token",
        state=FindingState.OK,
        what=f"the token is accepted; its account is {info.username} ({info.user_id})",
    )
    use = Finding(code="webservice/rest:use", state=FindingState.OK, what="the account may use the REST protocol")
    return info, [_address(client, info), entered, use, _release(info), *_functions(info)]


def _kept_out(client: Client, refusal: NoAnswer) -> Finding:
    """What an answer means that is no site info; Moodle's codes for one account all begin alike."""
    if refusal.code == "accessexception":
        return _not_admitted(client)
    code = "wsaccessuser" if refusal.code.startswith("wsaccessuser") else refusal.code
    about, causes, remedy = _CLOSED.get(code, ("entrance", (f"answer of {SITE_INFO}",), ""))
    return Finding(
        code=about,
        state=FindingState.MISSING if len(causes) == 1 else FindingState.ONE_OF,
        what=refusal.words,
        causes=causes,
        remedy=remedy.format(refusal.remedy) if remedy else refusal.remedy,
        blocks=True,
    )


def _not_admitted(client: Client) -> Finding:
    """Which of the causes of `accessexception` it is, as far as further calls tell (guide/moodle.md, fact 6)."""
    match ask(client, NO_SUCH_FUNCTION, []).code:
        case "invalidtoken":
            return _EXPIRED
        case "accessexception":
            return _NOT_ADMITTED
    if ask(client, COURSES_BY_FIELD, [("field", "id"), ("value", "1")]).code == "accessexception":
        return _NO_SERVICE
    return _function(SITE_INFO, present=False)


def _address(client: Client, info: SiteInfo) -> Finding:
    if canonical(info.url) == canonical(client.address):
        return Finding(code="address", state=FindingState.OK, what=f"{client.address} is {info.name}")
    return Finding(
        code="address",
        state=FindingState.WARNING,
        what=f"{client.address} answers, but {info.name} calls itself {info.url}",
        causes=(info.url,),
        remedy=f"set site = “{info.url}”, unless this machine has to take another way",
    )


def _release(info: SiteInfo) -> Finding:
    found = re.match(r"(\d+)\.(\d+)", info.release)
    release = (int(found[1]), int(found[2])) if found else (0, 0)
    if MEASURED[0] <= release <= MEASURED[1]:
        return Finding(code="release", state=FindingState.OK, what=f"Moodle {info.release}")
    (first, last), what = MEASURED, f"Moodle {info.release or 'of unknown release'}"
    if info.version < KNOWS_ONLYSUSPENDED:
        what += " does not tell who is suspended (3.11 and later do), and"
    return Finding(
        code="release",
        state=FindingState.WARNING,
        what=f"{what} is not among the releases that rostersync was measured on, {first[0]}.{first[1]} to "
        f"{last[0]}.{last[1]}",
        remedy="try it on a copy of the site first",
    )


def _functions(info: SiteInfo) -> list[Finding]:
    return [_function(name, present=name in info.functions) for name in FUNCTIONS]


def _function(name: str, *, present: bool) -> Finding:
    need = FUNCTIONS[name]
    if present:
        return Finding(code=name, state=FindingState.OK, what=f"in the service; {need.why}")
    return Finding(
        code=name,
        state=FindingState.MISSING,
        what=f"not in the token's service; {need.why}",
        causes=(name,),
        remedy=needs.add_function(name),
        blocks=need.blocks,
    )
