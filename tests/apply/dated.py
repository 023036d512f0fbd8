"""The machine of a term with dates: they come, change and go in the roster, are set by hand, and rows say remove.

Everything that happens in a term (`machine`) happens here, too. The laws that are added are those of rules 6 and 7:
what each enrol call may say (`wire`), and that dates which a report calls right are those of the roster.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from rostersync.sandbox.records import Enrolment
from rostersync.tables import Report

from .gate import Fault
from .machine import Term, Week, places, weeks
from .term import COURSES, LOOSE, METHODS, PEOPLE, Death, Has, Pair, Roll, one_of, site_of, throw_out
from .wire import NOTHING, Dates, Person, Watch

TEXTS = ("", "2026-09-01 10:00", "2026-12-01 08:00", "2027-03-01 08:00", "2027-05-02 09:00")
"""Begun, over, ahead: the clock stands at 15 January 2027."""
spans = st.sampled_from([(start, end) for start in TEXTS for end in TEXTS if not (start and end) or start < end])
dated = st.lists(st.tuples(places, spans), min_size=1, max_size=3)
orders = st.lists(
    st.tuples(places, st.sampled_from(("add", "remove", "remove all", "suspend")), spans), min_size=1, max_size=3
)
Span = tuple[str, str]


def seconds(text: str) -> int | None:
    """What a cell says, in epoch seconds; None where it says nothing."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) if text else None


@dataclass
class DatedRoll(Roll):
    """What the registrar says, with dates, where there are columns for them."""

    dates: dict[Pair, Span] = field(default_factory=dict)
    columns: bool = False

    def text(self) -> str:
        """The roster as a file."""
        if not self.columns:
            return super().text()
        rows = [(*pair, role, *self.dates.get(pair, ("", ""))) for pair, role in sorted(self.rows.items())]
        bad = [(*row, "", "") for row in self.bad]
        return "username,course,role,start,end\n" + "\n".join(",".join(row) for row in [*rows, *bad])

    def stated(self, pair: Pair) -> Dates:
        """What the file says of somebody's dates."""
        if not self.columns or pair not in self.rows:
            return NOTHING
        start, end = self.dates.get(pair, ("", ""))
        return seconds(start), seconds(end)


class Dated(Term):
    """A term with dates."""

    def __init__(self) -> None:
        super().__init__()
        self.world.gate.close()
        self.dates = DatedRoll()
        self.roll = self.dates
        only = {self.world.state.course(name).id for name, methods in METHODS.items() if methods == ("manual",)}
        self.watch = Watch(self.world.state, only)
        self.watch.stated = lambda person: self.dates.stated(self.pair_of(person))
        self.watch.unheard = lambda: self.world.dies
        self.world.gate = self.watch

    def pair_of(self, person: Person) -> Pair:
        """Their names."""
        return self.world.state.users.rows[person[1]].username, self.world.state.courses[person[0]].shortname

    def person_of(self, pair: Pair) -> Person:
        """Their ids."""
        return self.world.state.course(pair[1]).id, self.world.state.user(pair[0]).id

    def manual(self, pair: Pair) -> Enrolment | None:
        """Their manual enrolment."""
        held = self.world.state.enrolments.held(*self.person_of(pair))
        return next((one for at, one in held.items() if self.world.state.instances[at].enrol == "manual"), None)

    def checked(self, before: dict[Pair, Has], report: Report, *, fair: bool) -> None:
        """The laws of every run, and those of dates: what is called right in the report is right in Moodle."""
        super().checked(before, report, fair=fair)
        self.dates_are_true(report)

    def dates_are_true(self, report: Report) -> None:
        """No call broke rules 6 and 7; who is in place by the report has the roster's dates, unless by hand."""
        assert not self.watch.wrong, self.watch.wrong
        rows = report.rows[report.rows["bucket"].isin(["enrolled", "reactivated", "dates changed", "unchanged"])]
        for row in rows[rows["proof"] != "disproved"].itertuples():
            pair = (str(row.user), str(row.course))
            there, person = self.manual(pair), self.person_of(pair)
            for said, found in zip(self.watch.stated(person), _dates(there), strict=True):
                assert said in {None, found} or person in self.watch.by_hand, (row, there)

    # what happens to dates

    @rule(changes=dated, columns=st.sampled_from((True, True, False)))
    def dates_change(self, *, changes: list[tuple[int, Span]], columns: bool) -> None:
        """The registrar sets, changes and removes dates, or leaves their columns out."""
        for at, span in changes:
            self.dates.dates[one_of(self.roll.rows, at)] = span
        self.dates.columns = columns

    @rule(at=places, span=spans)
    def dates_are_set_by_hand(self, at: int, span: Span) -> None:
        """Somebody sets dates in Moodle."""
        pair = one_of([pair for pair in site_of(self.world) if self.manual(pair)] or [("ada", "BIO101")], at)
        if one := self.manual(pair):
            start, end = (seconds(text) or 0 for text in span)
            self.world.state.put_enrolment(replace(one, timestart=start, timeend=end))
            self.watch.by_hand.add(self.person_of(pair))
            self.last = None

    @rule(at=places, span=spans, method=st.sampled_from(("manual", "self")))
    def is_enrolled_anew_by_hand(self, at: int, span: Span, method: str) -> None:
        """Somebody is thrown out and comes back, by the same method or another one."""
        pair = one_of(site_of(self.world), at)
        if method not in METHODS.get(pair[1], ("manual", "self")):
            return
        throw_out(self.world, pair)
        self.world.put(pair[1], pair[0], "student", method)
        self.watch.by_hand.add(self.person_of(pair))
        self.dates_are_set_by_hand(at, span)
        self.last = None

    # further runs

    @rule(told=orders, columns=st.booleans())
    def is_told_row_by_row(self, *, told: list[tuple[int, str, Span]], columns: bool) -> None:
        """A file says add, remove and suspend: nothing follows from absence, and only those named are touched."""
        before, rows = site_of(self.world), {}
        everybody = [(user, course) for user in PEOPLE for course in COURSES]
        for at, action, span in told:
            pair = one_of(everybody if action == "add" else before, at)
            rows[pair] = (action, span if columns and action == "add" else ("", ""))
        self.watch.stated = lambda person: _stated(rows, self.pair_of(person))
        text = "username,course,role,action,start,end\n" + "\n".join(
            f"{user},{course},{'' if action == 'remove all' else 'student'},{action.split()[0]},{','.join(span)}"
            for (user, course), (action, span) in rows.items()
        )
        chosen = self.settings(mode="explicit", **LOOSE.settings())
        try:
            plan = self.world.plan(text, **chosen)
            report = self.world.apply(plan, **chosen)
            after = site_of(self.world)
            assert sum(report.buckets().values()) == len(report.rows) == len(rows)
            for pair in before.keys() | after.keys():
                self.obeys(before.get(pair), after.get(pair), pair, rows.get(pair, ("", ("", "")))[0])
            self.dates_are_true(report)
            changes = self.world.plan(text, **chosen).changes
            assert changes[(changes["hold"] == "") & (changes["op"] != "nothing")].empty, changes.to_string()
        finally:
            self.watch.stated = lambda person: self.dates.stated(self.pair_of(person))
        self.last = (before, after)

    def obeys(self, was: Has | None, now: Has | None, pair: Pair, action: str) -> None:
        """One person after a file with actions."""
        if not action:
            assert was == now, (pair, was, now, "nobody named them")
        elif was is None:
            assert action == "add" or now is None, (pair, now)
        elif action == "add":
            assert now is not None, pair
            assert was.roles <= now.roles, (pair, was, now)
        elif action == "suspend":
            assert now is not None, pair
            assert (was.roles, was.methods) == (now.roles, now.methods), (pair, was, now, "another method")
        elif now is None:
            assert not was.graded, (pair, "grades are lost")
            assert was.methods == {"manual"}, (pair, was, "another method")
            assert "observer" not in was.roles, (pair, was, "a role is lost that nobody manages")
            assert action == "remove all" or was.roles == {"student"}, (pair, was, "a role is lost that stands nowhere")
        else:
            assert was.roles - now.roles <= ({"student"} if action == "remove" else {"student", "teacher"}), (pair, now)

    @rule(
        week=weeks,
        changes=dated,
        fault=st.sampled_from((Fault.NONE, Fault.LOSE_CALL)),
        at=st.integers(1, 3),
        back=st.booleans(),
    )
    def is_killed_and_planned_anew(
        self, *, week: Week, changes: list[tuple[int, Span]], fault: Fault, at: int, back: bool
    ) -> None:
        """The process dies, and nobody resumes its run: the next plan knows no more than can be known.

        Where `back`, the registrar has taken the new dates back by then.
        """
        self.passes(week, [], LOOSE)
        dates = dict(self.dates.dates)
        self.dates_change(changes=changes, columns=True)
        before, plan = site_of(self.world), self.plan()

        def fatal(nth: int) -> Fault:
            self.world.dies = self.world.dies or nth == at
            return fault if nth == at else Fault.NONE

        self.world.gate.script = self.weather(fatal)
        try:
            self.world.apply(plan, **self.settings())
        except Death:
            pass
        finally:
            self.world.dies, self.world.gate.script = False, lambda _: Fault.NONE
        self.now[0] += 3600
        self.dates.dates = dates if back else self.dates.dates
        self.checked(before, self.world.apply(self.plan(), **self.settings()), fair=False)

    @precondition(lambda self: self.last and self.last[0] != self.last[1])
    @rule(hand=st.none() | places, late=st.booleans())
    def is_undone(self, *, hand: int | None, late: bool) -> None:
        """As ever; dates that were known before the run come back."""
        self.watch.undoing = True
        try:
            Term.is_undone(self, hand=hand, late=late)
        finally:
            self.watch.undoing = False
        assert not self.watch.wrong, self.watch.wrong


def _dates(one: Enrolment | None) -> tuple[int | None, int | None]:
    return (one.timestart, one.timeend) if one else (None, None)


def _stated(rows: dict[Pair, tuple[str, Span]], pair: Pair) -> Dates:
    start, end = rows.get(pair, ("", ("", "")))[1]
    return seconds(start), seconds(end)
