"""Whether two names can be one person's."""

from __future__ import annotations

import pytest

from rostersync.names import plain, strangers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Muster", "Ben Boss"),
        ("Muster", "Ben Boss"),
        ("Ben van Dyk", "Anna van Loon"),
        ("Anna A. Muster", "Ben A. Boss"),
        ("山田 太郎", "佐藤 花子"),
    ],
)
def test_strangers(one: str, other: str) -> None:
    """No word in common, particles and initials apart."""
    assert strangers(plain(one), plain(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Muster", "Muster, Anna"),
        ("Anna Muster", "Anna Schmidt"),
        ("Jürgen Müller", "Juergen Mueller"),
        ("Maximilian Ek", "Max E."),
        ("Anna Muster", ""),
        ("Анна Берг", "Anna Berg"),
        ("王小明", "王 小明"),
        ("A. B.", "Cora Diaz"),
    ],
)
def test_no_strangers(one: str, other: str) -> None:
    """A married name, another spelling or order, an abbreviation, another script: nothing can be said against them."""
    assert not strangers(plain(one), plain(other))
    assert not strangers(plain(other), plain(one))
