"""A site that is down, is no Moodle, redirects, or refuses: one message, exit code 5, nothing changed."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State

from .conftest import document

Run = Callable[..., Any]


@contextmanager
def other_server(status: int, body: str, **headers: str) -> Iterator[str]:
    """The address of a server that gives everybody the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def told(ran: Any, *, code: int = 5) -> tuple[str, str]:  # noqa: ANN401 - conftest's Ran
    """Message and remedy: the only lines, and nothing on standard output."""
    assert (ran.code, ran.out) == (code, ""), ran
    message, remedy = ran.err.splitlines()
    assert message.startswith("Error: ")
    assert remedy.startswith("What to do: ")
    return message.removeprefix("Error: "), remedy.removeprefix("What to do: ")


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSTERSYNC_TOKEN", "0123456789abcdef-invented")


@pytest.mark.parametrize(
    ("command", "words"),
    [("plan", []), ("sync", ["--yes"]), ("sync", ["--dry-run"]), ("export", ["--out", "x.csv"])],
    ids=["plan", "sync", "dry run", "export"],
)
def test_every_command_says_that_the_site_is_down(run: Run, roster: Path, command: str, words: list[str]) -> None:
    """A closed port: the address, that nothing answers, and what to look at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    what = "BIO101" if command == "export" else roster
    message, remedy = told(run(command, what, *words, "--site", url))
    assert message == f"{url}: no connection (Connection refused)"
    assert "opens in a browser" in remedy
    assert [path.name for path in Path().iterdir()] == ["roster.csv"]


def test_a_name_that_does_not_exist(run: Run, roster: Path) -> None:
    """A misspelt address has no other remedy than to look at it."""
    message, remedy = told(run("plan", roster, "--site", "http://moodle.invalid", ROSTERSYNC_ALLOW_HTTP="true"))
    assert message.startswith("http://moodle.invalid: no connection")
    assert "address" in remedy


@pytest.mark.parametrize(
    ("status", "body", "headers", "said", "to_do"),
    [
        (200, "<title>Hello</title>", {}, "answers, but not as Moodle's web services do: “Hello”", "front page"),
        (200, '{"hello": 1}', {}, "answers, but not as Moodle's web services do", "front page"),
        (404, "nothing", {}, "there is no Moodle at this address (HTTP 404)", "front page"),
        (403, "", {}, "web services or the REST protocol are switched off", "switch both on"),
        (401, "", {}, "something before Moodle asks for a user name and a password", "let web services through"),
        (503, "Maintenance", {"Retry_After": "300"}, "not available at present (HTTP 503): “Maintenance”", "later"),
        (
            303,
            "",
            {"Location": "https://moodle.example/webservice/rest/server.php"},
            "sends web services on to https://moodle.example",
            "use the address https://moodle.example",
        ),
        (302, "", {"Location": "/login"}, "which is not their place", "login page"),
    ],
    ids=["a page", "other JSON", "404", "403", "401", "maintenance", "moved", "portal"],
)
def test_a_site_that_is_no_moodle(
    run: Run, roster: Path, status: int, body: str, headers: dict[str, str], said: str, to_do: str
) -> None:
    """The message names the address and what it answered; the remedy says what to do about that."""
    with other_server(status, body, **headers) as url:
        message, remedy = told(run("sync", roster, "--yes", "--site", url))
    assert message.startswith(url)
    assert said in message
    assert to_do in remedy


def test_a_wrong_token(run: Run, connected: Server, changed: Path) -> None:
    """What Moodle says of the token, and where new ones are made; the token itself is not repeated."""
    wrong, before = "fedcba9876543210", connected.state.document()
    ran = run("sync", changed, "--yes", ROSTERSYNC_TOKEN=wrong)
    message, remedy = told(ran)
    assert message.startswith("Moodle does not know the token")
    assert "Manage tokens" in remedy
    assert wrong not in ran.err
    assert connected.state.document() == before


@pytest.mark.parametrize("lacking", ["enrol_manual_enrol_users", "core_enrol_get_enrolled_users"])
def test_a_token_without_a_function(run: Run, connected: Server, changed: Path, lacking: str) -> None:
    """The function is named, and where an administrator adds it."""
    connected.state.functions.remove(lacking)
    before = connected.state.document()
    message, remedy = told(run("sync", changed, "--yes"))
    assert message == f"the token's service lacks {lacking}"
    assert "External services > Functions" in remedy
    assert connected.state.document() == before


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ROSTERSYNC_SITE": ""}, "no site is set"),
        ({"ROSTERSYNC_TOKEN": ""}, "no token is set"),
        ({"ROSTERSYNC_TOKEN": "", "ROSTERSYNC_TOKEN_FILE": "none"}, "the token file none cannot be read: No such file"),
        ({"ROSTERSYNC_TOKEN": "", "ROSTERSYNC_TOKEN_FILE": "two"}, "the token file two does not hold one token alone"),
    ],
    ids=["no site", "no token", "no file", "two tokens"],
)
def test_no_site_or_no_token(run: Run, connected: Server, roster: Path, environment: dict[str, str], said: str) -> None:
    """Nothing is asked of any site before both are known; that is a matter of usage."""
    Path("two").write_text("one two")
    Path("two").chmod(0o600)
    message, remedy = told(run("plan", roster, **environment), code=2)
    assert message.startswith(said)
    assert "token" in remedy or "ROSTERSYNC_SITE" in remedy


def test_a_plan_for_another_site(run: Run, connected: Server, changed: Path) -> None:
    """A plan is carried out where it was made, or nowhere."""
    run("plan", changed, "--out", "plan.json")
    with serve(State.load(document(), token=connected.token)) as other:
        other.state.site["url"] = other.url
        before = other.state.document()
        message, _ = told(run("apply", "plan.json", "--site", other.url), code=4)
        assert message == f"the plan is for {connected.url}, not for {other.url}"
        assert other.state.document() == before


def test_a_site_that_is_ill_is_named_with_its_trouble(run: Run, roster: Path) -> None:
    """HTTP 500 at the first question is a site that cannot be used, and no error of one call."""
    with other_server(500, "oops") as url:
        message, remedy = told(run("plan", roster, "--site", url))
    assert message == f"{url} does not answer as it should: HTTP 500: “oops”"
    assert remedy == "look whether the site works in a browser; try again later"
