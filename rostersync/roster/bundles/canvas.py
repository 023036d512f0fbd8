"""Join the files of a Canvas SIS import into enrolments.

Facts: Instructure, “SIS Import Format Documentation” (doc/api/sis_csv.md). Rows say themselves what becomes of an
enrolment; what is not in a file stays as it is, since no file says whether Canvas read it as a full batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import Mode, counted
from rostersync.roster.bundles import sets
from rostersync.roster.bundles.sets import SetTable, aside, told_by
from rostersync.roster.columns.words import heading
from rostersync.roster.readers.files import File
from rostersync.roster.sheet import Aside, Mask, Sheet
from rostersync.settings import Settings

KINDS: sets.Kinds = {
    "admins": told_by("user_id account_id role"),
    "enrollments": told_by("user_id role status course_id"),
    "by_section": told_by("user_id role status section_id"),
    "by_role_id": told_by("user_id role_id status course_id"),
    "by_section_and_role_id": told_by("user_id role_id status section_id"),
    "users": told_by("user_id login_id"),
    "sections": told_by("section_id course_id name"),
    "xlists": told_by("xlist_course_id section_id"),
    "courses": told_by("course_id short_name long_name"),
    "accounts": told_by("account_id parent_account_id"),
    "terms": told_by("term_id name status"),
    "groups": told_by("group_id status"),
    "observers": told_by("observer_id student_id"),
}
"""Canvas tells its files by their headers, never by their names."""
STATING = ("enrollments", "by_section", "by_role_id", "by_section_and_role_id")
READ = (*STATING, "users", "sections", "xlists", "courses")
USERS = ("user_id", "status", "login_id", "email", "first_name", "last_name", "full_name")
SECTIONS = ("section_id", "course_id", "status")
XLISTS = ("section_id", "xlist_course_id", "status")
COURSES = ("course_id", "short_name", "status")
DELETED = "deleted"


def stated(found: Mapping[str, Sequence[File]], headers: Mapping[str, tuple[str, ...]], settings: Settings) -> bool:
    """Whether these files are Canvas's beyond doubt: user_id, course_id, role and status could be anybody's."""
    enrolments = [file for kind in STATING for file in found.get(kind, ())]
    sections = any(heading("section_id") in map(heading, headers[f.path]) for f in enrolments)
    return bool(enrolments) and (sections or "users" in found or settings.preset == "canvas")


def joined(found: Mapping[str, Sequence[File]], settings: Settings) -> list[tuple[File, Sheet]]:
    """Each file of enrolments with the columns users.login_id, users.email, courses.short_name, ….

    Raises:
        RosterError: a column of a file is to be a key, and the file is not there.
    """
    sets.require(found, ("users", "sections", "courses"), set(), settings)
    users = sets.together(found.get("users", ()), settings, USERS)
    sections = sets.together(found.get("sections", ()), settings, SECTIONS)
    xlists = sets.together(found.get("xlists", ()), settings, XLISTS)
    courses = sets.together(found.get("courses", ()), settings, COURSES)
    around = [t.told for t in (users, sections, xlists, courses) if t]
    if idle := [sets.short(f) for kind, files in found.items() if kind not in READ for f in files]:
        around.append(f"nothing is taken from {', '.join(idle)}")
    sheets = []
    for file in (file for kind in STATING for file in found.get(kind, ())):
        enrolments = sets.read(file, settings)
        sheet = _joined(
            enrolments,
            users,
            sections,
            xlists,
            courses,
            numbered=heading("role_id") not in map(heading, settings.columns),
        )
        notes = (
            *sheet.notes,
            *around,
            *_elsewhere(enrolments, xlists),
            "rows say what becomes of an enrolment; who is absent stays",
        )
        sheets.append((file, replace(sheet, mode=Mode.EXPLICIT, notes=notes)))
    return sheets


def _joined(
    enrolments: SetTable,
    users: SetTable | None,
    sections: SetTable | None,
    xlists: SetTable | None,
    courses: SetTable | None,
    *,
    numbered: bool,
) -> Sheet:
    """One file of enrolments; a row without a course has that of its section.

    A row that gives its role by a number of Canvas's own is rejected (`numbered`): in Moodle it is another role's.
    """
    live = pc.not_equal(pc.utf8_lower(enrolments.column("status")), DELETED).to_numpy(zero_copy_only=False)
    course, asides = _course(enrolments, sections, xlists)
    columns = {} if enrolments.has("course_id") else {"course_id": course}
    role, number = enrolments.column("role"), enrolments.column("role_id")
    columns |= {} if enrolments.has("role") else {"role": role}
    if enrolments.has("role_id") and numbered:
        alone = pc.and_(pc.equal(role, ""), pc.not_equal(number, ""))
        for one in pc.unique(number.filter(alone)).to_pylist():
            asides += aside("role_by_number", pc.and_(alone, pc.equal(number, one)).to_numpy(zero_copy_only=False), one)
    if users:
        user = sets.look_up(enrolments.column("user_id"), users, "user_id")
        columns |= {f"users.{c}": user.bring(users.column(c)) for c in USERS[2:] if users.has(c)}
        asides += aside("record_torn", user.torn, f"the user in {users.name}")
        asides += aside("record_deleted", _deleted(user, users) & live, f"the user in {users.name}")
    if courses:
        found = sets.look_up(course, courses, "course_id")
        columns["courses.short_name"] = found.bring(courses.column("short_name"))
        asides += aside("record_torn", found.torn, f"the course in {courses.name}")
        asides += aside("record_deleted", _deleted(found, courses) & live, f"the course in {courses.name}")
    return sets.widened(enrolments.sheet, columns, {heading("course_id"): course}, asides)


def _course(enrolments: SetTable, sections: SetTable | None, xlists: SetTable | None) -> tuple[pa.Array, list[Aside]]:
    """Each row's course, by its section where it names none: the one that it is cross-listed into, else its own."""
    course, section = enrolments.column("course_id"), enrolments.column("section_id")
    bare = pc.and_(pc.equal(course, ""), pc.not_equal(section, "")).to_numpy(zero_copy_only=False)
    listed, torn = _cross_listed(section, xlists)
    there = pc.not_equal(listed, "").to_numpy(zero_copy_only=False)
    course = pc.if_else(pa.array(bare & there), listed, course)
    asides = aside("record_torn", bare & torn, f"the section in {xlists.name}") if xlists else []
    bare &= ~there & ~torn
    if not sections:
        return course, [*asides, *aside("course_not_in_files", bare, "sections.csv (which is not there)")]
    found = sets.look_up(section, sections, "section_id")
    course = pc.if_else(pa.array(bare), found.bring(sections.column("course_id")), course)
    return course, [
        *asides,
        *aside("course_not_in_files", bare & found.absent, sections.name),
        *aside("record_torn", bare & found.torn, f"the section in {sections.name}"),
    ]


def _cross_listed(section: pa.Array, xlists: SetTable | None) -> tuple[pa.Array, Mask]:
    """The course that each row's section is cross-listed into, "" where it is not, and where that is not certain."""
    if not xlists:
        return pa.repeat(pa.scalar("", pa.string()), len(section)), np.zeros(len(section), dtype=np.bool_)
    found = sets.look_up(section, xlists, "section_id")
    listed = pc.if_else(pa.array(_deleted(found, xlists) | found.torn), "", found.bring(xlists.column(XLISTS[1])))
    return listed, found.torn


def _elsewhere(enrolments: SetTable, xlists: SetTable | None) -> list[str]:
    """Says how many rows name another course than that of their section."""
    listed, _ = _cross_listed(enrolments.column("section_id"), xlists)
    course = enrolments.column("course_id")
    other = pc.and_(pc.and_(pc.not_equal(listed, ""), pc.not_equal(course, "")), pc.not_equal(listed, course))
    count = pc.sum(other).as_py() or 0
    rows = counted(count, "row names", "rows name")
    return [f"{rows} another course than the one that the section is cross-listed into: the row counts"] * bool(count)


def _deleted(found: sets.Places, table: SetTable) -> Mask:
    status = pc.utf8_lower(found.bring(table.column("status")))
    return pc.equal(status, DELETED).to_numpy(zero_copy_only=False)
