"""Tell what the values of a column say of who takes part, and whether the column is about that at all."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from rostersync.enums import Status
from rostersync.roster.columns import dates, senses
from rostersync.roster.columns.senses import Sense, SenseKind
from rostersync.roster.columns.words import Statuses, WordMeaning, meanings, normalise
from rostersync.settings import Settings

NOTHING = re.compile(r"[-–—./_~\s]*")  # noqa: RUF001 -- dashes as people type them
"""What is written where there is nothing to say."""
CROSSES = frozenset("✗✘✖❌☒×")  # noqa: RUF001 -- signs as people type them
SIGNS = frozenset("xX*+#!?✓✔☑✅●•◉■○◯〇◎")  # noqa: RUF001 -- signs as people type them
"""Signs that people are marked with."""
BOXES, CIRCLES, FULL = frozenset("☐□▢⬜◻"), frozenset("○◯〇"), frozenset("●◉")  # noqa: RUF001 -- the same
"""Signs of a box that nobody ticked; circles, which say yes, as in Japan, but no beside those that are filled."""
TICKED = frozenset("☑✅✓✔■")
SHORT = 3
"""Letters of a code, at most: a whole value has to have more, to count whatever the header."""
LONGEST = 40
"""Characters of a value that can be a word or a mark."""
SPREAD, FEW = 0.9, 12
"""The share of a column's rows from which on, and the distinct values above which, nearly all of them differ."""
BORN = dt.timedelta(days=3652)
"""A column whose dates are all longer ago is one of birth."""
WHOLE = re.compile(r"([01])[.,]0+")
DATE = re.compile(r"(?=.*\d)[\d\w\s.,:/+年月日-]{5,}")


class Says(StrEnum):
    """What a value says of its row."""

    TAKES = "takes part"
    GONE = "does not take part"
    WAITS = "waits"
    IGNORED = "is left out"
    UNCLEAR = "may be past or ahead"
    UNKNOWN = "is not clear"


SAYS = {SenseKind.TAKING: Says.TAKES, SenseKind.GONE: Says.GONE, SenseKind.WAITING: Says.WAITS}
"""What is said of people by a header → what a mark below it says."""
_DENIED = {SenseKind.TAKING: Says.GONE, SenseKind.GONE: Says.TAKES, SenseKind.WAITING: Says.TAKES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The distinct values of a column, blanks apart, and what each of them says."""

    said: Mapping[str, Says]
    leaving: frozenset[str]
    """Whole words of leaving, refusing, waiting or suspending, which count whatever the header."""
    words: frozenset[str]
    """All words that say something, those of taking part and short ones included."""
    codes: frozenset[str]
    """At most three letters, and no known word."""
    together: bool
    """The codes are understood: all of them belong to one known set."""
    dates: frozenset[str]
    ahead: frozenset[str]
    """Dates of leaving that are not past."""
    unclear: frozenset[str]
    """Dates that may be past or ahead."""
    numbers: frozenset[str]
    marks: frozenset[str]
    """Yes, no, 1, 0, true, false and signs."""

    @property
    def others(self) -> frozenset[str]:
        """What is none of all this."""
        return frozenset(self.said) - self.words - self.codes - self.dates - self.numbers - self.marks

    @classmethod
    def of(cls, values: Sequence[str], kind: SenseKind | None, settings: Settings) -> Values:
        """These values, in a column whose header says this of its marks."""
        plain = {v: _compared(v) for v in values}
        own = {normalise(w) for w in settings.status_words} - {""}
        status = Statuses(settings, "")
        words = {
            v: said
            for v, p in plain.items()
            if (p in meanings("status") or p in own) and (said := _of_status(status.read(v))) is not None
        }
        if senses.is_side([*plain.values()]):
            words = {v: s for v, s in words.items() if plain[v] not in _left()}
        codes = {v for v, p in plain.items() if v not in words and p and len(p) <= SHORT and p.isalpha()}
        truth = {v: t for v, p in plain.items() if (t := _truth(v, p, plain))}
        codes -= truth.keys()
        short = {v for v in words if len(plain[v]) <= SHORT and plain[v] < senses.JAPANESE}
        known = _together({plain[v] for v in codes | short}) if codes else None
        numbers = {v for v in values if v not in truth and v.isdecimal() and len(v) <= SHORT}
        rest = [v for v in values if v not in words and v not in codes and v not in truth and v not in numbers]
        past, ahead, unclear = _dated(rest, settings)
        says = {v: _of_date(kind, past=v in past) for v in (*past, *ahead, *unclear)}
        says |= dict.fromkeys(numbers, Says.WAITS if kind == SenseKind.WAITING else Says.UNKNOWN)
        says |= {v: SAYS[known[plain[v]]] if known else Says.UNKNOWN for v in codes}
        says |= {v: _of_truth(t, kind) for v, t in truth.items()} | words
        leaving = {v for v, s in words.items() if s != Says.TAKES and v not in short}
        return cls(
            said={v: says.get(v, Says.UNKNOWN) for v in values},
            leaving=frozenset(leaving),
            words=frozenset(words),
            codes=frozenset(codes),
            together=known is not None,
            dates=frozenset({*past, *ahead, *unclear}),
            ahead=frozenset(ahead),
            unclear=frozenset(unclear),
            numbers=frozenset(numbers),
            marks=frozenset(truth),
        )


def _of_status(reading: WordMeaning) -> Says | None:
    """What a status word says; one that is suspended is not simply one or the other."""
    if reading.code == "waiting_list":
        return Says.WAITS
    if reading.code == "status_ignored":
        return Says.IGNORED
    if reading.code == "not_taking_part" or reading.value == Status.REMOVED:
        return Says.GONE
    if reading.code:
        return None
    return Says.TAKES if reading.value == Status.ACTIVE else Says.UNKNOWN


def _truth(value: str, plain: str, others: Mapping[str, str]) -> str:
    """yes, no, mark or cross; "" for other values. One letter is the yes of a language where the only other is no."""
    if value in BOXES:
        return "no"
    if value in CIRCLES and not FULL.isdisjoint(others):
        return ""  # no where it is an empty button, and yes where a filled one is a stronger yes
    if value == "☒" and not BOXES.isdisjoint(others) and TICKED.isdisjoint(others):
        return "mark"  # how word processors tick a box
    if value in CROSSES:
        return "cross"
    if plain in {"o", "s"} and {*others.values()} <= {plain, "n"}:
        return "yes"
    known = meanings("truth").get(plain, "")
    return known or ("mark" if value in SIGNS else "")


def _of_date(kind: SenseKind | None, *, past: bool) -> Says:
    if kind == SenseKind.WAITING:
        return Says.WAITS
    return Says.GONE if kind == SenseKind.GONE and past else Says.UNKNOWN


def _of_truth(truth: str, kind: SenseKind | None) -> Says:
    if kind is None or (truth == "cross" and kind != SenseKind.TAKING):
        return Says.UNKNOWN
    return (_DENIED if truth in {"no", "cross"} else SAYS).get(kind, Says.UNKNOWN)


def _together(codes: set[str]) -> Mapping[str, SenseKind] | None:
    """What these codes say, where all of them belong to one known set, and not all of them say the same."""
    return next((known for known in senses.codes() if codes <= known.keys()), None)


def _dated(values: Sequence[str], settings: Settings) -> tuple[set[str], set[str], set[str]]:
    """The dates among these values: those that are past, those that are ahead, and those that may be either.

    A date that can be read in several ways is past where it is so in all of them.
    """
    likely = [v for v in values if len(v) <= LONGEST and DATE.fullmatch(v)]
    if not likely:
        return set(), set(), set()
    now = dt.datetime.now(ZoneInfo(settings.timezone)).timestamp()
    past, ahead, unclear = set[str](), set[str](), list[str]()
    for value, moment in zip(likely, dates.read(likely, settings, end=False), strict=True):
        if moment.problem is None and moment.epoch > 0:
            (past if moment.epoch <= now else ahead).add(value)
        elif moment.code == dates.UNCLEAR:
            unclear.append(value)
    ways = [
        dates.read(unclear, settings.model_copy(update={"date_order": o}), end=False) for o in ("dmy", "mdy", "ymd")
    ]
    for value, *moments in zip(unclear, *ways, strict=True):
        if all(m.epoch <= now for m in moments if m.problem is None):
            past.add(value)
    return past, ahead, {*unclear} - past


def are_dates(values: Sequence[str], settings: Settings) -> bool:
    """Whether these values are dates, and not all of them so long ago that people were born then."""
    if not all(len(v) <= LONGEST and DATE.fullmatch(v) for v in values):
        return False
    past, ahead, unclear = _dated(values, settings)
    if len(past | ahead | unclear) < len(values):
        return False
    born = dt.datetime.now(ZoneInfo(settings.timezone)).timestamp() - BORN.total_seconds()
    read = dates.read(sorted(past), settings, end=False)
    return bool(ahead or unclear) or any(m.problem is not None or m.epoch > born for m in read)


def concerns(values: Values, sense: Sense, rows: Mapping[str, int], blanks: int) -> bool:
    """Whether a column is about taking part.

    Args:
        values: its distinct values.
        sense: what its header says.
        rows: value → its rows.
        blanks: rows without a value.
    """
    if values.leaving:
        return True
    if sense.clear and all(says in {Says.GONE, Says.WAITS} for says in values.said.values()) and not blanks:
        return True  # a list of people who left, or wait, and of nobody else
    telling = len(rows) > 1 or blanks > 0
    differing = len(rows) > FEW and len(rows) >= SPREAD * (sum(rows.values()) + blanks)
    if not telling or differing or not (sense.kinds or sense.general):
        return False
    if len(values.dates) == len(rows):
        return blanks > 0
    return _marks_people(values, sense, rows, blanks) if sense.kinds else _marks_by_themselves(values, sense)


def _compared(value: str) -> str:
    """A value as it is compared; 1.0 and 0.0 are how some programs write yes and no."""
    found = WHOLE.fullmatch(value)
    return found[1] if found else normalise(value) if len(value) <= LONGEST else ""


def _marks_people(values: Values, sense: Sense, rows: Mapping[str, int], blanks: int) -> bool:
    """Whether the values under a header of taking part or leaving are marks."""
    if all(v.isdecimal() for v in rows):
        return blanks > 0 or any(int(v) == 0 for v in rows)
    if values.marks or any(_begins_with_yes_or_no(v) for v in values.others):
        return True
    if values.others:
        # Free text beside people who have left, or who wait, says why or how long; elsewhere it is of other things.
        return bool(values.words) or (blanks > 0 and sense.clear in {SenseKind.GONE, SenseKind.WAITING})
    return not (values.codes and sense.counting and not values.words)


def _begins_with_yes_or_no(value: str) -> bool:
    """“No - moved away”, “Yes, since May”."""
    word = re.match(r"\w+", value)
    return word is not None and normalise(word[0]) in meanings("truth") and not word[0].isdigit()


def _marks_by_themselves(values: Values, sense: Sense) -> bool:
    """Whether the values under a general header are marks of taking part."""
    if values.others or values.numbers:
        return False
    if values.codes:
        return values.together or (sense.decided and sense.plain)
    return bool(values.marks or values.words)


def is_mark(value: str) -> bool:
    """Whether a value is yes, no, 1, 0, true, false or a sign."""
    return value in SIGNS or value in CROSSES or value in BOXES or normalise(value) in meanings("truth")


@cache
def _left() -> frozenset[str]:
    """Words that are sides as well."""
    return frozenset({normalise("left"), normalise("gauche")})
