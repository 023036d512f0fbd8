"""Every option that more than one command takes, each defined once, as a named decorator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rostersync.cli.messages import say
from rostersync.enums import CourseField, Mode, OnMissing, UserField

if TYPE_CHECKING:
    from rostersync.settings import Loaded, Settings
    from rostersync.store import Said

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

FILE = click.Path(path_type=Path)


def _choice(words: type[StrEnum], *, without: str = "") -> click.Choice[str]:
    """The words as they are written: click would show the names that Python gives them."""
    return click.Choice([str(word) for word in words if word != without])


def _stack(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


files = click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE…")
files_or_none = click.argument("files", nargs=-1, type=FILE, metavar="FILE…")


def _log_everything(_context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        import logging

        from rostersync.text.printable import printable

        class OneLine(logging.Formatter):
            """Tells each record on one line, whatever came from outside stands in it."""

            def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
                return printable(super().formatMessage(record))

        handler = logging.StreamHandler()
        handler.setFormatter(OneLine("%(asctime)s %(name)s: %(message)s"))
        logging.basicConfig(level=logging.DEBUG, handlers=[handler])


debug = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_log_everything,
    help="Show tracebacks, and log every call (never the token).",
)
as_json = _stack(
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text."),
    debug,
)
profile = click.option("--profile", metavar="NAME", help="The profile in the settings file; else “default”.")
_store = click.option("--store", metavar="FILE", help="Where rostersync keeps what it remembers.")

site = _stack(
    profile,
    click.option("--site", metavar="URL", help="Moodle's address, as it stands in a browser."),
    click.option("--token-file", metavar="FILE", help="A file that holds the token alone. (Or ROSTERSYNC_TOKEN.)"),
    _store,
    click.option("--connections", type=int, metavar="N", help="Connections to Moodle at most (4)."),
)
"""Which Moodle, and how to get in. There is no --token: other users of a machine see command lines."""

store = _stack(
    profile,
    _store,
    as_json,
)
"""For commands that ask the store alone."""

reading = _stack(
    click.option("--map", "columns", multiple=True, metavar="HEADER=FIELD", help="What a column is; may be repeated."),
    click.option("--user-key", type=_choice(UserField, without="any"), help="What the user column holds."),
    click.option("--course-key", type=_choice(CourseField, without="any"), help="What the course column holds."),
    click.option("--default-role", metavar="ROLE", help="The role of rows that name none."),
    click.option(
        "--role-word",
        "role_words",
        multiple=True,
        metavar="WORD=ROLE",
        help="What a word or a number in the role column means; may be repeated.",
    ),
    click.option(
        "--status-word",
        "status_words",
        multiple=True,
        metavar="WORD=MEANING",
        help="What a word in the status column means: active, suspended, removed, absent, waiting or ignored.",
    ),
    click.option(
        "--teacher-means", type=click.Choice(["editingteacher", "teacher"]), help="What the word “teacher” means."
    ),
    click.option("--date-order", type=click.Choice(["ymd", "dmy", "mdy"]), help="How 01/02/2026 is read."),
    click.option(
        "--mixed-dates",
        type=click.Choice(["right", "exchanged"]),
        help="Dates among texts of another order: right as they stand, or day and month exchanged.",
    ),
    click.option("--timezone", metavar="ZONE", help="Where dates begin and end (UTC), like Europe/Berlin."),
    click.option("--delimiter", metavar="SIGN", help="What separates the fields of a text file."),
    click.option("--encoding", metavar="NAME", help="How a text file is encoded, like cp1252."),
    click.option("--sheet", metavar="NAME", help="Which sheet of a workbook; several with commas, or *."),
    click.option(
        "--ignore-sheet",
        "ignore_sheets",
        multiple=True,
        metavar="NAME",
        help="A sheet that is none of the roster; may be repeated.",
    ),
    click.option(
        "--ignore-block",
        "ignore_blocks",
        multiple=True,
        metavar="CELL",
        help="Cells that are none of the roster, by the first of them, like Sheet1!H1; may be repeated.",
    ),
    click.option("--hidden", type=click.Choice(["read", "skip"]), help="Hidden rows and sheets of a workbook (read)."),
    click.option("--preset", metavar="NAME", help="The system that exported the file, a preset file, or none."),
)
"""How files are read, where a look at them does not tell."""

limit = _stack(
    click.option("--allow-removals", type=int, metavar="N", help="Lift the limits, up to N removals in total."),
    click.option("--allow-rises", type=int, metavar="N", help="Let up to N people get roles such as editing teacher."),
)
courses = click.option(
    "--courses",
    metavar="COURSE,…",
    help="Courses to manage even where the files do not name them; only these may become empty.",
)
meant = click.option(
    "--meant",
    metavar="CODE,…",
    help="Signs that a roster is a part only, or an old one, which are meant so: older, part, all_over, fewer.",
)
unknown_grades = click.option(
    "--on-unknown-grades",
    type=click.Choice(["suspend", "unenrol"]),
    help="People who would be unenrolled, where the token lacks what tells whether they have grades (suspend). unenrol "
    "deletes what they have.",
)
approved = _stack(
    limit,
    meant,
    unknown_grades,
    click.option("--courses", metavar="COURSE,…", help="Courses that may become empty."),
)
"""What whoever carries out a plan allows: a plan does not allow it by itself."""

policy = _stack(
    click.option(
        "--mode",
        type=_choice(Mode),
        help="mirror: the files are the whole truth for their courses. explicit: rows say add or remove. "
        "(mirror, or explicit where there is an action column)",
    ),
    click.option("--on-missing", type=_choice(OnMissing), help="People whom a mirrored file does not name (unenrol)."),
    unknown_grades,
    courses,
    click.option(
        "--missing-users",
        type=click.Choice(["hold", "accept"]),
        help="Whether users unknown to Moodle hold every removal in their course (hold).",
    ),
    meant,
    limit,
)
"""What follows from a roster."""

share_reports = click.option(
    "--share-reports",
    is_flag=True,
    default=None,
    help="Let your group read what is written, too; else you alone can.",
)
_report = click.option(
    "--report",
    "folder",
    type=FILE,
    metavar="FOLDER",
    help="Where the report goes (xlsx, csv, json); a run without it uses rostersync-reports, a preview writes none.",
)

report = _stack(_report, share_reports)

review = click.option(
    "--review",
    type=FILE,
    metavar="REVIEW.xlsx",
    help="Write a workbook in which a reviewer says “no” to changes; plan --from-review makes a plan of what is left.",
)


def said(chosen: Mapping[str, Any], folder: Path | None, settings: Settings, before: Settings | None = None) -> Said:
    """What is said for one run alone, so that `resume` goes by it.

    Args:
        chosen: the options of the command.
        folder: that of --report.
        settings: with these options, and with what was answered at the terminal.
        before: the same without the answers.
    """
    from rostersync.store import Said
    from rostersync.workflow.apply import ALLOWING

    mine = given(chosen)
    answered = {n for n in ALLOWING if before is not None and getattr(settings, n) != getattr(before, n)}
    values = settings.model_dump(mode="json", include={*ALLOWING} & {*mine, *answered})
    return Said(settings=values, report=str(folder.absolute()) if folder else "")


def given(chosen: Mapping[str, Any]) -> frozenset[str]:
    """The names of the options that stand on the command line."""
    return frozenset(name for name, value in chosen.items() if value not in (None, ()))


def settings_from(options: dict[str, Any]) -> Settings:
    """Settings of the profile, the environment and these options; what is not a setting is left alone.

    Raises:
        SettingsError: values that cannot be used.
    """
    return warned(loaded_from(options))


def warned(loaded: Loaded) -> Settings:
    """The settings that were loaded, when the warnings that came with them are told."""
    for warning in loaded.warnings:
        say(f"Warning: {warning}")
    return loaded.settings


def loaded_from(options: dict[str, Any]) -> Loaded:
    """The same with where each value came from, and nothing printed.

    Raises:
        SettingsError: values that cannot be used.
    """
    from rostersync.settings import Settings, load

    flags = {name: value for name, value in options.items() if name in Settings.model_fields}
    if "columns" in flags:
        flags["columns"] = _mapping("--map", flags["columns"], "HEADER=FIELD", "Matr.-Nr.=idnumber") or None
    if "role_words" in flags:
        flags["role_words"] = _mapping("--role-word", flags["role_words"], "WORD=ROLE", "Hilfskraft=teacher") or None
    if "status_words" in flags:
        flags["status_words"] = (
            _mapping("--status-word", flags["status_words"], "WORD=MEANING", "beurlaubt=suspended", blank=True) or None
        )
    return load(flags, profile=options.get("profile") or "")


def _mapping(flag: str, pairs: tuple[str, ...], shape: str, example: str, *, blank: bool = False) -> dict[str, str]:
    from rostersync.errors import UsageError

    made = {}
    for pair in pairs:
        header, sign, field = pair.rpartition("=")
        if not sign or not (header.strip() or blank) or not field.strip():
            raise UsageError(f"{flag} “{pair}” is not {shape}", remedy=f"write it like {flag} “{example}”")
        made[header.strip()] = field.strip()
    return made
