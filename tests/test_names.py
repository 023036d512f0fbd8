"""Whether two names can be one person's."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync.frames.columns import TEXT
from rostersync.text import names
from rostersync.text.names import plain, strangers


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


@given(st.lists(st.text(max_size=8), max_size=5))
@settings(deadline=None)
def test_many_texts_are_taken_as_each_of_them(texts: list[str]) -> None:
    """Plain names and flat keys are the same, one by one or all at once."""
    assert names.plain_each(pa.array(texts, pa.string())).to_pylist() == [names.plain(t) for t in texts]
    assert names.flat_each(pa.array(texts, pa.string())).to_pylist() == [names.flat(t) for t in texts]
    assert names.plain_each(pa.array(texts, pa.string())[1:]).to_pylist() == [names.plain(t) for t in texts[1:]]
    joined = pd.concat([pd.Series(texts, dtype=TEXT)] * 2, ignore_index=True)
    assert names.plain_each(joined).to_pylist() == [names.plain(t) for t in texts] * 2
