"""Explain from the store why a person is in a course, or not, run by run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from rostersync.enums import NOT_GIVEN, Bucket, Op, Proof
from rostersync.errors import PlanRefused, UsageError
from rostersync.store import Run, Store
from rostersync.sync.plan import Plan
from rostersync.tables.past import CALLS, Explanation, Step
from rostersync.workflow.history import iso, plan_of, report_of

NAMED = ("username", "idnumber", "email", "fullname")
SILENT = [str(Bucket.IGNORED), str(Bucket.DUPLICATE), str(Bucket.UNCHANGED)]
MOST_ROWS = 500_000
"""Rows of plans that are kept in memory; the others are read twice."""
STAYS = {Bucket.REJECTED, Bucket.HELD}
OUTSIDE = "What is done in Moodle by hand is not known here."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """What is looked for, as it was typed, and the ids that runs have resolved it to."""

    words: str
    ids: frozenset[int] = frozenset()

    def means(self, column: pd.Series) -> pd.Series:
        """Which values are what was typed, whatever the letter case."""
        return column.astype(str).str.strip().str.casefold() == self.words.strip().casefold()

    def chosen(self, what: str) -> int:
        """The one id; 0 where there is none.

        Raises:
            UsageError: there are several.
        """
        if len(self.ids) > 1:
            numbers = ", ".join(str(i) for i in sorted(self.ids))
            raise UsageError(
                f"“{self.words}” is more than one {what} in the runs that are kept: {numbers}",
                remedy="say one of these ids instead",
            )
        return next(iter(self.ids), 0)


def explain(store: Store, user: str, course: str, *, site: str = "", last: int = 20) -> Explanation:
    """Everything that the store knows of a person in a course.

    Args:
        store: what is remembered.
        user: their key in the roster, username, ID number, e-mail address, full name, or Moodle's id.
        course: its key in the roster, short name, ID number, or Moodle's id.
        site: only runs of this site; "" for all.
        last: how many runs are looked at, the newest.

    Raises:
        UsageError: several people or courses are meant, or there are runs of several sites and none is named.
        StoreError: the store cannot be read.
    """
    runs = store.runs(site)
    if len(sites := sorted({run.site for run in runs})) > 1:
        raise UsageError(f"the store has runs of {', '.join(sites)}", remedy="say which with --site")
    person, place = _Sought(words=user), _Sought(words=course)
    plans = _Plans(store)
    chosen = runs[-last:]
    for run in chosen:
        if (plan := plans.of(run)) is not None:
            person = replace(person, ids=person.ids | _users(plan, person))
            place = replace(place, ids=place.ids | _courses(plan, place))
    person, place = _by_id(person), _by_id(place)
    user_id, course_id = person.chosen("person"), place.chosen("course")
    name, short, found = user, course, []
    for run in chosen:
        if (plan := plans.of(run)) is not None:
            name, short = _name(plan, user_id, user) or name, _short(plan, course_id) or short
            found.append(_step(store, run, plan, person, place))
    steps = tuple(step for step in found if step is not None)
    if not user_id and all(step.rows.empty for step in steps):
        steps = ()  # who this is, no run knows: that none did anything about them would be said of somebody unknown
    return Explanation(
        user=name,
        course=short,
        user_id=user_id,
        course_id=course_id,
        steps=steps,
        looked=len(chosen),
        without=tuple(plans.lost),
        more=len(runs) - len(chosen),
        remembered=_remembered(store, sites, course_id, user_id),
        now=_now(steps),
    )


class _Plans:
    """Plans of runs, each read once, as long as they are not too large to be kept side by side."""

    def __init__(self, store: Store) -> None:
        self._store, self._kept, self._room = store, dict[int, Plan](), MOST_ROWS
        self.lost: list[int] = []

    def of(self, run: Run) -> Plan | None:
        """The run's plan; None where it is not kept, or was kept by a rostersync that wrote plans in another way."""
        if run.run in self._kept:
            return self._kept[run.run]
        if run.run in self.lost:
            return None
        try:
            plan = plan_of(self._store, run)
        except PlanRefused:
            plan = None
        if plan is None:
            self.lost.append(run.run)
        elif len(plan.rows) <= self._room:
            self._kept[run.run] = plan
            self._room -= len(plan.rows)
        return plan


def _by_id(sought: _Sought) -> _Sought:
    """A number that is no key is an id."""
    number = sought.words.strip()
    return replace(sought, ids=frozenset({int(number)})) if not sought.ids and number.isdecimal() else sought


def _users(plan: Plan, sought: _Sought) -> frozenset[int]:
    rows, people = plan.rows, plan.people
    known = people[pd.concat([sought.means(people[name]) for name in NAMED], axis=1).any(axis=1)]
    found = {*rows.loc[sought.means(rows["user"]), "user_id"].tolist(), *known["user_id"].tolist()}
    return frozenset(int(i) for i in found if i > 0)


def _courses(plan: Plan, sought: _Sought) -> frozenset[int]:
    rows, courses = plan.rows, plan.courses
    known = courses[sought.means(courses["shortname"]) | sought.means(courses["idnumber"])]
    found = {*rows.loc[sought.means(rows["course"]), "course_id"].tolist(), *known["course_id"].tolist()}
    return frozenset(int(i) for i in found if i > 0)


def _step(store: Store, run: Run, plan: Plan, person: _Sought, place: _Sought) -> Step | None:
    """What a run has to say; None where it has nothing to do with them."""
    users, courses = sorted(person.ids), sorted(place.ids)
    report = report_of(store, run, plan)
    rows = report.rows
    here = (rows["user_id"].isin(users) | person.means(rows["user"])) & (
        rows["course_id"].isin(courses) | place.means(rows["course"])
    )
    gone = report.removals
    gone = gone[gone["user_id"].isin(users) & gone["course_id"].isin(courses)]
    read = plan.courses["course_id"].isin(courses).any()
    if not here.any() and gone.empty and not read:
        return None
    return Step(
        run=run.run,
        kind=str(run.kind),
        state=str(run.state),
        started=iso(run.started),
        listed=_listed(plan, courses),
        rows=rows[here].reset_index(drop=True),
        removals=gone.reset_index(drop=True),
        calls=_calls(store, run, plan, users, courses),
    )


def _listed(plan: Plan, courses: list[int]) -> int:
    reads = plan.reads[plan.reads["course_id"].isin(courses) & plan.reads["complete"]]
    return int(reads["listed"].iloc[0]) if len(reads) else -1


def _calls(store: Store, run: Run, plan: Plan, users: list[int], courses: list[int]) -> pd.DataFrame:
    """CALLS about these people in these courses, in the order of the journal."""
    theirs = plan.changes[plan.changes["user_id"].isin(users) & plan.changes["course_id"].isin(courses)]
    roles = dict(zip(plan.roles["role_id"].tolist(), plan.roles["shortname"].tolist(), strict=True))
    known = {
        int(change): (str(op), "" if op == Op.UNENROL else str(roles.get(role, role or "")))
        for change, op, role in theirs[["change", "op", "role_id"]].itertuples(index=False, name=None)
    }
    if not known:
        return CALLS.empty()
    entries = [(entry, *known[entry.change]) for entry in store.entries(run.run) if entry.change in known]
    return CALLS.records(
        [
            {"change": e.change, "at": iso(e.at), "event": e.event, "code": e.code, "op": op, "role": role}
            for e, op, role in entries
        ]
    )


def _name(plan: Plan, user_id: int, words: str) -> str:
    """What the plan calls the person, with what was asked for; "" where it does not."""
    people = plan.people[plan.people["user_id"] == user_id]
    rows = plan.rows[(plan.rows["user_id"] == user_id) & (plan.rows["name"] != "")]
    told = [str(name) for name in (*people["fullname"].tolist(), *rows["name"].tolist()) if name]
    if not user_id or not told:
        return ""
    return told[0] if told[0].casefold() == words.strip().casefold() else f"{told[0]} ({words.strip()})"


def _short(plan: Plan, course_id: int) -> str:
    found = plan.courses.loc[plan.courses["course_id"] == course_id, "shortname"].tolist()
    return str(found[0]) if found and course_id else ""


def _remembered(store: Store, sites: list[str], course_id: int, user_id: int) -> str:
    """The ledger's line in words."""
    for site in sites if course_id and user_id else ():
        ledger = store.ledger(site, [course_id])
        for line in ledger[ledger["user_id"] == user_id].to_dict("records"):
            starts, ends = (_day(line[name], none) for name, none in (("start", "at once"), ("end", "never")))
            said = [f"rostersync last set that it starts {starts} and ends {ends}"]
            said += ["suspended by rostersync"] if line["suspended"] else []
            said += ["enrolled by the manual method"] if line["manual"] else []
            said += (
                ["a removal, or the taking away of a role, had no effect: something else in Moodle keeps it"]
                if line["stuck"]
                else []
            )
            return "; ".join(said)
    return ""


def _day(at: int, none: str) -> str:
    if at == NOT_GIVEN:
        return "at a time that is not known"
    return iso(at) if at else none


def _now(steps: tuple[Step, ...]) -> str:
    """What the newest run says of the present."""
    for step in reversed(steps):
        told = pd.concat([step.removals[["bucket", "proof"]], step.rows[["bucket", "proof"]]]).astype(str)
        # Rows that are ignored, or the double of another one, say nothing of their own; nor do idle removals.
        told = told[~told["bucket"].isin(SILENT) | (told["bucket"].eq(Bucket.UNCHANGED) & step.removals.empty)]
        pairs = sorted(zip(told["bucket"], told["proof"], strict=True), key=lambda p: list(Bucket).index(Bucket(p[0])))
        for bucket, proof in pairs:
            seen = ", which no read could show" if proof == Proof.ACCEPTED else ""
            return f"{_worded(Bucket(bucket))}{seen} (run {step.run}). {OUTSIDE}"
    return ""


def _worded(bucket: Bucket) -> str:
    if bucket in STAYS:
        return f"As it was before: {bucket}"
    return {
        Bucket.FAILED: "Not as the roster says: failed",
        Bucket.UNPROVED: "Sent, and no read could be had that shows what became of it: unproved",
        Bucket.UNENROLLED: "Out of the course",
        Bucket.SUSPENDED: "In the course, suspended",
        Bucket.UNCHANGED: "As the roster said, without a change",
    }.get(bucket, f"In the course: {bucket}")
