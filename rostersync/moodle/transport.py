"""Send a body in one POST, and return the reply or raise a setback that says whether it may be sent again."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
import truststore
from requests.exceptions import ConnectTimeout, InvalidSchema, InvalidURL, MissingSchema, Timeout
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, ReadTimeoutError

from rostersync.errors import Misfit, MoodleError, RosterSyncError, TransportError, Unreachable
from rostersync.moodle.connections import Cut, Stopped, Watch, WatchedAdapter
from rostersync.moodle.response_body import Unreadable, whole_body

CONNECT_TIMEOUT = 10.0
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
"""What OpenSSL, up to 3.1 and since, calls an answer that is plain text."""


class SetbackKind(Enum):
    """What is known of a request that got no usable answer."""

    UNSENT = "unsent"  # no connection: certainly not processed
    NOWHERE = "nowhere"  # the same: there is no machine of this name
    REFUSED = "refused"  # 429, or a Moodle in maintenance or without its database: not processed
    LATE = "late"  # sent, no answer in time
    LOST = "lost"  # sent, no usable answer
    ODD = "odd"  # an answer that repeating will not change, short of a result
    MISFIT = "misfit"  # the same: sound JSON of another shape than the function's answers have
    HOPELESS = "hopeless"  # certainly not processed, and repeating will not help
    STOPPED = "stopped"  # not sent: somebody stopped the run


REMEDIES: Mapping[SetbackKind, str] = {
    SetbackKind.UNSENT: "look whether the address opens in a browser on this machine, and whether a proxy is needed "
    "(HTTPS_PROXY)",
    SetbackKind.NOWHERE: "look whether the address is written as in a browser, and whether this machine is on the "
    "network",
    SetbackKind.REFUSED: "try again later; during maintenance, when it is over",
    SetbackKind.LATE: "try again when the site is less busy, or set a longer timeout or a smaller page_size",
    SetbackKind.HOPELESS: "correct the address; for a certificate, have the site's certificate or this machine's clock "
    "and certificate store put right",
    SetbackKind.STOPPED: "run it again, or go on with it by `rostersync resume`: what is done is seen and not done "
    "twice",
}
_STOPPED_WORDS = "somebody stopped the run"


class Setback(Exception):
    """One try that brought no result: not an error yet, it may be tried again. Never leaves this package."""

    def __init__(
        self,
        kind: SetbackKind,
        words: str,
        *,
        status: int = 0,
        code: str = "",
        retry_after: float | None = None,
        refusal: MoodleError | None = None,
    ) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words
        self.status = status
        self.code = code or (str(status) if status else "")
        """Moodle's error code, or the HTTP status; "" where neither came."""
        self.retry_after = retry_after
        self.refusal = refusal
        """What Moodle said, where it said something."""
        self.away: bool | None = None
        """It is the site that does not answer, or (False) this call alone; None: not known."""

    def repeatable(self, *, writes: bool) -> bool:
        """Whether the same body may be sent again without a look at what it did (guide/moodle.md, fact 24)."""
        if self.kind in {SetbackKind.ODD, SetbackKind.MISFIT, SetbackKind.HOPELESS, SetbackKind.STOPPED}:
            return False
        return not writes or self.kind in {SetbackKind.UNSENT, SetbackKind.NOWHERE, SetbackKind.REFUSED}

    def error(self, site: str, function: str, *, writes: bool) -> RosterSyncError:
        """What the caller gets when this was the last try."""
        if self.refusal:
            return self.refusal
        if self.kind is SetbackKind.MISFIT:
            return Misfit(f"{function}: {self.words}", function=function, status=self.status)
        doubtful = (
            self.kind in {SetbackKind.LOST, SetbackKind.LATE}
            if writes
            else self.kind is SetbackKind.LOST and not self.away
        )
        alone = self.kind is SetbackKind.REFUSED and self.away is False
        if doubtful or alone or self.kind is SetbackKind.ODD:
            return TransportError(
                f"{function}: {self.words}", function=function, status=self.status, retry_after=self.retry_after
            )
        remedy = REMEDIES.get(self.kind, REMEDIES[SetbackKind.REFUSED])
        return Unreachable(f"{site}: {self.words}", remedy=remedy, code=self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _SystemCertificates(WatchedAdapter):
    """Checks certificates against the operating system's store, as browsers do, instead of the list in certifi."""

    def __init__(self, context: ssl.SSLContext, connections: int) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=connections, pool_block=True, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: object) -> None:  # noqa: FBT001, FBT002 - requests' own signature
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: object) -> object:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        # With True requests would add certifi's list to the context. A bundle that somebody named
        # (REQUESTS_CA_BUNDLE) arrives as a path and is used.
        if verify is not True:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]  # the stubs leave it out


class Transport:
    """Connections to one address, shared by any number of threads.

    Args:
        address: where everything is sent to.
        connections: that are kept open at most.
        timeout: seconds without a byte after which nothing more is expected.
        whole: seconds that a call may take as a whole, its answer included.
        most: bytes that an answer may have, unpacked.
    """

    def __init__(self, address: str, *, connections: int, timeout: float, whole: float, most: int) -> None:
        self._address = address
        self._timeout = timeout
        self._most = most
        self._watch = Watch(whole)
        self._own = threading.local()
        # requests does not promise that a Session can be shared by threads; the adapter's pool can be. So each
        # thread has a Session, and all of them the same connections.
        if address.startswith("https:"):
            self._adapter: WatchedAdapter = _SystemCertificates(
                truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), connections
            )
        else:
            self._adapter = WatchedAdapter(pool_connections=1, pool_maxsize=connections, pool_block=True, max_retries=0)

    def post(self, body: bytes) -> Reply:
        """Sends a form-encoded body; follows nothing.

        Raises:
            Setback: no complete answer came.
        """
        try:
            with self._watch.call() as call:
                made = self._sent(body)
        except Stopped:
            raise Setback(SetbackKind.STOPPED, _STOPPED_WORDS) from None
        # A connection that was cut off can look like a whole answer, where only its end says that it is one.
        if call.cut is not None:
            words = _STOPPED_WORDS if call.cut is Cut.STOPPED else "no whole answer in the time that a call has"
            made = Setback(SetbackKind.LATE, words)
        if isinstance(made, Setback):
            raise made
        return made

    def _sent(self, body: bytes) -> Reply | Setback:
        """What came. Nothing is raised: the exceptions of requests carry the request, and with it the token."""
        try:
            session, post, environment = self._prepared()
            request = post.copy()
            request.prepare_body(body, None)
            response = session.send(
                request, timeout=(CONNECT_TIMEOUT, self._timeout), allow_redirects=False, **environment
            )
            with response:
                content = whole_body(response.raw, self._most)
        except Unreadable as error:
            # What is too large now will be so again; what came damaged may come whole.
            return Setback(
                SetbackKind.ODD if error.too_large else SetbackKind.LOST, error.words, status=response.status_code
            )
        except (requests.RequestException, HTTPError) as error:
            return _setback(error)
        return Reply(status=response.status_code, headers=response.headers, content=content)

    @property
    def stopped(self) -> bool:
        """Somebody stopped the run."""
        return self._watch.stopped

    def stop(self, *, send_no_more: bool) -> None:
        """Cut calls under way off in a second; see `Watch.stop`."""
        self._watch.stop(send_no_more=send_no_more)

    def close(self) -> None:
        """Closes the connections."""
        self._watch.close()
        self._adapter.close()

    def _prepared(self) -> tuple[requests.Session, requests.PreparedRequest, Mapping[str, Any]]:
        """This thread's Session, a request without its body, and what the environment says of proxies and certificates.

        `Session.post` finds all of this out anew for each call, which is a third of what a call costs here.
        """
        found: tuple[requests.Session, requests.PreparedRequest, Mapping[str, Any]] | None
        found = getattr(self._own, "prepared", None)
        if found is None:
            session = self._session()
            post = session.prepare_request(requests.Request("POST", self._address))
            environment = session.merge_environment_settings(post.url or "", {}, True, None, None)  # read in pieces
            found = self._own.prepared = session, post, environment
        return found

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Without an `auth` of its own a Session looks for a password in ~/.netrc.
        session.auth = lambda request: request
        session.headers.update(
            {
                "User-Agent": _user_agent(),
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept-Encoding": "gzip",  # what can be unpacked piece by piece, up to a size
            }
        )
        return session


def plain_to(address: str) -> str:
    """The other machine, the site's or a proxy's, to which a body for this address would go unencrypted; or ""."""
    if not address.lower().startswith("http:"):
        return ""  # https goes through a proxy as it is
    proxy = select_proxy(address, get_environ_proxies(address)) or ""
    host = urlsplit(proxy if "//" in proxy or not proxy else f"//{proxy}").hostname or ""
    return next((name for name in (urlsplit(address).hostname or "", host) if name and not _is_here(name)), "")


def _is_here(host: str) -> bool:
    """Whether a name or number is that of this very machine, without asking anybody."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost")


def _user_agent() -> str:
    try:
        return f"rostersync/{version('rostersync')}"
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "rostersync/0"


def _setback(error: Exception) -> Setback:
    """What an exception of requests says of the request, without its text, which may hold more than is for logs."""
    if isinstance(error, InvalidURL | InvalidSchema | MissingSchema):
        return Setback(SetbackKind.HOPELESS, "this is not an address that can be called")
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        reason = next(c.verify_message for c in causes if isinstance(c, ssl.SSLCertVerificationError))
        return Setback(SetbackKind.HOPELESS, f"the site's certificate is not trusted: {reason}")
    if any(isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS for cause in causes):
        return Setback(
            SetbackKind.HOPELESS, "what answers there does not speak https; the address may begin with http://"
        )
    if isinstance(error, ConnectTimeout) or any(isinstance(cause, ConnectTimeoutError) for cause in causes):
        reason = next((c.strerror for c in causes if isinstance(c, OSError) and c.strerror), "")
        unknown = any(isinstance(cause, NameResolutionError) for cause in causes)
        kind = SetbackKind.NOWHERE if unknown else SetbackKind.UNSENT
        return Setback(kind, f"no connection{f' ({reason})' if reason else ''}")
    if isinstance(error, Timeout) or any(isinstance(cause, ReadTimeoutError) for cause in causes):
        return Setback(SetbackKind.LATE, "no answer in time")
    return Setback(SetbackKind.LOST, f"the connection broke ({type(error).__name__})")


def _causes(error: object, depth: int = 6) -> Iterator[object]:
    """The exceptions inside an exception; requests and urllib3 keep them in four places."""
    if depth and isinstance(error, BaseException):
        yield error
        inner = [*error.args, getattr(error, "reason", None), getattr(error, "original_error", None), error.__cause__]
        for cause in [*inner, error.__context__]:
            yield from _causes(cause, depth - 1)
