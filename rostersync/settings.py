"""Profiles (TOML), environment and flags go in; one Settings comes out, and each value knows where it came from.

Later ones win: defaults, then the profile in the settings file, then `ROSTERSYNC_…` variables, then flags.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from rostersync.errors import SettingsError
from rostersync.vocabulary import Mode, OnMissing

PREFIX = "ROSTERSYNC_"


class Settings(BaseModel):
    """Everything that can be set. A name here is the name in the file, in the environment and in the documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # the site
    site: str = ""
    token: SecretStr = SecretStr("")
    token_file: str = ""
    store: str = ""

    # reading rosters
    columns: dict[str, str] = {}
    """Header → field, for headers that rostersync does not know or must not guess."""
    delimiter: str = ""
    encoding: str = ""
    sheet: str = ""
    date_order: Literal["", "ymd", "dmy", "mdy"] = ""
    timezone: str = "UTC"
    default_role: str = ""
    teacher_means: Literal["", "teacher", "editingteacher"] = ""
    role_words: dict[str, str] = {}
    status_words: dict[str, Literal["active", "suspended", "removed", "ignored"]] = {}
    status_sense: Literal["", "positive", "negative"] = ""
    user_key: Literal["", "username", "idnumber", "email", "id"] = ""
    course_key: Literal["", "shortname", "idnumber", "id"] = ""

    # what follows from a roster
    mode: Mode | None = None
    on_missing: OnMissing = OnMissing.UNENROL
    courses: tuple[str, ...] = ()
    roles: dict[str, int] = {}
    assignable_roles: tuple[str, ...] = ("student", "teacher", "editingteacher")
    managed_roles: tuple[str, ...] = ()
    protected_users: tuple[str, ...] = ()
    protected_roles: tuple[str, ...] = ()
    protected_courses: tuple[str, ...] = ()
    not_in_moodle: tuple[str, ...] = ()
    missing_users: Literal["hold", "accept"] = "hold"
    trust_reads: bool = False

    # limits of what one run may remove
    course_limit_share: float = Field(default=0.20, ge=0, le=1)
    course_limit_count: int = Field(default=5, ge=0)
    run_limit_share: float = Field(default=0.10, ge=0, le=1)
    run_limit_count: int = Field(default=25, ge=0)
    allow_removals: int = Field(default=0, ge=0)

    # talking to Moodle
    connections: int = Field(default=4, ge=1, le=32)
    chunk_rows: int = Field(default=200, ge=1, le=1000)
    page_size: int = Field(default=500, ge=10, le=5000)
    max_fields: int = Field(default=900, ge=50)
    """Form fields in one body; PHP drops what is past max_input_vars, 1000 by default (MOODLE.md, fact 4)."""
    timeout: float = Field(default=120.0, gt=0)
    attempts: int = Field(default=5, ge=1, le=20)

    @field_validator("site")
    @classmethod
    def _site_is_an_address(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write the address as it stands in a browser, like https://moodle.example")
        if parts.username or parts.password or parts.query:
            raise ValueError("write the plain address; the token goes into a file or ROSTERSYNC_TOKEN")
        return value.rstrip("/")

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("write a zone like Europe/Berlin") from error
        return value

    @field_validator(
        "courses",
        "assignable_roles",
        "managed_roles",
        "protected_users",
        "protected_roles",
        "protected_courses",
        "not_in_moodle",
        mode="before",
    )
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return tuple(v.strip() for v in value.split(",") if v.strip()) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and for each name where its value came from ("default", a file and profile, a variable, a flag)."""

    settings: Settings
    origins: Mapping[str, str]
    profile: str
    path: Path


def settings_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the settings file is, or would be."""
    if named := environment.get(PREFIX + "CONFIG"):
        return Path(named)
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
    for layer, origin in (
        (_from_file(path, wanted), f"{path} [profiles.{wanted or 'default'}]"),
        (_from_environment(environment), "environment"),
        ({n: v for n, v in (flags or {}).items() if v is not None and v != ()}, "flag"),
    ):
        # The two ways to give a token stand for each other: the later layer's way counts.
        if layer.keys() & {"token", "token_file"}:
            values = {n: v for n, v in values.items() if n not in {"token", "token_file"}}
        values |= layer
        origins |= dict.fromkeys(layer, origin)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc']))} ({origins.get(str(e['loc'][0]), 'unknown')}): {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError(
            "these settings cannot be used:\n  " + "\n  ".join(lines), remedy="`rostersync config show` lists all names"
        ) from None
    return Loaded(settings=settings, origins=origins, profile=wanted or "default", path=path)


def token(settings: Settings) -> SecretStr:
    """The token: from the token file, if one is named, else as set.

    Raises:
        SettingsError: the file cannot be read or is empty, or no token is set.
    """
    if not settings.token_file:
        if not settings.token.get_secret_value().strip():
            raise SettingsError(
                "no token is set", remedy="put it into a file and say --token-file FILE, or set ROSTERSYNC_TOKEN"
            )
        return SecretStr(settings.token.get_secret_value().strip())
    try:
        text = Path(settings.token_file).expanduser().read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"the token file {settings.token_file} cannot be read: {reason}") from error
    if not text or len(text.split()) != 1:
        raise SettingsError(f"the token file {settings.token_file} does not hold one token alone")
    return SecretStr(text)


def _from_file(path: Path, profile: str) -> dict[str, Any]:
    if not path.exists():
        if profile and profile != "default":
            raise SettingsError(
                f"there is no profile “{profile}”: {path} does not exist", remedy="`rostersync config new` writes one"
            )
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error
    if extra := sorted(set(document) - {"profiles"}):
        raise SettingsError(f"{path}: {extra[0]} stands outside a profile", remedy="put it below [profiles.default]")
    profiles = document.get("profiles", {})
    if profile and profile not in profiles:
        raise SettingsError(f"{path} has no profile “{profile}”", remedy=f"it has: {', '.join(sorted(profiles))}")
    return dict(profiles.get(profile or "default", {}))


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {PREFIX + n.upper(): n for n in Settings.model_fields}
    return {names[k]: v for k, v in environment.items() if k in names and v != ""}
