"""The picture in the README shows what rostersync prints."""

from __future__ import annotations

from tests.guide.picture import ADDRESS, PLACE, TOP, drawn, preview, words


def test_the_picture_is_a_real_preview() -> None:
    """Whoever changes a preview runs `python -m tests.guide.picture`."""
    svg = PLACE.read_text(encoding="utf-8")
    assert words(svg) == words(drawn(preview()))
    assert any(ADDRESS in piece for piece in words(svg))
    assert "url(" not in svg.replace("url(#", "")
    assert f"({PLACE.relative_to(TOP)})" in (TOP / "README.md").read_text(encoding="utf-8")
