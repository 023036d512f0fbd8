"""What keys turn out to be: the short way by columns comes to the same as the definition, key by key."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync.sync.resolve import resolved_keys
from rostersync.sync.resolve.distinct_keys import asked, fields_of
from rostersync.sync.resolve.key_columns import USER_ORDER
from rostersync.sync.resolve.matches import matched
from rostersync.tables import PROBLEMS, ROSTER, USER_MATCHES, Roster

KEYS = ("1", "2", "A", "a", "")
FIELDS = tuple(str(f) for f in USER_ORDER)

rows = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from((*FIELDS, "any")),
        st.sampled_from(KEYS),
        st.sampled_from(("ok", "rejected", "ignored")),
    ),
    max_size=8,
)
found = st.lists(
    st.tuples(
        st.sampled_from(FIELDS),
        st.sampled_from(KEYS[:-1]),
        st.sampled_from((7, 8)),
        st.sampled_from(("exact", "exact", "case", "near", "error")),
    ),
    max_size=8,
    unique_by=lambda line: line[:3],
)


def roster(lines: list[tuple[int, str, str, str]]) -> Roster:
    rows = ROSTER.records(
        [
            {"source": s, "user_field": f, "user": k, "state": state, "row": at}
            for at, (s, f, k, state) in enumerate(lines)
        ]
    )
    return Roster(rows=rows, problems=PROBLEMS.empty(), sources=())


@given(rows, found, st.sampled_from(FIELDS), st.sampled_from(FIELDS))
@settings(deadline=None)
def test_every_key_is_what_the_definition_says(
    lines: list[tuple[int, str, str, str]], answers: list[tuple[str, str, int, str]], first: str, second: str
) -> None:
    """Whether a key is found at one look, in the column as a whole, or by a closer one, the answer is the same."""
    matches = USER_MATCHES.records(
        [
            {"field": f, "key": k, "user_id": 0 if m == "error" else i, "username": f"u{i}", "match": m, "detail": "no"}
            for f, k, i, m in answers
        ]
    )
    keys = asked(roster(lines), "user")
    got = resolved_keys.look_up(matched(keys, matches), fields_of(keys, [(0, first), (1, second)]))
    known: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
    for f, k, i, m in answers:
        known.setdefault((f, k), []).append((m, 0 if m == "error" else i, "no" if m == "error" else f"u{i}"))
    for at, (source, field, key, state) in enumerate(lines):
        taken = (first, second)[source] if field == "any" else field
        others = tuple(resolved_keys.FIELD_WORDS) if field == "any" else ()
        expected = resolved_keys.answer(taken, key, known, "user", others)
        assert (got.key_at(at), got.field_at(at)) == (key, taken)
        assert got.ids[at] == (0 if state == "ignored" else expected.id)
        if state != "ignored":
            assert got.answer_at(at) == expected


@given(rows)
@settings(deadline=None)
def test_each_row_has_its_own_key_and_no_key_stands_twice(lines: list[tuple[int, str, str, str]]) -> None:
    """The distinct keys of a column are those of its rows, with source, field and state."""
    keys = asked(roster(lines), "user")
    names = ("ok", "rejected", "ignored", "duplicate")
    known = [
        (s, (*FIELDS, "any")[f], key, names[state])
        for s, f, key, state in zip(
            keys.source.tolist(),
            keys.field.tolist(),
            [keys.texts[at].as_py() for at in keys.text.tolist()],
            keys.state.tolist(),
            strict=True,
        )
    ]
    assert [known[at] for at in keys.places.tolist()] == lines
    assert len(known) == len(set(lines))
