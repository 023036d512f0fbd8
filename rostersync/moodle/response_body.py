"""Read the body of an answer and unpack it, up to a largest size."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

PIECE = 1 << 16
_PLAIN = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_EITHER = zlib.MAX_WBITS | 32
"""zlib's word for: gzip or zlib, as it comes."""


class Unreadable(Exception):
    """The body is no answer; says why. Never leaves this package."""

    def __init__(self, words: str, *, too_large: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.too_large = too_large


def whole_body(raw: Any, most: int) -> bytes:  # noqa: ANN401 - urllib3's response
    """The body, unpacked.

    A few kilobytes can unpack to gigabytes: no more is unpacked than is allowed.

    Args:
        raw: the response, of which nothing was read.
        most: bytes that it may have, unpacked.

    Raises:
        Unreadable: it is larger, is packed in a way that nobody asked for, or breaks off.
        HTTPError: the connection broke.
    """
    packing = str(raw.headers.get("Content-Encoding") or "").strip().lower()
    if packing not in _PLAIN | _PACKED:
        raise Unreadable("the answer is packed in a way that was not asked for")
    pieces = raw.stream(PIECE, decode_content=False)
    parts, size = [], 0
    for part in pieces if packing in _PLAIN else _unpacked(pieces, most):
        parts.append(part)
        size += len(part)
        if size > most:
            raise Unreadable(f"the answer has more than {most / 1e6:,.0f} MB (max_answer_megabytes)", too_large=True)
    return b"".join(parts)


def _unpacked(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The pieces unpacked; each at most a byte longer than what is allowed in all."""
    unpack, begun = zlib.decompressobj(_EITHER), False
    try:
        for piece in pieces:
            begun = True
            yield unpack.decompress(piece, most + 1)
    except zlib.error:
        broken = True
    else:
        broken = begun and not unpack.eof
    if broken:
        raise Unreadable("the answer cannot be unpacked")
