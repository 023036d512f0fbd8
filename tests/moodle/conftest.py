"""A client that does not wait, and a Moodle of canned answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests_mock as mocking
from pydantic import SecretStr

from rostersync.moodle import Client
from rostersync.sandbox.state import State
from rostersync.settings import Settings
from rostersync.tables.functions import COURSE_ITEMS, GRADE_TREE, PERSON_ITEMS, SITE_INFO

SITE = "https://moodle.example"
RECORDED = Path(__file__).parent.parent / "contract" / "state.json"
NOW = 1795416700.0
INFO = {"userid": 3, "functions": []}


@pytest.fixture
def waits() -> list[float]:
    """The seconds that clients would have slept."""
    return []


@pytest.fixture
def make_client(waits: list[float]) -> Iterator[Callable[..., Client]]:
    """Makes clients; keywords are settings, `site` apart."""
    with ExitStack() as stack:

        def make(site: str = SITE, **settings: object) -> Client:
            made = Client(
                site,
                SecretStr("f00dfeed"),
                settings=Settings.model_validate(settings),
                sleep=waits.append,
                random=lambda: 1.0,
            )
            return stack.enter_context(made)

        yield make


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """A client with settings as they are by default."""
    return make_client()


@pytest.fixture
def release() -> str:
    """The release of Moodle that the recorded site answers as; tests that go through all of them have their own."""
    return "4.4"


@pytest.fixture
def site(release: str) -> State:
    """The recorded site, at the time of the recordings: all functions, and gradebooks that somebody has opened."""
    state = State.load(RECORDED, clock=lambda: NOW, release=release)
    gradebook = (COURSE_ITEMS, GRADE_TREE, PERSON_ITEMS)
    state.functions = [*state.functions, *(name for name in gradebook if name not in state.functions)]
    for course in state.courses:
        state.gradebook.open(course)
    return state


@pytest.fixture
def moodle() -> Iterator[Callable[[Mapping[str, Any]], list[dict[str, str]]]]:
    """Answers functions by name, from values or from what a callable makes of the form; gives the list of forms."""
    with mocking.Mocker() as mock:

        def serve(answers: Mapping[str, Any]) -> list[dict[str, str]]:
            forms: list[dict[str, str]] = []

            def answer(request: Any, context: Any) -> Any:  # noqa: ANN401 - requests_mock has no types
                form = dict(parse_qsl(request.text, keep_blank_values=True, strict_parsing=True))
                forms.append(form)
                # Asked by itself where it is in doubt whether the site is there.
                found = {SITE_INFO: INFO, **answers}[form["wsfunction"]]
                return found(form) if callable(found) else found

            mock.post(f"{SITE}/webservice/rest/server.php", json=answer)
            return forms

        yield serve
