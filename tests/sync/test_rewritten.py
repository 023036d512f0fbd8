"""Ways of writing keys otherwise: which are tried, and in which order."""

from __future__ import annotations

import pytest

from rostersync.sync.resolve.rewritings import SAMPLE, rewritings, sample


def how(keys: list[str], wanted: list[str], known: list[str] | None = None, domains: list[str] | None = None) -> str:
    """The words of the first way that makes these of the keys; blank where there is none."""
    for way in rewritings(keys, known or [], domains or []):
        written = way.of(keys)
        if [written.get(k, k) for k in keys] == wanted:
            return way.how
    return ""


@pytest.mark.parametrize(
    ("keys", "wanted", "words"),
    [
        (["S00123", "S00456"], ["00123", "00456"], "without the leading “S”"),
        (["#doej", "#smitha", "#li"], ["doej", "smitha", "li"], "without the leading “#”"),
        (["EX\\ada", "EX\\bo"], ["ada", "bo"], "without the leading “EX\\”"),
        (["2026-BIO101", "2026-CHE101"], ["BIO101", "CHE101"], "without the leading “2026-”"),
        (["BIO101-2026", "CHE101-2026"], ["BIO101", "CHE101"], "without the ending “-2026”"),
        (["ada@x.example", "bo@x.example"], ["ada", "bo"], "without the ending “@x.example”"),
        (["A1-x", "B2-y"], ["A1", "B2"], "without the last “-” and what follows it"),
        (["A-12", "B-34"], ["12", "34"], "without the first “-” and what stands before it"),
        (["S12", "T34"], ["12", "34"], "without the letters that begin them"),
        (["00123", "00045"], ["123", "45"], "without the leading zeros"),
        (["BIO 101", "CHE 202"], ["BIO101", "CHE202"], "without the blanks and hyphens in them"),
        (["BIO101"], ["BIO101"], ""),
    ],
)
def test_what_all_keys_have_is_taken_off(keys: list[str], wanted: list[str], words: str) -> None:
    """Beginnings, endings, letters, zeros and signs; each is said in words."""
    if keys != wanted:
        assert how(keys, wanted) == words


def test_escapes_concern_only_the_keys_that_have_them() -> None:
    """A column may have a few of them."""
    keys = ["Arts &amp; Crafts", "Biology", "Chemistry"]
    assert how(keys, ["Arts & Crafts", *keys[1:]]) == "without the escapes of web pages (“&” for “&amp;”)"


def test_known_values_say_what_is_to_be_added() -> None:
    """Before or behind the keys; the length of numbers; and a domain."""
    assert how(["BIO101", "CHE101"], ["BIO101-26", "CHE101-26"], ["BIO101-26", "CHE101-26"]).startswith("with “-26” ")
    assert how(["00123", "00456"], ["S00123", "S00456"], ["S00123", "S00456"]).startswith("with “S” ")
    assert how(["123", "45"], ["0000123", "0000045"], ["7777777"]) == "with leading zeros, as numbers of 7 digits"
    assert how(["a@x.example"], ["a@y.example"], [], ["y.example"]) == (
        "without the “@x.example”, and with “@y.example” in its place"
    )
    assert how(["B-101 a"], ["b101A"], ["b101A"]) == "where blanks, hyphens and capitals need not agree"


def test_a_sample_is_spread_over_all_keys() -> None:
    """The first and the last are in it."""
    keys = [f"{n:03}" for n in range(100)]
    assert len(sample(keys)) == SAMPLE
    assert {keys[0], keys[-1]} < set(sample(keys))
    assert sample(keys[:3]) == keys[:3]
