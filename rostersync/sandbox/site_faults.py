"""Let the site itself misbehave: refusals, mail that fails, a database that is away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rostersync.errors import UsageError
from rostersync.sandbox import pages
from rostersync.sandbox.enrolment_rules import SEPARATE_GROUPS
from rostersync.sandbox.faults import Fault, FaultKind
from rostersync.sandbox.pages import HttpAnswer
from rostersync.sandbox.records import Course
from rostersync.sandbox.refusals import Refusal, access, invalid_token, moodle
from rostersync.sandbox.state import State

_NO_DATABASE = (
    "<p>Error: Database connection failed</p>\n"
    "<p>It is possible that the database is overloaded or otherwise not running properly.</p>\n"
    "<p>The site administrator should also check that the database details have been correctly specified in "
    "config.php</p>"
)
_NOTICE = "You must change your password to proceed."
_NOT_SENT = "Message was not sent."


def instead(state: State, moods: Sequence[Fault]) -> HttpAnswer | None:
    """Return what is answered before anybody looks at the call, the web server's own answer first."""
    kinds = {mood.kind for mood in moods}
    if FaultKind.WRONG_PATH in kinds:
        return pages.NOT_FOUND
    if FaultKind.MAINTENANCE_CLI in kinds:
        return pages.CLI_MAINTENANCE
    if kinds & {FaultKind.WEB_SERVICES_OFF, FaultKind.REST_OFF}:
        return pages.FORBIDDEN
    if FaultKind.MAINTENANCE in kinds:
        return pages.maintenance(state.site["name"])
    return None


def check_database(moods: Sequence[Fault]) -> None:
    """Refuse anything while the database is away, in HTTP 200 (fact 26); raises `Refusal`."""
    if any(mood.kind is FaultKind.DATABASE_AWAY for mood in moods):
        raise Refusal("dml_connection_exception", "dbconnectionfailed", _NO_DATABASE)


def check_connection(moods: Sequence[Fault]) -> None:
    """Lose the database near the end of a call, before it is committed (database lost 2); raises `Refusal`."""
    if any(mood.kind is FaultKind.DATABASE_LOST for mood in moods):
        raise Refusal("dml_read_exception", "dmlreadexception", "Error reading from database")


def check_mail(moods: Sequence[Fault]) -> None:
    """Fail to send what a call has to send, after it was committed (mail 2); raises `Refusal`."""
    if any(mood.kind is FaultKind.MAIL_FAILS for mood in moods):
        raise moodle(_NOT_SENT, f"error/{_NOT_SENT}")


def check_token(state: State, moods: Sequence[Fault]) -> None:
    """Refuse a token that would be good in better moods; raises `Refusal`."""
    kinds = {mood.kind for mood in moods}
    if FaultKind.TOKEN_UNKNOWN in kinds:
        raise invalid_token()
    if kinds & {FaultKind.TOKEN_EXPIRED, FaultKind.TOKEN_ELSEWHERE}:
        raise access()
    if FaultKind.ACCOUNT_SUSPENDED in kinds:
        username = state.users.rows[state.token_userid].username
        message = f"Refused web service access for suspended username: {username}"
        raise moodle("wsaccessusersuspended", message)


def check_maintenance(moods: Sequence[Fault]) -> None:
    """Let nobody in during maintenance, once the token is known (Moodle's sources: `authenticate_user`).

    Raises `Refusal`.
    """
    if any(mood.kind is FaultKind.MAINTENANCE_ANSWER for mood in moods):
        raise moodle("sitemaintenance", "The site is undergoing maintenance and is currently not available")


def check_service(moods: Sequence[Fault]) -> None:
    """Refuse any function of a service that is disabled; raises `Refusal`."""
    if any(mood.kind is FaultKind.SERVICE_OFF for mood in moods):
        raise access()


@contextmanager
def felt(state: State, moods: Sequence[Fault]) -> Iterator[None]:
    """Take capabilities away and give courses separate groups, for as long as the call takes."""
    kept_out = any(mood.kind is FaultKind.PASSWORD_CHANGE for mood in moods)
    lacking = {mood.subject for mood in moods if mood.kind is FaultKind.CAPABILITY}
    courses = {one.id: one for mood in moods if mood.kind is FaultKind.SEPARATE_GROUPS for one in _named(state, mood)}
    before = state.missing_capabilities
    try:
        if lacking:
            state.missing_capabilities = before | lacking
        for course in courses.values():
            state.courses[course.id] = replace(course, groupmode=SEPARATE_GROUPS)
        state.kept_out = kept_out
        yield
    except Refusal as refusal:
        raise _of_password(refusal) if kept_out else refusal  # noqa: B904 -- it is the same refusal, in other words
    finally:
        state.kept_out = False
        state.missing_capabilities = before
        state.courses.update(courses)


def _of_password(refusal: Refusal) -> Refusal:
    """Say why no course may be entered; functions that read wrap it (Moodle's sources: `require_login`)."""
    match refusal.errorcode:
        case "requireloginerror":
            return moodle("forcepasswordchangenotice", _NOTICE)
        case "errorcoursecontextnotvalid":
            before, about, _ = refusal.message.partition("The context error message was: ")
            return Refusal(refusal.exception, refusal.errorcode, f"{before}{about}{_NOTICE}")
        case _:
            return refusal


def check_course(state: State, fault: Fault) -> None:
    """Refuse separate groups of a course that the site does not have; raises `UsageError`."""
    if fault.kind is FaultKind.SEPARATE_GROUPS and fault.subject and not _named(state, fault):
        courses = ", ".join(sorted(course.shortname for course in state.courses.values())[:5])
        raise UsageError(
            f"the sandbox has no course {fault.subject}", remedy=f"one of its ids or short names, such as {courses}"
        )


def _named(state: State, mood: Fault) -> list[Course]:
    """Find the courses of a mood: by id, by short name, or all."""
    if not mood.subject:
        return [*state.courses.values()]
    if mood.subject.isdecimal() and int(mood.subject) in state.courses:
        return [state.courses[int(mood.subject)]]
    return state.courses_where("shortname", mood.subject)
