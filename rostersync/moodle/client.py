"""Function names and parameters go in, Moodle's decoded answers come out; everything else becomes an exception.

Reads are repeated here. Writes are repeated only where they were certainly not processed: for anything else the caller
reads again first (MOODLE.md, fact 24). The loop is written out rather than left to stamina: the wait follows
Retry-After, has a limit for the whole call, and sleeps and random numbers come in from outside.
"""

from __future__ import annotations

import logging
import random as randomness
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import quote_plus, urljoin, urlsplit

from pydantic import SecretStr

from rostersync.address import SERVICE_PATH, canonical, tidy
from rostersync.errors import FunctionMissing, NotMoodle, Redirected, SettingsError
from rostersync.masking import conceal, masked, masked_bytes
from rostersync.moodle.answers import STATUSES, Remedy, missing_functions, refusal
from rostersync.moodle.encoding import OVERHEAD, Body, encode
from rostersync.moodle.lines import GRACE
from rostersync.moodle.pace import Pace
from rostersync.moodle.shapes import decoded, misfit
from rostersync.moodle.transport import Kind, Reply, Setback, Transport, plain_to
from rostersync.settings import Settings

if TYPE_CHECKING:
    from rostersync.moodle.site import SiteInfo

PATIENCE = 300.0
"""Seconds that one call may spend waiting between its tries; Moodle in maintenance asks for 300."""

_HURRY = 5.0
"""The same after somebody has stopped the run: enough for a bad moment, and nothing for a maintenance."""
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
_OK = 200
_REDIRECTS = range(300, 400)
_REPEATABLE_FROM = 500

_AWAY = "dbconnectionfailed"
"""The code of a Moodle whose database is away, in HTTP 200: it comes before anything was done (MOODLE.md, fact 26)."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_UNSEEN = re.compile(r"<(style|script)\b.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)

Fields: TypeAlias = Iterable[tuple[str, str | int]] | Body | Callable[[], Body]
"""Parameters; or a body that is encoded already; or what makes one for each try."""

_log = logging.getLogger(__name__)


class Client:
    """One site and one token. Can be shared by threads; a context manager.

    Args:
        site: the address as it stands in a browser, like https://moodle.example.
        token: the web service token; it goes into bodies and nowhere else.
        settings: connections, chunk_rows, timeout, attempts and max_fields are used.
        sleep: waits that many seconds; by itself the client waits until `give_up` as well.
        random: a number between 0 and 1, for the jitter.
        clock: seconds, to tell quick calls from slow ones.

    Raises:
        SettingsError: the token would leave this machine unencrypted, and `allow_http` is not set.
    """

    def __init__(
        self,
        site: str,
        token: SecretStr,
        *,
        settings: Settings,
        sleep: Callable[[float], object] | None = None,
        random: Callable[[], float] = randomness.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = tidy(site)
        """Where it is called, for whoever reads messages."""
        self.site = canonical(site) or self.address
        """What it is known by: what Moodle calls itself, once `site_info` has asked."""
        _refuse_plain(self.address + SERVICE_PATH, allowed=settings.allow_http)
        conceal(token.get_secret_value())
        self.settings = settings
        self.info: SiteInfo | None = None
        """What `site_info` last brought; functions that it does not list are not called."""
        patience = min(settings.timeout, settings.call_timeout)  # Moodle answers a write in one go, at its end
        self.pace = Pace(rows=settings.chunk_rows, connections=settings.connections, patience=patience, clock=clock)
        self._address = self.address + SERVICE_PATH
        self._token = token
        self._given_up = threading.Event()
        self._sleep = sleep
        self._random = random
        self._answered = False
        self._transport = Transport(
            self._address,
            connections=settings.connections,
            timeout=settings.timeout,
            whole=settings.call_timeout,
            most=int(settings.max_answer_megabytes * 1e6),
        )

    def __repr__(self) -> str:
        """The address, without the token."""
        return f"Client({self.address!r})"

    def __enter__(self) -> Self:
        """The client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connections."""
        self.close()

    def give_up(self) -> None:
        """End all waiting between tries, and wait a moment at most from now on; calls under way are not cut off."""
        self._given_up.set()

    def stop(self, *, send_no_more: bool = True) -> None:
        """End what is under way, too: somebody stopped the run, and is not to wait for a site that does not answer.

        A call that has begun has a second left; a write that is cut off then may have been carried out.

        Args:
            send_no_more: every further call ends at once; else those that show what was done are made, for a few
                seconds and as long as the site answers them quickly.
        """
        self.give_up()
        self._transport.stop(send_no_more=send_no_more)

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def call(
        self,
        function: str,
        fields: Fields,
        *,
        writes: bool = False,
        mails: bool = False,
        ready: Callable[[], object] = lambda: None,
    ) -> Any:  # noqa: ANN401 - JSON
        """What Moodle answers to one function.

        Args:
            function: the web service function's name.
            fields: its parameters; what makes a body for each try has a page that did not come asked for again smaller.
            writes: the function changes something and answers null.
            mails: its rows may send a mail each, which takes its time.
            ready: asked when the call has its turn, before each try; what it raises ends the call, and nothing is sent.

        Returns:
            The decoded JSON; None for writes.

        Raises:
            ValueError: more fields than settings.max_fields (nothing was sent).
            MoodleError: Moodle refused the call.
            TransportError: no usable answer; a write may have been carried out.
            SiteError: nothing can go on. A write that ends with Unreachable was not carried out.
        """
        body = _body(fields)
        if body.fields + OVERHEAD > self.settings.max_fields:
            raise ValueError(
                f"{function}: {body.fields + OVERHEAD} fields in one body, more than max_fields "
                f"({self.settings.max_fields})"
            )
        if self.info and function not in self.info.functions:
            message, remedy = missing_functions((function,))
            raise FunctionMissing(message, remedy=remedy)
        waited = 0.0
        for tries in range(1, self.settings.attempts + 1):
            try:
                # Waiting between the tries is outside: somebody else can have the turn meanwhile.
                with self.pace.call(function, rows=body.rows * writes, mails=mails, page=body.page) as turn:
                    ready()
                    answer = self._once(function, body, writes=writes)
                    turn.got = len(answer) if isinstance(answer, list) else 0
                    return answer
            except Setback as found:
                setback = found
            wait = self._wait(tries, setback)
            patience = _HURRY if self._given_up.is_set() else PATIENCE
            patience = GRACE if self._transport.stopped else patience
            if not setback.repeatable(writes=writes) or tries == self.settings.attempts or waited + wait > patience:
                break
            _log.warning("%s: %s; trying again in %.1f s", function, setback.words, wait)
            if self._called_back(wait):
                break
            waited += wait
            body = fields() if callable(fields) else body
        # Raised out here, so that nothing of the tries hangs on to the exception.
        raise setback.error(self.address, function, writes=writes)

    def _once(self, function: str, body: Body, *, writes: bool) -> Any:  # noqa: ANN401 - JSON
        started = time.perf_counter()
        reply = self._transport.post(self._encoded(function, body))
        # What stands before Moodle may show what was sent, and Moodle's own errors quote parameters.
        content = masked_bytes(reply.content)
        reply = reply if content is reply.content else replace(reply, content=content)
        _log.debug(
            "%s: %d rows, %d fields, HTTP %d, %d bytes, %.0f ms",
            function,
            body.rows,
            body.fields + OVERHEAD,
            reply.status,
            len(reply.content),
            (time.perf_counter() - started) * 1000,
        )
        if reply.status != _OK:
            raise self._status(reply, writes=writes)
        try:
            answer = decoded(reply.content)
        except ValueError:
            undecoded = True
        else:
            undecoded = False
        if undecoded:
            raise self._not_json(reply, writes=writes)
        self._answered = True
        if isinstance(answer, dict) and "exception" in answer:
            if answer.get("errorcode") == _AWAY:
                raise Setback(Kind.REFUSED, f"Moodle's database is away [{_AWAY}]")
            raise refusal(function, answer)
        if writes and answer is not None:
            raise Setback(Kind.LOST, "the answer is not the null that a success would be", status=reply.status)
        if not writes and (words := misfit(function, answer)):
            raise Setback(Kind.MISFIT, words, status=reply.status)
        return answer

    def _encoded(self, function: str, body: Body) -> bytes:
        # The function comes last: a body that PHP cuts loses it, and nothing is done (MOODLE.md, fact 4).
        head = f"wstoken={quote_plus(self._token.get_secret_value())}&moodlewsrestformat=json&moodlewssettingraw=1"
        parts = (
            [head, body.text, f"wsfunction={quote_plus(function)}"] if body.text else [head, f"wsfunction={function}"]
        )
        return "&".join(parts).encode("ascii")

    def _status(self, reply: Reply, *, writes: bool) -> Exception:
        if reply.status in _REDIRECTS:
            return self._redirected(reply)
        known = STATUSES.get(reply.status)
        if known and known.ends:
            return known.ends(f"{self.address}: {known.message}", remedy=known.advice, code=str(reply.status))
        words = known.message if known else f"HTTP {reply.status}"
        if page := _words(reply.content):
            words += f": “{page}”"
        retry_after = _retry_after(reply.headers)
        kind = Kind.LOST if reply.status >= _REPEATABLE_FROM else Kind.ODD
        if known and known.remedy is Remedy.RETRY:
            # A 503 that names no time can come from a proxy whose back end broke off in the middle of a write.
            deliberate = reply.status != 503 or retry_after is not None or "maintenance" in page.lower()  # noqa: PLR2004 - the status that HTTP gives the name “unavailable”
            kind = Kind.REFUSED if deliberate or not writes else Kind.LOST
        return Setback(kind, words, status=reply.status, retry_after=retry_after)

    def _redirected(self, reply: Reply) -> Redirected:
        try:
            target = urlsplit(urljoin(self._address, masked(reply.headers.get("Location", ""))))
        except ValueError:
            target = urlsplit("")
        address = f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}"
        if target.path.endswith(SERVICE_PATH):
            site = address.removesuffix(SERVICE_PATH)
            return Redirected(f"{self.address} sends web services on to {site}", remedy=f"use the address {site}")
        return Redirected(
            f"{self.address} sends web services on to {address}, which is not their place",
            remedy="look what stands before Moodle (a login page, a portal), and let web services through",
        )

    def _not_json(self, reply: Reply, *, writes: bool) -> Exception:
        cut = reply.content.lstrip()[:1] in {b"[", b"{"}
        if cut or writes or self._answered:
            what = "the answer is cut short" if cut else "a page came instead of an answer"
            return Setback(Kind.LOST, what, status=reply.status)
        page = _words(reply.content)
        return NotMoodle(
            f"{self.address} answers, but not as Moodle's web services do" + (f": “{page}”" if page else ""),
            remedy="write the address as it stands in a browser on Moodle's front page",
        )

    def _called_back(self, seconds: float) -> bool:
        """Wait, and tell whether somebody gave up meanwhile."""
        if self._given_up.is_set():
            (self._sleep or time.sleep)(seconds)
            return False
        (self._sleep or self._given_up.wait)(seconds)
        return self._given_up.is_set()

    def _wait(self, tries: int, setback: Setback) -> float:
        if setback.retry_after is not None:
            return setback.retry_after
        return self._random() * min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (tries - 1))


def _refuse_plain(address: str, *, allowed: bool) -> None:
    """Raises SettingsError where a token would be sent unencrypted to another machine, and nobody has allowed it."""
    if allowed or not (place := plain_to(address)):
        return
    raise SettingsError(
        f"{address.removesuffix(SERVICE_PATH)}: the token would go to {place} unencrypted (http)",
        remedy="write the address with https://; in a network in which nobody can listen, set allow_http = true",
    )


def _body(fields: Fields) -> Body:
    if isinstance(fields, Body):
        return fields
    return fields() if callable(fields) else encode(fields)


def _words(page: bytes) -> str:
    """The title of a page, or its text; at most 120 characters."""
    text = page[:20_000].decode("utf-8", "replace")
    title = _TITLE.search(text)
    text = title[1] if title else _UNSEEN.sub(" ", text)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())[:120]


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
