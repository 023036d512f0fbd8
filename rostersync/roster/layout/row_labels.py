"""What stands in rows that state no enrolment: the words of data/layout.toml as patterns for a row's first cell."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

COLON = ":\uff1a"
OPEN = "(\uff08"
CLOSE = ")\uff09"
SLASH = "/\uff0f"
DASH = "\u2013\u2014-"
NUMBER = "[\\s\\d.,:'\u2019%()/+-]*"
KANA = "\u3000"
"""Where the Japanese signs begin."""
_SIGNS = re.compile(r"[.()*+?]")
_SHOWN = (
    r"[^\d@]{{0,40}}?(?:(?P<first>{count})\s*(?:{to})\s*)?(?P<shown>{count})\s*(?:{of})\s[^\d@]{{0,20}}?"
    r"(?P<number>{count})\s*(?:{noun})\b.*"
)
_COUNT = "\\d[\\d.,'\u2019 ]*"


@cache
def totals() -> str:
    """A total's label: “Total”, “Total: 312”, “Total students 312”, “Anzahl der Studierenden”, “合計312名”."""
    number = rf"{NUMBER}\s*(?:{_words('counted')})?[{CLOSE}.]*"
    phrase = rf"{_between()}(?:{_words('counted')})[^@\d]*{number}"
    text = rf"[^@]*[{COLON}=\s]\s*\d{NUMBER}"
    named = rf"(?:{_words('counted')})\s*[{COLON}=]\s*\d{NUMBER}"
    return f"^(?:{_spaced('totals')}(?:{number}|{phrase}|{text})|{named})$"


@cache
def counted() -> str:
    """A number of rows: “312 rows selected.”, “312名”, “18 of 312 rows”."""
    number = rf"[(\s]*\d+(?:\s+(?:{_words('counted')})(?:$|[\s.)].*)|\s*(?:{_words('counted', japanese=True)})$)"
    return rf"^(?:{number}|{_SHOWN.format(**_parts())}$)"


@cache
def named() -> str:
    """What is counted, with its number in another cell: “Students”, “Teachers:”."""
    return rf"^(?:{_words('counted')})\s*[{COLON}=]?$"


@cache
def footers() -> str:
    """The end of a page or of a report: “Page 3 of 7”, “Printed on 1.12.2026”."""
    words = rf"(?:{_words('footers')}|{_words('continued')})(?:$|[^a-z])"
    return rf"^[\s*=_{OPEN}{DASH}]*(?:{_spaced('pages')}\d|{words})"


@cache
def counts() -> tuple[re.Pattern[str], ...]:
    """Counts of the rows, each with its number in the group `number`, or with the number in another cell.

    What is counted is all that is there, or the rows as such: “Total students waiting: 5” is none, and no sum is.
    """
    more = rf"(?:[\s{OPEN}]+(?:{_words('present')})[{CLOSE}]?)?"
    noun = rf"(?:{_words('counted')}){more}"
    number = rf"(?P<number>{_COUNT})"
    end = rf"\s*(?:{noun})?[\s{CLOSE}.]*"
    forms = (
        rf"{_spaced('totals')}{_between()}(?:{noun})?[\s{COLON}={OPEN}]*(?:{number}{end})?",
        rf"{noun}\s*[{COLON}=]\s*{number}",
        rf"[\s{OPEN}]*{number}\s*{noun}[\s{CLOSE}.]*",
    )
    return tuple(re.compile(form, re.IGNORECASE) for form in forms)


@cache
def shown() -> re.Pattern[str]:
    """How many of the rows are there, in the groups `first`, `shown` and `number`: “Showing 1 to 18 of 312 entries”."""
    return re.compile(_SHOWN.format(**_parts()), re.IGNORECASE)


@cache
def within() -> re.Pattern[str]:
    """A count at the end of a title, in the group `number`: “Biology (312 students)”."""
    noun = rf"(?:{_words('counted')})(?:\s+(?:{_words('present')}))?"
    return re.compile(rf"(?:[{OPEN}\[,;|]|\s[{DASH}])\s*(?P<number>{_COUNT})\s*{noun}[{CLOSE}\].\s]*$", re.IGNORECASE)


@cache
def pages() -> re.Pattern[str]:
    """A page and how many there are, in the groups `page` and `number`: “Page 1 of 2”."""
    of = rf"\s*(?:{_words('parts')}|[{SLASH}])\s*"
    return re.compile(rf"(?:{_words('pages')})[\s.:]*(?P<page>\d+){of}(?P<number>\d+)", re.IGNORECASE)


@cache
def continued() -> re.Pattern[str]:
    """What says that there is more to come."""
    return re.compile(rf"[\s{OPEN}.{DASH}]*(?:{_words('continued')})", re.IGNORECASE)


def _parts() -> dict[str, str]:
    return {"count": _COUNT, "to": _words("ranges"), "of": _words("parts"), "noun": _words("counted")}


@cache
def nouns() -> re.Pattern[str]:
    """Words that say what is counted; “Total” alone may also be a sum."""
    return re.compile(_words("counted"), re.IGNORECASE)


@cache
def lines() -> re.Pattern[str]:
    """Words for lines of a file, among which the header may be counted."""
    return re.compile(_words("lines"), re.IGNORECASE)


def _between() -> str:
    return rf"(?:(?:{_words('between')})\s*)*"


def _spaced(group: str) -> str:
    """A word and what parts it from what follows: “total12” is a username; Japanese needs nothing between."""
    return rf"(?:(?:{_words(group)})(?:$|[\s{COLON}={OPEN}]+)|(?:{_words(group, japanese=True)})[\s{COLON}={OPEN}]*)"


@cache
def _words(group: str, *, japanese: bool = False) -> str:
    """The words of a list in layout.toml as a pattern, long ones first; only those in Japanese signs, or all."""
    lists = tomllib.loads((files("rostersync.roster") / "data" / "layout.toml").read_text(encoding="utf-8"))
    words = {w for language in lists[group].values() for w in language if not japanese or w[0] >= KANA}
    return "|".join(_SIGNS.sub(r"\\\g<0>", w) for w in sorted(words, key=lambda w: (-len(w), w)))
