"""What the token sees of the site as a whole: its name, its release, and the functions that may be called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rostersync.errors import FunctionMissing, Misfit, NotMoodle, TransportError, Unreachable
from rostersync.moodle.answers import missing_functions
from rostersync.tables.functions import SITE_INFO
from rostersync.text.addresses import canonical

if TYPE_CHECKING:
    from rostersync.moodle.client import Client

_DIGITS = 12
"""Digits of a version, and two to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    """One Moodle, as the token's account sees it."""

    name: str
    url: str
    """Moodle's own idea of its address."""
    release: str
    """In words, like 4.4 (Build: 20240422)."""
    version: int
    """The date of its branch with two digits more, like 2024042200; 0 where Moodle does not tell."""
    user_id: int
    username: str
    functions: frozenset[str]

    @property
    def branch(self) -> tuple[int, int]:
        """The first two numbers of the release; (0, 0) where Moodle does not tell."""
        found = re.match(r"(\d+)\.(\d+)", self.release)
        return (int(found[1]), int(found[2])) if found else (0, 0)


def site_info(client: Client) -> SiteInfo:
    """What core_webservice_get_site_info answers (recording 1); the client keeps it.

    Raises:
        SiteError: Moodle could not be reached, is not there, or does not accept the token.
    """
    try:
        answer = client.call(SITE_INFO, [])
    except Misfit:
        raise NotMoodle(
            f"{client.address} answers, but not as Moodle's web services do",
            remedy="write the address as it stands in a browser on Moodle's front page",
        ) from None
    except TransportError as error:  # nothing is known of the site yet: it is not one call that failed
        raise Unreachable(
            f"{client.address} does not answer as it should: {error.message.removeprefix(f'{SITE_INFO}: ')}",
            remedy="look whether the site works in a browser; try again later",
        ) from None
    version = str(answer.get("version", "")).partition(".")[0]
    info = SiteInfo(
        name=str(answer.get("sitename") or ""),
        url=str(answer.get("siteurl") or ""),
        release=str(answer.get("release") or ""),
        version=int(version) if version.isascii() and version.isdigit() and len(version) <= _DIGITS else 0,
        user_id=int(answer["userid"]),
        username=str(answer.get("username") or ""),
        functions=frozenset(str(f["name"]) for f in answer["functions"]),
    )
    client.info = info
    client.site = canonical(info.url) or client.site
    return info


def require(info: SiteInfo, names: Collection[str]) -> None:
    """Makes sure that the token's service has these functions.

    Raises:
        FunctionMissing: names all that it lacks, and where an administrator adds them.
    """
    if missing := tuple(sorted(set(names) - info.functions)):
        message, remedy = missing_functions(missing)
        raise FunctionMissing(message, remedy=remedy)


@contextmanager
def indispensable(site: str) -> Iterator[None]:
    """Look-ups without which there is nothing to go on with, whatever stands in the way.

    Raises:
        Unreachable: one of them got no usable answer.
    """
    try:
        yield
    except TransportError as error:
        raise Unreachable(
            f"{site}: {error.message}",
            remedy="try again later; if it stays, ask the site's administrator for the web server's error log",
            code=str(error.status or ""),
        ) from error
