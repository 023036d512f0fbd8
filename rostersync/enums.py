"""The words that tables, settings and commands share. Nothing here loads a library, so that commands start quickly."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self

NOT_GIVEN = -1
"""A start or end that the roster does not state (0 states that there is none)."""


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 row", "6,041 rows", "2 people"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


class ExitCode(IntEnum):
    """What a command ends with, for whoever calls it from a script."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        """A number with the sentence that help and guide have for it."""
        one = int.__new__(cls, code)
        one._value_ = code
        one.meaning = meaning
        return one

    DONE = 0, "done, or nothing to do"
    ERROR = 1, "an error; or stopped (Ctrl-C, the answer “no”, a question that nobody could be asked)"
    USAGE = 2, "an option, an argument or a setting that cannot be used"
    INCOMPLETE = 3, "done (or planned), but some rows were rejected, held, failed or unproved"
    REFUSED = 4, "refused by a limit or a safety rule: nothing was changed"
    SITE = (
        5,
        "Moodle could not be reached, refused the token, or was away too long; `rostersync resume` goes on with a run",
    )
    BUSY = 6, "another run holds the site"
    PENDING = 10, "changes are pending (only with `plan --exit-code`)"


class UserField(StrEnum):
    """Where a user's key is looked up; ANY until all distinct values of its column were tried."""

    USERNAME = "username"
    IDNUMBER = "idnumber"
    EMAIL = "email"
    ID = "id"
    ANY = "any"


class CourseField(StrEnum):
    """Where a course's key is looked up; ANY until all distinct values of its column were tried."""

    SHORTNAME = "shortname"
    IDNUMBER = "idnumber"
    ID = "id"
    ANY = "any"


class Action(StrEnum):
    """What a row asks for in an action column; NONE where the file has none."""

    NONE = ""
    ADD = "add"
    REMOVE = "remove"
    SUSPEND = "suspend"


class Status(StrEnum):
    """What a row says of the enrolment in a status column; NONE where it says nothing."""

    NONE = ""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class Sign(StrEnum):
    """What tells that a mirrored roster may be a part only, or an old one; codes of `problems.HOLDS`."""

    OLDER = "older"
    PART = "part"
    ALL_OVER = "all_over"
    FEWER = "fewer"


class RowState(StrEnum):
    """What became of a row before Moodle was asked to change anything."""

    OK = "ok"
    REJECTED = "rejected"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"


class Mode(StrEnum):
    """What follows from a file: guide/scope.md."""

    MIRROR = "mirror"
    ADD_ONLY = "add-only"
    EXPLICIT = "explicit"


class OnMissing(StrEnum):
    """What happens to people whom a mirrored file does not name."""

    UNENROL = "unenrol"
    SUSPEND = "suspend"
    KEEP = "keep"


class Match(StrEnum):
    """How what Moodle found compares with what was asked (guide/moodle.md, fact 14)."""

    EXACT = "exact"
    CASE = "case"  # the same but for letter case and outer blanks
    NEAR = "near"  # the same but for accents: a suggestion, never a match
    ERROR = "error"  # Moodle refused this value, or could not show what it found
    DELETED = "deleted"  # an account that was deleted has it, and is nobody's any more


class Op(StrEnum):
    """What is sent to Moodle for a change."""

    NOTHING = "nothing"  # carries a hold, or says that nothing is to do
    ENROL = "enrol"  # enrol_manual_enrol_users for somebody who is not enrolled
    UPDATE = "update"  # enrol_manual_enrol_users for somebody who is: dates, suspension
    ASSIGN = "assign"  # core_role_assign_roles
    UNASSIGN = "unassign"  # core_role_unassign_roles
    UNENROL = "unenrol"  # enrol_manual_unenrol_users


UNENROL_ALL = "--on-unknown-grades unenrol"
"""What unenrols people in one run although it cannot be known whether they have grades."""
UNENROL_ALWAYS = 'on_unknown_grades = "unenrol" in the settings file'
"""The same for every run."""
WHAT_GOES = (
    "any grades go with the enrolment, and come back only where the site restores them; group memberships never do"
)
"""What an unenrolment costs (guide/moodle.md, facts 22 and 33)."""
SWITCH_MAIL_OFF = "course > Participants > Enrolment methods > Manual enrolments > Send course welcome message: No"
"""Where the mails are switched off that Moodle sends for rows of enrol calls (guide/moodle.md, fact 27)."""


class Bucket(StrEnum):
    """Where each input row ends, in the order of precedence of guide/rules.md."""

    REJECTED = "rejected"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    UNPROVED = "unproved"
    HELD = "held"
    UNENROLLED = "unenrolled"
    SUSPENDED = "suspended"
    ENROLLED = "enrolled"
    REACTIVATED = "reactivated"
    ROLE_CHANGED = "role changed"
    DATES_CHANGED = "dates changed"
    UNCHANGED = "unchanged"


class Proof(StrEnum):
    """What is known of a change after it was sent."""

    PROVED = "proved"  # a fresh read shows it
    ACCEPTED = "accepted"  # Moodle answered null and no read can show it: dates, and what dates hide
    UNPROVED = "unproved"  # it was sent, and no read could be had that shows what became of it
    DISPROVED = "disproved"  # a fresh read shows otherwise
    FAILED = "failed"  # Moodle refused it, or it was not sent because something before it failed
    UNCHANGED = "unchanged"  # it was in place already when the plan was applied
    HELD = "held"  # not sent
