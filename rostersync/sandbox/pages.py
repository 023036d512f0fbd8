"""Answer as no web service does: pages and errors of Moodle, PHP and proxies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

HTML = "text/html"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An HTTP answer; `things` is how many rows of the site it holds, which is what reading them costs time for."""

    status: int
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes
    things: int = 0


def page(status: int, title: str, text: str, **headers: str) -> HttpAnswer:
    """Make a page for a browser; header names are written with underscores."""
    body = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><title>{escape(title)}</title></head>\n'
        f"<body><h1>{escape(title)}</h1><p>{escape(text)}</p></body>\n</html>\n"
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpAnswer(status=status, content_type=HTML, headers=named, body=body.encode())


NOT_FOUND = HttpAnswer(status=404, content_type=HTML, body=b"File not found.\n")
FORBIDDEN = HttpAnswer(status=403, content_type=HTML, body=b"")
EMPTY_500 = HttpAnswer(status=500, content_type=HTML, body=b"")
CLI_MAINTENANCE = HttpAnswer(status=503, content_type=HTML, headers={"Retry-After": "300"}, body=b"<h1>Down</h1>")
GATEWAY_TIMEOUT = page(504, "504 Gateway Time-out", "The server behind this proxy did not answer in time.")
PORTAL = page(200, "Welcome to the network", "Accept the terms of use to go on.")
NULL = HttpAnswer(status=200, content_type="application/json; charset=utf-8", body=b"null")
LOGIN_PATH = "/login/index.php"
LOGIN = page(200, "Log in to the site", "Username and password, please.")


def maintenance(site: str) -> HttpAnswer:
    """The page of a site in maintenance mode (fault "site in maintenance mode")."""
    text = "This site is undergoing maintenance and is currently not available."
    return page(503, f"{site} under maintenance", text, Retry_After="300")


def redirect(address: str) -> HttpAnswer:
    """Send the client elsewhere."""
    return page(302, "302 Found", "The document has moved.", Location=address)


def busy(status: int, retry_after: int | None) -> HttpAnswer:
    """Refuse for now, with or without saying for how long."""
    later = {} if retry_after is None else {"Retry_After": str(retry_after)}
    title = {429: "429 Too Many Requests", 503: "503 Service Unavailable"}[status]
    return page(status, title, "Try again later.", **later)
