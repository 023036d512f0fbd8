"""Hold the records of a site: frozen dataclasses, from and to a state document."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Self

SITE_COURSE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row of one of a document's lists; keys that the sandbox has no use for are left behind."""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Make the record of one row; raises `KeyError` for a missing key that has no default."""
        columns = _columns(cls)
        return cls(**{name: row[name] for name, default in columns if default is MISSING or name in row})

    def row(self) -> dict[str, Any]:
        """Give the row back, without the optional keys that have their default."""
        values = ((name, default, getattr(self, name)) for name, default in _columns(type(self)))
        return {name: value for name, default, value in values if default is MISSING or value != default}


_COLUMNS: dict[type[Record], tuple[tuple[str, object], ...]] = {}


def _columns(kind: type[Record]) -> tuple[tuple[str, object], ...]:
    """List a record's fields with their defaults, remembered: a site has hundreds of thousands of rows."""
    if kind not in _COLUMNS:
        _COLUMNS[kind] = tuple((field.name, field.default) for field in fields(kind))
    return _COLUMNS[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Record):
    """A role of the site; `assignable_by_token` says whether the token's account may give it in courses."""

    id: int
    shortname: str
    archetype: str
    assignable_by_token: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """An account."""

    id: int
    username: str
    idnumber: str
    email: str
    firstname: str
    lastname: str
    suspended: int
    deleted: int
    auth: str = "manual"
    confirmed: int = 1

    @property
    def fullname(self) -> str:
        """The name as Moodle shows it (recording 40 keeps the guest's two spaces)."""
        return f"{self.firstname} {self.lastname}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Record):
    """A course; group mode 1 means separate groups."""

    id: int
    shortname: str
    idnumber: str
    fullname: str
    visible: int
    category: int
    groupmode: int = 0
    groupmodeforce: int = 0
    showgrades: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Record):
    """An enrolment method of one course; the welcome message (`customint1`) is on in every new one (fact 27)."""

    id: int
    courseid: int
    enrol: str
    enabled: bool
    customint1: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment(Record):
    """A person's enrolment by one instance; status 1 is suspended, times are epoch seconds, 0 means none.

    When they were last in the course stands here, too, although Moodle keeps it elsewhere.
    """

    enrolid: int
    userid: int
    status: int
    timestart: int
    timeend: int
    lastaccess: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Record):
    """A role held in a course; methods such as cohort sync own theirs by `component` and `itemid`."""

    courseid: int
    userid: int
    roleid: int
    component: str = ""
    itemid: int = 0

    def row(self) -> dict[str, Any]:
        """Give the row back with all of its keys, as the recorded document does."""
        return {name: getattr(self, name) for name, _ in _columns(Assignment)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Record):
    """A group of a course."""

    id: int
    courseid: int
    name: str
    idnumber: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Record):
    """A person in a group."""

    groupid: int
    userid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade(Record):
    """A person's course total, typed by hand; `None` is a gradebook without a grade of theirs."""

    userid: int
    courseid: int
    rawgrade: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeCategory(Record):
    """A category of a course's gradebook; the one without a parent (0) is the course's own.

    `hidden` hides all that is in it; to hide its total alone is the total's own mark (grades unseen 9, 12).
    """

    id: int
    courseid: int
    parent: int = 0
    name: str = ""
    hidden: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeItem(Record):
    """A column of a gradebook: `manual`, or the total of a `category` or of the `course`.

    `categoryid` is the category that a manual item stands in, or that a total sums up. `hidden` is 1, or until when
    (epoch seconds). A `weight` of 0 keeps the item out of the totals. An item of `gradetype` 0, “none”, keeps
    its grades, and only the tree shows that it is there (grades none 4). One that `needsupdate` could not be
    calculated: it shows no grade.
    """

    id: int
    courseid: int
    itemtype: str
    categoryid: int
    name: str = ""
    hidden: int = 0
    weight: float = 1
    grademax: float = 100
    gradetype: int = 1
    needsupdate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemGrade(Record):
    """What somebody has in an item: a number, words, or both; `overridden` totals were typed by hand.

    `excluded` takes effect when Moodle computes the totals again, which no recording shows (grades 21, 52).
    """

    itemid: int
    userid: int
    finalgrade: float | None = None
    feedback: str = ""
    hidden: int = 0
    excluded: int = 0
    overridden: int = 0
    timemodified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort(Record):
    """A site-wide set of people."""

    id: int
    name: str
    idnumber: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMember(Record):
    """A person in a cohort."""

    cohortid: int
    userid: int
