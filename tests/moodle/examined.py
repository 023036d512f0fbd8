"""The doctor at work on a sandbox, over HTTP, and what its findings come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import SecretStr

from rostersync.moodle.diagnostics import Conclusion, Examination, Finding, examine
from rostersync.sandbox import state as sandbox
from rostersync.sandbox.server import Server, serve
from rostersync.settings import Settings


@contextmanager
def unchanged(site: sandbox.State, faults: Sequence[str] = ()) -> Iterator[Server]:
    """The site served under its own address; nothing in it is different afterwards."""
    with serve(site, faults=faults) as server:
        site.site["url"] = server.url
        before = server.document()
        yield server
        assert server.document() == before


def doctor(site: sandbox.State, *named: str, faults: Sequence[str] = ()) -> Examination:
    """What the doctor finds on a site in this mood, with these courses named."""
    with unchanged(site, faults) as server:
        return examine(Settings(site=server.url), SecretStr(server.token), named)


def finding(examination: Examination, code: str) -> Finding:
    """The one finding about this."""
    (found,) = [f for f in examination.findings if f.code == code]
    return found


def only(examination: Examination) -> Finding:
    """The one finding of a run that did not get in."""
    assert (examination.verdict, examination.exit_code) == (Conclusion.UNUSABLE, 5)
    (found,) = examination.findings
    return found


def bad(examination: Examination) -> dict[str, tuple[str, ...]]:
    """What is missing, with its causes."""
    return {f.code: f.causes for f in examination.findings if f.bad}
