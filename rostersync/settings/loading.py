"""Read settings from profiles (TOML), the environment and flags; each value knows where it came from.

Later ones win: defaults, then the profile in the settings file, then `ROSTERSYNC_…` variables, then flags.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from rostersync.errors import SettingsError
from rostersync.settings.model import Settings

PREFIX = "ROSTERSYNC_"
DEFAULT = "default"
_OTHERS = re.compile(r"CONFIG|PROFILE|TESTS|(CASES|FAULTS|KILLS|LAWS|EXAMPLES)(_.*)?|LIVE_.*|SERVICE_.*|PORT(_.*)?")
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
