"""A gate that knows what rostersync may know, and sets down each enrol call that rules 6 and 7 do not allow.

Moodle tells neither dates nor the method of anybody's enrolment, so what rostersync knows of them is what it set
itself. The gate keeps that from the calls that it passes on, and asks rostersync for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from rostersync.sandbox.state import State

from .gate import Fault, Gate, Sent

Person = tuple[int, int]
"""Course and user, by id."""
Line = tuple[int, int, int]
"""Start, end and suspension, as an enrol call states them."""
Dates = tuple[int | None, int | None]
"""What a row states; None where it states nothing."""
NOTHING: Dates = (None, None)
CARRIED_OUT = {Fault.NONE, Fault.LOSE_ANSWER, Fault.BROKEN_LATE, Fault.PAGE, Fault.CUT}


@dataclass(slots=True)
class Memory:
    """What may have been set last of one person's enrolment; None: nothing that rostersync could know of."""

    last: set[Line | None] = field(default_factory=lambda: {None})
    ever: set[Line] = field(default_factory=set)
    manual: bool = False
    """An enrol call was carried out, and no unenrolment since: there is a manual enrolment, as far as can be known."""


class Watch(Gate):
    """The site over HTTP. What was wrong with a call is in `wrong`."""

    def __init__(self, state: State, only_manual: set[int]) -> None:
        self.only_manual = only_manual
        self.known: dict[Person, Memory] = {}
        self.stated: Callable[[Person], Dates] = lambda _: NOTHING
        """What the roster states of somebody's dates now."""
        self.unheard: Callable[[], bool] = lambda: False
        """Whether the process is dead by now: no answer to it is set down."""
        self.undoing = False
        self.by_hand: set[Person] = set()
        """Whose dates or methods somebody changed by hand, since rostersync last set them."""
        self.wrong: list[str] = []
        super().__init__(state)

    def _answer(self, fault: Fault, body: bytes) -> Sent | None:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        function = form.get("wsfunction", "")
        rows = list(_rows(form)) if function in {"enrol_manual_enrol_users", "enrol_manual_unenrol_users"} else []
        enrols = function == "enrol_manual_enrol_users"
        with self.lock:
            for person, line in rows if enrols else ():
                self.wrong += [f"{person}, {line}: {one}" for one in self._breaks(person, line)]
        sent = super()._answer(fault, body)
        refused = fault is Fault.NONE and sent is not None and sent[2] != b"null"
        with self.lock:
            for person, line in rows:
                self._learn(person, line if enrols else None, fault, refused=refused)
        return sent

    def _breaks(self, person: Person, line: Line) -> Iterator[str]:
        memory, stated = self.known.setdefault(person, Memory()), self.stated(person)
        enrolments = self.state.enrolments.held(*person)
        if not enrolments:
            if not self.undoing and line[:2] != tuple(date or 0 for date in stated):
                yield f"enrolled with other dates than the roster's {stated}"
            return
        cleared = None in memory.last and bool(line[2])
        for name, sent, said, at in zip(("start", "end"), line, stated, (0, 1), strict=False):
            known = {was[at] for was in memory.last if was}
            known |= {was[at] for was in memory.ever} if self.undoing else set()
            if said is not None and not self.undoing:
                known = {said}
            if sent not in known and not (cleared and sent == 0):
                yield f"rule 6: the {name} is neither the roster's {said} nor one that was set, {sorted(known)}"
        if person[0] not in self.only_manual and not memory.manual:
            yield "rule 7: nobody knows whether this enrolment is a manual one"
        active = any(not one.status for one in enrolments.values())
        if not line[2] and not active and not any(was and was[2] for was in memory.last) and not self.undoing:
            yield "somebody else's suspension is lifted"
        if memory.last == {line} and active is not bool(line[2]) and not self.undoing:
            yield "nothing of it is new, and what somebody set by hand is overwritten"

    def _learn(self, person: Person, line: Line | None, fault: Fault, *, refused: bool) -> None:
        memory = self.known.setdefault(person, Memory())
        if refused:
            return
        if fault is Fault.NONE and not self.unheard():
            memory.last = {line}
        else:
            memory.last |= {line, None}
        if fault in CARRIED_OUT:
            memory.manual = line is not None
            self.by_hand.discard(person)
        if line is not None:
            memory.ever.add(line)


def _rows(form: Mapping[str, str]) -> Iterator[tuple[Person, Line]]:
    at = 0
    while f"enrolments[{at}][userid]" in form:
        row = {name: int(form.get(f"enrolments[{at}][{name}]", 0)) for name in ("courseid", "userid")}
        times = [int(form.get(f"enrolments[{at}][{name}]", 0)) for name in ("timestart", "timeend", "suspend")]
        yield (row["courseid"], row["userid"]), (times[0], times[1], times[2])
        at += 1
