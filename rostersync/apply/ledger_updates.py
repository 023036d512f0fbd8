"""Work out what the ledger remembers of each enrolment after a run.

Moodle tells neither dates nor methods (guide/moodle.md, fact 10): what rostersync does not remember, it does not know.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import pandas as pd

from rostersync.enums import NOT_GIVEN, Op, Proof
from rostersync.frames.packed import pack
from rostersync.sync.changes.stuck import stuck_state
from rostersync.sync.state.current import Current, holdings
from rostersync.tables import LEDGER

DONE = {str(Proof.PROVED), str(Proof.ACCEPTED)}
SETS_DATES = [Op.ENROL, Op.UPDATE]
COLUMNS = ["course_id", "user_id", "op", "role_id", "start", "end", "suspend", "removal", "proof"]

Person: TypeAlias = tuple[int, int]
"""A course's id and a user's."""
Line: TypeAlias = dict[str, int | bool | str]
"""A line of LEDGER without its person."""


def as_sent(op: Op, rows: Mapping[str, Sequence[int]]) -> Mapping[str, Sequence[int | bool | str]] | None:
    """LEDGER lines, as lists by name, for rows that Moodle has just accepted: an enrol call is about manual ones.

    Args:
        op: what was sent; where it sets no dates, there is nothing to remember.
        rows: columns of CHANGES.
    """
    if op not in SETS_DATES:
        return None
    # A person has a row for each role. The first one counts: a line takes the place of those before it.
    sent = {name: rows[name][::-1] for name in ("course_id", "user_id", "start", "end")}
    suspended = [suspend > 0 for suspend in reversed(rows["suspend"])]
    many = len(suspended)
    return {**sent, "suspended": suspended, "manual": [True] * many, "stuck": [""] * many}


def lessons(
    changes: pd.DataFrame,
    outcomes: pd.DataFrame,
    current: pd.DataFrame,
    courses: pd.DataFrame,
    ledger: pd.DataFrame,
    at_first: pd.DataFrame,
) -> tuple[pd.DataFrame, list[Person]]:
    """LEDGER lines to keep, and the (course, user) to forget.

    Args:
        changes: CHANGES that something was sent for.
        outcomes: OUTCOMES of the same, after the proof.
        current: CURRENT as it was read for the proof.
        courses: COURSES of the plan.
        ledger: LEDGER of the same courses, with what Moodle accepted since.
        at_first: LEDGER as it was before the run, where something is unproved: the method is known from there alone.
    """
    kept: dict[Person, Line] = {(int(line.pop("course_id")), int(line.pop("user_id"))): line for line in _lines(ledger)}
    first = {(int(line["course_id"]), int(line["user_id"])): line for line in _lines(at_first)}
    before = {person: dict(line) for person, line in kept.items()}
    gone: set[Person] = set()
    stuck: dict[Person, Op] = {}
    roles_kept: dict[Person, set[int]] = {}
    here = holdings(current)
    done = changes.merge(outcomes[["change", "proof"]], on="change", how="inner").sort_values("change")
    enrolled = here.enrolled(pack(done["course_id"], done["user_id"])).tolist()
    rows = done[COLUMNS].astype(object).itertuples(index=False, name=None)
    for there, (course, user, op, role, start, end, suspend, removal, proof) in zip(enrolled, rows, strict=True):
        person: Person = (int(course), int(user))
        line = kept.setdefault(person, _unknown())
        if op in SETS_DATES:
            sent: Line = {"start": int(start), "end": int(end), "suspended": suspend > 0, "manual": True, "stuck": ""}
            known = _after_enrol(Proof(proof), sent, line, first.get(person), there=there, before=person in before)
        else:
            known = _after_other(Op(op), Proof(proof), line)
        if known is None:
            gone.add(person)
        else:
            line.update(known)
        takes = removal or op == Op.UNASSIGN
        if takes and proof == Proof.DISPROVED:
            stuck[person] = Op(op)
            if op == Op.UNASSIGN:
                roles_kept.setdefault(person, set()).add(int(role))
        elif takes and proof == Proof.PROVED:
            line["stuck"] = ""
    here_still = {p: op for p, op in sorted(stuck.items()) if p not in gone}
    _mark_stuck(kept, here_still, roles_kept, here, courses)
    changed = {p: line for p, line in sorted(kept.items()) if p not in gone and line != before.get(p, _unknown())}
    keys = {"course_id": [c for c, _ in changed], "user_id": [u for _, u in changed]}
    values = {name: [line[name] for line in changed.values()] for name in _unknown()}
    return LEDGER.frame(keys | values), sorted(gone)


def _after_enrol(proof: Proof, sent: Line, line: Line, first: Line | None, *, there: bool, before: bool) -> Line | None:
    """What is known of an enrolment after an enrol call; None where it is not there.

    What no read shows, or what a read contradicts, leaves its dates unknown, and teaches nothing of the method. But a
    suspension counts as rostersync's own where it was, or may have become so: it will be seen if it is there.

    Args:
        proof: what is known of the call.
        sent: what it said.
        line: what is in the ledger by now.
        first: what was in it before the run; None: nothing, or it does not matter.
        there: a fresh read shows the person in the course.
        before: the ledger had a line.
    """
    if proof in DONE:
        return sent
    if proof == Proof.DISPROVED and not there:
        return None
    if proof in {Proof.UNPROVED, Proof.DISPROVED}:
        was = first or _unknown()
        ours = bool(was["suspended"]) or bool(sent["suspended"])
        return {**line, "start": NOT_GIVEN, "end": NOT_GIVEN, "suspended": ours, "manual": was["manual"]}
    if proof == Proof.FAILED and before:  # no answer: it may have been done all the same
        return {**line, "start": NOT_GIVEN, "end": NOT_GIVEN}
    return line


def _after_other(op: Op, proof: Proof, line: Line) -> Line | None:
    """What is known of an enrolment after another call; None where it is not there any more."""
    if op is not Op.UNENROL:
        return line
    if proof in DONE:
        return None
    if proof == Proof.DISPROVED:
        return _unknown()  # the manual enrolment, if there was one, may be gone with its dates
    if proof == Proof.UNPROVED:
        return {**line, "start": NOT_GIVEN, "end": NOT_GIVEN}
    return line


def _mark_stuck(
    kept: dict[Person, Line],
    stuck: dict[Person, Op],
    roles_kept: Mapping[Person, Collection[int]],
    here: Current,
    courses: pd.DataFrame,
) -> None:
    """A removal that had no effect is not tried again while the state stays what it is (guide/rules.md, rule 7)."""
    only_manual = set(courses.loc[courses["only_manual"], "course_id"].tolist())
    texts = here.roles_text(pack([c for c, _ in stuck], [u for _, u in stuck])).tolist()
    for (person, op), roles in zip(stuck.items(), texts, strict=True):
        manual = bool(kept[person]["manual"]) or person[0] in only_manual
        kept[person]["stuck"] = stuck_state(
            roles, manual=manual, active=op is Op.UPDATE, kept=roles_kept.get(person, ()) if op is Op.UNASSIGN else ()
        )


def _lines(ledger: pd.DataFrame) -> list[dict[str, int | bool | str]]:
    return [dict(line) for line in LEDGER.check(ledger).astype(object).to_dict("records")]


def _unknown() -> Line:
    return {"start": NOT_GIVEN, "end": NOT_GIVEN, "suspended": False, "manual": False, "stuck": ""}
