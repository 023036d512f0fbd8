"""Load what is known of a system's exports, from a preset's name or file.

A preset is a small TOML file. Those that are shipped lie in data/presets; anybody can write another one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from rostersync.enums import Mode
from rostersync.errors import SettingsError
from rostersync.roster.columns.fields import FIELDS
from rostersync.roster.columns.words import heading, normalise
from rostersync.roster.presets.patterns import compiled
from rostersync.settings import Settings, StatusWord

NONE = "none"
"""What `--preset` says where nothing is to be recognised."""
_FOLDER = files("rostersync.roster") / "data" / "presets"


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Alternatives = Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1)]
"""Headers of which the first that is there counts; one may be written without brackets."""


class Preset(BaseModel):
    """What is known of one system's exports. A name here is the name in the TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(exclude=True)
    """The file's, without its ending."""
    title: str
    source: str = ""
    """The public specification that the facts come from."""
    unverified: str = ""
    """Why they are not, or not all, taken from a public specification."""
    recognise: tuple[Alternatives, ...] = ()
    """Headers that together tell this system's exports from all others; without any, the preset has to be named."""
    columns: dict[str, Alternatives] = {}
    """Field → its header, or a key that is put together from several: "{TERM}.{CRN}"."""
    sections: tuple[str, ...] = ()
    """Headers that say which class or section of a course a row is of, unless they are the course's key."""
    end_exclusive: bool = False
    """An end without a time is the first day without access."""
    ignore: tuple[str, ...] = ()
    """Headers that look like a field and are none here."""
    strip: dict[str, str] = {}
    """Header → regular expression; of a value that it fits only its first group is kept."""
    constants: dict[str, str] = {}
    """Field → what it is in every row; the role only where no role column gives one."""
    keep: dict[str, str] = {}
    """Header → regular expression; rows whose value does not fit it are taken out."""
    role_words: dict[str, str] = {}
    status_words: dict[str, StatusWord] = {}
    """Word → status; a word may end with * for all that begin like it."""
    teacher_means: Literal["", "teacher", "editingteacher"] = ""
    encoding: str = ""
    delimiter: str = ""
    date_order: Literal["", "ymd", "dmy", "mdy"] = ""
    timezone: str = ""
    mode: Mode | None = None

    @field_validator("columns", "constants")
    @classmethod
    def _fields_exist(cls, value: dict[str, Any]) -> dict[str, Any]:
        if unknown := [f for f in value if f not in FIELDS or f == "ignore"]:
            fields = ", ".join(f for f in FIELDS if f != "ignore")
            raise ValueError(f"“{unknown[0]}” is no field; fields are {fields}")
        return value

    @field_validator("columns")
    @classmethod
    def _templates_can_be_read(cls, value: dict[str, Alternatives]) -> dict[str, Alternatives]:
        for template in (t for templates in value.values() for t in templates):
            parts(template)
        return value

    @field_validator("strip", "keep")
    @classmethod
    def _expressions_can_be_read(cls, value: dict[str, str]) -> dict[str, str]:
        for header, expression in value.items():
            try:
                compiled(expression)
            except ValueError as error:
                raise ValueError(f"“{expression}” for “{header}” is no regular expression: {error}") from None
        return value

    @field_validator("strip")
    @classmethod
    def _something_is_kept(cls, value: dict[str, str]) -> dict[str, str]:
        for header, expression in value.items():
            if not compiled(expression).groups:
                raise ValueError(f"“{expression}” for “{header}” has no group, which says what is kept: ^(.*)/1$")
        return value

    @field_validator("encoding", "timezone")
    @classmethod
    def _as_in_settings(cls, value: str, info: ValidationInfo) -> str:
        try:
            Settings.model_validate({str(info.field_name): value} if value else {})
        except ValidationError as error:
            raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None
        return value

    @model_validator(mode="after")
    def _facts_have_a_source(self) -> Preset:
        if not self.source and not self.unverified:
            raise ValueError('say where the facts come from: source = "…", or unverified = "why"')
        return self


def parts(template: str) -> list[tuple[str, str]]:
    """A composed key as (text before, header); a plain header is one part.

    Raises:
        ValueError: brackets that do not fit, or nothing in them.
    """
    if "{" not in template and "}" not in template:
        return [("", template)]
    try:
        found = [*Formatter().parse(template)]
    except ValueError:
        found = [("", "", "", "")]
    if any(header == "" or conversion or form for _, header, form, conversion in found):
        raise ValueError(f"“{template}” is no composed key: write headers in brackets, like {{TERM}}.{{CRN}}")
    return [(text, header or "") for text, header, _, _ in found]


@cache
def shipped() -> dict[str, Preset]:
    """The presets that come with rostersync, by name."""
    places = sorted(_FOLDER.iterdir(), key=lambda p: p.name)
    return {
        p.name.removesuffix(".toml"): _preset(p.name.removesuffix(".toml"), p.read_text(encoding="utf-8"), p.name)
        for p in places
        if p.name.endswith(".toml")
    }


def load(wanted: str) -> Preset:
    """The preset of this name, or in this file.

    Raises:
        SettingsError: there is none, or it cannot be used: everything that is wrong with it at once.
    """
    if wanted in shipped():
        return shipped()[wanted]
    place = Path(wanted).expanduser()
    return _preset(place.stem, text(wanted), str(place))


def text(wanted: str) -> str:
    """A preset as it is written, comments and all.

    Raises:
        SettingsError: there is none of this name, or its file cannot be read.
    """
    if wanted in shipped():
        return (_FOLDER / f"{wanted}.toml").read_text(encoding="utf-8")
    place = Path(wanted).expanduser()
    if not place.is_file():
        near = get_close_matches(wanted.casefold(), shipped(), 1, 0.6)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise SettingsError(
            f"there is no preset “{wanted}”{hint}, and no file of that name",
            remedy=f"name a TOML file, or one of {', '.join(shipped())}, or none",
        )
    try:
        return place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the preset {place} cannot be read: {error}", remedy="it is a TOML file, in UTF-8"
        ) from None


def composed(preset: Preset) -> frozenset[str]:
    """The headers, as they are compared, that only together are a key or a name."""
    templates = (parts(t) for several in preset.columns.values() for t in several)
    return frozenset(heading(h) for found in templates if len(found) > 1 for _, h in found if h)


def _preset(name: str, text: str, where: str) -> Preset:
    try:
        document = tomllib.loads(text)
        return Preset.model_validate({**document, "name": name})
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"the preset {where} cannot be read: {error}", remedy="correct it (the format is TOML)"
        ) from None
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, one['loc'])) or 'preset'}: {str(one['msg']).removeprefix('Value error, ')}"
            for one in error.errors(include_url=False, include_context=False)
        ]
        raise SettingsError(
            f"the preset {where} cannot be used:\n  " + "\n  ".join(lines), remedy="correct it there"
        ) from None


def named(settings: Settings) -> Preset | None:
    """The preset that the settings name, if they name one.

    Raises:
        SettingsError: there is none of that name, or it cannot be used.
    """
    return load(settings.preset) if settings.preset and settings.preset != NONE else None


def under(preset: Preset, settings: Settings, statuses: Iterable[str] = ()) -> Settings:
    """The settings with what the preset says below what somebody set.

    A constant role is the role of rows that name none, too.

    Args:
        preset: what it says.
        settings: what was set.
        statuses: the words of the status column, to which status words with * are applied.
    """
    said_words = {w: s for w, s in preset.status_words.items() if not w.endswith("*")}
    begins = [(w[:-1].casefold(), s) for w, s in preset.status_words.items() if w.endswith("*")]
    known = {normalise(w) for w in said_words}
    for word in statuses:
        meant = next((s for b, s in begins if word.strip().casefold().startswith(b)), None)
        if meant and normalise(word) not in known:
            said_words[word.strip()] = meant
    single: dict[str, object] = {
        "teacher_means": preset.teacher_means,
        "encoding": preset.encoding,
        "delimiter": preset.delimiter,
        "date_order": preset.date_order,
        "timezone": preset.timezone,
        "default_role": preset.constants.get("role", ""),
    }
    said = {n: v for n, v in single.items() if v and n not in settings.model_fields_set}
    words = {
        "role_words": preset.role_words | settings.role_words,
        "status_words": said_words | settings.status_words,
    }
    return settings.model_copy(update=said | words)


def for_reading(preset: Preset, settings: Settings) -> Settings:
    """The settings under which a file is read, before its sheets are understood: the preset's headers are known ones.

    Readers look for the header row, the delimiter and leading zeros by what they know.
    """
    headers = {
        header: field
        for field, templates in reversed(preset.columns.items())
        for template in reversed(templates)
        for _, header in parts(template)
        if header
    }
    below = under(preset, settings)
    return below.model_copy(update={"columns": headers | settings.columns})
