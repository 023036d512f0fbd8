"""Every exception that ends a run, with its exit code.

An exception means that the run cannot go on; bad rows are problems (see `problems`), not exceptions.

    RosterSyncError                1
    ├── UsageError                 2   what was asked for cannot be meant
    │   └── SettingsError          2   a settings file, variable or flag that cannot be used
    ├── RosterError                1   a file that cannot be read as a roster
    ├── StoreError                 1   the store cannot be read or written
    ├── ReportError                1   a report, plan or export cannot be written
    ├── Refused                    4   a limit or a safety rule says no
    │   ├── EmptyRoster            4   a roster without any enrolment
    │   ├── CutFile                4   a mirrored file that breaks off
    │   └── PlanRefused            4   a plan that is edited, stale, for another site, or applied already
    ├── SiteError                  5   Moodle cannot be reached, or refused the token
    │   ├── Unreachable            5   no answer, or not in time
    │   ├── NotMoodle              5   an answer that is not a Moodle's
    │   ├── Redirected             5   another address is to be used
    │   ├── TokenRefused           5   the token, its account or its service is not accepted
    │   └── FunctionMissing        5   the token's service lacks a function that the run needs
    ├── SiteBusy                   6   another run holds the site
    └── AnswerError                1   one call did not succeed; caught where calls are made
        ├── MoodleError            1   Moodle answered with an exception
        └── TransportError         1   no usable answer came: what was asked may have happened
            └── Misfit             1   one came that does not have the shape of the function's answers
"""

from __future__ import annotations

from rostersync.enums import ExitCode


class RosterSyncError(Exception):
    """What ends a run: a sentence that says what was found, and one that says what to do."""

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(RosterSyncError):
    """What was asked for cannot be meant."""

    exit_code = ExitCode.USAGE


class SettingsError(UsageError):
    """A settings file, an environment variable or a flag that cannot be used."""


class RosterError(RosterSyncError):
    """A file that cannot be read as a roster."""


class StoreError(RosterSyncError):
    """The store cannot be read or written."""


class ReportError(RosterSyncError):
    """A report, a plan or an export cannot be written."""


class Refused(RosterSyncError):
    """A limit or a safety rule says no; nothing was changed."""

    exit_code = ExitCode.REFUSED


class EmptyRoster(Refused):
    """A roster without any enrolment is never taken for "everybody left"."""


class CutFile(Refused):
    """A file that breaks off is never the whole truth for its courses."""


class PlanRefused(Refused):
    """A plan that was edited, is stale or for another site, was applied already, or a review that does not fit it."""


class SiteError(RosterSyncError):
    """Moodle could not be reached, or refused the token.

    `code` is Moodle's error code or the HTTP status that said so; "" where neither came.
    """

    exit_code = ExitCode.SITE

    def __init__(self, message: str, *, remedy: str = "", code: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class Unreachable(SiteError):
    """No answer, or not in time."""


class NotMoodle(SiteError):
    """An answer came, but not from Moodle's web services."""


class Redirected(SiteError):
    """The site answers with another address; it is named, never followed (guide/moodle.md, fact 5)."""


class TokenRefused(SiteError):
    """The token, its account or its service is not accepted."""


class FunctionMissing(SiteError):
    """The token's service lacks a function that this run needs."""


class SiteBusy(RosterSyncError):
    """Another run holds the site."""

    exit_code = ExitCode.BUSY


class AnswerError(RosterSyncError):
    """One call did not succeed. Caught where calls are made; it ends a run only where nothing can go on."""

    def __init__(self, message: str, *, function: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.function = function


class MoodleError(AnswerError):
    """Moodle answered with an exception: HTTP 200 and `{"exception", "errorcode"?, "message"}`.

    `errorcode` is "" where Moodle gave none (a PHP error, recording 22); `exception` is the class that Moodle names.
    """

    def __init__(self, message: str, *, function: str, errorcode: str, remedy: str = "", exception: str = "") -> None:
        super().__init__(message, function=function, remedy=remedy)
        self.errorcode = errorcode
        self.exception = exception

    def __str__(self) -> str:
        """Moodle's own words, with the code that does not depend on its language."""
        return f"{self.message} [{self.errorcode or 'no error code'}]"


class TransportError(AnswerError):
    """No usable answer came back (time-out, reset, HTML, HTTP 5xx). The call may have been carried out all the same."""

    def __init__(self, message: str, *, function: str, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message, function=function)
        self.status = status
        self.retry_after = retry_after


class Misfit(TransportError):
    """An answer came that does not have the shape of the function's answers: no part of it is used."""
