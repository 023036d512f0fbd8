"""Role ids that were not learnt from this Moodle are tried on one row each and read back before the rest is sent.

No function of Moodle lists its roles (guide/moodle.md, fact 16): a default id can be another role on this site.
"""

from __future__ import annotations

import pandas as pd

from rostersync import moodle
from rostersync.apply.outcomes import Outcome
from rostersync.apply.reread import read_one_by_one
from rostersync.apply.send import TAKE_BACK, Sender
from rostersync.enums import Op, Proof
from rostersync.errors import AnswerError
from rostersync.sync.batch import Chunk, to_do
from rostersync.tables import LEDGER

GIVES = (str(Op.ENROL), str(Op.UPDATE), str(Op.ASSIGN))


def try_roles(sender: Sender, roles: pd.DataFrame) -> tuple[str, ...]:
    """Give each unlearnt role to one person and read it back; hold the rest of a role that is another one here.

    Args:
        sender: its changes are looked through for rows that give such a role.
        roles: ROLES of the plan.

    Returns:
        What a person should know of it.

    Raises:
        RosterSyncError: nothing can go on.
    """
    notes = []
    for number, name, learnt in roles.sort_values("role_id").itertuples(index=False, name=None):
        giving = to_do(sender.changes)
        giving = giving[giving["op"].isin(GIVES) & (giving["role_id"] == number)]
        waiting = sender.outcomes.open(giving["change"].tolist())
        if learnt or not waiting:
            continue
        tried, seen = _try(sender, int(number), str(name), waiting)
        rest = sender.outcomes.open(waiting)
        if seen and seen != name:
            sender.outcomes.set(rest, Outcome(Proof.HELD, "role_unverified", f"{number} ({seen}, not {name})"))
            notes.append(f"role id {number} is “{seen}” on this site, not “{name}”: nobody else was given it")
        elif seen:
            notes.append(f"role “{name}” was taken to have id {number}; one person was given it and it was read back")
        elif tried and rest:
            why = f"one person was given role id {number}, and no read shows whether it is “{name}”"
            sender.outcomes.set(rest, Outcome(Proof.HELD, "not_sent", why))
            notes.append(f"{why}: nobody else was given it")
    return tuple(notes)


def _try(sender: Sender, role: int, wanted: str, waiting: list[int]) -> tuple[bool, str]:
    """Whether somebody was given the role, and the short name that it turned out to have; "" where none was seen."""
    for change in waiting:
        if not sender.outcomes.open([change]):
            continue  # an earlier refusal speaks for it
        one = sender.changes.loc[[change]]
        sender.send(Chunk(op=Op(str(one["op"].iloc[0])), changes=(change,)))
        if sender.brake():
            return False, ""
        if not sender.outcomes.with_proof([change], [Proof.ACCEPTED]):
            continue
        fresh = read_one_by_one(sender.client, one, prove=False)
        names = dict(zip(fresh.roles["role_id"].tolist(), fresh.roles["shortname"].tolist(), strict=True))
        shown = str(names.get(role, ""))
        if shown and shown != wanted:
            _take_back(sender, one, f"role id {role} is “{shown}” on this site, not “{wanted}”")
        return True, shown
    return False, ""


def _take_back(sender: Sender, one: pd.DataFrame, why: str) -> None:
    """Undo what the wrong role id did to the one person that it was tried on, and look whether it is undone."""
    change, course, user, role = (int(one[n].iloc[0]) for n in ("change", "course_id", "user_id", "role_id"))
    mine = sender.changes[(sender.changes["course_id"] == course) & (sender.changes["user_id"] == user)]
    more = [c for c in sender.outcomes.with_proof(mine["change"].tolist(), [Proof.ACCEPTED]) if c != change]
    # Where the enrolment carries another role that was given in this run, it stays.
    undo = Op.UNENROL if one["op"].iloc[0] == Op.ENROL and not more else Op.UNASSIGN
    kept = Outcome(Proof.FAILED, "role_unverified", f"{why}; it was given and could not be taken back: do it by hand")
    sender.outcomes.set([change], kept)
    sender.store.write_journal(sender.run, [change], "sent", TAKE_BACK)
    try:
        moodle.send(sender.client, undo, one)
    except AnswerError as error:
        sender.note([change], "unknown", TAKE_BACK)
        words = f"{why}; it was given, and whether it was taken back is not known ({error}): look by hand"
        sender.outcomes.set([change], Outcome(Proof.FAILED, "role_unverified", words))
    else:
        sender.note([change], "done", TAKE_BACK)
    fresh = read_one_by_one(sender.client, one, prove=False)
    now = fresh.current
    there = (now["course_id"] == course) & (now["user_id"] == user) & (now["role_id"] == role)
    if not fresh.reads["complete"].all() or there.any():
        return
    sender.outcomes.set([change], Outcome(Proof.FAILED, "role_unverified", f"{why}; it was given and taken back"))
    if undo is Op.UNENROL:
        sender.store.remember(sender.client.site, LEDGER.empty(), [(course, user)])
