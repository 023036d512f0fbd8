"""Try in which other way all unknown keys of a column could be written.

A system that exports a roster often writes every key a little otherwise than Moodle has it: with a letter before it,
another mail domain, the term behind it, or without its zeros. What is found here is tried, told as a hint, and decides
nothing.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from rostersync.text import names

SAMPLE = 5
"""Keys that are tried first."""
MOST_OF = 0.8
"""The share of keys that a way of writing has to change, and to make known."""
SHORTEST = 3
"""Signs of a key from which on it is looked for within other values."""
COMPARED = 20_000
"""Values that are known and are compared with a sample, at most."""
LENGTHS = range(5, 11)
"""Digits of numbers that may have lost their zeros."""
_ESCAPES = re.compile(r"&(?:[a-z]+|#\d+|#x[0-9a-f]+);", re.IGNORECASE)
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_SIGNS = re.compile(r"[-_./ ]")
_LETTERS = re.compile(r"[^\W\d_]+[-_./ ]?(?=\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """One way of writing keys."""

    how: str
    """In words, to stand behind “known”."""
    change: Callable[[str], str]
    whole: bool = True
    """It has to concern most of the keys; some changes concern only those with a certain sign."""

    def of(self, keys: Sequence[str]) -> dict[str, str]:
        """Key → how it would be written, for those that it changes; nothing where these are too few."""
        found = {k: new for k in keys if (new := self.change(k)) and new != k}
        return found if not self.whole or len(found) >= MOST_OF * len(keys) else {}


def letters(keys: Sequence[str]) -> list[Rewriting]:
    """The same in small or in capital letters: some databases tell them apart."""
    ways = (("in small letters", str.lower), ("in capital letters", str.upper))
    return [Rewriting(how=how, change=change) for how, change in ways if any(change(key) != key for key in keys)]


def sample(keys: Sequence[str]) -> list[str]:
    """A few keys, spread over all of them."""
    if len(keys) <= SAMPLE:
        return list(keys)
    return [keys[i * (len(keys) - 1) // (SAMPLE - 1)] for i in range(SAMPLE)]


def rewritings(keys: Sequence[str], known: Sequence[str], domains: Sequence[str] = ()) -> list[Rewriting]:
    """Ways in which the keys could be written otherwise, the likeliest first; a way that is found twice is there once.

    Args:
        keys: distinct ones that Moodle does not know.
        known: values of the same kind that it has, as far as they were seen.
        domains: mail domains of people there, the most frequent first.
    """
    found = [*_escapes(keys), *_zeros(keys, known), *_affixes_of(keys, known), *_cut(keys), *_mail(keys, domains)]
    found += _signs(keys, known)
    alike: dict[tuple[str, ...], Rewriting] = {}
    some = sample(keys)
    for one in found:
        if one.of(keys if not one.whole else some):
            alike.setdefault(tuple(map(one.change, some)) if one.whole else (one.how,), one)
    return [*alike.values()]


def _escapes(keys: Sequence[str]) -> Iterator[Rewriting]:
    if example := next((m[0] for k in keys if (m := _ESCAPES.search(k)) and html.unescape(m[0]) != m[0]), ""):
        plain = html.unescape(example)
        yield Rewriting(
            how=f"without the escapes of web pages (“{plain}” for “{example}”)", change=html.unescape, whole=False
        )
    if example := next((m[0] for k in keys if (m := _PERCENT.search(k))), ""):
        plain = unquote(example)
        yield Rewriting(
            how=f"without the escapes of addresses (“{plain}” for “{example}”)", change=unquote, whole=False
        )


def _affixes_of(keys: Sequence[str], known: Sequence[str]) -> Iterator[Rewriting]:
    """What known values have before or behind the keys."""
    before, behind = Counter[str](), Counter[str]()
    some = [k for k in sample(keys) if len(k) >= SHORTEST]
    for value in known[:COMPARED]:
        for key in some:
            if value != key and value.endswith(key):
                before[value[: -len(key)]] += 1
            elif value != key and value.startswith(key):
                behind[value[len(key) :]] += 1
    for text, count in before.most_common(2):
        if count > 1 or len(some) == 1:
            yield Rewriting(how=f"with “{text}” added in front (adding “{text}”)", change=partial(_with, text))
    for text, count in behind.most_common(2):
        if count > 1 or len(some) == 1:
            yield Rewriting(how=f"with “{text}” added at the end (adding “{text}”)", change=partial(_and, text))


def _with(text: str, key: str) -> str:
    return text + key


def _and(text: str, key: str) -> str:
    return key + text


def _cut(keys: Sequence[str]) -> Iterator[Rewriting]:
    """What all keys have before or behind them, or up to a sign that all of them have."""
    if len(keys) > 1:
        head = _beginning(keys)
        tail = _beginning([k[::-1] for k in keys])[::-1]
        for text in dict.fromkeys(_heads(head)):
            yield Rewriting(how=f"without the leading “{text}”", change=partial(_without_head, text))
        for text in dict.fromkeys(_tails(tail)):
            yield Rewriting(how=f"without the ending “{text}”", change=partial(_without_tail, text))
    for sign in "@-_./: \\":
        if sum(sign in k[1:-1] for k in keys) < MOST_OF * len(keys):
            continue
        shown = "blank" if sign == " " else f"“{sign}”"
        yield Rewriting(how=f"without the last {shown} and what follows it", change=partial(_before_last, sign))
        yield Rewriting(how=f"without the first {shown} and what stands before it", change=partial(_after_first, sign))
    yield Rewriting(how="without the letters that begin them", change=lambda key: _LETTERS.sub("", key, count=1))


def _beginning(keys: Sequence[str]) -> str:
    """The signs with which all of them begin."""
    first, last = min(keys), max(keys)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _heads(head: str) -> Iterator[str]:
    """Beginnings that all keys have: their signs, up to the last sign, up to the first digit, or all of it."""
    if match := re.match(r"[\W_]+", head):
        yield match[0]
    if match := re.match(r".*[\W_]", head):
        yield match[0]
    if match := re.match(r"\D+", head):
        yield match[0]
    if head:
        yield head


def _tails(tail: str) -> Iterator[str]:
    """Endings that all keys have: from the first sign on, from the last one on, or all of it."""
    if match := re.search(r"[\W_].*$", tail):
        yield match[0]
    if match := re.search(r"[\W_][^\W_]*$", tail):
        yield match[0]
    if match := re.search(r"\D+$", tail):
        yield match[0]
    if tail:
        yield tail


def _without_head(text: str, key: str) -> str:
    return key.removeprefix(text)


def _without_tail(text: str, key: str) -> str:
    return key.removesuffix(text)


def _before_last(sign: str, key: str) -> str:
    return key.rpartition(sign)[0].rstrip() or key


def _after_first(sign: str, key: str) -> str:
    return key.partition(sign)[2].lstrip() or key


def _zeros(keys: Sequence[str], known: Sequence[str]) -> Iterator[Rewriting]:
    """Numbers with all their digits, and without zeros that Moodle does not have."""
    if not all(k.isascii() and k.isdigit() for k in keys):
        return
    longest = max(map(len, keys))
    lengths = [n for n, _ in Counter(len(k) for k in known[:COMPARED] if k.isdigit()).most_common(3)]
    for length in dict.fromkeys((*lengths, longest, *LENGTHS)):
        if length >= longest:
            padded = partial(_padded, length)
            yield Rewriting(how=f"with leading zeros, as numbers of {length} digits", change=padded)
    yield Rewriting(how="without the leading zeros", change=lambda key: key.lstrip("0"))


def _padded(length: int, key: str) -> str:
    return key.zfill(length)


def _mail(keys: Sequence[str], domains: Sequence[str]) -> Iterator[Rewriting]:
    """Addresses under another domain, and names that are addresses in Moodle."""
    if all("@" in k for k in keys):
        mine = [d for d, _ in Counter(k.rpartition("@")[2] for k in keys).most_common(2)]
        for domain in domains[:3]:
            shown = f"the “@{mine[0]}”" if len(mine) == 1 else "the domains"
            how = f"without {shown}, and with “@{domain}” in its place"
            yield Rewriting(how=how, change=partial(_under, domain))
    elif not any("@" in k for k in keys):
        for domain in domains[:2]:
            yield Rewriting(
                how=f"with “@{domain}” added at the end (adding “@{domain}”)", change=partial(_under, domain)
            )


def _under(domain: str, key: str) -> str:
    return f"{key.partition('@')[0]}@{domain}"


def _signs(keys: Sequence[str], known: Sequence[str]) -> Iterator[Rewriting]:
    """Blanks, hyphens and such that only one of the two has."""
    if any(_SIGNS.search(k) for k in keys):
        yield Rewriting(how="without the blanks and hyphens in them", change=lambda key: _SIGNS.sub("", key))
    flat: dict[str, str | None] = {}
    for value in known[:COMPARED]:
        flat[names.flat(value)] = value if names.flat(value) not in flat else None
    if flat:
        how = "where blanks, hyphens and capitals need not agree"
        yield Rewriting(how=how, change=lambda key: flat.get(names.flat(key)) or key)
