"""Name what can go wrong: `reset-after-commit:p=0.02` and the like, parsed and checked."""

import enum
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rostersync.errors import UsageError
from rostersync.sandbox.functions import exists
from rostersync.sandbox.token_rights import CAPABILITIES


class FaultKind(enum.Enum):
    """The kinds of faults by the words that switch them on: first the site's moods, then the network's faults."""

    MAINTENANCE = "maintenance"
    MAINTENANCE_SCHEDULED = "maintenance-scheduled"
    MAINTENANCE_CLI = "maintenance-cli"
    MAINTENANCE_ANSWER = "maintenance-200"
    WEB_SERVICES_OFF = "webservices-off"
    REST_OFF = "rest-off"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 -- a word, not a token
    TOKEN_UNKNOWN = "token-unknown"  # noqa: S105 -- as above
    TOKEN_ELSEWHERE = "token-elsewhere"  # noqa: S105 -- as above
    SERVICE_OFF = "service-off"
    ACCOUNT_SUSPENDED = "account-suspended"
    PASSWORD_CHANGE = "password-change"  # noqa: S105 -- as above
    WRONG_PATH = "wrong-path"
    CAPABILITY = "capability"
    SEPARATE_GROUPS = "separate-groups"
    DATABASE_AWAY = "database-away"
    DATABASE_LOST = "database-lost"
    MAIL_FAILS = "mail-fails"

    REFUSED = "refused"
    RESET_BEFORE = "reset-before"
    RESET_AFTER_COMMIT = "reset-after-commit"
    SLOW_FIRST_BYTE = "slow-first-byte"
    SLOW_BODY = "slow-body"
    TRUNCATED = "truncated"
    HTML_200 = "html-200"
    REDIRECT = "302"
    TOO_MANY = "429"
    ERROR_500 = "500"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    NOT_DONE = "null-not-done"


MEANINGS: Mapping[FaultKind, str] = MappingProxyType(
    {
        FaultKind.MAINTENANCE: "503, a page, Retry-After: 300",
        FaultKind.MAINTENANCE_SCHEDULED: "announced for later, which changes no answer",
        FaultKind.MAINTENANCE_CLI: "503, the page of the command line's maintenance mode, Retry-After: 300",
        FaultKind.MAINTENANCE_ANSWER: "sitemaintenance with status 200, from the web service itself; nothing is done",
        FaultKind.WEB_SERVICES_OFF: "403 with an empty body",
        FaultKind.REST_OFF: "403 with an empty body",
        FaultKind.TOKEN_EXPIRED: "accessexception once; then the token is gone, and it is invalidtoken",
        FaultKind.TOKEN_UNKNOWN: "invalidtoken: the token is deleted, or something on the way has dropped it",
        FaultKind.TOKEN_ELSEWHERE: "accessexception: the token is bound to another address",
        FaultKind.SERVICE_OFF: "accessexception: the token's service is disabled",
        FaultKind.ACCOUNT_SUSPENDED: "wsaccessusersuspended",
        FaultKind.PASSWORD_CHANGE: "forcepasswordchangenotice: until then the token's account gets into no course",
        FaultKind.WRONG_PATH: "404: Moodle is at another path",
        FaultKind.CAPABILITY: "capability=NAME: the token's account lacks it",
        FaultKind.SEPARATE_GROUPS: "separate-groups=COURSE (id or short name; without one all): the course has them",
        FaultKind.DATABASE_AWAY: "dbconnectionfailed with status 200, nothing done",
        FaultKind.DATABASE_LOST: "dmlreadexception with status 200, in the middle of the call: nothing done",
        FaultKind.MAIL_FAILS: "“Message was not sent.” where an enrol call has welcome mails to send: all was done",
        FaultKind.REFUSED: "connections are refused for `seconds`, once unless told otherwise",
        FaultKind.RESET_BEFORE: "the connection is reset, and nothing was done",
        FaultKind.RESET_AFTER_COMMIT: "the connection is reset, and all was done",
        FaultKind.SLOW_FIRST_BYTE: "all was done, and the answer begins after `seconds`",
        FaultKind.SLOW_BODY: "all was done, and the answer's body takes `seconds`",
        FaultKind.TRUNCATED: "all was done, and half of the JSON comes",
        FaultKind.HTML_200: "an HTML page with status 200, nothing done",
        FaultKind.REDIRECT: "302 to a login page, nothing done",
        FaultKind.TOO_MANY: "429, nothing done; Retry-After only with `retry-after`",
        FaultKind.ERROR_500: "500 with an empty body, nothing done",
        FaultKind.UNAVAILABLE: "503 of a proxy, nothing done; Retry-After only with `retry-after`",
        FaultKind.GATEWAY_TIMEOUT: "504 of a proxy at once, and `seconds` later all is done",
        FaultKind.NOT_DONE: "null, as if all was done, and nothing was; for a `function` that changes something",
    }
)
"""What each kind does, in words for people."""

NETWORK = frozenset(
    {
        FaultKind.REFUSED,
        FaultKind.RESET_BEFORE,
        FaultKind.RESET_AFTER_COMMIT,
        FaultKind.SLOW_FIRST_BYTE,
        FaultKind.SLOW_BODY,
        FaultKind.TRUNCATED,
        FaultKind.HTML_200,
        FaultKind.REDIRECT,
        FaultKind.TOO_MANY,
        FaultKind.ERROR_500,
        FaultKind.UNAVAILABLE,
        FaultKind.GATEWAY_TIMEOUT,
        FaultKind.NOT_DONE,
    }
)
_TAKES_SECONDS = frozenset(
    {FaultKind.REFUSED, FaultKind.SLOW_FIRST_BYTE, FaultKind.SLOW_BODY, FaultKind.GATEWAY_TIMEOUT}
)
_TAKES_RETRY_AFTER = frozenset({FaultKind.TOO_MANY, FaultKind.UNAVAILABLE})
_TAKES_SUBJECT = frozenset({FaultKind.CAPABILITY, FaultKind.SEPARATE_GROUPS})
_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, and when: by chance, at the n-th call, for some calls, for one function or course.

    A call counts if it is one of `function` (any, if empty) about `course` (an id; any, if 0); counting begins when the
    fault is switched on. From call `n` on each call meets the fault with the probability `p`, until `times` calls have
    met it (`None`: for ever). `lasts` counts seconds from the first call that meets it; after them it is over.
    `seconds` and `retry_after` (seconds) are for the kinds that take them. Raises `UsageError` for anything else.
    """

    kind: FaultKind
    subject: str = ""
    function: str = ""
    course: int = 0
    p: float = 1.0
    n: int = 1
    times: int | None = None
    seconds: float = _SECONDS
    retry_after: int | None = None
    lasts: float | None = None

    def __post_init__(self) -> None:
        """Refuse what this kind does not take."""
        for wrong, reason in (
            (not 0 <= self.p <= 1, "p is a probability, from 0 to 1"),
            (self.n < 1, "n counts calls from 1"),
            (self.times is not None and self.times < 1, "times counts calls from 1"),
            (not 0 <= self.seconds < float("inf"), "seconds cannot be negative or without an end"),
            (self.lasts is not None and not 0 < self.lasts < float("inf"), "it lasts for more than no time"),
            (self.lasts is not None and self.kind is FaultKind.REFUSED, "how long it lasts is said by its seconds"),
            (self.seconds != _SECONDS and self.kind not in _TAKES_SECONDS, "it takes no seconds"),
            (self.retry_after is not None and self.kind not in _TAKES_RETRY_AFTER, "it takes no retry-after"),
            (self.subject and self.kind not in _TAKES_SUBJECT, f"it takes no ={self.subject}"),
            (self.function and self.kind is FaultKind.REFUSED, "a refused connection has no function"),
            (self.course and self.kind is FaultKind.REFUSED, "a refused connection has no course"),
            (self.course < 0, "a course is named by its id"),
            (self.function and not exists(self.function), f"Moodle has no function {self.function}"),
            (
                self.kind is FaultKind.CAPABILITY and self.subject not in CAPABILITIES,
                f"the sandbox knows {', '.join(sorted(CAPABILITIES))}",
            ),
        ):
            if wrong:
                raise UsageError(f"the fault {self.kind.value} cannot be switched on so: {reason}")

    def concerns(self, function: str, courses: Collection[int]) -> bool:
        """Tell whether a call of this function, about these courses, counts."""
        return self.function in ("", function) and (not self.course or self.course in courses)

    @property
    def is_network(self) -> bool:
        """Tell the network's faults from the site's moods."""
        return self.kind in NETWORK

    def __str__(self) -> str:
        """Write the words that `parse` reads."""
        once = self.is_network and self.times == 1 and self.lasts is None
        times = None if once else self.times
        options = {
            "function": self.function or None,
            "course": self.course or None,
            "n": self.n if self.n > 1 or (once and self.kind is not FaultKind.REFUSED) else None,
            "p": self.p if self.p != 1 else None,
            "times": times,
            "seconds": self.seconds if self.seconds != _SECONDS else None,
            "retry-after": self.retry_after,
            "lasts": self.lasts,
        }
        if times is None and not once and self.is_network and (self.n > 1 or self.kind is FaultKind.REFUSED):
            options["times"] = 0
        given = ",".join(f"{name}={value}" for name, value in options.items() if value is not None)
        subject = f"={self.subject}" if self.subject else ""
        return f"{self.kind.value}{subject}{f':{given}' if given else ''}"


_WORDS = re.compile(r"(?P<kind>[a-z0-9-]+)(?:=(?P<subject>.+?))?(?::(?P<options>[a-z-]+=[^,=]*(?:,[a-z-]+=[^,=]*)*))?")
_READ: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "function": str,
        "course": int,
        "p": float,
        "n": int,
        "times": int,
        "seconds": float,
        "retry-after": int,
        "lasts": float,
    }
)


def parse(text: str) -> Fault:
    """Read a fault: `kind`, `kind:option=value,…`, `capability=NAME` or `separate-groups=COURSE`.

    A mood lasts from call `n` on. A fault of the network comes once where `n` is given, and so does `refused` always;
    `times` says otherwise, and `times=0` means for ever; with `lasts` all calls of so many seconds meet it. Raises
    `UsageError`.
    """
    found = _WORDS.fullmatch(text.strip())
    kinds = {kind.value: kind for kind in FaultKind}
    if not found or found["kind"] not in kinds:
        raise UsageError(f"{text!r} is no fault that the sandbox has", remedy=f"one of {', '.join(kinds)}")
    kind = kinds[found["kind"]]
    given: dict[str, object] = {}
    for option in (found["options"] or "").split(",") if found["options"] else ():
        name, _, value = option.partition("=")
        if name not in _READ:
            raise UsageError(f"{text!r}: there is no option {name}", remedy=f"one of {', '.join(_READ)}")
        try:
            given[name.replace("-", "_")] = _READ[name](value)
        except ValueError as error:
            raise UsageError(f"{text!r}: {name} is no number") from error
    if kind in NETWORK and (("n" in given and "lasts" not in given) or kind is FaultKind.REFUSED):
        given.setdefault("times", 1)
    if given.get("times") == 0:
        given["times"] = None
    return Fault(kind=kind, subject=found["subject"] or "", **given)  # type: ignore[arg-type] # read by `_READ`
