"""The files of a OneRoster or School Data Sync set go in; enrolments with what is known of people and classes come out.

Facts: 1EdTech OneRoster 1.1 and 1.2, CSV binding; Microsoft, “SDS V2.1 CSV File Format”. Only a manifest that calls the
enrolments `bulk` makes them the whole truth; `delta` makes each row speak for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from rostersync.errors import RosterError
from rostersync.roster.files import File
from rostersync.roster.shapes import sets
from rostersync.roster.shapes.sets import Found, Table, aside
from rostersync.roster.sheets import Aside, Mask, Sheet
from rostersync.settings import Settings
from rostersync.vocabulary import Mode, counted

KINDS: sets.Kinds = {
    "manifest": frozenset({"propertyname", "value"}),
    "enrollments": frozenset({"classsourcedid", "usersourcedid", "role"}),
    "profiles": frozenset({"sourcedid", "profiletype"}),
    "users": frozenset({"sourcedid", "username"}),
    "classes": frozenset({"sourcedid", "title", "coursesourcedid"}),
    "courses": frozenset({"sourcedid", "title", "coursecode"}),
    "others": frozenset({"sourcedid"}),
    "roles": frozenset({"usersourcedid", "role"}),
    "flags": frozenset({"usersourcedid", "flag"}),
    "relationships": frozenset({"usersourcedid", "relationshipusersourcedid"}),
}
"""What tells the files: names differ (`users.csv`, `Users_2026.csv`), headers are the standard's. `others` are those
that say nothing of enrolments, like orgs and academicSessions."""
USERS = ("sourcedId", "status", "enabledUser", "username", "identifier", "email", "givenName", "familyName")
CLASSES = ("sourcedId", "status", "title", "classCode", "courseSourcedId")
COURSES = ("sourcedId", "status", "title", "courseCode")
DELETED = "tobedeleted"
DAY = r"^\d{4}-\d{2}-\d{2}$"
READ = ("manifest", "enrollments", "users", "classes", "courses")


def joined(found: Mapping[str, Sequence[File]], settings: Settings) -> list[tuple[File, Sheet]]:
    """Each file of enrolments with the columns users.username, users.email, classes.classCode, courses.courseCode, ….

    Raises:
        RosterError: the manifest promises a file that is not there, or columns of one are to be used that is not.
    """
    manifest = _manifest(found.get("manifest", ()), settings)
    kinds = ("users", "classes", "courses")
    promised = {k for k in kinds if (manifest or {}).get(f"file.{k}", "absent") != "absent"}
    sets.require(found, kinds, promised, settings)
    users = sets.together(found.get("users", ()), settings, USERS)
    classes = sets.together(found.get("classes", ()), settings, CLASSES)
    courses = sets.together(found.get("courses", ()), settings, COURSES)
    around = [t.told for t in (users, classes, courses) if t]
    if idle := [sets.short(f) for kind, files in found.items() if kind not in READ for f in files]:
        around.append(f"nothing of enrolments stands in {', '.join(idle)}")
    sheets = []
    for file in found["enrollments"]:
        enrolments = sets.read(file, settings)
        sheet = _joined(enrolments, users, classes, courses, manifest)
        sheets.append((file, _decided(enrolments, sheet, _mode(enrolments, manifest, found), settings, around)))
    return sheets


def without_enrolments(found: Mapping[str, Sequence[File]]) -> RosterError:
    """What is said of a set that states no enrolments."""
    there = ", ".join(sets.short(f) for files in found.values() for f in files)
    return RosterError(
        f"the OneRoster set of {found['manifest'][0].path} has no enrollments.csv, only {there}",
        remedy="export it again, with enrollments",
    )


def _manifest(files: Sequence[File], settings: Settings) -> dict[str, str] | None:
    """Property → value, or None without a manifest."""
    if not files:
        return None
    table = sets.read(files[0], settings)
    names, values = (table.column(c).to_pylist() for c in ("propertyName", "value"))
    return {n.casefold(): v.casefold() for n, v in zip(names, values, strict=True)}


def _joined(
    enrolments: Table,
    users: Table | None,
    classes: Table | None,
    courses: Table | None,
    manifest: Mapping[str, str] | None,
) -> Sheet:
    """One file of enrolments; a person or class that a complete file lacks rejects its row."""
    columns: dict[str, pa.Array] = {}
    asides: list[Aside] = []
    notes: list[str] = []
    live = ~_says(enrolments.column("status"), DELETED)
    if users:
        user = sets.look_up(enrolments.column("userSourcedId"), users, "sourcedId")
        columns |= {f"users.{c}": user.bring(users.column(c)) for c in USERS[3:] if users.has(c)}
        asides += _gone(user, users, live, "user", whole=_whole(manifest, "users"))
        off = int(_says(user.bring(users.column("enabledUser")), "false").sum())
        if off:
            notes.append(f"{counted(off, 'row')} of people with enabledUser = false: enrolled as the rows say")
    else:
        notes.append("no users.csv: people are known by userSourcedId alone")
    if classes:
        class_ = sets.look_up(enrolments.column("classSourcedId"), classes, "sourcedId")
        columns |= {f"classes.{c}": class_.bring(classes.column(c)) for c in ("title", "classCode") if classes.has(c)}
        asides += _gone(class_, classes, live, "class", whole=_whole(manifest, "classes"))
        if courses:
            course = sets.look_up(class_.bring(classes.column("courseSourcedId")), courses, "sourcedId")
            columns["courses.courseCode"] = course.bring(courses.column("courseCode"))
    sheet = sets.widened(enrolments.sheet, columns, _first_day_without(enrolments), asides)
    return replace(sheet, notes=(*sheet.notes, *notes))


def _decided(
    enrolments: Table, sheet: Sheet, decision: tuple[Mode, str], settings: Settings, around: Sequence[str]
) -> Sheet:
    """The sheet with what follows from absence, and what a person should know of that."""
    mode, said = decision
    notes = [*around, said]
    asides = sheet.aside
    if mode == Mode.ADD_ONLY and settings.mode is None:
        asides = (*asides, *aside("not_delta", _says(enrolments.column("status"), DELETED), DELETED))
    if pc.any(pc.match_substring_regex(enrolments.column("endDate"), DAY)).as_py():
        notes.append("endDate is the first day without access (OneRoster: exclusive)")
    return replace(sheet, aside=asides, mode=mode, notes=(*sheet.notes, *notes))


def _whole(manifest: Mapping[str, str] | None, kind: str) -> bool:
    """Whether a file of the set holds all of its kind."""
    return (manifest or {}).get(f"file.{kind}", "bulk") == "bulk"


def _says(column: pa.Array, word: str) -> Mask:
    """Where a column says this word, in whatever letters."""
    return pc.equal(pc.utf8_lower(column), word).to_numpy(zero_copy_only=False)


def _gone(found: Found, table: Table, live: Mask, what: str, *, whole: bool) -> list[Aside]:
    """Rows whose person or class is not there, stands there in two ways, or is to be deleted."""
    deleted = _says(found.bring(table.column("status")), DELETED)
    code = "user_not_in_files" if what == "user" else "course_not_in_files"
    return [
        *(aside(code, found.absent, table.name) if whole else []),
        *aside("record_torn", found.torn, f"the {what} in {table.name}"),
        *aside("record_deleted", deleted & live, f"the {what} in {table.name}"),
    ]


def _mode(
    enrolments: Table, manifest: Mapping[str, str] | None, found: Mapping[str, Sequence[File]]
) -> tuple[Mode, str]:
    """What follows from a person's absence, and a sentence that says why.

    School Data Sync has no manifest: five files make a set, and what a set lacks is no longer there.
    """
    if manifest is None and not enrolments.has("sourcedId") and {"users", "roles", "classes"} <= found.keys():
        return (
            Mode.MIRROR,
            "School Data Sync sets are complete: who is absent has left (--mode add-only says otherwise)",
        )
    said = (manifest or {}).get("file.enrollments", "")
    match said:
        case "bulk":
            return Mode.MIRROR, "the manifest says that enrollments.csv is bulk: all there are"
        case "delta":
            return Mode.EXPLICIT, "the manifest says that enrollments.csv is a delta: rows say what is to be done"
        case _:
            why = "there is no manifest.csv" if manifest is None else f"the manifest says “{said}” of enrollments.csv"
            return Mode.ADD_ONLY, f"{why}: nobody is removed (--mode says otherwise)"


def _first_day_without(enrolments: Table) -> dict[str, pa.Array]:
    """The column endDate with its days as moments: OneRoster's end is the first day without the enrolment."""
    ends = enrolments.column("endDate")
    days = pc.match_substring_regex(ends, DAY)
    moments = pc.binary_join_element_wise(ends, "00:00:00", " ")
    return {"enddate": pc.if_else(days, moments, ends)} if enrolments.has("endDate") else {}
