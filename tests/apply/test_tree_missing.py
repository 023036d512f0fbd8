"""A service without the function that lists items of grade type “none”: the preview says what cannot be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.tables.functions import GRADE_TREE

Make = Callable[..., Any]


@pytest.mark.parametrize("lacking", [True, False])
def test_a_preview_that_unenrols_says_what_it_cannot_see(make: Make, lacking: bool) -> None:  # noqa: FBT001
    """Only where somebody is to be unenrolled, and only where the function is missing."""
    world = make({"BIO101": "ada:student ben:student"}, methods={"BIO101": ["manual"]})
    if lacking:
        world.state.functions = [name for name in world.state.functions if name != GRADE_TREE]
    plan = world.plan("username,course,role\nada,BIO101,student")
    assert plan.changes["op"].tolist() == ["unenrol"]
    assert any(GRADE_TREE in note for note in plan.notes) is lacking
    same = world.plan("username,course,role\nada,BIO101,student\nben,BIO101,student")
    assert not any(GRADE_TREE in note for note in same.notes)
