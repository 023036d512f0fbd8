"""Takes what Moodle, or something before it, answered instead of a result, and says what it means and what to do.

The error codes and statuses are those of guide/moodle.md and of the recordings; a few more stand in Moodle's own
sources. `message` texts are not looked at: they are translated (guide/moodle.md, fact 1).

A code that is not in the table, or a failure without one, may be one row's fault or the whole course's: `apply` finds
out whose it is (`apply.blame`). A row that is refused alone has failed with Moodle's words; a course is stopped only
where it is proved that it is the course. Other courses go on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from html import unescape
from typing import Any

from rostersync.errors import (
    MoodleError,
    NotMoodle,
    RosterSyncError,
    SiteError,
    TokenRefused,
    TransportError,
)
from rostersync.text.printable import shortened

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_MARKUP = re.compile(rf"{_TAG.pattern}|&(#\d+|#x[0-9a-fA-F]+|\w+);")


class Remedy(Enum):
    """What the caller does about an error."""

    RETRY = "retry"  # certainly nothing was done: the same call may be sent again
    READ_AGAIN = "read again"  # it may have been done: read before anything is repeated
    ISOLATE = "isolate"  # a row of the call is bad: divide the call until it stands alone
    STOP_COURSE = "stop course"  # nothing of this kind will succeed in this course
    STOP_RUN = "stop run"  # nothing will succeed at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One kind of refusal: what to do, what it means in words, what a person can do, how it ends the run if it does."""

    remedy: Remedy
    message: str
    advice: str = ""
    ends: type[SiteError] | None = None


_SERVICE = "Site administration > Server > Web services > External services"
_TOKEN = "make a new token under Site administration > Server > Web services > Manage tokens"  # noqa: S105 - a menu

_CLOSED = Meaning(
    remedy=Remedy.STOP_COURSE,
    message="the token's account cannot enter this course",
    advice="give its role moodle/course:view, and moodle/course:viewhiddencourses for hidden courses; where it enters "
    "none at all, rostersync doctor says why",
)

CODES: Mapping[str, Meaning] = {
    # the token and its account
    "invalidtoken": Meaning(
        remedy=Remedy.STOP_RUN,
        message="Moodle does not know the token; it may have expired",
        advice=_TOKEN,
        ends=TokenRefused,
    ),
    "accessexception": Meaning(
        remedy=Remedy.STOP_RUN,
        message="Moodle does not let the token in",
        advice="look whether the token has expired or is bound to another network address, whether its service is "
        "enabled and holds this function, and whether its account has webservice/rest:use",
        ends=TokenRefused,
    ),
    "wsaccessusersuspended": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the account of the token is suspended",
        advice="have an administrator activate that account",
        ends=TokenRefused,
    ),
    "wsaccessuserunconfirmed": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the account of the token is not confirmed",
        advice="have an administrator confirm that account",
        ends=TokenRefused,
    ),
    "wsaccessuserdeleted": Meaning(
        remedy=Remedy.STOP_RUN, message="the account of the token is deleted", advice=_TOKEN, ends=TokenRefused
    ),
    "wsaccessuserexpired": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the password of the token's account has expired",
        advice="set a new password for that account",
        ends=TokenRefused,
    ),
    "wsaccessusernologin": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the account of the token may not log in",
        advice="give that account an authentication method other than “no login”",
        ends=TokenRefused,
    ),
    "usernotfullysetup": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the profile of the token's account is not complete",
        advice="fill in that account's name, e-mail address and required profile fields",
        ends=TokenRefused,
    ),
    "forcepasswordchangenotice": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the token's account has to change its password first",
        advice="log in as that account once, and set a new password; or have an administrator edit that account, and "
        "take the tick off Force password change",
        ends=TokenRefused,
    ),
    "nopasswordchangeforced": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the token's account has to change its password first, which its authentication method does not let it",
        advice="have an administrator edit that account, and take the tick off Force password change",
        ends=TokenRefused,
    ),
    "sitepolicynotagreed": Meaning(
        remedy=Remedy.STOP_RUN,
        message="the token's account has not agreed to the site's policy",
        advice="log in as that account once, and agree; or have an administrator agree on its behalf",
        ends=TokenRefused,
    ),
    # the site as a whole, before anything was done (guide/moodle.md, fact 26)
    "sitemaintenance": Meaning(
        remedy=Remedy.RETRY,
        message="the site is in maintenance mode",
        advice="run it again when the maintenance is over",
    ),
    "dbconnectionfailed": Meaning(
        remedy=Remedy.RETRY,
        message="Moodle's database is away",
        advice="if it stays, ask the site's administrator",
    ),
    # a value of the call
    "invalidparameter": Meaning(
        remedy=Remedy.ISOLATE,
        message="a value in the call is one that Moodle does not accept",
        advice="correct this row's key, or look whether the user or course was deleted",
    ),
    "codingerror": Meaning(
        remedy=Remedy.ISOLATE,
        message="a user of the call does not exist or is deleted",
        advice="look whether the account was deleted",
    ),
    "invaliduser": Meaning(
        remedy=Remedy.ISOLATE, message="the user does not exist", advice="look whether the account was deleted"
    ),
    "usernotconfirmed": Meaning(
        remedy=Remedy.ISOLATE, message="the account is not confirmed", advice="confirm it in Moodle"
    ),
    "userdeleted": Meaning(
        remedy=Remedy.ISOLATE, message="the account was deleted", advice="look whether the person has another one"
    ),
    "guestsarenotallowed": Meaning(
        remedy=Remedy.ISOLATE, message="it is the guest account, which cannot be enrolled", advice="take the row out"
    ),
    "invalidrecordunknown": Meaning(
        remedy=Remedy.ISOLATE,
        message="something that the call names is not there: an account, or the course",
        advice="look whether the account or the course was deleted",
    ),
    "wsusercannotassign": Meaning(
        remedy=Remedy.ISOLATE,
        message="the token's account may not give this role here",
        advice="allow it under Site administration > Users > Permissions > Define roles > Allow role assignments, "
        "and give it moodle/role:assign",
    ),
    "invalidresponse": Meaning(
        remedy=Remedy.ISOLATE,
        message="Moodle found something that it cannot show, an account with an unusual username as a rule",
        advice="name this person by another key, or change the account's username",
    ),
    "dmlreadexception": Meaning(
        remedy=Remedy.ISOLATE,
        message="Moodle's database could not read what was asked for",
        advice="look for unusual characters in the value",
    ),
    # a course
    "wsnoinstance": Meaning(
        remedy=Remedy.STOP_COURSE,
        message="the course has no enabled manual enrolment method",
        advice="enable it under Participants > Enrolment methods in that course",
    ),
    "invalidrecord": Meaning(
        remedy=Remedy.STOP_COURSE, message="the course does not exist", advice="look whether the course was deleted"
    ),
    "nopermissions": Meaning(
        remedy=Remedy.STOP_COURSE,
        message="the token's account lacks a capability in this course",
        advice="give its role the capability that Moodle names",
    ),
    "errorcoursecontextnotvalid": _CLOSED,  # by functions that read
    "requireloginerror": _CLOSED,  # by functions that write
    # Moodle's own troubles
    "dmlwriteexception": Meaning(
        remedy=Remedy.READ_AGAIN,
        message="Moodle's database refused to write, as happens when two writers meet",
        advice="run it again; if it stays, ask the site's administrator for the error log",
    ),
    # Comes after the commit (recordings mail 2 to 11): the rows are done, and only another read says so.
    "Message was not sent.": Meaning(
        remedy=Remedy.READ_AGAIN,
        message="Moodle did what was asked, and could not send the welcome message",
        advice="repair Moodle's outgoing mail, or switch the welcome message of the course's manual enrolments off",
    ),
    "": Meaning(
        remedy=Remedy.STOP_COURSE,
        message="Moodle's own code failed",
        advice="ask the site's administrator for the web server's error log",
    ),
}
"""Error codes that are known; "" is a PHP error, which has none (recording 22)."""

BROKEN_OFF = frozenset({"dmlreadexception"})
"""What a call answers whose connection to the database broke off in the middle (recording database_lost)."""

UNKNOWN = Meaning(
    remedy=Remedy.STOP_COURSE,
    message="Moodle refused it for a reason that rostersync does not know",
    advice="look up the code in Moodle's documentation, or ask the site's administrator",
)

STATUSES: Mapping[int, Meaning] = {
    401: Meaning(
        remedy=Remedy.STOP_RUN,
        message="something before Moodle asks for a user name and a password (HTTP 401)",
        advice="ask the site's administrator to let web services through",
        ends=TokenRefused,
    ),
    403: Meaning(
        remedy=Remedy.STOP_RUN,
        message="web services or the REST protocol are switched off, or something before Moodle refuses (HTTP 403)",
        advice="have an administrator switch both on: Site administration > Server > Web services > Overview",
        ends=TokenRefused,
    ),
    404: Meaning(
        remedy=Remedy.STOP_RUN,
        message="there is no Moodle at this address (HTTP 404)",
        advice="write the address of Moodle's front page as a browser shows it, with Moodle's own path if it has one, "
        "and without the page behind it, like /my or /login",
        ends=NotMoodle,
    ),
    429: Meaning(
        remedy=Remedy.RETRY,
        message="Moodle, or something before it, asks to slow down (HTTP 429)",
        advice="if it stays, run it when the site is less busy, with fewer connections",
    ),
    503: Meaning(
        remedy=Remedy.RETRY,
        message="Moodle is not available at present (HTTP 503)",
        advice="if it stays, run it again when the maintenance is over",
    ),
}
"""HTTP statuses with a meaning of their own; any other trouble on the way may have been carried out."""

LOST = Meaning(
    remedy=Remedy.READ_AGAIN,
    message="no usable answer came; what was asked may have been done",
    advice="run it again: what is done is seen and not done twice",
)

_ENDED = Meaning(remedy=Remedy.STOP_RUN, message="the run cannot go on")


def answer_to(error: RosterSyncError) -> Meaning:
    """What is known of an error that a call ended with."""
    match error:
        case MoodleError():
            return CODES.get(error.errorcode, UNKNOWN)
        case TransportError():
            # A call that was refused for the moment ends as Unreachable in the client, which has tried again by then.
            return LOST
        case _:
            return _ENDED


def remedy_of(error: RosterSyncError) -> Remedy:
    """What the caller does about an error that a call ended with; codes that are not known stop the course."""
    return answer_to(error).remedy


def leaves_open(error: MoodleError) -> bool:
    """Whether a refusal may come after the call was carried out, as those may whose code is not known."""
    known = CODES.get(error.errorcode) if error.errorcode else None
    return known is None or known.remedy is Remedy.READ_AGAIN or error.errorcode in BROKEN_OFF


def refusal(function: str, answer: Mapping[str, Any]) -> MoodleError | SiteError:
    """The exception for an `{"exception", "errorcode"?, "message"}` that Moodle answered to this function."""
    code, words = (plain(str(answer.get(name) or "")) for name in ("errorcode", "message"))
    known = CODES.get(code, UNKNOWN)
    if known.ends:
        return known.ends(
            f"{known.message}: “{shortened(words)}” [{code}] in answer to {function}", remedy=known.advice, code=code
        )
    raised = str(answer.get("exception") or "")
    return MoodleError(words or raised, function=function, errorcode=code, remedy=known.advice, exception=raised)


def plain(text: str) -> str:
    """Moodle's words without the tags and entities that some of them have, on one line."""
    if not _MARKUP.search(text):
        return text
    return " ".join(unescape(_TAG.sub(" ", text)).split())


def missing_functions(names: tuple[str, ...]) -> tuple[str, str]:
    """Message and remedy for functions that the token's service lacks."""
    return (
        f"the token's service lacks {', '.join(names)}",
        f"an administrator adds them under {_SERVICE} > Functions",
    )
