"""What has to hold for each state, said without a look at how the decision is made.

Each law takes what was and what would be done, and returns which states break it. Whatever a law calls a loss is worked
out here from what somebody had and would have, never taken from what the decision says of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tests.laws.adapter import Rules
from tests.laws.outcomes import HOLDS, Outcomes
from tests.laws.states import (
    ADD,
    BLANK,
    HIGH,
    LOW,
    NONE,
    NOW,
    OTHER,
    REMOVE,
    SAYS_ACTIVE,
    SAYS_SUSPENDED,
    SUSPEND,
    Ints,
    Mask,
    States,
)

ENROLMENT, SUSPENSION = 8, 16
"""Bits beside those of roles: what somebody can lose."""
RANK = ({LOW: 1, HIGH: 3, OTHER: 4}, {LOW: 3, HIGH: 3, OTHER: 4}, {LOW: 1, OTHER: 4}, {LOW: 4, HIGH: 3, OTHER: 4})
GUARDED = (HIGH | OTHER, 0, LOW)
HOLDS_THIS_PERSON = (1, 4, 6)
"""Kinds of rejected rows beside, which could have named this person in this course."""
COULD_USE: dict[int, tuple[int, ...]] = {1: (HIGH,), 2: (HIGH,), 3: (LOW, HIGH), 5: (HIGH,), 6: (HIGH,)}
"""Kinds of rejected rows beside → the roles that they could have used in this course."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is done, or would be: roles in bits, and whether an enrolment is changed or ended."""

    given: Ints
    taken: Ints
    update: Mask
    unenrol: Mask


@dataclass(frozen=True, kw_only=True)
class Case:
    """States of one batch, what would be done, and what follows from both."""

    was: States
    does: Outcomes
    rules: Rules

    def covered(self, role: int, by: Ints) -> Mask:
        """Whether one of these sets of roles has this role, or one of the same or a higher rank."""
        rank = RANK[self.rules.ranks]
        good = role | sum(other for other, height in rank.items() if role in rank and height >= rank[role])
        return by & good > 0

    @cached_property
    def surely_manual(self) -> Mask:
        """Whether the enrolment is known to be a manual one."""
        return self.was.led_manual | self.was.only_manual

    @cached_property
    def last_start(self) -> Ints:
        """The start that was last set, BLANK where it is not known, or the list contradicts the dates."""
        return np.where(self._others, BLANK, self.was.known_start)

    @cached_property
    def last_end(self) -> Ints:
        """Likewise the end."""
        return np.where(self._others, BLANK, self.was.known_end)

    @cached_property
    def _others(self) -> Mask:
        """Who is active although the dates last set are over or ahead: somebody else has set others since."""
        was = self.was
        mask: Mask = was.there & (was.inactive == 0) & outside(was.known_start, was.known_end)
        return mask

    @cached_property
    def known(self) -> Mask:
        """Whether the dates are known that were last set."""
        return self.was.there & (self.last_start >= 0) & (self.last_end >= 0)

    @cached_property
    def dated(self) -> Mask:
        """Whether the row says a date."""
        return (self.was.start >= 0) | (self.was.end >= 0)

    @cached_property
    def wants_out(self) -> Mask:
        """Whether the row wants the person suspended."""
        return (self.was.action == SUSPEND) | ((self.was.action == ADD) & (self.was.status == SAYS_SUSPENDED))

    @cached_property
    def dates(self) -> tuple[Ints, Ints]:
        """The dates that an update has to carry: the roster's, else those that were last set; -1: nobody knows."""
        was = self.was
        return np.where(was.start >= 0, was.start, self.last_start), np.where(was.end >= 0, was.end, self.last_end)

    @cached_property
    def same_as_then(self) -> Mask:
        """Whether the state is that in which something had no effect."""
        was = self.was
        return was.there & (was.stuck_roles == was.roles) & (was.stuck_manual == self.surely_manual)

    @cached_property
    def failed_before(self) -> Mask:
        """Whether a removal had no effect in just this state."""
        return self.same_as_then & (self.was.stuck_kept == 0) & (~self.was.stuck_active | (self.was.inactive != 1))

    @cached_property
    def kept_before(self) -> Ints:
        """Roles that something else kept in just this state."""
        return np.where(self.same_as_then & ~self.was.stuck_active, self.was.stuck_kept, 0)

    @cached_property
    def sure_list(self) -> Mask:
        """Whether the course may lose somebody, as far as its list goes."""
        return self.was.complete & (self.was.proven | (self.rules.trust == 1))

    @cached_property
    def explained(self) -> Mask:
        """Whether it is known why somebody is not active: suspended by rostersync, or by the dates last set."""
        return self.was.ours | (self.known & outside(self.last_start, self.last_end))

    @cached_property
    def sent(self) -> Steps:
        """What is sent."""
        does = self.does
        return Steps(given=does.enrol | does.assign, taken=does.unassign, update=does.update, unenrol=does.unenrol)

    @cached_property
    def meant(self) -> Steps:
        """What would be sent if nothing were held."""
        does, sent = self.does, self.sent
        return Steps(
            given=sent.given | does.held_enrol | does.held_assign,
            taken=sent.taken | does.held_unassign,
            update=sent.update | does.held_update,
            unenrol=sent.unenrol | does.held_unenrol,
        )

    def lost_by(self, steps: Steps) -> Ints:
        """What is lost by these steps, in bits."""
        was = self.was
        suspended = steps.update & self.does.suspend & (was.inactive != 1)
        return was.roles & steps.taken | steps.unenrol * (ENROLMENT | was.roles) | suspended * SUSPENSION

    @cached_property
    def lost(self) -> Ints:
        """What is lost by what is sent, in bits."""
        return self.lost_by(self.sent)

    def ends_access(self, steps: Steps) -> Mask:
        """Whether somebody loses access by these steps: unenrolled, suspended, dated out, or without the rank."""
        was, does = self.was, self.does
        after = (was.roles | steps.given) & ~steps.taken
        out = steps.update & (was.inactive != 1) & (does.suspend | outside(does.start, does.end))
        made: Mask = steps.unenrol | out
        for role in (LOW, HIGH, OTHER):
            made |= (was.roles & steps.taken & role > 0) & ~self.covered(role, after)
        return made

    @cached_property
    def loses_access(self) -> Mask:
        """Whether somebody loses access by what is sent."""
        return self.ends_access(self.sent)

    @cached_property
    def might_lose_access(self) -> Mask:
        """Whether somebody would lose access if nothing were held."""
        return self.ends_access(self.meant)

    def asked(self, more: int = 0) -> Ints:
        """What the roster takes from the person, in bits, if one more role were managed in the course."""
        was, on_missing = self.was, self.rules.on_missing
        managed = was.used | more
        # Nothing follows from an absence in an explicit file.
        by_absence = np.where(was.apart, was.used & LOW, was.used) | more
        absent = was.there & was.mirror & (was.action == NONE) & (on_missing != 2)
        removed = was.there & (was.action == REMOVE)
        target = np.where(removed & (was.want == 0), managed, np.where(removed, was.want, 0))
        target = np.where(absent, by_absence, target)
        going = was.roles & target
        leaves = (going > 0) & (was.roles == going)
        stays = leaves & ((absent & (on_missing == 1)) | (was.graded > 0))
        out = self.wants_out & was.there & (was.roles & managed > 0)
        made = np.where(stays, 0, going) | (leaves & ~stays) * ENROLMENT
        made |= ((stays | out) & (was.inactive != 1)) * SUSPENSION
        replaced = was.there & was.mirror & (was.action == ADD)
        if on_missing == 2:
            replaced &= was.want & ~was.roles > 0
        return made | replaced * (was.roles & by_absence & ~was.want)

    @cached_property
    def clean(self) -> Mask:
        """Whether nothing stands in the way of a loss."""
        was = self.was
        good = (
            self.sure_list
            & was.manual_here
            & (was.beside == 0)
            & (was.protected == 0)
            & ~self.failed_before
            & (self.kept_before == 0)
        )
        return good & (was.inactive >= 0) & (self.rules.protection == 0)


def outside(start: Ints, end: Ints) -> Mask:
    """Whether an enrolment with these dates is over or has not begun."""
    return (start > NOW) | ((end > 0) & (end <= NOW))


Law = Callable[[Case], Mask]
LAWS: dict[str, Law] = {}


def law(one: Law) -> Law:
    """Add it to the laws."""
    LAWS[one.__name__] = one
    return one


@law
def scope_nobody_outside(case: Case) -> Mask:
    """Nothing is sent for somebody whom no row names in a course that no mirrored file names."""
    return (case.was.action == NONE) & ~case.was.mirror & case.does.anything()


@law
def scope_only_what_the_roster_takes(case: Case) -> Mask:
    """Nobody loses a role, the enrolment or access by suspension that the roster does not take."""
    return case.lost & ~case.asked() > 0


@law
def scope_what_the_roster_takes_goes(case: Case) -> Mask:
    """What the roster takes goes where nothing stands in the way."""
    asked = case.asked()
    sent = case.clean & (case.surely_manual | (asked & SUSPENSION == 0))
    return sent & (asked & ~case.lost > 0)


@law
def scope_only_roles_of_the_row_are_given(case: Case) -> Mask:
    """Nobody gets a role that no row gives them, and nobody gets one that they have."""
    was, does = case.was, case.does
    wanted = np.where(was.action == ADD, was.want, 0)
    given = does.enrol | does.assign
    return (
        (given & ~wanted > 0) | (given & was.roles > 0) | (does.update & (does.sent_role & ~(was.roles | wanted) > 0))
    )


@law
def scope_new_people_are_enrolled(case: Case) -> Mask:
    """Somebody who is not enrolled and is added gets all roles of the row, its dates and its status at once."""
    was, does = case.was, case.does
    believed = was.proven | was.believed | (case.rules.trust == 1)
    new = (was.action == ADD) & ~was.there & was.complete & believed & was.manual_here
    right = does.enrol == was.want
    right &= (does.start == np.maximum(was.start, 0)) & (does.end == np.maximum(was.end, 0))
    return new & ~(right & (does.suspend == (was.status == SAYS_SUSPENDED)))


@law
def scope_missing_roles_are_given(case: Case) -> Mask:
    """Somebody who is enrolled and is added gets the roles that are missing."""
    was, does = case.was, case.does
    here = (was.action == ADD) & was.there & was.complete & was.manual_here
    return here & (does.assign != was.want & ~was.roles)


@law
def scope_on_missing_keep(case: Case) -> Mask:
    """With on_missing = keep nothing is sent for somebody who is absent, and a named one loses nothing without gain."""
    keep = np.bool_(case.rules.on_missing == 2)
    lone = (case.was.action == ADD) & (case.does.assign == 0) & (case.does.unassign > 0)
    return keep & (((case.was.action == NONE) & case.does.anything()) | lone)


@law
def scope_on_missing_suspend(case: Case) -> Mask:
    """With on_missing = suspend nobody who is absent is unenrolled."""
    return np.bool_(case.rules.on_missing == 1) & (case.was.action == NONE) & case.does.unenrol


@law
def scope_the_graded_stay(case: Case) -> Mask:
    """Somebody who has, or may have, grades is not unenrolled."""
    return (case.was.graded > 0) & case.does.unenrol


@law
def scope_only_own_suspensions_are_lifted(case: Case) -> Mask:
    """Without a status of active only a suspension of rostersync's own is lifted."""
    lifted = case.does.update & ~case.does.suspend & (case.was.inactive == 1)
    return lifted & (case.was.status != SAYS_ACTIVE) & ~case.explained


@law
def scope_status_as_the_row_says(case: Case) -> Mask:
    """A row that suspends activates nobody, one that does not suspends nobody."""
    named = (case.was.action == ADD) | (case.was.action == SUSPEND)
    return named & case.does.update & (case.does.suspend != case.wants_out)


@law
def scope_who_is_named_as_active_is_activated(case: Case) -> Mask:
    """Whom rostersync suspended, or the row calls active, is active again where dates and method are known."""
    was, does = case.was, case.does
    start, end = case.dates
    back = was.there & (was.action == ADD) & (was.inactive == 1) & ~case.wants_out
    theirs = (was.roles == NONE) | (was.roles & was.used > 0)
    back &= was.ours | ((was.status == SAYS_ACTIVE) & ~case.explained & theirs)
    back &= was.complete & was.manual_here & case.surely_manual & (start >= 0) & (end >= 0)
    return back & ~(does.update & ~does.suspend)


@law
def scope_other_roles_are_left_alone(case: Case) -> Mask:
    """An enrolment for roles that are not managed is not changed; what rostersync suspended itself is lifted."""
    was, does = case.was, case.does
    others = (was.roles > 0) & (was.roles & was.used == 0)
    return others & does.update & ~was.ours


@law
def scope_dates_are_changed(case: Case) -> Mask:
    """Dates of the row that differ from those last set are sent where nothing stands in the way."""
    was, does = case.was, case.does
    start, end = case.dates
    other = case.known & ((start != case.last_start) | (end != case.last_end))
    other &= case.dated & ((was.action == ADD) | (was.action == SUSPEND))
    managed = was.roles & was.used > 0
    return other & case.clean & case.surely_manual & managed & (was.inactive == 0) & ~does.update


@law
def rule_1_a_rejected_row_is_no_absence(case: Case) -> Mask:
    """Nobody loses access whom a rejected row beside could have named."""
    return np.isin(case.was.beside, HOLDS_THIS_PERSON) & case.loses_access


@law
def rule_2_an_incomplete_read_changes_nothing(case: Case) -> Mask:
    """Nothing is sent to a course whose list was not read to its end."""
    return ~case.was.complete & case.does.anything()


@law
def rule_2_an_unproven_read_removes_nobody(case: Case) -> Mask:
    """Nobody loses access in a course whose list nothing confirms, unless the settings trust it."""
    return ~case.sure_list & case.loses_access


@law
def rule_5_first_the_new_role(case: Case) -> Mask:
    """No role is taken before the one that replaces it is given, nor where that one is held."""
    does, kept = case.does, case.was.roles & ~case.does.unassign
    broken = does.disorder.copy()
    for role in (LOW, HIGH, OTHER):
        bare = (does.unassign & role > 0) & ~case.covered(role, kept | does.assign)
        broken |= bare & case.covered(role, kept | does.assign | does.held_assign)
    return broken


@law
def rule_6_both_dates_travel(case: Case) -> Mask:
    """An update carries the roster's dates, else those last set; without them it only suspends, and says so."""
    does, (start, end) = case.does, case.dates
    wrong = (does.start != np.maximum(start, 0)) | (does.end != np.maximum(end, 0))
    unknown = (start < 0) | (end < 0)
    return does.update & (wrong | (unknown & ~(does.suspend & does.cleared)))


@law
def rule_6_no_call_without_a_cause(case: Case) -> Mask:
    """Somebody who is enrolled is sent an enrol call for dates, a suspension or its end, never for a role's sake."""
    was, does = case.was, case.does
    dates = case.dated & ~(case.known & (does.start == case.last_start) & (does.end == case.last_end))
    status = (does.suspend & (was.inactive != 1)) | (~does.suspend & (was.inactive != 0))
    return was.there & ((does.enrol > 0) | (does.update & ~dates & ~status))


@law
def rule_7_only_manual_enrolments(case: Case) -> Mask:
    """Nobody is suspended or sent dates whose enrolment is not known to be a manual one."""
    return case.does.update & ~case.surely_manual


@law
def rule_7_no_removal_twice(case: Case) -> Mask:
    """What had no effect is not tried again in the same state, and counts for no limit; a new role is another state."""
    does = case.does
    removed = (case.lost > 0) & case.loses_access
    dated_out = does.update & ~does.suspend
    gains = does.assign | does.held_assign > 0
    # A suspension that had no effect says nothing of roles.
    roles_alone = case.was.stuck_active & (case.lost & (ENROLMENT | SUSPENSION) == 0)
    return case.failed_before & ~roles_alone & ~dated_out & ~gains & (removed | does.removal)


@law
def rule_7_no_role_is_taken_twice(case: Case) -> Mask:
    """A role that something else kept is not taken away again in the same state."""
    return case.does.unassign & case.kept_before > 0


@law
def rule_8_no_manual_method(case: Case) -> Mask:
    """Nothing is sent to a course without an enabled manual method."""
    return ~case.was.manual_here & case.does.anything()


@law
def rule_9_each_loss_counts(case: Case) -> Mask:
    """Whatever takes access from somebody is called a removal, held or not, save what had no effect before."""
    sent = case.loses_access & ~case.does.removal
    every = case.might_lose_access & ~case.does.removal & ~case.does.held_removal
    every &= ~case.failed_before & (case.kept_before == 0)
    return sent | every


@law
def rule_9_nothing_else_counts(case: Case) -> Mask:
    """What takes access from nobody is not called a removal."""
    return (case.does.removal | case.does.held_removal) & ~case.might_lose_access


@law
def rule_9_the_protected_lose_nothing(case: Case) -> Mask:
    """Protected users lose no access, nobody does in a protected course, and nobody loses a protected role."""
    role = np.bool_(case.rules.protection == 1) & (case.lost & LOW > 0)
    return ((case.was.protected > 0) & case.loses_access) | role


@law
def rule_10_a_rise_is_called_one(case: Case) -> Mask:
    """Who would get a guarded role and has none as high counts as a rise; who gets no guarded role does not."""
    does, was = case.does, case.was
    gets = (does.enrol | does.assign | does.held_enrol | does.held_assign) & GUARDED[case.rules.guarded]
    more = np.zeros(len(was), dtype=np.bool_)
    for role in (LOW, HIGH, OTHER):
        more |= (gets & role > 0) & ~case.covered(role, was.roles)
    counts = does.rise | does.held_rise
    return (more & ~counts) | (counts & (gets == 0))


@law
def rule_16_additions_need_a_believed_read(case: Case) -> Mask:
    """Nobody is enrolled in a course whose list nothing makes believed."""
    believed = case.was.proven | case.was.believed | (case.rules.trust == 1)
    return ~believed & (case.does.enrol > 0)


@law
def rule_21_a_rejected_row_widens_no_loss(case: Case) -> Mask:
    """A loss follows with and without the role of each rejected row."""
    made = np.zeros(len(case.was), dtype=np.bool_)
    for kind, roles in COULD_USE.items():
        for role in roles:
            both = case.asked() & case.asked(role)
            made |= (case.was.beside == kind) & (case.lost & ~both > 0)
    return made


@law
def rule_21_holds_no_more_than_it_must(case: Case) -> Mask:
    """A rejected row of somebody else, whose role changes nothing, holds nothing."""
    with_it, without = case.asked(HIGH), case.asked()
    sure = (case.was.beside == 2) & (with_it == without) & (case.surely_manual | (without & SUSPENSION == 0))
    good = case.sure_list & case.was.manual_here & (case.was.protected == 0) & ~case.failed_before
    good &= case.kept_before == 0
    good &= (case.was.inactive >= 0) & np.bool_(case.rules.protection == 0)
    return sure & good & (without & ~case.lost > 0)


@law
def rule_22_an_unknown_name_holds_all_removals(case: Case) -> Mask:
    """Nobody loses access while a protected name fits nobody."""
    return np.bool_(case.rules.protection == 2) & case.loses_access


@law
def nothing_beside_an_unenrolment(case: Case) -> Mask:
    """Somebody who is unenrolled is sent nothing else."""
    d = case.does
    return d.unenrol & ((d.enrol | d.assign | d.unassign > 0) | d.update)


@law
def nothing_right_is_held(case: Case) -> Mask:
    """Where everything is known and nothing stands in the way, nothing is held."""
    there = case.known & case.surely_manual & (case.was.roles & case.was.used > 0)
    there &= (case.was.inactive == 0) | ((case.was.inactive == 1) & case.explained)
    new = ~case.was.there & case.was.complete & case.was.proven & case.was.manual_here & (case.was.beside == 0)
    return ((there & case.clean) | new) & (case.does.codes > 0)


@law
def each_hold_has_its_cause(case: Case) -> Mask:
    """Nothing is held for a reason that is not there."""
    was, start, end = case.was, *case.dates
    causes = {
        "read_incomplete": ~was.complete,
        "read_unproven": ~case.sure_list,
        "read_unbelieved": ~was.proven & ~was.believed & np.bool_(case.rules.trust == 0),
        "protected": (was.protected > 0) | np.bool_(case.rules.protection == 1),
        "protected_unknown": np.broadcast_to(np.bool_(case.rules.protection == 2), len(was)),
        "unreadable_row": was.beside == 1,
        "unresolved_user": was.beside == 4,
        "unresolved_course": was.beside == 6,
        "rejected_role": np.isin(was.beside, list(COULD_USE)),
        "no_manual": ~was.manual_here,
        "method_unknown": ~case.surely_manual,
        "dates_unknown": (start < 0) | (end < 0),
        "another_method": case.failed_before,
        "role_kept": case.kept_before > 0,
        "suspension_unknown": was.inactive < 0,
        "inactive_unexplained": (was.inactive == 1) & ~case.explained,
        "unmanaged": was.roles & was.used == 0,
    }
    known = sum(1 << HOLDS.index(code) for code in causes)
    made = case.does.codes & ~known > 0
    for code, cause in causes.items():
        made |= case.does.holds(code) & ~cause
    return made


@law
def what_is_not_done_is_held(case: Case) -> Mask:
    """Whoever is not given or not spared what the roster says has a hold that says why."""
    was, does = case.was, case.does
    left = case.asked() & ~case.lost > 0
    left |= (was.action == ADD) & (was.want & ~was.roles & ~(does.enrol | does.assign) > 0)
    return was.complete & left & (does.codes == 0)


def broken(was: States, does: Outcomes, rules: Rules) -> dict[str, Mask]:
    """Which states break which law; laws that none breaks are left out."""
    case = Case(was=was, does=does, rules=rules)
    found = {name: one(case) for name, one in LAWS.items()}
    return {name: mask for name, mask in found.items() if mask.any()}
