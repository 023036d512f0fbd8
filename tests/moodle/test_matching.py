"""How a key compares with what Moodle found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.enums import Match
from rostersync.moodle.key_matching import compare, is_id
from rostersync.text.names import alike


@pytest.mark.parametrize(
    ("asked", "found", "match"),
    [
        ("BIO101", "BIO101", Match.EXACT),
        ("bio101", "BIO101", Match.CASE),
        (" BIO101", "BIO101 ", Match.CASE),
        ("STRASSE", "Straße", Match.CASE),
        ("e\u0301douard", "édouard", Match.CASE),
        ("LIT Uni 7", "LIT Ünï 7", Match.NEAR),
        ("0007", "7", None),
        ("BIO101", "BIO102", None),
    ],
)
def test_letter_case_is_the_same_key_and_accents_are_not(asked: str, found: str, match: Match | None) -> None:
    """A database may find more than was asked for (guide/moodle.md, fact 14)."""
    assert compare(asked, found) is match


@given(st.text(st.characters(max_codepoint=127)).map(str.strip))
def test_plain_letters_are_folded_as_among_others(key: str) -> None:
    """The short way for keys without accents finds what the long one does."""
    assert alike(f"é{key}é") == f"e{alike(key)}e"


@pytest.mark.parametrize(("key", "verdict"), [("7", True), ("20004", True), ("007", False), ("0", False), ("٣", False)])
def test_ids_are_plain_digits(key: str, *, verdict: bool) -> None:
    """Zeros in front, and digits of other scripts, are refused where an integer is expected."""
    assert is_id(key) is verdict
