"""Judge whether a word reads like one, and how usual its letters are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

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
USUAL = frozenset("äöüßéèêëàâáãåæçíìîïñóòôõøúùûÄÖÜÉÈÀÂÁÅÆÇÍÎÑÓÔØÚŁłąćęńśźżčěřšžýůőűğışİŞ")
OUTSIDE = frozenset("’‘“”„‚«»‹›–—…·•ªº€¿¡\u00a0")  # noqa: RUF001 -- these very signs
"""Signs that stand before or behind a word."""
INSIDE = frozenset("’‘´·–—\u00a0\u00ad")  # noqa: RUF001 -- these very signs
"""Signs that stand between letters."""
NO_LETTERS = frozenset("ƒˆ˜ªºµ")  # noqa: RUF001 -- these very signs
"""What Unicode counts as letters, and no name contains."""
MIXED = (
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "FULLWIDTH"},
    {"CJK", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH"},
)
_RUN = 3
"""So many letters beyond ASCII in a row, in Latin script, are Cyrillic, Greek or Chinese read wrongly."""


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


def frequent(texts: Sequence[str], encoding: str) -> float:
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


def usual(text: str) -> float:
    """Of the letters beyond ASCII, the share that names in Europe often have; Cyrillic and Greek count too."""
    signs = [c for c in text if not c.isascii()]
    return sum(c in USUAL or _script(c) in {"CYRILLIC", "GREEK"} for c in signs) / max(len(signs), 1)


@cache
def _is_letter(sign: str) -> bool:
    return sign not in NO_LETTERS and unicodedata.category(sign)[0] in "LM"


@cache
def _script(sign: str) -> str:
    if sign.isascii():
        return "LATIN"
    return unicodedata.name(sign, "").partition(" ")[0]
