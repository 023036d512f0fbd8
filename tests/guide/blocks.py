"""The parts of the guide that are rendered from the code: settings, exit codes, problems, answers, needs, figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rostersync import guide, problems
from rostersync.cli.explaining import EMPTY, explained
from rostersync.enums import ExitCode
from rostersync.moodle.answers import CODES, LOST, STATUSES, UNKNOWN
from rostersync.problems import NOT_ACTIVE, UNKNOWN_GRADES, ProblemKind, Severity
from rostersync.problems.file_rows import IN_FILES
from rostersync.problems.lookups import LOOKED_UP
from rostersync.problems.values import IN_VALUES
from rostersync.tables.capabilities import CAPABILITIES
from rostersync.tables.functions import FUNCTIONS
from tests.bench import scale

FOLDER = Path(guide.__file__).parent
BLOCK = re.compile(r"<!-- from: ([\w-]+) -->\n(.*?)<!-- end -->\n", re.DOTALL)
DOES = {
    Severity.REJECTS: "The row is rejected.",
    Severity.IGNORES: "The row is ignored.",
    Severity.NOTES: "A note; the row counts as it stands.",
}


def settings() -> str:
    """Every setting: meaning, default, where it can be set."""
    lines, section = [], ""
    for one in explained():
        if one.section != section:
            section = one.section
            lines += [f"## {section}", ""]
        choice = f" One of {', '.join(f'`{value}`' for value in one.values)}." if one.values else ""
        default = {"": "not set", EMPTY: "blank"}.get(one.default, f"`{one.default}`")
        places = f"`{one.variable}`" + (f", `{one.flag}`" if one.flag else "")
        lines += [f"**{one.name}**: {one.meaning}{choice}", f"Default: {default}. {places}.", ""]
    return "\n".join(lines)


def exit_codes() -> str:
    """Each code with its sentence."""
    return "| code | meaning |\n|---|---|\n" + "".join(f"| {int(code)} | {code.meaning} |\n" for code in ExitCode)


def kinds(several: Mapping[str, ProblemKind], *, does: bool) -> str:
    """A section for each code: its message, what to do, what it does to its row."""
    return "\n".join(_kind(code, kind, does=does) for code, kind in several.items())


def _kind(code: str, kind: ProblemKind, *, does: bool) -> str:
    lines = [f"### {code}", "", _sentence(kind.message), ""]
    if kind.remedy:
        lines += [f"**To do:** {_sentence(kind.remedy)}", ""]
    if does:
        lines += [DOES[kind.severity], ""]
    return "\n".join(lines)


def _sentence(template: str) -> str:
    """A message as a sentence: … for what a report fills in, and COLUMN for the header."""
    text = re.sub(r"(?<=[\w”])\{detail\}", "", template)  # a part that only some messages have
    text = text.format(column="COLUMN", value="…", detail="…")
    whole = text if text.endswith((".", "…")) else f"{text}."
    return whole if "_" in whole.split()[0] else whole[0].upper() + whole[1:]


def answers() -> str:
    """All that Moodle may answer instead of a result."""
    known = [
        *((f"`{code}`" if code else "a failure without a code", answer) for code, answer in CODES.items()),
        ("any other code", UNKNOWN),
        *((f"HTTP {status}", answer) for status, answer in sorted(STATUSES.items())),
        ("no answer, or none that can be used", LOST),
    ]
    return "\n".join(
        f"### {said}\n\nMeaning: {a.message}.\n\nTo do: {a.advice}.\n\nrostersync: {a.remedy.value}.\n"
        for said, a in known
    )


def functions() -> str:
    """The functions that the token's service has to have."""
    return "| function | what for |\n|---|---|\n" + "".join(
        f"| `{name}` | {n.why} |\n" for name, n in FUNCTIONS.items()
    )


def capabilities() -> str:
    """The capabilities that the token's account has to have."""
    head = "| capability | in Moodle | what for |\n|---|---|---|\n"
    return head + "".join(f"| `{name}` | {n.name} | {n.why} |\n" for name, n in CAPABILITIES.items())


BLOCKS: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "exit-codes": exit_codes,
    "problems-in-files": lambda: kinds(IN_FILES, does=True),
    "problems-in-values": lambda: kinds(IN_VALUES, does=True),
    "problems-of-look-ups": lambda: kinds(LOOKED_UP, does=True),
    "holds": lambda: kinds(problems.HOLDS, does=False),
    "not-active": lambda: kinds(NOT_ACTIVE, does=False),
    "unknown-grades": lambda: kinds(UNKNOWN_GRADES, does=False),
    "answers": answers,
    "functions": functions,
    "capabilities": capabilities,
    "scale-parts": scale.parts,
    "scale-table": scale.table,
}
"""Name of a block → what it holds."""


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The blocks of a page: name and what stands there."""
    for found in BLOCK.finditer(text):
        yield found[1], found[2]


def rendered(text: str) -> str:
    """The page with its blocks as the code has them."""
    return BLOCK.sub(lambda found: f"<!-- from: {found[1]} -->\n{_block(found[1])}<!-- end -->\n", text)


def _block(name: str) -> str:
    return BLOCKS[name]().rstrip("\n") + "\n\n"
