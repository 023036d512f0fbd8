"""What the doctor looks for is what the sandbox knows by the same names; what Moodle answers is explained whole."""

from __future__ import annotations

from rostersync.moodle.answers import CODES, LOST, STATUSES, UNKNOWN
from rostersync.sandbox import token_rights as sandbox
from rostersync.tables.capabilities import CAPABILITIES
from tests.guide.blocks import answers


def test_the_sandbox_knows_every_capability_by_the_same_name() -> None:
    """What the doctor tells people to allow is what Moodle's messages call it."""
    told = {name: need.name for name, need in CAPABILITIES.items()}
    assert told == {name: sandbox.CAPABILITIES.get(name) for name in told}


def test_every_answer_is_explained() -> None:
    """Each has a section of its own with what it means, what to do, and what rostersync does, none of it empty."""
    sections = [section.splitlines() for section in answers().split("### ")[1:]]
    assert len({lines[0] for lines in sections}) == len(CODES) + len(STATUSES) + len([UNKNOWN, LOST])
    for lines in sections:
        said = [line.partition(": ") for line in lines[1:] if line]
        assert [head for head, _, _ in said] == ["Meaning", "To do", "rostersync"]
        assert all(len(words) > 3 for _, _, words in said)
