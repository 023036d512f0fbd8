"""What can be wrong with a row beside other rows, or beside what Moodle knows."""

from __future__ import annotations

from collections.abc import Mapping

from rostersync.problems.kinds import ProblemKind, ignores, notes, rejects

LOOKED_UP: Mapping[str, ProblemKind] = {
    # found by comparing rows
    "rows_contradict": rejects(
        "rows of one person in one course contradict each other in {detail}",
        "leave only the rows that are right",
    ),
    "other_section": notes(
        "what this row says of one section (“{value}”) does not count: another section of the course has the person"
    ),
    # found by looking up
    "user_not_found": rejects(
        "no user with {column} “{value}” is to be seen in Moodle{detail}",
        "correct the key, create the account, or let the token see it (moodle/user:viewdetails)",
    ),
    "user_not_unique": rejects(
        "{column} “{value}” belongs to several users ({detail})",
        "use another key for this person, or make it unique in Moodle",
    ),
    "user_refused": rejects(
        "Moodle could not look up {column} “{value}”: {detail}",
        "correct the key; where it is right, the account's username is one that Moodle cannot show",
    ),
    "user_zeros": rejects(
        "{column} “{value}” seems to have lost its leading zeros, and may be somebody else's: {detail}",
        "write the number with all its digits (format the column as text)",
    ),
    "contradicted": rejects(
        "{column} “{value}” and what stands beside it are two people's: {detail}",
        "correct what is wrong, and leave one person in the row; nothing of it is carried out until then",
    ),
    "keys_disagree": rejects(
        "{column} “{value}” is somebody else than the row's other key says: {detail}",
        "correct the one that is wrong; if the other column has nothing to do with Moodle, leave it out: "
        '--map "HEADER=ignore"',
    ),
    "course_keys_disagree": rejects(
        "{column} “{value}” is another course than the row's other key says: {detail}",
        "correct the one that is wrong; if the other column has nothing to do with Moodle, leave it out: "
        '--map "HEADER=ignore"',
    ),
    "course_not_found": rejects(
        "no course with {column} “{value}” is to be seen in Moodle{detail}",
        "correct the key, or, where such courses have no Moodle course, add a pattern for it to not_in_moodle",
    ),
    "course_not_unique": rejects("{column} “{value}” belongs to several courses ({detail})", "use another key"),
    "course_refused": rejects("Moodle could not look up {column} “{value}”: {detail}", "correct the key"),
    "unconfirmed": ignores(
        "{column} “{value}” is an account that nobody can enrol: {detail}",
        "confirm the account in Moodle (Site administration > Users > Browse list of users), or leave the row out",
    ),
    "not_in_moodle": ignores("“{value}” matches not_in_moodle in the settings"),
    "role_not_on_site": rejects(
        "no role “{value}” was seen on this site and the settings give no id for it",
        'add its id to the settings: roles = {{ "{value}" = 9 }}',
    ),
    "name_refused": rejects(
        "{column} “{value}” has another name, and the row takes something away: {detail}",
        "correct the key, or the name",
    ),
    # worth knowing
    "column_differs": notes(
        "the column “{column}” differs from Moodle in one way: {detail}",
        "if that is meant, export the file so, or change the column in it and send it again; until then nothing "
        "follows from it, and the rows stay rejected",
    ),
    "key_offered": notes("{column} “{value}”{detail}", "correct it, if that is meant"),
    "name_unlike": notes(
        "{column} “{value}” has another name: {detail}",
        "make sure that it is the right person: a wrong digit in the key, or a column sorted by itself, looks so",
    ),
    "user_twice": notes("one user is named by two keys: {detail}", "if that is meant, there is nothing to do"),
}
"""Codes that are found by comparing rows and by looking keys up."""
