"""What a journal tells of a run that broke off."""

from __future__ import annotations

import pytest

from rostersync.apply.interrupted import Earlier, earlier


@pytest.mark.parametrize(
    ("journal", "told"),
    [
        ([], Earlier()),
        ([(1, "sent", "")], Earlier(unanswered=frozenset({1}))),
        ([(1, "sent", ""), (1, "done", "")], Earlier(answered=frozenset({1}))),
        ([(1, "sent", ""), (1, "failed", "wsnoinstance")], Earlier()),
        ([(1, "sent", ""), (1, "unknown", "")], Earlier(unanswered=frozenset({1}))),
        ([(1, "sent", ""), (1, "unknown", ""), (1, "done", "seen")], Earlier(answered=frozenset({1}))),
        (
            [(1, "sent", ""), (1, "unknown", ""), (1, "sent", ""), (1, "failed", "invaliduser")],
            Earlier(unanswered=frozenset({1})),
        ),
        ([(1, "sent", ""), (1, "failed", "invaliduser"), (1, "sent", "")], Earlier(unanswered=frozenset({1}))),
        ([(1, "sent", ""), (1, "done", ""), (1, "sent", "take back"), (1, "done", "take back")], Earlier()),
        ([(1, "sent", ""), (1, "done", ""), (1, "sent", "take back")], Earlier(unanswered=frozenset({1}))),
        (
            [(1, "sent", ""), (2, "sent", ""), (1, "done", ""), (3, "sent", "")],
            Earlier(answered=frozenset({1}), unanswered=frozenset({2, 3})),
        ),
    ],
)
def test_what_was_sent_without_an_answer_is_doubtful(journal: list[tuple[int, str, str]], told: Earlier) -> None:
    """A refusal did nothing; a call without an answer may have done everything, unless a success came after it."""
    assert earlier(journal) == told
