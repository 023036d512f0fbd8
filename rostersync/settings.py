"""Profiles (TOML), environment and flags go in; one Settings comes out, and each value knows where it came from.

Later ones win: defaults, then the profile in the settings file, then `ROSTERSYNC_…` variables, then flags.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from rostersync.address import tidy
from rostersync.errors import SettingsError
from rostersync.vocabulary import Mode, OnMissing, Sign

PREFIX = "ROSTERSYNC_"
DEFAULT = "default"
_OTHERS = re.compile(r"CONFIG|PROFILE|TESTS|FAULTS|LAWS(_.*)?|EXAMPLES(_.*)?|LIVE_.*|SERVICE_.*|PORT(_.*)?")
"""Names below the prefix that are no settings; Kubernetes sets the last two for a service called rostersync."""
_FLAGS = {
    "columns": "--map",
    "role_words": "--role-word",
    "status_words": "--status-word",
    "ignore_sheets": "--ignore-sheet",
    "ignore_blocks": "--ignore-block",
}
"""Settings whose flag has another name."""
_ANYBODY_READS = 0o004

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


class Settings(BaseModel):
    """Everything that can be set. A name here is the name in the file, in the environment and in the documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # the site
    site: str = ""
    token: SecretStr = SecretStr("")
    token_file: str = ""
    allow_http: bool = False
    """Whether the token may go to another machine unencrypted."""
    store: str = ""
    retention_days: int = Field(default=400, ge=1)
    """How long the store keeps what names people: a year, and some weeks to look back at the last one's beginning."""
    share_reports: bool = False
    """Whether the owner's group may read reports, plans, reviews and files of problems, too."""

    # reading rosters
    columns: dict[str, str] = {}
    """Header → field, for headers that rostersync does not know or must not guess."""
    delimiter: str = ""
    encoding: str = ""
    regional: str = "cp1252"
    """The encoding that is tried where a text is no Unicode; the preview shows the words that it changed."""
    sheet: str = ""
    ignore_sheets: tuple[str, ...] = ()
    """Sheets that are none of the roster: whoever stands there is absent all the same."""
    ignore_blocks: tuple[str, ...] = ()
    """The same of a block beside the table or above its header, by its first cell: Sheet1!H1."""
    hidden: Literal["read", "skip"] = "read"
    """What is done with hidden rows, columns and sheets of a workbook."""
    preset: str = ""
    """A system whose exports are known, a file that describes them, or `none`; blank: recognised by the header."""
    max_megabytes: int = Field(default=1024, ge=1)
    """What one file may take when it is unpacked; more is refused before it is read."""
    date_order: Literal["", "ymd", "dmy", "mdy"] = ""
    mixed_dates: Literal["", "right", "exchanged"] = ""
    """What a workbook's dates are beside texts that are dates of another order, where it could have exchanged them."""
    timezone: str = "UTC"
    default_role: str = ""
    teacher_means: Literal["", "teacher", "editingteacher"] = ""
    role_words: dict[str, str] = {}
    status_words: dict[str, StatusWord] = {}
    status_sense: Literal["", "positive", "negative"] = ""
    user_key: Literal["", "username", "idnumber", "email", "id"] = ""
    course_key: Literal["", "shortname", "idnumber", "id"] = ""

    # what follows from a roster
    mode: Mode | None = None
    on_missing: OnMissing = OnMissing.UNENROL
    on_unknown_grades: Literal["suspend", "unenrol"] = "suspend"
    """What happens to people who are to be unenrolled, where the token lacks what tells whether they have grades."""
    courses: tuple[str, ...] = ()
    roles: dict[str, int] = {}
    assignable_roles: tuple[str, ...] = ("student", "teacher", "editingteacher")
    managed_roles: tuple[str, ...] = ()
    protected_users: tuple[str, ...] = ()
    protected_roles: tuple[str, ...] = ()
    protected_courses: tuple[str, ...] = ()
    protected_gone: tuple[str, ...] = ()
    """Names of the three settings above that are nobody's any more: others that fit nobody hold all removals."""
    not_in_moodle: tuple[str, ...] = ()
    missing_users: Literal["hold", "accept"] = "hold"
    trust_reads: bool = False
    meant: tuple[Sign, ...] = ()
    """Signs that a roster is a part only, or an old one, which are meant so: as a rule for one run alone."""

    # what roles are worth
    role_ranks: dict[str, int] = {}
    """Short name → rank, beside manager 4, editingteacher 3, teacher 2 and student 1; others stand for themselves."""
    guarded_roles: tuple[str, ...] = ("editingteacher", "manager")
    """Roles that many people of a course do not get at once by mistake."""

    # limits of what one run may remove
    course_limit_share: float = Field(default=0.20, ge=0, le=1)
    course_limit_count: int = Field(default=5, ge=0)
    small_course_share: float = Field(default=0.50, ge=0, le=1)
    small_course_count: int = Field(default=3, ge=0)
    """A course that would lose more than this share of its people, and at least so many."""
    run_limit_share: float = Field(default=0.10, ge=0, le=1)
    run_limit_count: int = Field(default=25, ge=0)
    course_limits: dict[str, dict[CourseFigure, float]] = {}
    """Pattern of course short names or ID numbers → figures that stand for those of the site there."""
    allow_removals: int = Field(default=0, ge=0)

    # limits of the people whose rights one run may raise
    rise_share: float = Field(default=0.20, ge=0, le=1)
    rise_count: int = Field(default=3, ge=0)
    rise_new_count: int = Field(default=10, ge=0)
    run_rise_count: int = Field(default=25, ge=0)
    allow_rises: int = Field(default=0, ge=0)

    # plans that are approved and carried out later
    plan_max_age_hours: int = Field(default=168, ge=0)
    forecast_calls: int = Field(default=500, ge=0)
    """How many calls a preview may make to say what people would lose; no decision needs them."""

    # talking to Moodle
    connections: int = Field(default=4, ge=1, le=32)
    chunk_rows: int = Field(default=200, ge=1, le=1000)
    page_size: int = Field(default=500, ge=10, le=5000)
    max_fields: int = Field(default=900, ge=50)
    """Form fields in one body; PHP drops what is past max_input_vars, 1000 by default (MOODLE.md, fact 4)."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds without a byte after which no answer is expected any more."""
    call_timeout: float = Field(default=300.0, gt=0)
    """Seconds that a call may take as a whole, its answer included."""
    max_answer_megabytes: float = Field(default=64.0, gt=0)
    """What one answer may have, unpacked: the courses of a site with 100,000 take about as much."""
    outage_minutes: float = Field(default=15.0, ge=0, le=1440)
    """How long a Moodle that is away is waited for before a run stops; `resume` goes on with it."""
    attempts: int = Field(default=5, ge=1, le=20)
    """Tries of a call that alone gets no usable answer, while Moodle answers others."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and where they come from."""

    settings: Settings
    origins: Mapping[str, str]
    """Setting → "default", "profile NAME", the variable's name, or the flag."""
    profile: str
    path: Path
    warnings: tuple[str, ...] = ()
    """What a person should put right although it works."""


def settings_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the settings file is, or would be."""
    if named := environment.get(PREFIX + "CONFIG"):
        return Path(named).expanduser()
    return platformdirs.user_config_path("rostersync", appauthor=False) / "config.toml"


def load(
    flags: Mapping[str, object] | None = None,
    *,
    profile: str = "",
    environment: Mapping[str, str] = os.environ,
) -> Loaded:
    """Settings from all places.

    Args:
        flags: setting name → value, for the flags that were given; None and empty tuples count as not given.
        profile: the profile's name; else ROSTERSYNC_PROFILE; else "default".
        environment: the process's variables.

    Raises:
        SettingsError: a file that cannot be read, an unknown profile or name, values that cannot be used; all at once.
    """
    path = settings_path(environment)
    wanted = profile or environment.get(PREFIX + "PROFILE", "")
    values: dict[str, object] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    in_file = _from_file(path, wanted, must_exist=bool(environment.get(PREFIX + "CONFIG")))
    for layer, named in (
        (in_file, dict.fromkeys(in_file, f"profile {wanted or DEFAULT}")),
        _from_environment(environment),
        _from_flags(flags or {}),
    ):
        values = _one_token(values, layer) | layer
        origins |= named
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _unusable(error, values, origins, path) from None
    return Loaded(
        settings=settings,
        origins={name: origin if name in values else "default" for name, origin in origins.items()},
        profile=wanted or DEFAULT,
        path=path,
        warnings=_warnings(path, settings, in_file),
    )


def _from_file(path: Path, profile: str, *, must_exist: bool) -> dict[str, Any]:
    if not path.exists():
        # A file that somebody named and that is not there may be the one that says on_missing = "keep".
        if must_exist:
            raise SettingsError(
                f"{PREFIX}CONFIG names {path}, which does not exist", remedy="`rostersync config new` writes it"
            )
        if profile and profile != DEFAULT:
            raise SettingsError(
                f"there is no profile “{profile}”: {path} does not exist", remedy="`rostersync config new` writes one"
            )
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or error
        raise SettingsError(
            f"the settings file {path} cannot be read: {reason}", remedy="correct it there (the format is TOML, UTF-8)"
        ) from error
    if extra := sorted(set(document) - {"profiles"}):
        raise SettingsError(f"{path}: {extra[0]} stands outside a profile", remedy=f"put it below [profiles.{DEFAULT}]")
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(one, dict) for one in profiles.values()):
        raise SettingsError(f"{path}: what stands below “profiles” is no profile", remedy="write [profiles.NAME]")
    if profile and profile not in profiles:
        raise SettingsError(
            f"{path} has no profile “{profile}”", remedy=f"it has: {', '.join(sorted(profiles)) or 'none'}"
        )
    return dict(profiles.get(profile or DEFAULT, {}))


def _from_environment(environment: Mapping[str, str]) -> tuple[dict[str, object], dict[str, str]]:
    """Values, and the variables they come from.

    Raises:
        SettingsError: a variable that is no setting: whoever set it wanted something, and would not get it.
    """
    names = {PREFIX + n.upper(): n for n in Settings.model_fields}
    given = {k: v for k, v in environment.items() if k.startswith(PREFIX) and v != ""}
    strange = sorted(k for k in given if k not in names and not _OTHERS.fullmatch(k.removeprefix(PREFIX)))
    if strange:
        told = [k + _neighbour(k.removeprefix(PREFIX).lower()) for k in strange]
        raise SettingsError(
            "these variables are no settings: " + ", ".join(told),
            remedy="correct them, or unset them",
        )
    return {names[k]: v for k, v in given.items() if k in names}, {names[k]: k for k in given if k in names}


def _from_flags(flags: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """Values, and the flags they come from."""
    given = {n: v for n, v in flags.items() if v is not None and v != ()}
    return given, {n: _FLAGS.get(n, f"--{n.replace('_', '-')}") for n in given}


def _one_token(values: Mapping[str, object], layer: Mapping[str, object]) -> dict[str, object]:
    """What was set before, without its token where this layer brings one: the later one wins, however it is given."""
    pair = {"token", "token_file"}
    if pair <= layer.keys():
        raise SettingsError("both token and token_file are set in one place", remedy="leave one of them")
    return {n: v for n, v in values.items() if not (n in pair and pair & layer.keys())}


def _bare(address: str) -> str:
    """An address without the password before its host, and without what follows its path: a token, as a rule."""
    return re.sub(r"//[^/@]*@", "//…@", re.sub(r"([?#]).*", r"\1…", address))


def _unusable(
    error: ValidationError, values: Mapping[str, object], origins: Mapping[str, str], path: Path
) -> SettingsError:
    """Everything that is wrong, one line each; a token is never shown."""
    lines = []
    for one in error.errors(include_url=False, include_context=False):
        name, where = str(one["loc"][0]), ".".join(map(str, one["loc"]))
        origin = origins.get(name, "")
        origin = f"{origin} in {path}" if origin.startswith("profile ") else origin
        if one["type"] == "extra_forbidden":
            lines.append(f"{where} ({origin}): no such setting{_neighbour(name)}")
            continue
        value = _bare(str(values.get(name))) if name == "site" else values.get(name)
        found = "" if name == "token" else f" = {value!r}"
        lines.append(f"{where}{found} ({origin}): {str(one['msg']).removeprefix('Value error, ')}")
    return SettingsError(
        "these settings cannot be used:\n  " + "\n  ".join(lines), remedy="correct them where they stand"
    )


def _neighbour(name: str) -> str:
    near = get_close_matches(name, Settings.model_fields, 1, 0.8)
    return f" (did you mean {near[0]}?)" if near else ""


def _warnings(path: Path, settings: Settings, in_file: Mapping[str, object]) -> tuple[str, ...]:
    """Files with a token that everybody on this machine can read."""
    places = [path] if in_file.get("token") else []
    places += [Path(settings.token_file).expanduser()] if settings.token_file else []
    return tuple(
        f"{place} holds a token and can be read by everybody on this machine: chmod 600 {place}"
        for place in places
        if os.name == "posix" and place.is_file() and place.stat().st_mode & _ANYBODY_READS
    )
