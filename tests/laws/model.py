"""A Moodle of one person in one course: what is sent is done, and what is remembered of it goes into the ledger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.laws.laws import outside
from tests.laws.outcomes import Outcomes
from tests.laws.states import BLANK, Mask, States


def applied(was: States, does: Outcomes, manual: Mask) -> States:
    """The states after everything that is not held.

    Args:
        was: the states before.
        does: what is sent.
        manual: whose enrolment is in truth a manual one: another one stays when it is taken away.
    """
    roles = (was.roles | does.enrol | does.assign | does.sent_role) & ~does.unassign
    sent = (does.enrol > 0) | does.update
    gone = does.unenrol & manual
    failed = does.unenrol & ~manual
    idle = np.where(was.inactive < 0, BLANK, (does.suspend | outside(does.start, does.end)).astype(np.int64))
    surely = was.led_manual | was.only_manual

    def after(kept: np.ndarray, new: np.ndarray, left: int | bool) -> np.ndarray:  # noqa: FBT001 - a value
        return np.where(gone, left, np.where(sent, new, kept))

    return replace(
        was,
        there=(was.there | (does.enrol > 0)) & ~gone,
        roles=np.where(gone, 0, roles),
        inactive=after(was.inactive, idle, 0),
        known_start=after(was.known_start, does.start, BLANK),
        known_end=after(was.known_end, does.end, BLANK),
        ours=after(was.ours, does.suspend, left=False),
        led_manual=after(was.led_manual, np.ones_like(sent), left=False),
        graded=np.where(gone, 0, was.graded),
        stuck_roles=np.where(gone, BLANK, np.where(failed, roles, was.stuck_roles)),
        stuck_manual=np.where(failed, surely, was.stuck_manual),
        stuck_active=np.where(failed, np.False_, was.stuck_active),
        stuck_kept=np.where(failed, 0, was.stuck_kept),
    )


def not_settled(first: Outcomes, second: Outcomes) -> Mask:
    """Whether a second decision sends something that was not held the first time."""
    more = second.enrol & ~first.held_enrol | second.assign & ~first.held_assign
    more |= second.unassign & ~first.held_unassign
    return (more > 0) | (second.update & ~first.held_update) | (second.unenrol & ~first.held_unenrol)
