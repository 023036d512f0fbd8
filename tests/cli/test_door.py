"""What comes from files, arguments and Moodle, and what of it reaches a terminal: no control characters, no token."""

import io
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.request import urlopen

import pytest

from rostersync.cli.messages import doors, print_bytes
from rostersync.sandbox.server import Server

Run = Callable[..., Any]
TOKEN = "6e1f0c9be3a54d1f8f0c2b7d9a3e5f10"  # noqa: S105 - invented
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\r"
ALIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
LONG = "word " * 1000


def rename(site: Server, more: str) -> None:
    """Give everybody a last name with more in it."""
    users = site.state.users.rows
    for number, user in list(users.items()):
        users[number] = replace(user, lastname=f"Of{more}")


def alive(ran: Any) -> list[str]:  # noqa: ANN401 - conftest's Ran
    return ALIVE.findall(ran.out + ran.err)


@pytest.mark.parametrize(
    "words",
    [
        ["check", f"{EVIL}.csv"],
        ["check", f"{EVIL}.csv", "--json"],
        ["plan", "roster.csv", "--map", EVIL],
        ["plan", "roster.csv", "--site", f"https://{EVIL}"],
        ["plan", "roster.csv", "--preset", EVIL],
        ["plan", "roster.csv", f"--{EVIL}"],
        [EVIL],
        ["show", EVIL],
        ["doctor", "--token-file", EVIL, "--site", "https://moodle.example"],
        ["store", "check", "--store", f"{EVIL}.db"],
        ["sync", "roster.csv", "--dry-run", "--courses", EVIL, "--timezone", EVIL],
        ["config", "show", "--site", f"https://moodle.example/{EVIL}"],
        ["check", "roster.csv", "--debug", "--timezone", EVIL],
        ["runs", "show", EVIL],
    ],
)
def test_arguments_do_nothing_to_a_terminal(run: Run, roster: Path, words: list[str]) -> None:
    """In errors, remedies and results, as text and as JSON."""
    ran = run(*words)
    assert ran.out + ran.err
    assert alive(ran) == []


def test_values_and_headers_do_nothing_to_a_terminal(run: Run, connected: Server) -> None:
    """In previews, questions for flags, and the JSON document, which still says the same."""
    Path("evil.csv").write_text(
        f"Username,Course short name,Role,{EVIL.strip()}x\nada{EVIL}x,BIO101,student,1\neve,{EVIL}x,{EVIL}x,2\n",
        encoding="utf-8",
        newline="",
    )
    for words in (["check", "evil.csv", "--no-problems"], ["sync", "evil.csv", "--dry-run"]):
        assert alive(run(*words)) == []
        document = run(*words, "--json")
        assert alive(document) == []
        assert "\u202eevil" in json.dumps(json.loads(document.out), ensure_ascii=False)


def test_what_moodle_calls_things_does_nothing_to_a_terminal(run: Run, connected: Server, changed: Path) -> None:
    """Names of the site, of courses and of people, in doctor, previews and reports."""
    connected.state.site["name"] = f"College{EVIL}"
    rename(connected, EVIL)
    for words in (
        ["doctor"],
        ["doctor", "--json"],
        ["plan", changed],
        ["sync", changed, "--yes"],
        ["export", "BIO101"],
    ):
        ran = run(*words)
        assert ran.out
        assert alive(ran) == [] or words[0] == "export"  # a file, as it is, which is no terminal


def test_an_error_cannot_pass_for_several(run: Run) -> None:
    """What comes from outside begins no line of its own."""
    lines = run("check", "no\nError: all is lost\nWhat to do: rm -rf\n.csv").err.splitlines()
    assert [line.split(":")[0] for line in lines if not line.startswith("  ")] == ["Error", "What to do"]


def test_an_export_on_a_terminal_is_text_like_all_other() -> None:
    """There it is looked at, not kept."""

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    before, sys.stdout = sys.stdout, Screen()
    try:
        with doors():
            print_bytes([b"\xef\xbb\xbfUsername\r\n", "ada\x1b[2J\u202e\r\n".encode()])
        assert sys.stdout.getvalue() == "Username\nada\\x1b[2J\\u202e\n"
    finally:
        sys.stdout = before


class Echo(BaseHTTPRequestHandler):
    """A Moodle, or something before it, that shows what it was sent, and says what it likes."""

    answer: ClassVar[Callable[[str], tuple[int, dict[str, str], str]]]

    def do_POST(self) -> None:
        """Answer with what the test wants."""
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, headers, text = type(self).answer(sent)
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def echo() -> Iterator[Callable[[Callable[[str], tuple[int, dict[str, str], str]]], str]]:
    """Serves what answers to a body; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serving(answer: Callable[[str], tuple[int, dict[str, str], str]]) -> str:
        Echo.answer = staticmethod(answer)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serving
    server.shutdown()
    server.server_close()


def exception(sent: str, code: str) -> str:
    return json.dumps({"exception": "e", "errorcode": code, "message": f"bad {sent} {EVIL} {LONG}"})


ANSWERS: dict[str, Callable[[str], tuple[int, dict[str, str], str]]] = {
    "an exception": lambda sent: (200, {}, exception(sent, "dmlreadexception")),
    "an exception that ends the run": lambda sent: (200, {}, exception(sent, "invalidtoken")),
    "an unknown code": lambda sent: (200, {}, exception(sent, f"code{EVIL}")),
    "a page": lambda sent: (200, {}, f"<title>{sent} {EVIL}</title>"),
    "a proxy's error": lambda sent: (502, {}, f"<h1>{sent} {EVIL}</h1>"),
    "a redirect": lambda sent: (302, {"Location": f"/{sent}"}, ""),
    "site info": lambda sent: (
        200,
        {},
        json.dumps(
            {
                "sitename": f"{sent}{EVIL}",
                "username": f"{TOKEN}{EVIL}",
                "userid": 3,
                "siteurl": f"http://x/{sent}{EVIL}",
                "release": f"4.5{EVIL}",
                "version": "2024100700",
                "functions": [{"name": f"{TOKEN}{EVIL}"}],
            }
        ),
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize(
    "words", [["doctor"], ["doctor", "--json"], ["plan", "roster.csv"], ["plan", "roster.csv", "--debug", "--json"]]
)
def test_whoever_echoes_the_token_shows_it_to_nobody(
    run: Run, roster: Path, echo: Callable[..., str], kind: str, words: list[str]
) -> None:
    """Nor a control character, nor more of Moodle's words than a screen should show; with --debug, logged as well."""
    ran = run(*words, ROSTERSYNC_SITE=echo(ANSWERS[kind]), ROSTERSYNC_TOKEN=TOKEN)
    assert ran.code == 5 or kind != "site info"
    assert TOKEN not in ran.out + ran.err
    assert alive(ran) == []
    assert (ran.out + ran.err).count("word ") <= 200 or "--json" in words


def test_moodles_words_are_cut_on_a_screen(run: Run, roster: Path, echo: Callable[..., str]) -> None:
    """After 500 characters; where Moodle says less, nothing is cut."""
    answer = {"exception": "e", "errorcode": "invalidtoken", "message": "z" * 5000}
    ran = run("plan", roster, ROSTERSYNC_SITE=echo(lambda _: (200, {}, json.dumps(answer))), ROSTERSYNC_TOKEN=TOKEN)
    assert f"“{'z' * 500}…”" in ran.err
    assert "z" * 501 not in ran.err
    answer["message"] = "z" * 500
    ran = run("plan", roster, ROSTERSYNC_SITE=echo(lambda _: (200, {}, json.dumps(answer))), ROSTERSYNC_TOKEN=TOKEN)
    assert f"“{'z' * 500}”" in ran.err


def test_no_file_has_the_token_that_moodle_echoed(run: Run, connected: Server, changed: Path) -> None:
    """Reports, plans and the store hold what Moodle says; names with the token in them lose it."""
    connected.state.token = TOKEN
    rename(connected, TOKEN)
    ran = run("sync", changed, "--yes", ROSTERSYNC_TOKEN=TOKEN)
    assert ran.code == 0
    assert TOKEN not in ran.out + ran.err
    assert "Of(token)" in ran.out
    files = [*Path("rostersync-reports").iterdir(), Path(os.environ["ROSTERSYNC_STORE"])]
    assert files
    for file in files:
        assert TOKEN.encode() not in file.read_bytes()


@pytest.mark.parametrize("address", ["http://moodle.invalid", "HTTP://10.1.2.3:8080/moodle"])
def test_a_token_goes_nowhere_unencrypted(run: Run, roster: Path, address: str) -> None:
    """Every command that would send it is refused, before anything is sent; the setting allows it."""
    for words in (["plan", roster], ["doctor"], ["export", "BIO101"]):
        ran = run(*words, "--site", address, ROSTERSYNC_TOKEN=TOKEN)
        assert ran.code == 2
        assert "the token would go to" in ran.err
        assert "allow_http = true" in ran.err
    ran = run("plan", roster, "--site", "http://moodle.invalid", ROSTERSYNC_TOKEN=TOKEN, ROSTERSYNC_ALLOW_HTTP="true")
    assert (ran.code, "no connection" in ran.err) == (5, True)


def test_a_proxy_elsewhere_gets_no_token_either(run: Run, connected: Server, roster: Path) -> None:
    """A site of this machine that would be asked through another machine's proxy, unencrypted."""
    ran = run("plan", roster, http_proxy="http://proxy.invalid:3128")
    assert ran.code == 2
    assert "the token would go to proxy.invalid unencrypted" in ran.err
    assert run("plan", roster, http_proxy="http://proxy.invalid:3128", no_proxy="127.0.0.1").code == 0


def test_a_refused_row_is_told_shortly_on_the_screen_and_whole_in_the_report(
    run: Run, connected: Server, changed: Path, echo: Callable[..., str]
) -> None:
    """Whatever Moodle says of it; neither has the token."""

    def answer(sent: str) -> tuple[int, dict[str, str], str]:
        if "wsfunction=enrol_manual_enrol_users" in sent:
            return 200, {}, json.dumps({"exception": "e", "errorcode": "odd", "message": f"{sent}\x1b[2J{'z' * 900}"})
        with urlopen(f"{connected.url}/webservice/rest/server.php", sent.encode()) as reply:  # noqa: S310 - loopback
            return 200, {}, reply.read().decode()

    ran = run("sync", changed, "--yes", "--teacher-means", "teacher", ROSTERSYNC_SITE=echo(answer))
    assert ran.code == 3
    assert "z" * 100 in ran.out.replace("\n", "").replace(" ", "")
    assert "z" * 501 not in (ran.out + ran.err).replace("\n", "").replace(" ", "")
    assert alive(ran) == []
    (report,) = Path("rostersync-reports").glob("*[0-9].csv")
    assert "z" * 900 in report.read_text(encoding="utf-8-sig")
    assert connected.token not in ran.out + ran.err + report.read_text(encoding="utf-8-sig")
