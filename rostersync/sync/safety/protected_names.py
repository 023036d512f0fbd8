"""Say which protected names fit nobody and nothing on the site: whoever is meant would not be protected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from rostersync.enums import Match, UserField
from rostersync.settings import Settings
from rostersync.sync.state.desired import DEFAULT_ROLES
from rostersync.text import names

FITS = (str(Match.EXACT), str(Match.CASE))
OTHER_DEFAULTS = ("guest", "user", "frontpage")
"""Short names of Moodle's own roles that nobody has in a course."""
NO_USERNAME = r"[^a-z0-9._@-]"
"""What stands in no user name that Moodle looks for (upper case is looked for in lower case)."""
SHOWN = 3
"""Names that a hold tells; the preview's notes have them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownName:
    """A protected name that fits nobody."""

    setting: str
    name: str
    words: str
    """What is wrong with it, after the name."""

    @property
    def sentence(self) -> str:
        """The name, where it stands, and what is wrong with it."""
        return f"“{self.name}” in {self.setting} {self.words}"


def asked(listed: Sequence[str], settings: Settings) -> list[str]:
    """The names of a protected_* setting that are to be looked up: those that are not said to be gone."""
    gone = {name.strip().lower() for name in settings.protected_gone}
    return [name for n in listed if (name := n.strip()) and name.lower() not in gone]


def unknown_users(found: pd.DataFrame, people: pd.DataFrame, settings: Settings) -> list[UnknownName]:
    """Those of protected_users that are nobody's key.

    Args:
        found: USER_MATCHES for them under every field. A key that Moodle could not look up is not said to be wrong.
        people: PEOPLE, to recognise a name that stands where a key should.
        settings: protected_users, protected_gone.
    """
    # That Moodle refuses to look for something as a user name, for what is in it, means that it is nobody's.
    no_name = (found["field"] == UserField.USERNAME) & found["key"].str.contains(NO_USERNAME, regex=True)
    made = []
    for name in _without(settings, settings.protected_users, found[~((found["match"] == Match.ERROR) & no_name)]):
        words = f"is nobody on this site{_near(found, name, 'username')}"
        if " " in name and "@" not in name:
            words = _as_a_name(name, people)
        made.append(UnknownName(setting="protected_users", name=name, words=words))
    return made


def _as_a_name(name: str, people: pd.DataFrame) -> str:
    plain = names.plain(name)
    known = zip(people["username"].tolist(), people["fullname"].tolist(), strict=True)
    keys = sorted({key for key, full in known if key and names.same(plain, names.plain(full))})
    if not keys:
        return "is nobody's key: write a user name, an e-mail address or an ID number, not a person's name"
    meant = " or ".join(f"“{key}”" for key in keys[:SHOWN])
    return f"is a person's name, not a key: if that is who is meant, write the user name {meant}"


def unknown_courses(found: pd.DataFrame, settings: Settings) -> list[UnknownName]:
    """Those of protected_courses that are no course's key; `found` is COURSE_MATCHES for them under every field."""
    return [
        UnknownName(
            setting="protected_courses",
            name=name,
            words=f"is no course on this site by its short name or ID number{_near(found, name, 'shortname')}",
        )
        for name in _without(settings, settings.protected_courses, found)
    ]


def unknown_roles(roles: pd.DataFrame, settings: Settings) -> list[UnknownName]:
    """Those of protected_roles that are no role's short name, as far as that is known.

    Known are the roles that somebody was seen with, those of the setting roles, and Moodle's own.
    """
    seen = {*roles["shortname"].tolist(), *settings.roles, *DEFAULT_ROLES, *OTHER_DEFAULTS}
    known = {str(name).lower() for name in seen}
    words = (
        "is no role that was seen on this site, by its short name (one that is right is made known by its id: roles)"
    )
    return [
        UnknownName(setting="protected_roles", name=name, words=words)
        for name in asked(settings.protected_roles, settings)
        if name.lower() not in known
    ]


def told(unknown: Sequence[UnknownName]) -> str:
    """What a hold says of them."""
    more = f", and {len(unknown) - SHOWN:,} more" if len(unknown) > SHOWN else ""
    return "; ".join(one.sentence for one in unknown[:SHOWN]) + more


def _without(settings: Settings, listed: Iterable[str], found: pd.DataFrame) -> list[str]:
    """The names that nothing was found for."""
    match = found["match"].astype(str)
    fits = set(found.loc[match.isin(FITS) | (match == Match.ERROR), "key"].tolist())
    return [name for name in asked([*listed], settings) if name not in fits]


def _near(found: pd.DataFrame, name: str, shown: str) -> str:
    near = found.loc[(found["match"] == Match.NEAR) & (found["key"] == name), shown].tolist()
    return f" (“{near[0]}” differs by its accents)" if near else ""
