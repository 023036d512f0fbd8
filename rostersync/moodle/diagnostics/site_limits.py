"""Measure how many form fields PHP reads and how quick the site is, and find out whom it mails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from rostersync.enums import SWITCH_MAIL_OFF, counted
from rostersync.moodle.client import Client
from rostersync.moodle.diagnostics.attempts import Attempt, ask
from rostersync.moodle.diagnostics.finding import Finding, FindingState, not_tested
from rostersync.moodle.diagnostics.survey import Survey
from rostersync.moodle.request_body import OVERHEAD, encode_values
from rostersync.tables.functions import ENROLLED_USERS, USERS_BY_FIELD

CEILING = 20_000
"""The longest body that is tried."""
FLOOR = 20
_COMMON = (1_000, 5_000, 10_000, CEILING)
"""What PHP comes with, and what administrators make of it: tried first, so that two calls are enough as a rule."""
_CUT = "invalidparameter"
WELCOME = "welcome mail"
_SLOW = 2_000.0
_TIMES = 3
_LOOKED_UP = 50
_TRIES = 3
"""How often a body is sent that gets no answer from Moodle: what was lost by chance says nothing of its length."""


@dataclass(slots=True, kw_only=True)
class _Bodies:
    """Sends look-ups of nobody, of any length. The function comes last: a body that PHP cuts has none (fact 4).

    Refusals are those by something other than PHP's limit.
    """

    client: Client
    refusals: set[str] = field(default_factory=set)

    def fit(self, limit: int) -> bool:
        # PHP lets one field more through than max_input_vars says: at 5,000 it read 1,666 rows of three fields and the
        # three others (fact 4). The field that says what the values are is one of them.
        values = ["0"] * (limit + 1 - OVERHEAD - 1)
        body = encode_values([("field", "id")], "values", values)
        for _ in range(_TRIES):
            reply = ask(self.client, USERS_BY_FIELD, body)
            if reply.code in {"", _CUT}:
                return not reply.code
        self.refusals.add(reply.words)
        return False


def input_limit(client: Client, max_fields: int) -> tuple[int | None, Finding]:
    """The number of fields that PHP reads (CEILING: that many at least; None: not known), and what follows from it.

    Args:
        client: a client whose own max_fields is above CEILING.
        max_fields: the setting that is to stay below it.
    """
    bodies = _Bodies(client=client)
    if not bodies.fit(FLOOR):
        what = "; ".join(sorted(bodies.refusals)) or "even a short look-up is refused"
        how = "Site administration > Server > PHP info: look for max_input_vars, and set max_fields below it"
        return None, not_tested("max_input_vars", what, how)
    limit = longest(bodies.fit)
    return limit, _limit(limit, max_fields, sorted(bodies.refusals))


def longest(fits: Callable[[int], bool], *, common: Sequence[int] = _COMMON) -> int:
    """The greatest number that fits, given that FLOOR does; the last of the common ones where that fits."""
    low = FLOOR
    high = common[-1] + 1
    for number in common:
        if not fits(number):
            high = number
            break
        low = number
        if number != common[-1] and not fits(number + 1):
            return number
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low


def _limit(limit: int, max_fields: int, refusals: list[str]) -> Finding:
    about = f"{limit:,} or more" if limit >= CEILING else f"{limit:,}"
    what = f"max_input_vars is {about}; bodies have up to {max_fields:,} fields (max_fields)"
    if refusals:
        what = f"bodies of more than {about} fields are refused by something other than PHP's limit: {refusals[0]}"
    sensible = limit * 9 // 10
    if max_fields > limit:
        return Finding(
            code="max_input_vars",
            state=FindingState.MISSING,
            what=what,
            causes=("max_input_vars",),
            remedy=f"set max_fields = {sensible}, or raise max_input_vars in the web server's php.ini to 5000",
        )
    hint = f"max_fields = {sensible} would make fewer, larger calls" if sensible >= 2 * max_fields else ""
    return Finding(code="max_input_vars", state=FindingState.OK, what=what, remedy=hint)


def welcome(survey: Survey) -> Finding:
    """Where a run causes mails; whether the message is switched off no function tells."""
    taught = [c for c in survey.courses if c.contacts]
    if not taught:
        what = "by default a run sends none: no course that was seen has a teacher"
        return Finding(code=WELCOME, state=FindingState.OK, what=what)
    what = (
        f"{len(taught)} of the {counted(len(survey.courses), 'course')} that were seen "
        f"{'has' if len(taught) == 1 else 'have'} a teacher, such as {taught[0].shortname}: unless it is switched off, "
        "Moodle mails everybody there whom a run enrols, suspends or dates, 0.1 s each; every preview says how many"
    )
    remedy = f"where that is not wanted, {SWITCH_MAIL_OFF}"
    return Finding(code=WELCOME, state=FindingState.WARNING, what=what, remedy=remedy)


def speed(survey: Survey, clock: Callable[[], float]) -> tuple[dict[str, float], Finding]:
    """Milliseconds of an empty call, of a look-up of 50 people, and of a read; the median of three each."""
    client, here = survey.client, survey.here
    people = [str(i) for i in (survey.people or range(1, _LOOKED_UP + 1))[:_LOOKED_UP]]
    calls: dict[str, Callable[[], Attempt]] = {
        "empty call": lambda: ask(client, USERS_BY_FIELD, encode_values([("field", "id")], "values", ["0"])),
        "look-up": lambda: ask(client, USERS_BY_FIELD, encode_values([("field", "id")], "values", people)),
    }
    if here and here.entered:
        fields: list[tuple[str, str | int]] = [
            ("courseid", here.id),
            ("options[0][name]", "userfields"),
            ("options[0][value]", "id,roles"),
            ("options[1][name]", "limitnumber"),
            ("options[1][value]", client.settings.page_size),
        ]
        calls["read"] = lambda: ask(client, ENROLLED_USERS, fields)
    times = {name: _median(_timed(call, clock) for _ in range(_TIMES)) for name, call in calls.items()}
    about = {"look-up": f" of {len(people)} people", "read": f" of {here.shortname}" if here else ""}
    what = ", ".join(f"{name}{about.get(name, '')} {ms:,.0f} ms" for name, ms in times.items())
    if times["empty call"] > _SLOW:
        remedy = "set connections = 1, and run it when the site is less busy"
        return times, Finding(code="speed", state=FindingState.WARNING, what=f"the site is slow: {what}", remedy=remedy)
    return times, Finding(code="speed", state=FindingState.OK, what=what)


def _timed(call: Callable[[], Attempt], clock: Callable[[], float]) -> float:
    started = clock()
    call()
    return (clock() - started) * 1000


def _median(values: Iterable[float]) -> float:
    return round(median(values), 1)
