"""Rosters with a wanted result, and the many ways in which they can lie in a file: what the fuzz and round trip draw.

A `Sent` is a table as somebody made it, with what each of its rows has to become. `Form` says how it lies in a text
file. A new dimension is one more field of `Form`, drawn in `forms` and honoured in `text_file`; what goes above or
below the table (titles, totals) belongs into `above` and `below` there.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import openpyxl
from hypothesis import strategies as st

from rostersync.roster.columns.words import meanings, normalise

FIELDS = {
    "username": "username",
    "email": "email",
    "user_idnumber": "idnumber",
    "course_shortname": "course_shortname",
    "course_idnumber": "course_idnumber",
    "role": "role",
    "status": "status",
    "timestart": "start",
    "timeend": "end",
    "firstname": "first_name",
    "lastname": "last_name",
}
ROLES = {
    "student": ["student", "Learner", "Studierende", "Étudiant(e)", "Alumno", "Aluno(a)", "Studente", "学生"],
    "editingteacher": ["Instructor", "Dozent/in", "Enseignante", "Profesora", "Insegnante", "教員"],
    "teacher": ["TA", "non-editing teacher", "Hilfskraft", "Ayudante", "助手"],
}
STATUSES = {
    "active": ["active", "Aktiv", "inscrit(e)", "matriculado/a", "有効"],
    "suspended": ["Suspended", "gesperrt", "suspendue", "一時停止"],
    "not_taking_part": ["inactivo", "Left", "abgelehnt", "non inscrit", "中退"],
    "waiting_list": ["Warteliste", "pending", "en attente", "保留"],
}
IGNORED = {"not_taking_part", "waiting_list"}
"""Words of a status that are none, but the code of a row that enrols nobody."""
MARKS = {
    "Registered? (Y/N)": ("Y", "N"),
    "angemeldet": ("ja", "NEIN"),
    "Left": ("", "x"),
    "Dropped on": ("-", "2025-09-03"),
}
"""Header of a column of marks → what it holds beside people who take part, and beside others."""
NOT_GIVEN = -1
DAY = 24 * 60 * 60


def headers() -> dict[str, list[str]]:
    """Field → headers that are certain in some language and mean nothing else in another.

    Those of Moodle's upload of users, as course1, are left out: there every column has another meaning.
    """
    aliases = json.loads((files("rostersync.roster") / "data" / "aliases.json").read_text(encoding="utf-8"))
    every = [(g, e) for g, languages in aliases.items() for entries in languages.values() for e in entries]
    groups: dict[str, set[str]] = {}
    doubtful = Counter(_plain(e["alias"]) for _, e in every if e["ambiguous"])
    for group, entry in every:
        groups.setdefault(_plain(entry["alias"]), set()).add(group)
    return {
        field: [
            e["alias"]
            for g, e in every
            if g == group and len(groups[p := _plain(e["alias"])]) == 1 > doubtful[p] and not p[-1:].isdigit()
        ]
        for group, field in FIELDS.items()
    }


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalnum())


HEADERS = headers()


@dataclass(frozen=True)
class Sent:
    """A table, and what is wanted of each of its rows (None: a blank one)."""

    header: list[str]
    cells: list[list[str]]
    wanted: list[dict[str, Any] | None]
    numbers: frozenset[int]
    """Columns that a workbook may hold as numbers."""
    settings: dict[str, str]


@dataclass(frozen=True)
class Form:
    """How a table lies in a text file."""

    delimiter: str
    end: str
    quoting: Literal[0, 1]
    encoding: str
    above: int
    """Blank lines above the header."""
    last_end: bool
    """The last line has an end."""
    packed: bool = False
    """Compressed by gzip."""


SPEAKING = {word for group in ("status", "maybe", "ask", "actions", "roles", "truth") for word in meanings(group)}
WILD = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=12).filter(
    lambda text: text[:1] != "'" and normalise(text) not in SPEAKING
)
"""Anything; one apostrophe before a formula would be taken off in a CSV, and a status word would be asked about."""
BROKEN = st.tuples(st.text("ab. ", min_size=1), st.text("xy ", min_size=1)).map("\n".join)
NAME = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=10).map("u{}".format)
WORDS = st.one_of(st.text("éüßØ abcXYZ", max_size=8).map("K{}k".format), st.text("學生田中かな", min_size=2))
"""One script each: letters of several in one key are suspicious."""
PADDED = st.integers(0, 99_999).map("{:06}".format)
NUMBER = st.integers(100_000, 999_999).map(str)


@st.composite
def sent(draw: st.DrawFn, *, values: st.SearchStrategy[str] = WILD, marks: bool = True) -> Sent:
    """A table with one to eight rows, some of them blank, some columns of no use among them."""
    keys = {"username": [NAME, WORDS], "email": [NAME.map("{}@host.example".format)], "idnumber": [PADDED, NUMBER]}
    user, course = draw(st.sampled_from([*keys])), draw(st.sampled_from(["course_shortname", "course_idnumber"]))
    kind = draw(st.sampled_from(keys[user]))
    fields: list[str] = [user, course, *draw(st.lists(st.sampled_from(["role", "status", "first_name"]), unique=True))]
    fields += draw(st.sampled_from([[], ["start"], ["end"], ["start", "end"], ["last_name"]]))
    fields = draw(st.permutations([*fields, *[""] * draw(st.integers(0, 2))]))
    header = [draw(st.sampled_from(HEADERS[f])) if f else f"zz{n} extra" for n, f in enumerate(fields)]
    dates = draw(st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d", "epoch"]))
    cells: list[list[str]] = []
    wanted: list[dict[str, Any] | None] = []
    # Several rows of one person would be one enrolment, or contradict each other.
    for key in draw(st.lists(kind, unique=True, min_size=1, max_size=8)):
        if wanted and draw(st.integers(0, 5)) == 0:
            cells.append([draw(st.sampled_from(["", " "]))] * len(header))
            wanted.append(None)
            continue
        row: dict[str, str] = {}
        want: dict[str, Any] = {
            "user_field": user,
            "course_field": course.removeprefix("course_"),
            "role_name": "student",
        }
        want |= {"status": "", "start": NOT_GIVEN, "end": NOT_GIVEN, "first_name": "", "last_name": ""}
        row[user], row[course] = key, draw(st.one_of(NAME, WORDS))
        want |= {"user": row[user], "course": row[course]}
        for field, lists in (("role", ROLES), ("status", STATUSES)):
            if field in fields:
                meaning = draw(st.sampled_from([*lists]))
                row[field] = draw(st.sampled_from(lists[meaning]))
                gone = meaning in IGNORED
                said = {"state": "ignored", "code": meaning} if gone else {}
                want |= said or {{"role": "role_name"}.get(field, field): meaning}
        for field, first, last in (("start", 0, 300), ("end", 301, 900)):
            if field in fields:
                day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(draw(st.integers(first, last)))
                moment = int(day.timestamp()) + (DAY - 1 if field == "end" else 0)
                row[field] = str(moment) if dates == "epoch" else day.strftime(dates)
                want |= {field: moment}
        for field in ("first_name", "last_name"):
            if field in fields:
                row[field] = draw(values | BROKEN)
                want |= {field: row[field]}
        outer = draw(st.sampled_from(["", "", " "]))
        cells.append([outer + row[f] + outer if f else draw(values | BROKEN) for f in fields])
        wanted.append(want)
    if marks and draw(st.booleans()):
        _mark(draw, header, cells, wanted)
    order = {"date_order": "dmy"} if "/" in dates and not dates.startswith("%Y") else {}
    numbers = frozenset(n for n, f in enumerate(fields) if f == "idnumber" and kind is NUMBER)
    return Sent(header, cells, wanted, numbers, {"default_role": "student", **order})


def _mark(draw: st.DrawFn, header: list[str], cells: list[list[str]], wanted: list[dict[str, Any] | None]) -> None:
    """Adds a column that says who takes part; one that says the same of everybody says nothing."""
    title = draw(st.sampled_from([*MARKS]))
    yes, no = MARKS[title]
    header.append(title)
    people = [want for want in wanted if want]
    out = [draw(st.booleans()) for _ in people]
    out = [False] * len(out) if all(out) else out
    for row, want in zip(cells, wanted, strict=True):
        gone = want is not None and out.pop(0)
        row.append((no if gone else yes) if want else row[0])
        if want and gone and "code" not in want:
            want |= {"state": "ignored", "code": "not_taking_part"}


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """Every way in which a text file may be written."""
    end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    return Form(
        delimiter=draw(st.sampled_from(",;\t|")),
        end=end,
        # The csv module leaves a line break unquoted that is not its own.
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])) if end == "\r\n" else csv.QUOTE_ALL,
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
        above=draw(st.integers(0, 2)),
        last_end=draw(st.booleans()),
    )


def endings() -> st.SearchStrategy[bytes]:
    """Signs of the end of a text, and padding behind it."""
    return st.lists(st.sampled_from([b"\x1a", b"\0"]), max_size=5).map(b"".join)


def text_file(table: Sent, form: Form) -> tuple[bytes, list[int]]:
    """The file's bytes, and the line at which each of its rows begins."""
    target = io.StringIO(newline="")
    target.write(form.end * form.above)
    writer = csv.writer(target, delimiter=form.delimiter, lineterminator=form.end, quoting=form.quoting)
    writer.writerow(table.header)
    lines = []
    for row in table.cells:
        lines.append(len(io.StringIO(target.getvalue(), newline=None).readlines()) + 1)
        writer.writerow(row)
    text = target.getvalue()
    data = (text if form.last_end else text.removesuffix(form.end)).encode(form.encoding)
    return gzip.compress(data) if form.packed else data, lines


def others() -> st.SearchStrategy[dict[str, list[list[str]]]]:
    """Other sheets of a workbook, which are no roster: name → rows."""
    texts = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=3, max_size=8).map("note {}".format)
    return st.dictionaries(
        st.sampled_from(["Notes", "Rooms", "About"]),
        st.lists(st.lists(texts, min_size=1, max_size=3), max_size=4),
        max_size=3,
    )


def workbook(
    table: Sent, *, above: int = 0, beside: Mapping[str, Sequence[Sequence[str]]] | None = None
) -> tuple[bytes, list[int]]:
    """The same as a workbook, in which ids may be numbers, with sheets beside it; and the row of each of its rows."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for n, row in enumerate([table.header, *table.cells], 1 + above):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(n, column)
            number = column - 1 in table.numbers and text.strip() and n > 1 + above
            cell.value = int(text) if number else text or None
            cell.data_type = "n" if number or not text else "s"
    for name, rows in (beside or {}).items():
        further = book.create_sheet(name)
        for one in rows:
            further.append(list(one))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue(), list(range(2 + above, 2 + above + len(table.cells)))


def outcome(rows: Any) -> list[dict[str, Any] | None]:  # noqa: ANN401 - a frame, which carries no types here
    """What became of rows, as `Sent` words it: None where one is ignored as blank."""
    names = ["user_field", "course_field", "role_name", "status", "start", "end", "first_name", "last_name", "user"]
    found = rows[[*names, "course", "state", "code"]].to_dict("records")
    return [
        None
        if (row["state"], row["code"]) == ("ignored", "row_blank")
        else {n: v for n, v in row.items() if n not in {"state", "code"} or row["state"] != "ok"}
        for row in found
    ]


def trimmed(table: Sent) -> list[dict[str, Any] | None]:
    """What is wanted, as rows have it: without outer blanks."""
    shown = ("first_name", "last_name")
    return [want and {n: _trim(v) if n in shown else v for n, v in want.items()} for want in table.wanted]


def _trim(text: str) -> str:
    # Arrow's blanks are those of Unicode; Python strips control characters, too, of which there are none here.
    return text.strip()
