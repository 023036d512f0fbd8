"""Read a word as a role, a status or an action, or say why it means none."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from rapidfuzz import fuzz, process

from rostersync.enums import Action, Status
from rostersync.errors import SettingsError
from rostersync.settings import Settings

HINT = re.compile(r"[\s*:]*[(\[]([^()\[\]]*)[)\]][\s*:]*$")
"""A bracket at a header's end."""
_WORD = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
KANA_VOICING = "\u3099\u309a"
NEAR = 75
"""Likeness in percent from which a known word is offered for an unknown one."""
SUGGESTIONS = 200
"""A mapped column full of unknown words gets no more suggestions than a person would read."""
MARKING = frozenset({"removed", "ignored", "undecided"})
"""What a header says yes to where it marks people who are not simply enrolled."""
DEFAULT_ROLE_IDS = {"1": "manager", "2": "coursecreator", "3": "editingteacher", "4": "teacher", "5": "student"}
"""Moodle's ids after installation (guide/moodle.md, fact 16)."""


@dataclass(frozen=True, slots=True)
class WordMeaning:
    """What one word means: its value, or the code and detail of the problem that it is."""

    value: str
    code: str = ""
    detail: str = ""


def normalise(text: str) -> str:
    """The text as it is compared: without case, accents, blanks and signs; kana keep their voicing marks."""
    if text.isascii():  # most of what a roster holds, and nothing of it is to be taken apart
        plain = text.lower()
        return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(c for c in spread if c in KANA_VOICING or not unicodedata.category(c).startswith("M"))
    return "".join(c for c in unicodedata.normalize("NFC", kept) if c.isalnum())


@lru_cache(maxsize=10_000)
def heading(header: str) -> str:
    """A header as it is compared wherever a known format is recognised, unfolded, joined or read.

    All spellings of one header are one: case, blanks, signs and a hint like (required) at its end do not matter. A
    format that is recognised by one comparison and read by another loses what they disagree about.
    """
    hint = HINT.search(header)
    return normalise(header[: hint.start()] if hint and normalise(hint[1]) in meanings("hints") else header)


def words_of(header: str) -> list[str]:
    """The words of a header, normalised; those of `camelCase` and `snake_case` count one by one."""
    return [normalise(w) for w in _WORD.findall(_JOINT.sub(" ", header))]


@cache
def aliases() -> Mapping[str, Any]:
    """Everything in aliases.json."""
    found: Mapping[str, Any] = json.loads(
        (files("rostersync.roster") / "data" / "aliases.json").read_text(encoding="utf-8")
    )
    return found


@cache
def lists() -> Mapping[str, Any]:
    """Everything in words.toml."""
    return tomllib.loads((files("rostersync.roster") / "data" / "words.toml").read_text(encoding="utf-8"))


def flat(languages: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Normalised word → word as it is first written, for all languages of a list."""
    return {normalise(w): w for words in reversed([*languages.values()]) for w in reversed(words)}


@cache
def meanings(group: str) -> Mapping[str, str]:
    """Normalised word → meaning, for a group of lists such as `status`."""
    return {word: meaning for meaning, languages in lists()[group].items() for word in flat(languages)}


@cache
def spellings(group: str) -> Mapping[str, str]:
    """Normalised word → word as it is written, for a group of lists."""
    return {word: spelling for languages in lists()[group].values() for word, spelling in flat(languages).items()}


@lru_cache(maxsize=1000)
def sense(header: str) -> str:
    """What “yes” means in a column with this header: active, suspended, removed, ignored or undecided; else "".

    Words that say nothing of it may stand around one that marks who left, waits or only listens: “On waitlist (Y/N)”.
    With any other word, its “yes” can mean the contrary (“Not dropped”, “Enrolled/Dropped”), and says nothing.
    """
    known = meanings("sense")
    if normalise(header) in known:
        return known[normalise(header)]
    meant = known.get("".join(w for w in words_of(header) if w not in flat(lists()["fillers"])), "")
    return meant if meant in MARKING else ""


@lru_cache(maxsize=1000)
def hinted(header: str) -> bool:
    """Whether a part of this header says that somebody left, waits or only listens: reason for a warning, no more."""
    words, known = words_of(header), meanings("sense")
    return any(
        known.get("".join(words[i:j])) in MARKING for i in range(len(words)) for j in range(i + 1, len(words) + 1)
    )


class Roles:
    """Reads role words under these settings.

    Args:
        settings: role_words, teacher_means, assignable_roles, roles and default_role matter.
        header: the column's header: in some columns of Moodle's, digits stand for certain roles.
        ids: digits are Moodle's ids of roles; else they mean nothing by themselves, for they count other roles in
            other systems.

    Raises:
        SettingsError: default_role is no role that could be meant.
    """

    def __init__(self, settings: Settings, header: str = "", *, ids: bool = False) -> None:
        self._settings, self._ids = settings, ids
        self._own = {normalise(w): r.strip() for w, r in settings.role_words.items()}
        self._digits: Mapping[str, str] = lists()["role_digits"].get(normalise(header), {})
        self._maybe = meanings("maybe")
        self._ask = meanings("ask")
        self._names = set(settings.assignable_roles) | set(settings.roles) | set(DEFAULT_ROLE_IDS.values())
        self._words = {w: r for w, r in meanings("roles").items() if w not in self._maybe}
        self._words |= {normalise(n): n for n in sorted(self._names) if normalise(n) not in self._maybe}
        self._spelled = spellings("roles")
        self._suggested = 0
        self.default = self._default()

    def read(self, word: str) -> WordMeaning:
        """The short name, or the role id in digits, that a word stands for; blank gives `role_blank`.

        Other problems: role_unknown (its detail offers a near miss), role_ambiguous, role_digits, role_not_allowed
        (its detail is the role).
        """
        plain = normalise(word)
        if not word:
            return WordMeaning("", "role_blank")
        if plain in self._own:
            return self._allowed(self._own[plain])
        if word.isascii() and word.isdigit():
            return self._number(str(int(word)))
        if self._maybe.get(plain) == "editingteacher":
            meant = self._settings.teacher_means
            return self._allowed(meant) if meant else WordMeaning("", "role_ambiguous")
        if plain in self._words:
            return self._allowed(self._words[plain])
        return WordMeaning("", "role_unknown", self._near(plain))

    def _number(self, number: str) -> WordMeaning:
        if self._digits:
            name = self._digits.get(number, "")
            return self._allowed(name) if name else WordMeaning("", "role_unknown")
        return self._allowed(number) if self._ids else WordMeaning("", "role_digits")

    def _allowed(self, role: str) -> WordMeaning:
        """The role, unless it is one that a roster may not give; ids that only the site knows are left to it."""
        named = {str(i): n for n, i in self._settings.roles.items()}
        name = (DEFAULT_ROLE_IDS | named).get(role, role)
        if name in self._settings.assignable_roles or role in self._settings.assignable_roles or name.isdigit():
            return WordMeaning(role)
        return WordMeaning("", "role_not_allowed", name)

    def _near(self, plain: str) -> str:
        if plain in self._ask or self._suggested >= SUGGESTIONS:
            return ""
        self._suggested += 1
        if plain in self._maybe:
            return f" — it can mean the role “{self._maybe[plain]}”"
        found = process.extractOne(plain, list(self._words), scorer=fuzz.ratio, score_cutoff=NEAR)
        return f" — did you mean “{self._spelled.get(found[0], self._words[found[0]])}”?" if found else ""

    def _default(self) -> str:
        """The short name that default_role means: a short name as it is, `teacher` included, else a known word."""
        wanted = self._settings.default_role.strip()
        if not wanted:
            return ""
        plain = wanted in self._names or (wanted.isascii() and wanted.isdigit())
        reading = self._allowed(wanted.lstrip("0")) if plain else self.read(wanted)
        if reading.code:
            raise SettingsError(
                f"default_role = “{wanted}” cannot be used: it is not one of the roles that a roster may give",
                remedy=f"name one of {', '.join(self._settings.assignable_roles)}, or add to assignable_roles",
            )
        return reading.value


_YES = {"ignored": WordMeaning("", "waiting_list"), "undecided": WordMeaning("", "status_unknown")}
"""Sense → what “yes” is, where it is not the status of that name."""
_WORDS = {"gone": WordMeaning("", "not_taking_part"), "ignored": WordMeaning("", "waiting_list")}
"""Meaning of a word → what it is, where that is no status."""
_LEFT_OUT = {
    "ignored": WordMeaning("", "status_ignored"),
    "waiting": WordMeaning("", "waiting_list"),
    "absent": WordMeaning("", "not_taking_part"),
}
"""The same for words that settings give a meaning."""
_NO = {
    "active": WordMeaning("", "not_taking_part"),
    "ignored": WordMeaning(Status.NONE),
    "undecided": WordMeaning(Status.NONE),
}


class Statuses:
    """Reads status words in a column with this header.

    Yes and no (1, 0, true, false, …) are read only where the header, or else status_sense, says what they affirm.
    """

    def __init__(self, settings: Settings, header: str) -> None:
        self._own = {normalise(w): s for w, s in settings.status_words.items()}
        self._words = meanings("status")
        self._truth = meanings("truth")
        said = {"negative": "suspended", "positive": "active"}.get(settings.status_sense, "")
        self._yes = sense(header) or said
        if said and self._yes in MARKING:  # both count: what takes less away, or nothing where they contradict
            self._yes = said if said == Status.SUSPENDED else ""

    def read(self, word: str) -> WordMeaning:
        """A value of Status.

        Problems: status_unknown; not_taking_part, waiting_list or status_ignored, where the row is no enrolment.
        """
        plain = normalise(word)
        if plain in self._own and (plain or not word):
            own = self._own[plain]
            return _LEFT_OUT[own] if own in _LEFT_OUT else WordMeaning(own)
        if not word:
            return WordMeaning(Status.NONE)
        if plain in self._words:
            meant = self._words[plain]
            return _WORDS[meant] if meant in _WORDS else WordMeaning(meant)
        if self._yes and plain in self._truth:
            if self._truth[plain] == "yes":
                return _YES.get(self._yes, WordMeaning(self._yes))
            return _NO.get(self._yes, WordMeaning(Status.ACTIVE))
        return WordMeaning("", "status_unknown")


class Actions:
    """Reads action words."""

    def __init__(self) -> None:
        self._words = meanings("actions")

    def read(self, word: str) -> WordMeaning:
        """A value of Action, or the problem action_unknown: a blank cell in an action column says nothing certain."""
        plain = normalise(word)
        return WordMeaning(Action(self._words[plain])) if plain in self._words else WordMeaning("", "action_unknown")
