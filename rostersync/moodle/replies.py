"""Say what a reply means that is no answer of Moodle's web services: another status, a page, a redirect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from urllib.parse import urljoin, urlsplit

from rostersync.errors import Redirected
from rostersync.moodle.answers import STATUSES, Remedy
from rostersync.moodle.transport import Reply, Setback, SetbackKind
from rostersync.text.addresses import SERVICE_PATH
from rostersync.text.masking import masked

_REDIRECTS = range(300, 400)
_REPEATABLE_FROM = 500
_UNAVAILABLE = 503
_MAINTENANCE = 300.0
"""Seconds that Moodle asks for in maintenance, on a page of the administrator's own as well (faults.jsonl)."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_UNSEEN = re.compile(r"<(style|script)\b.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)


def status(reply: Reply, site: str, address: str) -> Exception:
    """What a status other than 200 means: a setback, or what ends the run.

    Args:
        reply: what came.
        site: the site's address, for whoever reads messages.
        address: where it was sent.
    """
    if reply.status in _REDIRECTS:
        return _redirected(reply, site, address)
    known = STATUSES.get(reply.status)
    if known and known.ends:
        return known.ends(f"{site}: {known.message}", remedy=known.advice, code=str(reply.status))
    words = known.message if known else f"HTTP {reply.status}"
    if page := words_of(reply.content):
        words += f": “{page}”"
    retry_after = _retry_after(reply.headers)
    kind = SetbackKind.LOST if reply.status >= _REPEATABLE_FROM else SetbackKind.ODD
    if known and known.remedy is Remedy.RETRY:
        # A proxy says 503 also where its back end broke off in the middle of a call, and some name a time with it.
        deliberate = reply.status != _UNAVAILABLE or retry_after == _MAINTENANCE or "maintenance" in page.lower()
        kind = SetbackKind.REFUSED if deliberate else SetbackKind.LOST
    return Setback(kind, words, status=reply.status, retry_after=retry_after)


def words_of(page: bytes) -> str:
    """The title of a page, or its text; at most 120 characters."""
    text = page[:20_000].decode("utf-8", "replace")
    title = _TITLE.search(text)
    text = title[1] if title else _UNSEEN.sub(" ", text)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())[:120]


def _redirected(reply: Reply, site: str, address: str) -> Redirected:
    try:
        target = urlsplit(urljoin(address, masked(reply.headers.get("Location", ""))))
    except ValueError:
        target = urlsplit("")
    place = f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}"
    if target.path.endswith(SERVICE_PATH):
        other = place.removesuffix(SERVICE_PATH)
        return Redirected(f"{site} sends web services on to {other}", remedy=f"use the address {other}")
    return Redirected(
        f"{site} sends web services on to {place}, which is not their place",
        remedy="look what stands before Moodle (a login page, a portal), and let web services through",
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks to wait, given as such or as a date."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date; or one without a zone, which cannot be compared
        return None
