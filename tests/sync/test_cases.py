"""Each folder below cases/ is one decision: what it is made from, and what has to come of it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from rostersync import problems, report
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import reconcile

CASES = sorted(p for p in (Path(__file__).parent / "cases").iterdir() if p.is_dir())
APPLY_ONLY = {"changed_since_plan", "not_sent", "not_tried", "replacement_failed", "role_unverified", "stopped"}
"""Holds that come up only while a plan is applied."""
UNDO_ONLY = {"dates_lost"}
"""Holds that come up only where a run is taken back (see test_undo)."""
REVIEW_ONLY = {"struck_out", "depends_on_struck"}
"""Holds that come up only where a reviewer strikes changes out (see test_strike)."""
PAIRS = {
    "all_over": ("all-over", "all-over-but-one"),
    "ambiguous_user": ("user-not-unique-holds-candidates", "user-unique-holds-nobody"),
    "another_method": ("another-method", "another-method-new-state"),
    "contradicted_row": ("address-of-another", "address-of-nobody"),
    "contradiction": ("dates-contradict", "dates-agree"),
    "course_limit": ("course-limit-share-passed", "course-limit-share-reached"),
    "dates_unknown": ("dates-change", "dates-complete-need-no-ledger"),
    "fewer": ("fewer-rows", "fewer-rows-a-third"),
    "inactive_unexplained": ("dates-of-inactive-people", "dates-of-people-whose-time-is-over"),
    "method_unknown": ("suspend-needs-the-method", "suspend-only-manual"),
    "named_elsewhere": ("named-elsewhere", "named-elsewhere-not"),
    "no_manual": ("no-manual", "no-manual-nothing-to-do"),
    "pending": ("pending", "pending-nothing-to-hold"),
    "not_confirmed": ("not-confirmed", "not-confirmed-confirmed"),
    "older": ("older-roster-again", "older-roster-in-between"),
    "part": ("part-one-section", "part-one-section-from-the-beginning"),
    "only_adds": ("dates-end-access-add-only", "dates-ahead-add-only"),
    "protected": ("protected-users", "protected-users-gain"),
    "protected_unknown": ("protected-unknown-holds-removals", "protected-unknown-gone"),
    "read_incomplete": ("read-incomplete-holds-additions", "read-unproven-allows-additions"),
    "read_unbelieved": ("read-unbelieved-holds-additions", "read-believed-by-a-sample"),
    "read_unproven": ("read-unproven-holds-removals", "read-unproven-trusted"),
    "rejected_role": ("rejected-role", "rejected-role-of-others"),
    "rises": ("rises-passed", "rises-reached"),
    "run_rises": ("run-rises-passed", "run-rises-reached"),
    "role_kept": ("role-kept", "role-kept-new-state"),
    "run_limit": ("run-limit-count-passed", "run-limit-count-reached"),
    "suspension_unknown": ("status-untold", "status-told"),
    "unconfirmed_account": ("unconfirmed-account-there", "unconfirmed-account-confirmed"),
    "unmanaged": ("suspend-unmanaged", "remove-with-role"),
    "unreadable_row": ("unreadable-row-holds-person", "unreadable-row-of-another-course"),
    "unresolved_course": ("course-not-found-holds-person", "not-in-moodle-ignored"),
    "unresolved_likeness": ("missing-users-accepted", "missing-users-accepted-unlike"),
    "unresolved_user": ("user-not-found-holds-course", "user-not-found-elsewhere-holds-nobody"),
    "unread_part": ("unread-columns", "unread-columns-of-notes"),
    "would_empty": ("would-empty", "would-not-empty"),
    "would_lose_role": ("would-lose-role", "would-lose-role-courses"),
}
"""Hold → the folder that trips it, and the one that just does not."""


def texts(case: Path) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in case.iterdir()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(
    case: Path, planned: Callable[[Mapping[str, str]], Plan], shown: Callable[[Plan, Mapping[str, str]], str]
) -> None:
    """The changes, holds and buckets are those of expected.txt, whose first line says why."""
    given = texts(case)
    sentence, _, expected = given["expected.txt"].partition("\n")
    assert sentence.startswith("# ")
    assert shown(planned(given), given) == expected


def test_every_hold_has_its_folders() -> None:
    """Whoever adds a hold adds the folder that trips it and the one that just does not."""
    assert set(PAIRS) == set(problems.HOLDS) - APPLY_ONLY - REVIEW_ONLY - UNDO_ONLY


@pytest.mark.parametrize("code", sorted(PAIRS))
def test_a_hold_has_its_code_its_line_in_the_preview_and_its_remedy(
    code: str, planned: Callable[[Mapping[str, str]], Plan]
) -> None:
    """One folder trips it; the preview then names the person, what holds them, and what to do. The other does not."""
    trips, just_not = (texts(CASES[0].parent / name) for name in PAIRS[code])
    assert f"HELD {code}" in trips["expected.txt"]
    assert "HELD" not in just_not["expected.txt"]
    preview = reconcile.reconcile(planned(trips), None, run="", started="", finished="")
    held = preview.changes[preview.changes["code"] == code]
    assert len(held)
    file = io.StringIO()
    report.show(preview, Console(file=file, width=400, color_system=None))
    lines = [line.strip() for line in file.getvalue().splitlines()]
    for message, user, course in held[["message", "user", "course"]].itertuples(index=False, name=None):
        heads = [(n, line) for n, line in enumerate(lines) if line.startswith(f"{message} (")]
        named = [line for n, head in heads for line in lines[n + 1 : n + 1 + int(head[len(message) + 2 : -1])]]
        assert any(user in line and course in line for line in named), (user, course, lines)
        kind, (why, _, remedy) = problems.HOLDS[code], message.partition(" — ")
        assert why.startswith(kind.message.partition("{")[0])
        # Where a number is wanted, it is there.
        plain = re.sub(r"(--allow-\w+) \d+", r"\1 N", remedy)
        assert plain.startswith(kind.remedy.partition("{")[0])
        assert "“”" not in message  # a gap that was to be filled


def test_a_hold_has_a_code_of_its_own() -> None:
    """A code that a row's problem has, too, would be told in that one's words."""
    assert not problems.HOLDS.keys() & problems.ROWS.keys()


@pytest.mark.parametrize("code", sorted(problems.HOLDS))
def test_every_hold_has_a_remedy(code: str) -> None:
    """Nobody is told that something is held without being told what frees it."""
    assert problems.remedy(code, detail="x")
