"""Join the files of a OneRoster or School Data Sync set into enrolments.

Facts: 1EdTech OneRoster 1.1 and 1.2, CSV binding; Microsoft, “SDS V2.1 CSV File Format”. Only a manifest that calls the
enrolments `bulk` makes them the whole truth; `delta` makes each row speak for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import Mode, counted
from rostersync.errors import RosterError
from rostersync.roster.bundles import sets
from rostersync.roster.bundles.sets import Places, SetTable, aside, told_by
from rostersync.roster.columns.fields import COURSE_KEYS
from rostersync.roster.readers.files import File
from rostersync.roster.sheet import Aside, Mask, Sheet
from rostersync.settings import Settings

KINDS: sets.Kinds = {
    "manifest": told_by("propertyname value"),
    "enrollments": told_by("classsourcedid usersourcedid role"),
    "profiles": told_by("sourcedid profiletype"),
    "users": told_by("sourcedid username"),
    "classes": told_by("sourcedid title coursesourcedid", "sourcedid title orgsourcedid sessionsourcedids"),
    "courses": told_by(
        "sourcedid title coursecode",
        "sourcedid title orgsourcedid schoolyearsourcedid",
        "sourcedid title orgsourcedid subject",
    ),
    "titles": told_by("sourcedid title orgsourcedid"),
    "others": told_by("sourcedid"),
    "roles": told_by("usersourcedid role"),
    "flags": told_by("usersourcedid flag"),
    "relationships": told_by("usersourcedid relationshipusersourcedid"),
    "demographics": told_by(
        *(
            f"usersourcedid {fact}"
            for fact in ("sex", "birthdate", "birthcity", "birthstate", "birthcountry", "ethnicitycodes", "racecodes")
        )
    ),
}
"""What tells the files: names differ (`users.csv`, `Users_2026.csv`), headers are the formats'. `titles` are classes or
courses of School Data Sync with what it requires and no more; `others` say nothing of enrolments, like orgs and
academicSessions."""
USERS = ("sourcedId", "status", "enabledUser", "username", "identifier", "email", "givenName", "familyName")
CLASSES = ("sourcedId", "status", "title", "classCode", "code", "courseSourcedId")
COURSES = ("sourcedId", "status", "title", "courseCode", "code")
DELETED = "tobedeleted"
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
        sheet = _joined(enrolments, users, classes, courses, manifest, settings)
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
    enrolments: SetTable,
    users: SetTable | None,
    classes: SetTable | None,
    courses: SetTable | None,
    manifest: Mapping[str, str] | None,
    settings: Settings,
) -> Sheet:
    """One file of enrolments; a person, class or course in use that a complete file lacks rejects its row."""
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
        columns |= {f"classes.{c}": class_.bring(classes.column(c)) for c in CLASSES[2:] if classes.has(c)}
        asides += _gone(class_, classes, live, "class", whole=_whole(manifest, "classes"))
        if courses:
            course = sets.look_up(class_.bring(classes.column("courseSourcedId")), courses, "sourcedId")
            columns |= {f"courses.{c}": course.bring(courses.column(c)) for c in COURSES[3:] if courses.has(c)}
            if _by(settings, "courses."):
                asides += _gone(course, courses, live, "course", whole=_whole(manifest, "courses"))
        notes += _several(classes, settings)
    sheet = sets.widened(enrolments.sheet, columns, {}, asides)
    return replace(sheet, end_exclusive=True, notes=(*sheet.notes, *notes))


def titled(found: Mapping[str, Sequence[File]]) -> dict[str, Sequence[File]]:
    """The kinds with classes that have what is required and no more among the classes; such courses say nothing.

    Their headers are the same, and School Data Sync prescribes their names.
    """
    classes = [f for f in found.get("titles", ()) if sets.short(f).casefold().startswith("class")]
    rest = [f for f in found.get("titles", ()) if f not in classes]
    return {
        **{kind: files for kind, files in found.items() if kind != "titles"},
        **({"classes": [*found.get("classes", ()), *classes]} if classes else {}),
        **({"others": [*found.get("others", ()), *rest]} if rest else {}),
    }


def _by(settings: Settings, file: str = "") -> bool:
    """Whether somebody said which column is the course's key, and that it is one of this file."""
    return any(f in COURSE_KEYS and h.strip().casefold().startswith(file) for h, f in settings.columns.items())


def _several(classes: SetTable, settings: Settings) -> list[str]:
    """Says what else could be a course, where courses have several classes and nobody has said it."""
    of = classes.column("courseSourcedId")
    several = pc.count_distinct(of.filter(pc.not_equal(of, ""))).as_py() < (pc.sum(pc.not_equal(of, "")).as_py() or 0)
    if not several or _by(settings):
        return []
    flags = ('--map "classes.courseSourcedId=course_idnumber"', '--map "courses.courseCode=course_shortname"')
    told = "courses have several classes, and each class is taken as a course of its own"
    return [f"{told}; where Moodle has one course for all of them, say {' or '.join(flags)}"]


def _decided(
    enrolments: SetTable, sheet: Sheet, decision: tuple[Mode, str], settings: Settings, around: Sequence[str]
) -> Sheet:
    """The sheet with what follows from absence, and what a person should know of that."""
    mode, said = decision
    notes = [*around, said]
    asides = sheet.aside
    if mode == Mode.ADD_ONLY and settings.mode is None:
        asides = (*asides, *aside("not_delta", _says(enrolments.column("status"), DELETED), DELETED))
    return replace(sheet, aside=asides, mode=mode, notes=(*sheet.notes, *notes))


def _whole(manifest: Mapping[str, str] | None, kind: str) -> bool:
    """Whether a file of the set holds all of its kind."""
    return (manifest or {}).get(f"file.{kind}", "bulk") == "bulk"


def _says(column: pa.Array, word: str) -> Mask:
    """Where a column says this word, in whatever letters."""
    return pc.equal(pc.utf8_lower(column), word).to_numpy(zero_copy_only=False)


def _gone(found: Places, table: SetTable, live: Mask, what: str, *, whole: bool) -> list[Aside]:
    """Rows whose person or class is not there, stands there in two ways, or is to be deleted."""
    deleted = _says(found.bring(table.column("status")), DELETED)
    code = "user_not_in_files" if what == "user" else "course_not_in_files"
    return [
        *(aside(code, found.absent, table.name) if whole else []),
        *aside("record_torn", found.torn, f"the {what} in {table.name}"),
        *aside("record_deleted", deleted & live, f"the {what} in {table.name}"),
    ]


def _mode(
    enrolments: SetTable, manifest: Mapping[str, str] | None, found: Mapping[str, Sequence[File]]
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
