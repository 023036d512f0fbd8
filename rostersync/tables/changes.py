"""What is to be changed, what it would cost, and what came of it."""

from __future__ import annotations

from rostersync.enums import Bucket, Op, Proof
from rostersync.frames.columns import BOOL, INT, TEXT, Column, Table, choice

CHANGES = Table(
    "changes",
    {
        "change": Column(INT, "0 to n-1 in the order of the plan"),
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "op": Column(choice(Op), "what is sent"),
        "role_id": Column(INT, "the role concerned; 0 where there is none (unenrol)"),
        "start": Column(INT, "sent with enrol and update"),
        "end": Column(INT, "sent with enrol and update"),
        "suspend": Column(INT, "sent with enrol and update: 0 or 1"),
        "effect": Column(choice(Bucket), "the bucket that this change puts its rows into when it is done"),
        "removal": Column(BOOL, "ends access by whatever route (see `sync.access.weigh`): counts for the limits"),
        "rise": Column(BOOL, "gives a guarded role to somebody who has none as high"),
        "absent": Column(BOOL, "follows from absence: no row of the roster asks for it"),
        "reason": Column(TEXT, "a code of `problems.REASONS`"),
        "hold": Column(TEXT, "a code of `problems.HOLDS`; blank: to be done"),
        "held_by": Column(INT, "ROSTER.row that holds it, else -1"),
        "hold_detail": Column(TEXT, "what the hold's message is filled with"),
        "roles_before": Column(TEXT, "role ids held before, ascending, joined by +; '-' where not enrolled"),
        "inactive_before": Column(INT, "as CURRENT.inactive"),
        "start_before": Column(INT, "as LEDGER.start: what rostersync last set; NOT_GIVEN: not known"),
        "end_before": Column(INT, "as LEDGER.end"),
    },
)
"""One line for each thing to send, and one with op `nothing` for a wanted enrolment that is held as a whole.

A wanted enrolment without a line needs nothing.
"""

HOLDERS = Table(
    "holders",
    {
        "course_id": Column(INT, ""),
        "role_id": Column(INT, "0: everybody"),
        "people": Column(INT, "how many hold it and are not known to be inactive, before the plan"),
    },
)
"""Who is in the courses of a plan, as numbers: so that rule 3 can be kept when a reviewer strikes changes out."""

LOSSES = Table(
    "losses",
    {
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "elsewhere": Column(
            INT,
            "other courses in which Moodle shows them as active, or the plan enrols them; -1: not asked or not told",
        ),
        "seen": Column(INT, "when they were last seen in the course, in epoch seconds; 0: never; -1: not told"),
    },
)
"""One line for each person that a plan unenrols from a course; nothing is decided from it."""

NOT_ACTIVE = Table(
    "named, but not active",
    {
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "row": Column(INT, "ROSTER.row: the first that names this person as active"),
        "cause": Column(TEXT, "a code of `problems.NOT_ACTIVE`"),
        "at": Column(INT, "when their time began to be over, or begins, in epoch seconds; 0: not known, or no matter"),
    },
)
"""People whom the roster names as active, who are enrolled, and who have no access; by course and user."""

OUTCOMES = Table(
    "outcomes",
    {
        "change": Column(INT, "CHANGES.change; below 0: -1 - ROSTER.row of a row that needed no change, see below"),
        "proof": Column(choice(Proof), "what is known of it"),
        "code": Column(TEXT, "Moodle's errorcode, or a code of `problems.HOLDS`"),
        "message": Column(TEXT, "Moodle's own answer, or what the fresh read shows"),
    },
)
"""What came of each change.

Where the read at the beginning of a run does not show somebody who needed no change when the plan was made, there is a
line for the first row that names them, held as changed since the plan.
"""
