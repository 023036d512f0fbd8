"""Write the address of a site in one way, however somebody wrote it."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

SERVICE_PATH = "/webservice/rest/server.php"
"""Where Moodle's web services are, below its own address."""
_PORTS = {"http": 80, "https": 443}
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def tidy(address: str) -> str:
    """An address that leads to the same place: what does not matter to the way there is left out.

    Case of scheme and host, a dot behind the host, the port that is meant without one, slashes at the end, the place of
    the web services. What is no address stays as it is.
    """
    said = address.strip()
    try:
        parts = urlsplit(said)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return said
    if parts.scheme not in _PORTS or not host:
        return said
    return _made(parts.scheme, host, port, parts.path)


def canonical(address: str) -> str:
    """The same, with one name for this machine: what a site is known by. "" for what is no address."""
    plain = tidy(address)
    try:
        parts = urlsplit(plain)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in _PORTS or not host:
        return ""
    return _made(parts.scheme, "127.0.0.1" if host in _THIS_MACHINE else host, port, parts.path)


def named(address: str, site: str) -> str:
    """A site in words: the address that was set, which can be opened, and what Moodle calls itself where it differs."""
    return address if not site or canonical(address) == site else f"{address}, which calls itself {site}"


def _made(scheme: str, host: str, port: int | None, path: str) -> str:
    if not host.isascii():
        with suppress(UnicodeError):  # no name that can be looked up: nothing is called by it
            host = host.encode("idna").decode("ascii")
    host = f"[{host}]" if ":" in host else host
    place = f":{port}" if port is not None and port != _PORTS[scheme] else ""
    return f"{scheme}://{host}{place}{path.rstrip('/').removesuffix(SERVICE_PATH).rstrip('/')}"
