"""Find out what is wrong with the letters of a key or a name, and what it probably was."""

from __future__ import annotations

import re
import unicodedata

from rostersync.roster.forensics.damage import Damage, was

BLANKS = "\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Blanks that are no plain space; U+3000 is at home between Chinese and Japanese words."""
FILLERS = "\u034f\u115f\u1160\u2800\u3164\uffa0"
"""Signs that count as letters and show nothing."""
HIDDEN = rf"[\x00-\x1f\x7f-\x9f{BLANKS}{FILLERS}]|\p{{Cf}}"
"""What cannot be seen, for pyarrow."""
JOINERS = "\u200c\u200d"
"""At home in Arabic and Indian scripts."""
LOST = "\ufffd"
CONTROLS = {"\t": "tab", "\n": "line break", "\r": "line break"}

_TO_BYTE = {bytes([b]).decode("cp1252", errors="replace"): b for b in range(0x80, 0x100)}
TO_BYTE = {**{chr(b): b for b in range(0x80, 0xA0)}, **{c: b for c, b in _TO_BYTE.items() if c != LOST}}
"""Letter → the byte that it is in cp1252, with Latin-1 where cp1252 has none."""
_TAIL = re.escape("".join(c for c, b in TO_BYTE.items() if b < 0xC0))  # noqa: PLR2004 - UTF-8's further bytes
SEQUENCE = re.compile(rf"[\xc2-\xdf][{_TAIL}]|[\xe0-\xef][{_TAIL}]{{2}}|[\xf0-\xf4][{_TAIL}]{{3}}")
"""Letters whose bytes in cp1252 would be one letter of UTF-8."""
MISREAD = rf"[\xc2-\xf4][{_TAIL}]|{LOST}"
"""The same in short, for pyarrow."""
ENDS = frozenset("\u2026\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u00a0\xab\xbb")
"""Ellipsis, quotation marks and dashes: may follow a capital at a word's end: “AMANHÔ is right as it is."""
LATIN = re.compile("[\u00a0-\u017f\u0218-\u021b\u1e00-\u1eff\u2010-\u203a\u20ac\u2122\u2212]")
FOREIGN = re.compile(
    "[\u0370-\u03ff\u0400-\u045f\u0490\u0491\u05d0-\u05ea\u0621-\u064a\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]"
)
"""Believable only where there are several."""
SEVERAL = 2

LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝАВЕКМНОРСТХІЈЅҮοΑΒΕΖΗΙΚΜΝΟΡΤΥΧν",  # noqa: RUF001 - the point
    "aeopcyxijshdqwABEKMHOPCTXIJSYoABEZHIKMNOPTYXv",
)
LETTERS = re.compile(r"[^\W\d_]+")
OTHER_SCRIPT = re.compile("[\u0370-\u03ff\u0400-\u052f\u1f00-\u1fff]")
WIDE = r"[\x{ff01}-\x{ff9f}\x{660}-\x{669}\x{6f0}-\x{6f9}\x{966}-\x{96f}]"
"""Full-width signs, and Arabic and Indian digits, for pyarrow."""
FULL_WIDTH = re.compile("[\uff01-\uff5e]")
WIDER = 0xFEE0
"""From a full-width sign back to the plain one."""


def damage(key: str, *, title: bool = False) -> Damage | None:
    """What is wrong with a key's letters.

    Args:
        key: without outer blanks.
        title: a course's title, in which unusual blanks are at home.
    """
    hidden = _hidden(key, title=title)
    if hidden:
        names = ", ".join(dict.fromkeys(f"U+{ord(c):04X} ({_name(c)})" for c in hidden))
        return Damage("key_invisible", f"{names}; it probably was “{visible(key)}”")
    if LOST in key:
        return Damage("key_mojibake", f": letters were lost where “{LOST}” stands")
    if (read := reread(key)) != key:
        return Damage("key_mojibake", was(read))
    if (narrow := narrowed(key)) != key and narrow.isascii():
        return Damage("key_fullwidth", was(narrow))
    return _lookalike(key)


def misread(name: str) -> str:
    """The detail of a name that was read in a wrong encoding, or ""."""
    if LOST in name:
        return f": letters were lost where “{LOST}” stands"
    read = reread(name)
    if read != name:
        return was(read)
    return ": a letter was lost where “?” stands" if re.search(r"[^\W\d_]\?[^\W\d_]", name) else ""


def visible(key: str) -> str:
    """The key without what cannot be seen; blanks of any kind are plain ones."""
    spaced = "".join(" " if c in "\t\n\r" or unicodedata.category(c)[0] == "Z" else c for c in key)
    return " ".join("".join(c for c in spaced if unicodedata.category(c)[0] != "C" and c not in FILLERS).split(" "))


def reread(text: str) -> str:
    """The text as it was before UTF-8 was read as cp1252, once or several times; the same where it was not."""
    for _ in range(3):
        found = [m for m in SEQUENCE.finditer(text) if not _natural(m)]
        letters = {m.start(): _decoded(m[0]) for m in found}
        foreign = sum(bool(FOREIGN.fullmatch(c)) for c in letters.values())
        good = {at: c for at, c in letters.items() if LATIN.fullmatch(c) or (foreign >= SEVERAL and c)}
        if not good:
            return text
        kept = iter(good.get(m.start(), m[0]) for m in found)
        starts = {m.start() for m in found}
        text = SEQUENCE.sub(lambda m: next(kept) if m.start() in starts else m[0], text)  # noqa: B023 - used at once
    return text


def narrowed(key: str) -> str:
    """The key with plain signs in place of full-width ones, and with the digits 0 to 9 in place of others."""
    return "".join(
        chr(ord(c) - WIDER) if FULL_WIDTH.match(c) else str(d) if (d := unicodedata.decimal(c, -1)) >= 0 else c
        for c in key
    )


def latin(key: str) -> str:
    """The key with Latin letters in place of those that look like them."""
    return key.translate(LOOKALIKES)


def only_looks_latin(key: str) -> bool:
    """All letters are of another script, and all of them look like Latin ones."""
    letters = "".join(LETTERS.findall(key))
    return bool(letters) and all(OTHER_SCRIPT.match(c) for c in letters) and latin(letters).isascii()


def _lookalike(key: str) -> Damage | None:
    """One word in two scripts, where the letters of the other script are all look-alikes."""
    for word in LETTERS.findall(key):
        foreign = OTHER_SCRIPT.findall(word)
        if foreign and len(foreign) < len(word) and latin("".join(foreign)).isascii():
            return Damage("key_lookalike", was(latin(key)))
    return None


def _hidden(key: str, *, title: bool) -> list[str]:
    found = []
    for c in key:
        category = unicodedata.category(c)
        if c == " " or (category not in {"Cc", "Cf", "Zs", "Zl", "Zp"} and c not in FILLERS):
            continue
        if (title and category == "Zs") or (c == "\u3000" and re.search("[\u3040-\u30ff\u4e00-\u9fff]", key)):
            continue
        if c in JOINERS and re.search("[\u0600-\u07ff\u0900-\u0dff]", key):
            continue
        found.append(c)
    return found


def _name(c: str) -> str:
    return CONTROLS.get(c) or unicodedata.name(c, "control character").lower()


def _natural(match: re.Match[str]) -> bool:
    """A capital at the end of its word, with the sign that follows it."""
    text, at, end = match.string, match.start(), match.end()
    return match[0][-1] in ENDS and text[max(at - 1, 0) : at].isupper() and not text[end : end + 1].isalnum()


def _decoded(letters: str) -> str:
    """The one letter of UTF-8, where it is a believable one."""
    try:
        letter = bytes(TO_BYTE.get(c, ord(c) & 0xFF) for c in letters).decode()
    except UnicodeDecodeError:
        return ""
    return letter if LATIN.fullmatch(letter) or FOREIGN.fullmatch(letter) else ""
