"""Every setting: its default, its meaning, an example, and what it may be."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from rostersync.enums import Mode, OnMissing, Sign
from rostersync.text.addresses import tidy

StatusWord = Literal["active", "suspended", "removed", "absent", "waiting", "ignored"]
"""What a word in a status column can mean: a status; that somebody does not take part, or waits; or nothing."""
CourseFigure = Literal[
    "course_limit_share",
    "course_limit_count",
    "small_course_share",
    "small_course_count",
    "rise_share",
    "rise_count",
    "rise_new_count",
]
"""Limits that can differ by course."""

SECTIONS: Mapping[str, str] = {
    "site": "The site",
    "columns": "Reading rosters",
    "mode": "What follows from a roster",
    "role_ranks": "What roles are worth",
    "course_limit_share": "Limits of what one run may remove",
    "rise_share": "Limits of the people whose rights one run may raise",
    "plan_max_age_hours": "Plans and previews",
    "connections": "Talking to Moodle",
}
"""The first setting of each section → its heading."""


def setting(default: object, meaning: str, *, example: object = None, **bounds: Any) -> Any:  # noqa: ANN401 - a field
    """A field with what it means, for `config show --explain`, the settings file and the guide.

    Args:
        default: its value where nobody sets it.
        meaning: a sentence or two in Markdown.
        example: a value, where the default shows none.
        bounds: ge, gt, le, as pydantic has them.
    """
    examples = None if example is None else [example]
    return Field(default=default, description=meaning, examples=examples, **bounds)


class Settings(BaseModel):
    """Everything that can be set, with its default and its meaning.

    A name here is the name in the file and, in capitals after ROSTERSYNC_, in the environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # the site
    site: str = setting(
        "", "Moodle's address, as the browser shows it on the front page.", example="https://moodle.example"
    )
    token: SecretStr = setting(
        SecretStr(""),
        "The token. Keep it in the keyring (`rostersync config token`) or in a file of its own rather than here.",
    )
    token_file: str = setting(
        "", "A file that holds the token alone; only its owner should be able to read it.", example="~/moodle-token"
    )
    allow_http: bool = setting(
        default=False, meaning="Send the token to another machine without https, where anybody on the way can read it."
    )
    store: str = setting(
        "",
        "The file in which rostersync keeps runs, journals and what it last set; blank: in your data folder.",
        example="~/rostersync/store.db",
    )
    retention_days: int = setting(
        400, "How many days `store prune` keeps what names people: a year and some weeks.", ge=1
    )
    share_reports: bool = setting(
        default=False, meaning="Let the owner's group read reports, plans, reviews, exports and files of problems."
    )

    # reading rosters
    columns: dict[str, str] = setting(
        {},
        "Which field a header is, for headers that rostersync does not know or must not guess.",
        example={"Matr.": "idnumber"},
    )
    delimiter: str = setting("", "What separates the fields of a text file; blank: taken from the header.", example=";")
    encoding: str = setting("", "The encoding of text files; blank: Unicode, else `regional`.", example="cp1250")
    regional: str = setting(
        "cp1252", "The encoding that is tried where a text is not Unicode. The preview shows the words that it changed."
    )
    sheet: str = setting(
        "",
        "The sheet of a workbook to read; several with commas, or * for all; blank: the only one that fits.",
        example="Term 1",
    )
    ignore_sheets: tuple[str, ...] = setting(
        (), "Sheets that are no part of the roster: people who stand only there are absent.", example=("Rooms",)
    )
    ignore_blocks: tuple[str, ...] = setting(
        (),
        "Blocks beside the table or above its header that are no part of the roster, each by its first cell.",
        example=("Sheet1!H1",),
    )
    hidden: Literal["read", "skip"] = setting("read", "What to do with hidden rows, columns and sheets of a workbook.")
    preset: str = setting(
        "",
        "The system that exported the file, a preset file of your own, or `none`; blank: recognised by the header.",
        example="banner",
    )
    max_megabytes: int = setting(1024, "How large a file may be when it is unpacked; a larger one is refused.", ge=1)
    date_order: Literal["", "ymd", "dmy", "mdy"] = setting(
        "", "How 01/02/2026 is read: year, month, day in this order; blank: taken from the column."
    )
    mixed_dates: Literal["", "right", "exchanged"] = setting(
        "",
        "What the dates of a workbook are that stand beside texts in another order of day and month: right as they "
        "are, or with day and month exchanged; blank: such rows are rejected.",
    )
    timezone: str = setting("UTC", "The time zone in which dates begin and end.", example="Europe/Berlin")
    default_role: str = setting("", "The role of rows that name none; blank: they are rejected.", example="student")
    teacher_means: Literal["", "teacher", "editingteacher"] = setting(
        "",
        "What the word “teacher” means in your files: `teacher` is Moodle's non-editing teacher; blank: rows with this "
        "word are rejected.",
    )
    role_words: dict[str, str] = setting(
        {}, "What further words or numbers in a role column mean.", example={"Tutor": "teacher"}
    )
    status_words: dict[str, StatusWord] = setting(
        {},
        "What further words in a status column mean: active, suspended, removed, absent, waiting or ignored.",
        example={"beurlaubt": "suspended"},
    )
    status_sense: Literal["", "positive", "negative"] = setting(
        "",
        "What 1, 0, yes and no in a status column say: `positive`, yes is active; `negative`, yes is suspended; "
        "blank: the header tells, or the rows are rejected.",
    )
    user_key: Literal["", "username", "idnumber", "email", "id"] = setting(
        "", "What a column that is just called “user” holds; blank: its values are looked up in Moodle."
    )
    course_key: Literal["", "shortname", "idnumber", "id"] = setting(
        "", "What a column that is just called “course” holds; blank: its values are looked up in Moodle."
    )

    # what follows from a roster
    mode: Mode | None = setting(
        None,
        "What a file says. `mirror`: the whole truth for its courses. `explicit`: rows say add, remove or suspend. "
        "`add-only`: nobody is removed or suspended. Not set: mirror, or explicit where there is an action column.",
        example="mirror",
    )
    on_missing: OnMissing = setting(
        OnMissing.UNENROL, "What happens to people whom a mirrored file does not name in one of its courses."
    )
    on_unknown_grades: Literal["suspend", "unenrol"] = setting(
        "suspend",
        "What happens to people who would be unenrolled where Moodle does not tell whether they have grades. `unenrol` "
        "deletes the grades that they may have.",
    )
    courses: tuple[str, ...] = setting(
        (), "Courses to manage even where no file names them. Only these may become empty.", example=("BIO101",)
    )
    roles: dict[str, int] = setting(
        {}, "Ids of roles that rostersync cannot learn from Moodle, by short name.", example={"tutor": 9}
    )
    assignable_roles: tuple[str, ...] = setting(
        ("student", "teacher", "editingteacher"), "Roles that a roster may give, by short name."
    )
    managed_roles: tuple[str, ...] = setting(
        (),
        "Roles that rostersync may take away, beside those that the roster uses in the course.",
        example=("student", "teacher"),
    )
    protected_users: tuple[str, ...] = setting(
        (), "People who are never removed, by user name, ID number or e-mail address.", example=("principal",)
    )
    protected_roles: tuple[str, ...] = setting((), "Roles whose holders are never removed.", example=("manager",))
    protected_courses: tuple[str, ...] = setting(
        (), "Courses from which nobody is removed, by short name or ID number.", example=("STAFF-ROOM",)
    )
    protected_gone: tuple[str, ...] = setting(
        (),
        "Protected names that nobody and nothing has any more. Any other name that fits nobody holds all removals.",
        example=("oldprincipal",),
    )
    not_in_moodle: tuple[str, ...] = setting(
        (),
        "Patterns of courses in your files that have no Moodle course: their rows are ignored.",
        example=("SPORT-*",),
    )
    missing_users: Literal["hold", "accept"] = setting(
        "hold",
        "Whether a user unknown to Moodle holds every removal in the course, or, with `accept`, only that of people "
        "who resemble the row.",
    )
    trust_reads: bool = setting(
        default=False,
        meaning="Believe a course's list where no independent count confirms it. Only for a token that sees everybody; "
        "`rostersync doctor` says when.",
    )
    meant: tuple[Sign, ...] = setting(
        (),
        "Signs of an old or partial roster that are meant so: older, part, all_over, fewer. Rather a flag of one run.",
    )

    # what roles are worth
    role_ranks: dict[str, int] = setting(
        {},
        "Ranks of further roles, beside manager 4, editingteacher 3, teacher 2 and student 1.",
        example={"tutor": 2},
    )
    guarded_roles: tuple[str, ...] = setting(
        ("editingteacher", "manager"),
        "Roles that many people of a course do not get at once (see the limits of rises).",
    )

    # limits of what one run may remove
    course_limit_share: float = setting(
        0.20, "The share of its people that a course may lose, together with the next.", ge=0, le=1
    )
    course_limit_count: int = setting(
        5, "How many people a course may lose whatever their share: only above both are its removals held.", ge=0
    )
    small_course_share: float = setting(
        0.50, "The share of its people that a small course may lose, together with the next.", ge=0, le=1
    )
    small_course_count: int = setting(3, "From how many people on the share for small courses counts.", ge=0)
    run_limit_share: float = setting(
        0.10, "The share of all people that one run may remove, together with the next.", ge=0, le=1
    )
    run_limit_count: int = setting(
        25, "How many people one run may remove whatever their share: above both nothing at all is changed.", ge=0
    )
    course_limits: dict[str, dict[CourseFigure, float]] = setting(
        {},
        "Other figures for some courses, by pattern of short name or ID number.",
        example={"LAB-*": {"course_limit_count": 2}},
    )
    allow_removals: int = setting(
        0, "Lift the limits, up to so many removals in total. Rather a flag of one run.", ge=0
    )

    # limits of the people whose rights one run may raise
    rise_share: float = setting(
        0.20,
        "The share of a course's people who may get a guarded role in one run, together with the next two.",
        ge=0,
        le=1,
    )
    rise_count: int = setting(3, "How many of those who are enrolled already may get one whatever their share.", ge=0)
    rise_new_count: int = setting(10, "How many of those who are new may get one whatever their share.", ge=0)
    run_rise_count: int = setting(
        25,
        "How many people who are enrolled already may get one in a whole run; above it nothing at all is changed.",
        ge=0,
    )
    allow_rises: int = setting(0, "Lift these limits, up to so many people. Rather a flag of one run.", ge=0)

    # plans and previews
    plan_max_age_hours: int = setting(168, "How old a plan may be when it is applied.", ge=0)
    forecast_calls: int = setting(
        500, "How many calls a preview may make to say what people would lose; no decision needs them.", ge=0
    )

    # talking to Moodle
    connections: int = setting(4, "Connections to Moodle at most.", ge=1, le=32)
    chunk_rows: int = setting(200, "Rows in one call that writes, at most.", ge=1, le=1000)
    page_size: int = setting(500, "People in one page of a course's list, at most.", ge=10, le=5000)
    max_fields: int = setting(
        900,
        "Form fields in one call. PHP drops what is past its max_input_vars, 1000 by default (help moodle, fact 4).",
        ge=50,
    )
    timeout: float = setting(120.0, "Seconds without a byte after which no answer is expected any more.", gt=0)
    call_timeout: float = setting(300.0, "Seconds that one call may take as a whole, its answer included.", gt=0)
    max_answer_megabytes: float = setting(
        64.0, "How large one answer may be, unpacked; the courses of a site with 100,000 take about as much.", gt=0
    )
    outage_minutes: float = setting(
        15.0,
        "How long to wait for a Moodle that is away before the run stops; `rostersync resume` goes on.",
        ge=0,
        le=1440,
    )
    attempts: int = setting(
        5, "Tries of a call that alone gets no usable answer while Moodle answers others.", ge=1, le=20
    )

    @field_validator("site")
    @classmethod
    def _site_is_an_address(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write the address as it stands in a browser, like https://moodle.example")
        if parts.username or parts.password or parts.query or parts.fragment or parts.path.endswith(".php"):
            raise ValueError("write the address of Moodle's front page alone, like https://moodle.example")
        _ = parts.port  # raises ValueError where it is no port
        return tidy(value)

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: half a name, like Europe
            raise ValueError("write a zone like Europe/Berlin") from error
        return value

    @field_validator("encoding", "regional")
    @classmethod
    def _encoding_exists(cls, value: str) -> str:
        try:
            codecs.lookup(value or "utf-8")
        except (LookupError, ValueError) as error:
            raise ValueError("write an encoding like utf-8 or cp1252") from error
        return value

    @field_validator(
        "courses",
        "assignable_roles",
        "managed_roles",
        "guarded_roles",
        "protected_users",
        "protected_roles",
        "protected_courses",
        "protected_gone",
        "not_in_moodle",
        "ignore_sheets",
        "ignore_blocks",
        "meant",
        mode="before",
    )
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return tuple(v.strip() for v in value.split(",") if v.strip()) if isinstance(value, str) else value

    @field_validator("course_limits", mode="before")
    @classmethod
    def _figures_by_course(cls, value: object) -> object:
        """{"LAB*": {"course_limit_count": 2}}, as a variable has it."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError('write JSON like {"LAB*": {"course_limit_count": 2}}') from error

    @field_validator("course_limits")
    @classmethod
    def _figures_are_like_the_sites(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for pattern, figures in value.items():
            for name, figure in figures.items():
                most = 1 if name.endswith("share") else None
                if figure < 0 or (most is not None and figure > most):
                    raise ValueError(f"{pattern}: {name} = {figure:g}: write a share from 0 to 1, or a count from 0 on")
        return value

    @field_validator("columns", "role_words", "status_words", "roles", "role_ranks", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        """NAME=VALUE,NAME=VALUE, as a variable has it."""
        if not isinstance(value, str):
            return value
        pairs = [pair.rpartition("=") for pair in value.split(",") if pair.strip()]
        if any(not sign or not said.strip() for _, sign, said in pairs):
            raise ValueError("write NAME=VALUE, and a comma before the next one")
        return {name.strip(): said.strip() for name, _, said in pairs}
