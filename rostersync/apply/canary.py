"""Role ids that were not learnt from this Moodle are tried on one row each and read back before the rest is sent.

No function of Moodle lists its roles (MOODLE.md, fact 16): a default id can be another role on this site.
"""

from __future__ import annotations

import pandas as pd

from rostersync import moodle
from rostersync.apply.outcomes import Outcome
from rostersync.apply.send import Sender, read_one_by_one
from rostersync.errors import AnswerError
from rostersync.sync.batch import Chunk, to_do
from rostersync.sync.prove import SEEN, visible
from rostersync.vocabulary import Op, Proof

GIVES = (str(Op.ENROL), str(Op.UPDATE), str(Op.ASSIGN))


def try_roles(sender: Sender, roles: pd.DataFrame) -> tuple[str, ...]:
    """Give each unlearnt role to one person and read it back; hold the rest of a role that is another one here.

    Args:
        sender: its changes are looked through for rows that give such a role.
        roles: ROLES of the plan.

    Returns:
        What a person should know of it.
    """
    notes = []
    for number, name, learnt in roles.sort_values("role_id").itertuples(index=False, name=None):
        giving = to_do(sender.changes)
        giving = giving[giving["op"].isin(GIVES) & (giving["role_id"] == number)]
        waiting = sender.outcomes.open(giving["change"].tolist())
        if learnt or not waiting:
            continue
        seen = _try(sender, int(number), waiting)
        if seen and seen != name:
            sender.outcomes.set(
                sender.outcomes.open(waiting), Outcome(Proof.HELD, "role_unverified", f"{number} ({seen}, not {name})")
            )
            notes.append(f"role id {number} is “{seen}” on this site, not “{name}”: nobody else was given it")
        elif seen:
            notes.append(f"role “{name}” was taken to have id {number}; one person was given it and it was read back")
    return tuple(notes)


def _try(sender: Sender, role: int, waiting: list[int]) -> str:
    """The short name that the role turned out to have; "" where nothing could be seen."""
    for change in waiting:
        one = sender.changes.loc[[change]]
        op = Op(str(one["op"].iloc[0]))
        sender.send(Chunk(op=op, changes=(change,)))
        if not sender.outcomes.with_proof([change], [Proof.ACCEPTED]):
            if sender.stop():
                return ""
            continue
        fresh = read_one_by_one(sender.client, one, prove=False)
        names = dict(zip(fresh.roles["role_id"].tolist(), fresh.roles["shortname"].tolist(), strict=True))
        shown = str(names.get(role, ""))
        wanted = sender.changes.attrs["role_names"][role]
        if shown and shown != wanted and visible(one, fresh.current, now=int(sender.clock()))[0] == SEEN:
            _take_back(sender, one, f"role id {role} is “{shown}” on this site, not “{wanted}”")
        return shown
    return ""


def _take_back(sender: Sender, one: pd.DataFrame, why: str) -> None:
    """Undo what the wrong role id did to the one person that it was tried on."""
    undo = Op.UNENROL if one["op"].iloc[0] == Op.ENROL else Op.UNASSIGN
    change = int(one["change"].iloc[0])
    sender.store.write_journal(sender.run, [change], "sent", "take back")
    try:
        moodle.send(sender.client, undo, one)
        undone = "and was taken back"
    except AnswerError as error:
        undone = f"and could not be taken back: {error}"
    sender.store.write_journal(sender.run, [change], "done", "take back")
    sender.outcomes.set([change], Outcome(Proof.FAILED, "role_unverified", f"{why}; it was given {undone}"))


def with_role_names(changes: pd.DataFrame, roles: pd.DataFrame) -> pd.DataFrame:
    """CHANGES indexed by their number, with the short names of their roles at hand."""
    indexed = changes.set_index("change", drop=False)
    indexed.attrs["role_names"] = dict(zip(roles["role_id"].tolist(), roles["shortname"].tolist(), strict=True))
    return indexed
