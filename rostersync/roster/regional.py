"""The words of a text that is no Unicode go in; how well they read under an encoding, and under which better, come out.

Nothing here decides what a file is: encodings are compared by how words look, and the best of them are only named.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rostersync.errors import RosterError

SINGLE = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"),
    *("iso8859-2", "mac-roman", "cp850", "cp437", "cp852", "koi8-r", "cp866"),
)
SEVERAL = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
"""Encodings of East Asia; the bytes of a sign there can be a delimiter elsewhere, so these are tried on whole lines."""
FAMILIES = (
    dict.fromkeys(("cp932", "shift_jis", "shift_jis_2004", "euc_jp", "euc_jis_2004"), "Japan")
    | dict.fromkeys(("gb18030", "gbk", "gb2312"), "China")
    | dict.fromkeys(("big5", "cp950", "big5hkscs"), "Taiwan")
    | dict.fromkeys(("cp949", "euc_kr", "johab"), "Korea")
)
LEVEL_1 = {"China": ("gb2312", 0xB0, 0xD7), "Japan": ("euc_jp", 0xB0, 0xCF), "Taiwan": ("big5", 0xA4, 0xC6)}
"""Family → the encoding and the first bytes of its frequent ideographs (GB 2312, JIS X 0208, Big5: level 1)."""
BOXES = range(0x2500, 0x25A0)
"""Lines, corners and blocks, as DOS drew them."""
SAMPLE = 1 << 22
"""Bytes that the encodings of East Asia are tried on."""
PIECE = 1 << 20
SHOWN = 12
"""Words that a note shows, and three times as many characters of each."""
USUAL = frozenset("äöüßéèêëàâáãåæçíìîïñóòôõøúùûÄÖÜÉÈÀÂÁÅÆÇÍÎÑÓÔØÚŁłąćęńśźżčěřšžýůőűğışİŞ")
OUTSIDE = frozenset("’‘“”„‚«»‹›–—…·•ªº€¿¡\u00a0")  # noqa: RUF001 -- these very signs
"""Signs that stand before or behind a word."""
ICELANDIC = frozenset("ÐðÞþÝý")
"""Where cp1254 has the letters of Turkish; nothing else tells the two from each other."""
INSIDE = frozenset("’‘´·–—\u00a0\u00ad")  # noqa: RUF001 -- these very signs
"""Signs that stand between letters."""
NO_LETTERS = frozenset("ƒˆ˜ªºµ")  # noqa: RUF001 -- these very signs
"""What Unicode counts as letters, and no name contains."""
MIXED = (
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "FULLWIDTH"},
    {"CJK", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH"},
)
_ASCII = range(0x80)
_SEPARATORS = bytes(0x20 if c in _ASCII and not chr(c).isalnum() and chr(c) not in "'-" else c for c in range(256))
_SHAPE = bytes(
    c if c not in _ASCII else ord("a" if chr(c).islower() else "A" if chr(c).isupper() else chr(c)) for c in range(256)
)
_RUNS = re.compile(rb"([aA])\1+")
_RUN = 3
"""So many letters beyond ASCII in a row, in Latin script, are Cyrillic, Greek or Chinese read wrongly."""


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
            found.update({w: n for w, n in Counter(piece.split()).items() if not w.isascii()})
        start = end
    return found


def reads_well(text: str) -> bool:
    """Whether a word can be one: one script, no signs amid the letters, no capital behind a small letter."""
    letters = [_is_letter(c) for c in text]
    if not any(letters):
        return not any(unicodedata.category(c) in {"Cc", "Co", "Cn"} or ord(c) in BOXES for c in text)
    first, last = letters.index(True), len(letters) - 1 - letters[::-1].index(True)
    run = 0
    for i, sign in enumerate(text):
        if sign.isascii():
            run = 0
            continue
        if not letters[i]:
            if sign not in (INSIDE if first < i < last else OUTSIDE):
                return False
            continue
        run += 1
        if _script(sign) == "LATIN" and (run >= _RUN or run == len(text) > 1):
            return False
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        if sign.isupper() and (before.islower() or (i > first and after.islower())):
            return False
        if sign.islower() and sign != "ß" and before.isupper() and after.isupper():
            return False
    scripts = {_script(c) for c, letter in zip(text, letters, strict=True) if letter}
    return len(scripts) == 1 or any(scripts <= mixed for mixed in MIXED)


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
            usual = _frequent(texts, other)
        else:
            texts = [shapes[s].decode(other) for s in bad if s not in worse]
            usual = _usual("".join(texts))
        guess = Guess(encoding=other, examples=tuple(texts[:3]))
        guesses.append((usual - len(worse) / len(shapes), guess))
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
    return [] if texts and well * 5 >= len(texts) * 4 and _frequent(texts, encoding) >= 1 / 2 else list(shapes)


def _texts(data: bytes, encoding: str) -> list[str]:
    """The words beyond ASCII of the text's beginning, each once, in an encoding of East Asia; none where it is not."""
    sample = data if len(data) <= SAMPLE else data[: data.rfind(b"\n", 0, SAMPLE) + 1]
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return []
    spaced = "".join(c if not c.isascii() or c.isalnum() else " " for c in text)
    return list(dict.fromkeys(w for w in spaced.split() if not w.isascii()))


def _frequent(texts: Sequence[str], encoding: str) -> float:
    """Of the ideographs, the share that the older standards list among the frequent ones; kana and Hangul count too."""
    signs = [c for text in texts for c in text if not c.isascii()]
    return sum(_is_frequent(c, FAMILIES[encoding]) for c in signs) / max(len(signs), 1)


@cache
def _is_frequent(sign: str, family: str) -> float:
    match _script(sign), family:
        case ("HIRAGANA" | "KATAKANA", "Japan") | ("HANGUL", "Korea"):
            return 1
        case "CJK", ("Japan" | "China" | "Taiwan"):
            # Each of them has 94 signs a row, and lists the frequent ideographs in the first rows of ideographs.
            encoding, first, last = LEVEL_1[family]
            return 0.9 * (first <= _lead(sign, encoding) <= last)
        case _:
            return 0


def _lead(sign: str, encoding: str) -> int:
    try:
        return sign.encode(encoding)[0]
    except UnicodeEncodeError:
        return 0


def _usual(text: str) -> float:
    signs = [c for c in text if not c.isascii()]
    return sum(c in USUAL or _script(c) in {"CYRILLIC", "GREEK"} for c in signs) / max(len(signs), 1)


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


@cache
def _is_letter(sign: str) -> bool:
    return sign not in NO_LETTERS and unicodedata.category(sign)[0] in "LM"


@cache
def _script(sign: str) -> str:
    if sign.isascii():
        return "LATIN"
    return unicodedata.name(sign, "").partition(" ")[0]


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{t if len(t) <= 3 * SHOWN else t[: 3 * SHOWN] + '…'}”" for t in texts)
