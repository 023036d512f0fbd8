"""Check parameters as Moodle's descriptions of functions do."""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rostersync.sandbox.php_form import Form
from rostersync.sandbox.refusals import invalid_parameter

Value: TypeAlias = "int | str | bool | Given | list[Value]"
_LARGEST = 2**63


class ParameterType(enum.Enum):
    """Moodle's parameter types, by what they let through."""

    INT = "PARAM_INT"
    BOOL = "PARAM_BOOL"
    RAW = "PARAM_RAW"
    TRIMMED = "PARAM_RAW_TRIMMED"
    TEXT = "PARAM_TEXT"
    ALPHA = "PARAM_ALPHA"
    ALPHANUMEXT = "PARAM_ALPHANUMEXT"
    USERNAME = "PARAM_USERNAME"


class Need(enum.Enum):
    """Whether a key may be absent."""

    REQUIRED = enum.auto()
    OPTIONAL = enum.auto()


@dataclass(frozen=True, slots=True)
class Field:
    """A single value."""

    kind: ParameterType
    need: Need = Need.REQUIRED


@dataclass(frozen=True, slots=True)
class Several:
    """A list of values or of structures."""

    of: "Field | Structure"
    need: Need = Need.REQUIRED


@dataclass(frozen=True, slots=True)
class Structure:
    """Values by name; a name that is not described is refused (recordings 80 and 138)."""

    names: Mapping[str, "Field | Several | Structure"] = field(default_factory=dict)
    need: Need = Need.REQUIRED


class Given:
    """Checked values by name, each read by its type."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        """Tell whether a value was given."""
        return name in self._values

    def number(self, name: str, default: int = 0) -> int:
        """Return a `PARAM_INT`."""
        value = self._values.get(name, default)
        assert isinstance(value, int), name  # noqa: S101 -- the schema and the function stand side by side
        return value

    def text(self, name: str, default: str = "") -> str:
        """Return a text of any type."""
        value = self._values.get(name, default)
        assert isinstance(value, str), name  # noqa: S101 -- as above
        return value

    def rows(self, name: str) -> "list[Given]":
        """Return a list of structures."""
        return [value for value in self._several(name) if isinstance(value, Given)]

    def numbers(self, name: str) -> list[int]:
        """Return a list of `PARAM_INT`."""
        return [value for value in self._several(name) if isinstance(value, int)]

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        return [value for value in self._several(name) if isinstance(value, str)]

    def part(self, name: str) -> "Given":
        """Return a structure, an empty one if it is absent."""
        value = self._values.get(name)
        return value if isinstance(value, Given) else Given({})

    def _several(self, name: str) -> list[Value]:
        value = self._values.get(name)
        return value if isinstance(value, list) else []


def check(structure: Structure, form: Form) -> Given:
    """Check a form against a structure; raises `Refusal` with `invalidparameter`, as Moodle does for anything odd."""
    if not form.keys() <= structure.names.keys():
        raise invalid_parameter()
    values: dict[str, Value] = {}
    for name, described in structure.names.items():
        if name in form:
            values[name] = _value(described, form[name])
        elif described.need is Need.REQUIRED:
            raise invalid_parameter()
    return Given(values)


def _value(described: Field | Several | Structure, given: "str | Form") -> Value:
    match described, given:
        case Field(kind=kind), str(text):
            return _single(kind, text)
        case Several(of=of), dict(form):
            return [_value(of, one) for one in form.values()]
        case Structure(), dict(form):
            return check(described, form)
        case _:
            raise invalid_parameter()


def _single(kind: ParameterType, text: str) -> int | str | bool:
    """Let a value through only if cleaning changes nothing: "0303" and "" are no integers (recordings 165, 166)."""
    if not _CLEAN[kind](text):
        raise invalid_parameter()
    match kind:
        case ParameterType.INT:
            return int(text)
        case ParameterType.BOOL:
            return text == "1"
        case _:
            return text


def legal_username(text: str) -> bool:
    """Tell whether `PARAM_USERNAME` leaves a username as it is (recordings 2 to 5, 130)."""
    return re.fullmatch(r"[-.@_a-z0-9]*", text) is not None


def clean_text(text: str) -> str:
    """Do what `PARAM_TEXT` does: take tags away."""
    return re.sub(r"<[^>]*>", "", text)


def clean_int(text: str) -> int:
    """Do what `PARAM_INT` does where nothing is refused: read the number that a text begins with, else 0."""
    found = re.match(r"\s*([+-]?[0-9]+)", text)
    return max(-_LARGEST, min(_LARGEST - 1, int(found[1]))) if found else 0


_CLEAN: dict[ParameterType, Callable[[str], bool]] = {
    ParameterType.INT: lambda text: text == str(clean_int(text)),
    ParameterType.BOOL: lambda text: text in ("0", "1"),
    ParameterType.RAW: lambda _: True,
    ParameterType.TRIMMED: lambda text: text == text.strip(),
    ParameterType.TEXT: lambda text: text == clean_text(text),
    ParameterType.ALPHA: lambda text: re.fullmatch(r"[A-Za-z]*", text) is not None,
    ParameterType.ALPHANUMEXT: lambda text: re.fullmatch(r"[A-Za-z0-9_-]*", text) is not None,
    ParameterType.USERNAME: legal_username,
}
