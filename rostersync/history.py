"""A run that is carried out goes into the store; what became of it, and why, comes out whenever somebody asks."""

from __future__ import annotations

from dataclasses import replace

from rostersync.apply import Applied
from rostersync.errors import StoreError
from rostersync.store import Kept, State
from rostersync.sync import plan as plans
from rostersync.sync.batch import to_do
from rostersync.sync.plan import Plan
from rostersync.sync.seen import people_left
from rostersync.tables import Report
from rostersync.work import Work


def to_keep(plan: Plan) -> Kept:
    """What the store keeps of a plan that is about to be carried out."""
    todo = to_do(plan.changes)[["course_id", "user_id"]].drop_duplicates()
    people = list(todo.itertuples(index=False, name=None))
    return Kept(made=plan.made, release=plan.release, text=plans.write(plan), people=people, undoes=plan.undoes or None)


def set_down(plan: Plan, done: Applied, report: Report, work: Work) -> Report:
    """The report, after its run was set down; what has happened is told even where it cannot be."""
    try:
        work.store.end(
            int(report.run),
            State.STOPPED if done.stopped else State.DONE,
            report.exit_code,
            verdict=report.verdict,
            notes=done.notes,
            outcomes=done.outcomes,
            seen=people_left(plan.reads, plan.changes, done.outcomes),
        )
    except StoreError as error:
        note = f"this run could not be set down, and counts as running: {error.message}"
        return replace(report, exit_code=report.exit_code or error.exit_code, notes=(*report.notes, note))
    return report
