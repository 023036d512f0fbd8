"""Judge how well the words of a text read under each encoding that is no Unicode.

Nothing here decides what a file is: encodings are compared by how words look, and the best of them are only named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rostersync.errors import RosterError
from rostersync.roster.readers.letter_frequencies import FAMILIES, frequent, reads_well, usual

SINGLE = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"),
    *("iso8859-2", "mac-roman", "cp850", "cp437", "cp852", "koi8-r", "cp866"),
)
SEVERAL = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
"""Encodings of East Asia; the bytes of a sign there can be a delimiter elsewhere, so these are tried on whole lines."""
CONTROLS = frozenset(map(chr, range(0x80, 0xA0)))
SAMPLE = 1 << 22
"""Bytes that the encodings of East Asia are tried on."""
PIECE = 1 << 20
SHOWN = 12
"""Words that a note shows, and three times as many characters of each."""
ICELANDIC = frozenset("ÐðÞþÝý")
"""Where cp1254 has the letters of Turkish; nothing else tells the two from each other."""
_ASCII = range(0x80)
_SEPARATORS = bytes(0x20 if c in _ASCII and not chr(c).isalnum() and chr(c) not in "'-" else c for c in range(256))
_SHAPE = bytes(
    c if c not in _ASCII else ord("a" if chr(c).islower() else "A" if chr(c).isupper() else chr(c)) for c in range(256)
)
_RUNS = re.compile(rb"([aA])\1+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Another encoding, and what it makes of words that read badly."""

    encoding: str
    examples: tuple[str, ...]


def words(data: bytes) -> Counter[bytes]:
    """How often each word occurs that has other letters than those of ASCII."""
    found: Counter[bytes] = Counter()
    start = 0
    while start < len(data):
        end = start + PIECE
        piece = data[start:end].translate(_SEPARATORS)
        if end < len(data) and (cut := piece.rfind(b" ")) > 0:
            piece, end = piece[:cut], start + cut
        if not piece.isascii():
            found.update(_beyond_ascii(piece))
        start = end
    return found


def _beyond_ascii(piece: bytes) -> list[bytes]:
    """The words around the bytes beyond ASCII; looking at every word would take ten times as long."""
    signs = np.frombuffer(piece, dtype=np.uint8)
    blanks = np.concatenate([[-1], np.flatnonzero(signs == ord(" ")), [len(piece)]])
    behind = np.searchsorted(blanks, np.flatnonzero(signs >= len(_ASCII)))
    behind = behind[np.flatnonzero(np.diff(behind, prepend=-1))]
    return [piece[a:b] for a, b in zip((blanks[behind - 1] + 1).tolist(), blanks[behind].tolist(), strict=True)]


def controls(found: Iterable[bytes], encoding: str) -> bool:
    """Whether words have control characters where other encodings have letters."""
    return any(c in CONTROLS for w in found for c in set(_decoded(w, encoding)))


def mixture(found: Mapping[bytes, int], encoding: str) -> bytes:
    """A word that is UTF-8 in a text of which other words are not, or b""; no one encoding reads all of such a text.

    Two signs of East Asia pass for UTF-8 now and then, so that a few such words prove something only where the rest
    reads well under the guess and they do not.
    """
    whole = [w for w in found if _decoded(w, "utf-8")]
    if not whole:
        return b""
    if sum(found[w] for w in whole) * 3 >= sum(found.values()):
        return whole[0]
    passing = set(whole)
    others = _shapes(w for w in found if w not in passing)
    if sum(_well(w, encoding) for w in others) * 5 < len(others) * 4:
        return b""
    return next((w for w in whole if _well(w, "utf-8") and not _well(w, encoding)), b"")


def judge(name: str, found: Mapping[bytes, int], data: bytes, encoding: str) -> tuple[str, ...]:
    """What a person should know of a guess.

    Args:
        name: the file, for messages.
        found: its words.
        data: its bytes.
        encoding: the guess.

    Raises:
        RosterError: most of the words read badly.
    """
    shapes = _shapes(found)
    wrong = set(_bad(shapes, data, encoding))
    if encoding in FAMILIES:
        texts = some = _texts(data, encoding)
        bad = texts if wrong else []
    else:
        texts, some = ([_decoded(w, encoding) for w in words] for words in (found, shapes.values()))
        bad = [t for w, t in zip(found, texts, strict=True) if _shape(w) in wrong]
    guesses = likelier(found, data, encoding)
    if wrong and len(bad) * 2 >= len(texts):
        raise RosterError(
            f"{name} is no Unicode, and read as {encoding} it looks wrong: {_quoted(bad[:SHOWN])}",
            remedy=flags(guesses) or f"say --encoding NAME, or --encoding {encoding} if these words are right",
        )
    telling = _telling(some)
    number = f"{len(telling)} of {len(texts):,} words with other letters shown"
    wrongly = "if these are wrong, say --encoding NAME"
    notes = [f"no Unicode: read as {encoding}, which gives {_quoted(telling)} ({number}); {wrongly}"]
    if encoding == "cp1252" and (turkish := [w for w in shapes.values() if ICELANDIC & set(_decoded(w, encoding))]):
        would = _quoted([_decoded(w, "cp1254") for w in turkish][:3])
        notes.append(f"letters of Icelandic: if they are Turkish, like {would}, say --encoding cp1254")
    if bad:
        said = f"; {flags(guesses)}" if guesses else ""
        notes.append(
            f"read as {encoding}, {len(bad):,} of {len(texts):,} words look wrong: {_quoted(bad[:SHOWN])}{said}"
        )
    return tuple(notes)


def likelier(found: Mapping[bytes, int], data: bytes, encoding: str) -> list[Guess]:
    """Encodings under which clearly more of the words read well, the best first; three at most."""
    shapes = _shapes(found)
    bad = _bad(shapes, data, encoding)
    guesses: list[tuple[float, Guess]] = []
    for other in (e for e in (*SINGLE, *SEVERAL) if bad and e != encoding):
        worse = set(_bad(shapes, data, other))
        if len(worse) * 2 > len(bad):
            continue
        if other in SEVERAL:
            texts = _texts(data, other)
            common = frequent(texts, other)
        else:
            texts = [shapes[s].decode(other) for s in bad if s not in worse]
            common = usual("".join(texts))
        guess = Guess(encoding=other, examples=tuple(texts[:3]))
        guesses.append((common - len(worse) / len(shapes), guess))
    guesses.sort(key=lambda pair: -pair[0])
    return [g for _, g in guesses[:3]]


def flags(guesses: Sequence[Guess]) -> str:
    """The guesses as flags, with what they make of the words."""
    said = [f"--encoding {g.encoding} (it gives {_quoted(g.examples)})" for g in guesses]
    return f"say {' or '.join(said)}" if said else ""


def _shapes(found: Iterable[bytes]) -> dict[bytes, bytes]:
    """Shape → a word that has it: how a word reads does not depend on which letters of ASCII it has."""
    shapes: dict[bytes, bytes] = {}
    for word in found:
        shapes.setdefault(_shape(word), word)
    return shapes


def _shape(word: bytes) -> bytes:
    return _RUNS.sub(rb"\1", word.translate(_SHAPE))


def _bad(shapes: Mapping[bytes, bytes], data: bytes, encoding: str) -> list[bytes]:
    """The shapes that do not read well; all of them where an encoding of East Asia cannot read the text's lines."""
    if encoding not in FAMILIES:
        return [s for s in shapes if not _well(s, encoding)]
    texts = _texts(data, encoding)
    well = sum(map(reads_well, texts))
    return [] if texts and well * 5 >= len(texts) * 4 and frequent(texts, encoding) >= 1 / 2 else list(shapes)


def _texts(data: bytes, encoding: str) -> list[str]:
    """The words beyond ASCII of the text's beginning, each once, in an encoding of East Asia; none where it is not."""
    sample = data if len(data) <= SAMPLE else data[: data.rfind(b"\n", 0, SAMPLE) + 1]
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return []
    spaced = "".join(c if not c.isascii() or c.isalnum() else " " for c in text)
    return list(dict.fromkeys(w for w in spaced.split() if not w.isascii()))


def _well(word: bytes, encoding: str) -> bool:
    text = _decoded(word, encoding)
    return bool(text) and reads_well(text)


def _decoded(word: bytes, encoding: str) -> str:
    try:
        return word.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _telling(texts: Sequence[str]) -> list[str]:
    """Words that together show every letter beyond ASCII, as far as they are shown."""
    seen: set[str] = set()
    chosen: list[str] = []
    for text in texts:
        new = {c for c in text if not c.isascii()} - seen
        if new and len(chosen) < SHOWN:
            chosen.append(text)
            seen |= new
    return chosen


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{t if len(t) <= 3 * SHOWN else t[: 3 * SHOWN] + '…'}”" for t in texts)
