"""Call functions of Moodle's web services; whatever is no answer becomes an exception.

Reads are repeated here. Writes are repeated only where they were certainly not processed: for anything else the caller
reads again first (guide/moodle.md, fact 24). Where the site is away, all calls wait for it together (`outage`); a call
that alone gets no answer is tried a few times. The loop is written out rather than left to stamina: the wait follows
Retry-After, its limit is one for the whole site, and sleeps and random numbers come in from outside.
"""

from __future__ import annotations

import logging
import random as randomness
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from pydantic import SecretStr

from rostersync.errors import FunctionMissing, MoodleError, SettingsError, SiteError, TokenRefused, Unreachable
from rostersync.moodle.answers import BROKEN_OFF, CODES, missing_functions
from rostersync.moodle.connections import GRACE
from rostersync.moodle.exchange import Exchange
from rostersync.moodle.outage import LIMIT_SET, Away, Outage, duration
from rostersync.moodle.request_body import OVERHEAD, Body, encode
from rostersync.moodle.throttle import Throttle
from rostersync.moodle.transport import REMEDIES, Setback, SetbackKind, plain_to
from rostersync.settings import Settings
from rostersync.tables.functions import SITE_INFO
from rostersync.text.addresses import SERVICE_PATH, canonical, tidy
from rostersync.text.masking import conceal

if TYPE_CHECKING:
    from rostersync.moodle.site_info import SiteInfo

_HURRY = 5.0
"""Seconds for which a site is waited for after somebody has stopped the run: enough for a bad moment."""
_MISTYPED = 30.0
"""Seconds for which a name is waited for that no name server knows, and that has not answered yet."""
_DOUBTED = 2
"""Tries of a call that Moodle's database could not answer, while it answers others."""
_MOMENT = 2
"""Tries, at least, of a call that says that the site is away while others are answered: that may have been a moment."""
_UNAVAILABLE = 503
_FORBIDDEN = "403"
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
_LONGEST_ASKED = 60.0
"""Seconds that Retry-After may ask for, in all tries together, where this call alone gets no answer; what asks for more
at once is not heard."""
_NO_CONNECTION = frozenset({SetbackKind.UNSENT, SetbackKind.NOWHERE})
"""What says by itself that the site is away."""
_REPEATED = _NO_CONNECTION | {SetbackKind.REFUSED, SetbackKind.LATE, SetbackKind.LOST}

Fields: TypeAlias = Iterable[tuple[str, str | int]] | Body | Callable[[], Body]
"""Parameters; or a body that is encoded already; or what makes one for each try."""

_log = logging.getLogger(__name__)


class Client:
    """One site and one token. Can be shared by threads; a context manager.

    Args:
        site: the address as it stands in a browser, like https://moodle.example.
        token: the web service token; it goes into bodies and nowhere else.
        settings: connections, chunk_rows, timeouts, outage_minutes, attempts and max_fields are used.
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
        self.pace = Throttle(rows=settings.chunk_rows, connections=settings.connections, patience=patience, clock=clock)
        self._given_up, self._for_good = threading.Event(), False
        self._sleep = sleep
        self._random = random
        self._outage = Outage(
            self.address,
            limit=self._patience,
            hurried=self._given_up.is_set,
            wait=self._pause,
            random=random,
            clock=clock,
        )
        self._exchange = Exchange(self.address, token, settings=settings)

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
        self._for_good = True
        self._given_up.set()

    @contextmanager
    def hurrying(self) -> Iterator[Callable[[], None]]:
        """What ends all waiting until this is left: calls that are of no use any more need not be waited for."""
        try:
            yield self._given_up.set
        finally:
            if not self._for_good:
                self._given_up.clear()

    def stop(self, *, send_no_more: bool = True) -> None:
        """End what is under way, too: somebody stopped the run, and is not to wait for a site that does not answer.

        A call that has begun has a second left; a write that is cut off then may have been carried out.

        Args:
            send_no_more: every further call ends at once; else those that show what was done are made, for a few
                seconds and as long as the site answers them quickly.
        """
        self.give_up()
        self._exchange.transport.stop(send_no_more=send_no_more)

    def close(self) -> None:
        """Closes the connections."""
        self._exchange.transport.close()

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
        tries, alone, waited = 0, 0, 0.0
        while True:
            tries += 1
            gone: Away | None = None
            try:
                with self._outage.turn(first=tries == 1) as wait:
                    waited += wait
                    return self._try(function, body, writes=writes, mails=mails, ready=ready)
            except Setback as found:
                setback = found
            except Away as found:
                gone = found
            # Raised out here, so that nothing of the tries hangs on to the exception.
            if gone:
                raise self._unreachable(gone)
            again = setback.repeatable(writes=writes)
            if again and setback.away and self.settings.outage_minutes:
                again = waited <= self._patience(setback)  # more, and others are answered meanwhile
            elif again:
                alone += 1
                again = self._paused(function, setback, alone)
            if not again:
                raise setback.error(self.address, function, writes=writes)
            body = fields() if callable(fields) else body

    def _try(self, function: str, body: Body, *, writes: bool, mails: bool, ready: Callable[[], object]) -> Any:  # noqa: ANN401 - JSON
        """One try; what it shows of whether the site is away is told to all who call it.

        Raises:
            Setback: no usable answer, or a refusal that may be the site's trouble; the call may be worth another try.
        """
        try:
            # Waiting between the tries is outside: somebody else can have the turn meanwhile.
            with self.pace.call(function, rows=body.rows * writes, mails=mails, page=body.page) as turn:
                ready()
                answer = self._exchange.answer(function, body, writes=writes)
                turn.got = len(answer) if isinstance(answer, list) else 0
        except Setback as setback:
            self._weigh(function, setback)
            raise
        except TokenRefused as error:
            if error.code != _FORBIDDEN or function == SITE_INFO or self._ask_least() is not None:
                raise
            # What stands before Moodle does not like this call, which another try does not change.
            raise Setback(SetbackKind.ODD, error.message, status=int(_FORBIDDEN)) from None
        except MoodleError as error:
            doubted = Setback(SetbackKind.LOST, str(error), refusal=error)
            if not _in_doubt(error):
                self._outage.answered()
                raise
            if doubted_away := bool(self.settings.outage_minutes and self._is_away(function, doubted)):
                self._outage.failed(doubted)
            if writes or not (doubted_away or error.errorcode in BROKEN_OFF):
                raise
            doubted.away = doubted_away
            raise doubted from None
        self._outage.answered()
        return answer

    def _weigh(self, function: str, setback: Setback) -> None:
        """Find out whether it is the site, and tell all who call it."""
        setback.away = self._is_away(function, setback)
        if setback.away is False and (setback.retry_after or 0.0) > _LONGEST_ASKED:
            setback.retry_after = None
        if setback.away and self.settings.outage_minutes:
            self._outage.failed(setback)
        elif setback.kind is SetbackKind.MISFIT:
            self._outage.answered()

    def _is_away(self, function: str, setback: Setback) -> bool | None:
        """Whether it is the site that does not answer, and not this call alone; None where that is not asked."""
        asked = self.settings.outage_minutes or _says_away(setback)
        if setback.kind not in _REPEATED or self._exchange.transport.stopped or not asked:
            return None
        if setback.kind in _NO_CONNECTION:
            return True
        if function == SITE_INFO:
            return setback.refusal is None or setback.refusal.errorcode in BROKEN_OFF
        # A page that is too large, a row that breaks something, or what a proxy does not like says nothing of the site.
        match self._ask_least():
            case Setback() as found:
                return found.kind in _REPEATED
            case MoodleError() as error:
                return _in_doubt(error)
            case _:
                return False

    def _ask_least(self) -> Setback | MoodleError | SiteError | None:
        """What the smallest call meets; None where it is answered, and Moodle is there."""
        try:
            with self.pace.call(SITE_INFO):
                self._exchange.answer(SITE_INFO, encode([]), writes=False)
        except (Setback, MoodleError, SiteError) as found:
            return found
        self._outage.answered()
        return None

    def _paused(self, function: str, setback: Setback, tries: int) -> bool:
        """Wait before a call that alone gets no answer is tried again; whether it is to be."""
        wait, asked = self._wait(tries, setback), (setback.retry_after or 0.0) * tries
        longest = self._patience(setback) if self._given_up.is_set() else _LONGEST_ASKED
        most = _DOUBTED if setback.refusal else self.settings.attempts
        if setback.away is False and _says_away(setback):
            most = max(most, _MOMENT)
        if tries >= most or max(wait, asked) > longest:
            return False
        if wait:
            _log.warning("%s: %s; trying again in %.1f s", function, setback.words, wait)
        return not self._pause(wait)

    def _pause(self, seconds: float) -> bool:
        """Wait, and tell whether somebody gave up meanwhile."""
        if self._given_up.is_set():
            (self._sleep or time.sleep)(seconds)
            return False
        (self._sleep or self._given_up.wait)(seconds)
        return self._given_up.is_set()

    def _wait(self, tries: int, setback: Setback) -> float:
        """Seconds before a call that alone gets no answer is tried again."""
        if setback.refusal:
            return 0.0
        if setback.retry_after is not None:
            return setback.retry_after
        return self._random() * min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (tries - 1))

    def _patience(self, setback: Setback) -> float:
        """Seconds for which a site is waited for after this setback."""
        limit = self.settings.outage_minutes * 60
        if self._exchange.transport.stopped:
            return min(GRACE, limit)
        if self._given_up.is_set():
            return min(_HURRY, limit)
        if setback.kind is SetbackKind.NOWHERE and not self._exchange.answered:
            return min(_MISTYPED, limit)
        return limit

    def _unreachable(self, gone: Away) -> Unreachable:
        """What ends the run after an outage that was waited for long enough."""
        found = gone.setback
        told = REMEDIES.get(found.kind, REMEDIES[SetbackKind.REFUSED])
        since = f"it has been away since {gone.since:%H:%M:%S}"
        if not self._given_up.is_set():
            since += f", and rostersync waited for {duration(self._patience(found))} ({LIMIT_SET})"
        return Unreachable(f"{self.address}: {found.words}; {since}", remedy=told, code=found.code)


def _refuse_plain(address: str, *, allowed: bool) -> None:
    """Raises SettingsError where a token would be sent unencrypted to another machine, and nobody has allowed it."""
    if allowed or not (place := plain_to(address)):
        return
    raise SettingsError(
        f"{address.removesuffix(SERVICE_PATH)}: the token would go to {place} unencrypted (http)",
        remedy="write the address with https://; in a network in which nobody can listen, set allow_http = true",
    )


def _says_away(setback: Setback) -> bool:
    """Whether it says by its own words that the site is away, or has no time; a proxy may say it of one call alone."""
    return setback.kind in _NO_CONNECTION | {SetbackKind.REFUSED} or setback.status == _UNAVAILABLE


def _in_doubt(error: MoodleError) -> bool:
    """Whether a refusal may come from a site in trouble, and not from what was asked."""
    return error.errorcode in BROKEN_OFF or error.errorcode not in CODES


def _body(fields: Fields) -> Body:
    if isinstance(fields, Body):
        return fields
    return fields() if callable(fields) else encode(fields)
