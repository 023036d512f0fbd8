"""One fault a rule, planted in the decision or in what goes in and comes out: each has to be found by a law."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import distinct, pack
from rostersync.sync import proposal, snapshot
from rostersync.sync.changes import assemble
from rostersync.sync.safety import limits
from rostersync.sync.safety.limits import Verdict
from rostersync.sync.state import access, scope
from rostersync.tables import CHANGES
from tests.laws import adapter, check, counts
from tests.laws.states import CORE, DESIRES, FACTORS, HIGH, LOW, NONE, SETTINGS_NAMES, Ints, only, possible

Change = Callable[[pd.DataFrame], pd.DataFrame]
FEW_RISES = partial(counts.course_rises, (0, 6, 24))
FEW_RUNS = partial(counts.run_limits, (100,))
ABSENT = [at for at, desire in enumerate(DESIRES) if desire[1] == NONE]
ABSENT_OF_ONE_ROLE = [at for at in ABSENT if DESIRES[at][0] == LOW]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is planted, where it matters, and the law that has to find it."""

    law: str
    plant: Callable[[], AbstractContextManager[Any]]
    focus: Mapping[str, list[int]] = field(default_factory=dict)
    """Factor → the values that the states have; the others have any of the reduced scope."""
    counts: Callable[[], Iterator[counts.Found]] | None = None
    """The scope that counts in which it is to be found, instead of states."""


def instead(target: object, name: str, replacement: object) -> Callable[[], AbstractContextManager[Any]]:
    """Something else in a function's place."""
    return lambda: patch.object(target, name, replacement)


def changed(target: object, name: str, change: Change) -> Callable[[], AbstractContextManager[Any]]:
    """A function whose frame is changed on its way out."""
    given = getattr(target, name)
    return lambda: patch.object(target, name, lambda *args, **named: change(given(*args, **named)))


def sent(change: Change) -> Callable[[], AbstractContextManager[Any]]:
    """CHANGES that are changed after everything."""
    given = proposal.limit

    def limit(*args: Any, **named: Any) -> tuple[pd.DataFrame, Verdict]:  # noqa: ANN401 - as it was
        changes, verdict = given(*args, **named)
        return CHANGES.check(change(changes)), verdict

    return lambda: patch.object(proposal, "limit", limit)


def nothing(*args: Any, **named: Any) -> None:  # noqa: ANN401 - whatever it takes
    """A rule that does nothing."""


def says(**columns: Any) -> Change:  # noqa: ANN401 - values
    """The same frame, in which these columns say this."""
    return lambda frame: frame.assign(**{n: np.full(len(frame), v) for n, v in columns.items()})


def without(op: Op) -> Change:
    """The same changes without those of a kind."""
    return lambda changes: changes[changes["op"] != str(op)].reset_index(drop=True)


def free(*codes: str) -> Change:
    """The same changes, without the holds of these codes."""
    return lambda changes: changes.assign(hold=changes["hold"].where(~changes["hold"].isin(codes), ""))


def backwards(changes: pd.DataFrame) -> pd.DataFrame:
    """The last one first."""
    return changes.iloc[::-1].reset_index(drop=True)


def whole_enrolments(changes: pd.DataFrame) -> pd.DataFrame:
    """Whoever is to lose a role is unenrolled."""
    op = changes["op"].astype(str).replace(str(Op.UNASSIGN), str(Op.UNENROL))
    return changes.assign(op=op.astype(changes["op"].dtype))


def other_way_round(changes: pd.DataFrame) -> pd.DataFrame:
    """Who is to be suspended is activated, and the other way round."""
    return changes.assign(suspend=1 - changes["suspend"])


def suspended_as_well(changes: pd.DataFrame) -> pd.DataFrame:
    """Who is unenrolled is sent an update, too."""
    gone = changes[_is(Op.UNENROL)(changes)]
    more = gone.assign(op=pd.Categorical([str(Op.UPDATE)] * len(gone), dtype=changes["op"].dtype))
    return pd.concat([changes, more], ignore_index=True)


def roles_by_update(changes: pd.DataFrame) -> pd.DataFrame:
    """A role is given by an enrol call."""
    op = changes["op"].astype(str).replace(str(Op.ASSIGN), str(Op.UPDATE))
    return changes.assign(op=op.astype(changes["op"].dtype))


@contextmanager
def _settings(**said: Any) -> Iterator[None]:  # noqa: ANN401 - settings
    """Other settings than those that were set."""
    given = adapter.Rules.settings
    with patch.object(adapter.Rules, "settings", lambda self, **more: given(self, **{**more, **said})):
        yield


@contextmanager
def every_role_managed() -> Iterator[None]:
    """Roles that no roster uses are managed."""
    given = scope.managed_roles

    def managed(sources: Any, rows: pd.DataFrame, courses: pd.DataFrame, *more: Any) -> Any:  # noqa: ANN401 - as it was
        made = given(sources, rows, courses, *more)
        others = pack(courses["course_id"].to_numpy(), 0, 1)
        return replace(
            made, used=distinct(np.append(made.used, others)), by_absence=distinct(np.append(made.by_absence, others))
        )

    with patch.object(snapshot, "managed_roles", managed):
        yield


@contextmanager
def all_mirrors() -> Iterator[None]:
    """All files are mirrored ones."""
    given = adapter._sources
    with patch.object(adapter, "_sources", lambda heads: given(replace(heads, apart=np.zeros_like(heads.apart)))):
        yield


@contextmanager
def rejected_roles_managed() -> Iterator[None]:
    """A rejected row's role is managed like that of a good one."""
    given = scope.managed_roles

    def managed(sources: Any, rows: pd.DataFrame, *more: Any) -> Any:  # noqa: ANN401 - as it was
        ok = rows["state"].astype(str).replace("rejected", "ok").astype(rows["state"].dtype)
        return given(sources, rows.assign(state=ok), *more)

    with patch.object(snapshot, "managed_roles", managed):
        yield


def weighed(removal: Callable[[pd.DataFrame, Any], Any]) -> Callable[[], AbstractContextManager[Any]]:
    """Removals that are told in another way."""
    given = access.weigh

    def weigh(changes: pd.DataFrame, *more: Any) -> Any:  # noqa: ANN401 - as it was
        lost, rise = given(changes, *more)
        return removal(changes, lost), rise

    return lambda: patch.object(assemble, "weigh", weigh)


def both(*plants: Callable[[], AbstractContextManager[Any]]) -> Callable[[], AbstractContextManager[Any]]:
    """Several at once."""

    @contextmanager
    def planted() -> Iterator[None]:
        with ExitStack() as stack:
            for plant in plants:
                stack.enter_context(plant())
            yield

    return planted


def _is(op: Op) -> Callable[[pd.DataFrame], Any]:
    return lambda changes: (changes["op"] == str(op)).to_numpy()


FAULTS: dict[str, Fault] = {
    "absence means something in every course": Fault(
        law="scope_nobody_outside",
        plant=both(changed(adapter, "_courses", says(mirrored=True)), every_role_managed),
        focus={"desire": ABSENT, "read": [0], "beside": [0], "mode": [1]},
    ),
    "roles are managed that no roster uses": Fault(law="scope_only_what_the_roster_takes", plant=every_role_managed),
    "the enrolment goes while another role remains": Fault(
        law="scope_only_what_the_roster_takes", plant=sent(whole_enrolments), focus={"read": [0], "beside": [0]}
    ),
    "nobody is unenrolled": Fault(law="scope_what_the_roster_takes_goes", plant=sent(without(Op.UNENROL))),
    "nobody loses a role": Fault(law="scope_what_the_roster_takes_goes", plant=sent(without(Op.UNASSIGN))),
    "a second role is forgotten": Fault(law="scope_missing_roles_are_given", plant=sent(without(Op.ASSIGN))),
    "nobody is enrolled": Fault(law="scope_new_people_are_enrolled", plant=sent(without(Op.ENROL))),
    "everybody gets the role editingteacher": Fault(
        law="scope_only_roles_of_the_row_are_given", plant=sent(says(role_id=3))
    ),
    "keep is not heeded": Fault(
        law="scope_on_missing_keep",
        plant=lambda: _settings(on_missing="unenrol"),
        focus={"on_missing": [2], "desire": ABSENT, "read": [0], "beside": [0]},
    ),
    "suspend is not heeded": Fault(
        law="scope_on_missing_suspend",
        plant=lambda: _settings(on_missing="unenrol"),
        focus={"on_missing": [1], "desire": ABSENT, "read": [0], "beside": [0]},
    ),
    "grades are not heeded": Fault(
        law="scope_the_graded_stay",
        plant=changed(adapter, "_grades", says(graded=False)),
        # Where absent people are suspended or kept, grades decide nothing.
        focus={"graded": [1, 2], "on_missing": [0], "desire": ABSENT, "read": [0], "beside": [0]},
    ),
    "any suspension is lifted": Fault(
        law="scope_only_own_suspensions_are_lifted", plant=changed(adapter, "_ledger", says(suspended=True))
    ),
    "no suspension is lifted": Fault(
        law="scope_who_is_named_as_active_is_activated", plant=sent(without(Op.UPDATE)), focus={"read": [0]}
    ),
    "a row changes an enrolment for other roles": Fault(
        law="scope_other_roles_are_left_alone", plant=sent(free("unmanaged")), focus={"read": [0], "beside": [0]}
    ),
    "dates are not changed": Fault(law="scope_dates_are_changed", plant=sent(without(Op.UPDATE)), focus={"read": [0]}),
    "the status is the other way round": Fault(law="scope_status_as_the_row_says", plant=sent(other_way_round)),
    "rule 1: rejected rows hold nobody": Fault(
        law="rule_1_a_rejected_row_is_no_absence", plant=instead(proposal, "hold_unresolved", nothing)
    ),
    "rule 2: every list is taken for complete": Fault(
        law="rule_2_an_incomplete_read_changes_nothing",
        plant=changed(adapter, "_reads", says(complete=True)),
        focus={"read": [3]},
    ),
    "rule 2: lists need no proof": Fault(
        law="rule_2_an_unproven_read_removes_nobody", plant=instead(proposal, "hold_unproven", nothing)
    ),
    "rule 3: courses are emptied": Fault(
        law="rule_3_no_course_is_emptied", plant=instead(proposal, "hold_emptying", nothing), counts=counts.emptied
    ),
    "rule 3: a role loses everybody": Fault(
        law="rule_3_no_role_loses_everybody", plant=sent(free("would_lose_role")), counts=counts.emptied
    ),
    "rule 3: everybody counts as active": Fault(
        law="rule_3_no_course_is_emptied",
        plant=changed(adapter, "_current", says(inactive=0)),
        counts=counts.emptied,
    ),
    "rule 4: a course has no limit": Fault(
        law="rule_4_a_course_over_its_limit_loses_nobody",
        plant=sent(free("course_limit")),
        counts=counts.course_limits,
    ),
    "rule 4: a small course has no limit": Fault(
        law="rule_4_a_course_over_its_limit_loses_nobody",
        plant=lambda: _settings(small_course_count=10**6),
        counts=counts.course_limits,
    ),
    "rule 4: five are too many": Fault(
        law="rule_4_a_course_below_its_limit_is_not_held",
        plant=lambda: _settings(course_limit_count=4),
        counts=counts.course_limits,
    ),
    "rule 4: the run has no limit": Fault(
        law="rule_4_the_limit_of_a_run", plant=sent(free("run_limit")), counts=FEW_RUNS
    ),
    "rule 4: what is held counts for nothing": Fault(
        law="rule_4_what_is_held_counts_for_the_run",
        plant=instead(limits, "COUNTED", ()),
        counts=counts.run_counts_what_is_held,
    ),
    "rule 5: roles are taken first": Fault(law="rule_5_first_the_new_role", plant=sent(backwards)),
    "rule 6: dates are cleared": Fault(law="rule_6_both_dates_travel", plant=sent(says(start=0, end=0))),
    "rule 6: a role is given by an enrol call": Fault(
        law="rule_6_no_call_without_a_cause", plant=sent(roles_by_update)
    ),
    "rule 7: every enrolment is taken for manual": Fault(
        law="rule_7_only_manual_enrolments",
        plant=changed(adapter, "_courses", says(only_manual=True)),
        focus={"method": [2], "read": [0]},
    ),
    "rule 7: what had no effect is tried again": Fault(
        law="rule_7_no_removal_twice",
        plant=changed(adapter, "_ledger", says(stuck="")),
        focus={"stuck": [1], "read": [0], "beside": [0]},
    ),
    "rule 7: a role that was kept is taken again": Fault(
        law="rule_7_no_role_is_taken_twice",
        plant=changed(adapter, "_ledger", says(stuck="")),
        focus={"stuck": [4], "read": [0], "beside": [0], "has": [LOW | HIGH], "mode": [0]},
    ),
    "rule 8: the manual method is taken for granted": Fault(
        law="rule_8_no_manual_method", plant=changed(adapter, "_courses", says(manual=True)), focus={"method": [3]}
    ),
    "rule 9: dates count for nothing": Fault(
        law="rule_9_each_loss_counts",
        plant=weighed(lambda changes, lost: lost & ~(_is(Op.UPDATE)(changes) & (changes["suspend"] == 0).to_numpy())),
    ),
    "rule 9: roles count for nothing": Fault(
        law="rule_9_each_loss_counts", plant=weighed(lambda changes, lost: lost & ~_is(Op.UNASSIGN)(changes))
    ),
    "rule 9: every role counts": Fault(
        law="rule_9_nothing_else_counts", plant=weighed(lambda changes, lost: lost | _is(Op.UNASSIGN)(changes))
    ),
    "rule 9: ranks are not heeded": Fault(
        law="rule_9_nothing_else_counts",
        plant=lambda: _settings(role_ranks={"editingteacher": 3, "manager": 4}),
        focus={"ranks": [1]},
    ),
    "rule 9: nobody is protected": Fault(
        law="rule_9_the_protected_lose_nothing", plant=instead(proposal, "hold_protected", nothing)
    ),
    "rule 9: no role is protected": Fault(
        law="rule_9_the_protected_lose_nothing",
        plant=instead(proposal, "hold_protected_roles", nothing),
        focus={"protection": [1], "read": [0], "beside": [0], "desire": ABSENT},
    ),
    "rule 10: no rise is told": Fault(
        law="rule_10_a_rise_is_called_one", plant=sent(says(rise=False)), focus={"guarded": [0]}
    ),
    "rule 10: rises have no limit": Fault(
        law="rule_10_too_many_rises_are_held", plant=sent(free("rises")), counts=FEW_RISES
    ),
    "rule 10: three rises are too many": Fault(
        law="rule_10_few_rises_are_not", plant=lambda: _settings(rise_count=2), counts=FEW_RISES
    ),
    "rule 10: the run has no limit": Fault(
        law="rule_10_the_limit_of_a_run", plant=sent(free("run_rises")), counts=FEW_RUNS
    ),
    "rule 16: every list is believed": Fault(
        law="rule_16_additions_need_a_believed_read",
        plant=instead(proposal, "hold_unbelieved", nothing),
        focus={"read": [2]},
    ),
    "rule 21: the role of a rejected row does not matter": Fault(
        law="rule_21_a_rejected_row_widens_no_loss",
        plant=instead(proposal, "hold_widened", nothing),
        focus={"beside": [2, 3], "desire": ABSENT_OF_ONE_ROLE, "has": [LOW | HIGH], "read": [0], "on_missing": [1]},
    ),
    "rule 21: a rejected row manages its role": Fault(
        law="rule_21_a_rejected_row_widens_no_loss",
        plant=rejected_roles_managed,
        focus={"beside": [2, 5], "desire": ABSENT_OF_ONE_ROLE, "has": [LOW | HIGH], "read": [0], "mode": [0]},
    ),
    "rule 21: whatever takes a role is held": Fault(
        law="rule_21_holds_no_more_than_it_must",
        plant=sent(
            lambda changes: changes.assign(hold=changes["hold"].mask(_is(Op.UNASSIGN)(changes), "rejected_role"))
        ),
        focus={"beside": [2], "read": [0]},
    ),
    "rule 22: a name that fits nobody does not matter": Fault(
        law="rule_22_an_unknown_name_holds_all_removals",
        plant=instead(proposal, "hold_unknown_protection", nothing),
        focus={"protection": [2], "read": [0], "beside": [0]},
    ),
    "what is not told is forgotten": Fault(
        law="what_is_not_done_is_held",
        plant=sent(lambda changes: changes[changes["hold"] == ""].reset_index(drop=True)),
    ),
    "absence means something in an explicit file": Fault(
        law="scope_only_what_the_roster_takes",
        plant=all_mirrors,
        focus={"mode": [2], "read": [0], "beside": [0]},
    ),
    "everybody is protected": Fault(
        law="each_hold_has_its_cause",
        plant=sent(lambda changes: changes.assign(hold=changes["hold"].mask(changes["hold"] == "", "protected"))),
    ),
    "who is unenrolled is suspended as well": Fault(
        law="nothing_beside_an_unenrolment", plant=sent(suspended_as_well), focus={"read": [0], "beside": [0]}
    ),
    "everything that takes away is held": Fault(
        law="nothing_right_is_held",
        plant=sent(lambda changes: changes.assign(hold=changes["hold"].mask(changes["removal"], "protected"))),
        focus={"read": [0], "beside": [0]},
    ),
    "what was done is not remembered": Fault(
        law=check.SETTLED, plant=changed(adapter, "_ledger", says(start=-1, end=-1, stuck="")), focus={"read": [0]}
    ),
}


def sample(focus: Mapping[str, list[int]], random: np.random.Generator, size: int) -> dict[str, Ints]:
    """Random states of the reduced scope, save where the focus says more, which share their settings."""
    made = {}
    for factor, core in zip(FACTORS, CORE, strict=True):
        values = np.array(focus.get(factor.name) or range(core))
        drawn = random.choice(values, 1 if factor.name in SETTINGS_NAMES else size)
        made[factor.name] = np.broadcast_to(drawn, size).astype(np.int64)
    return only(made, possible(made))


def laws_broken(fault: Fault, random: np.random.Generator, *, batches: int = 6, size: int = 4000) -> set[str]:
    """The laws that are broken in a small sample, until the one that has to find the fault is among them."""
    broken: set[str] = set()
    if fault.counts:
        return {found.law for found in fault.counts() if found.courses}
    for _ in range(batches):
        broken |= set(check.check(sample(fault.focus, random, size), settle=fault.law == check.SETTLED).broken)
        if fault.law in broken:
            break
    return broken


def is_found(fault: Fault, random: np.random.Generator) -> bool:
    """Whether the law finds it."""
    with fault.plant():
        return fault.law in laws_broken(fault, random)
