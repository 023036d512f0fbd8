"""Make one call and decode its answer; everything else is an exception."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

from pydantic import SecretStr

from rostersync.errors import MoodleError, NotMoodle
from rostersync.moodle.answer_shapes import decoded, misfit
from rostersync.moodle.answers import Remedy, answer_to, refusal
from rostersync.moodle.replies import status, words_of
from rostersync.moodle.request_body import OVERHEAD, Body
from rostersync.moodle.transport import Reply, Setback, SetbackKind, Transport
from rostersync.settings import Settings
from rostersync.text.addresses import SERVICE_PATH
from rostersync.text.masking import masked_bytes

_OK = 200

_log = logging.getLogger(__name__)


class Exchange:
    """One site and one token, without any patience. Can be shared by threads.

    Args:
        site: the site's address.
        token: goes into bodies and nowhere else.
        settings: connections, timeouts and max_answer_megabytes are used.
    """

    def __init__(self, site: str, token: SecretStr, *, settings: Settings) -> None:
        self._site = site
        self._address = site + SERVICE_PATH
        self._token = token
        self.answered = False
        """Moodle has answered a call, if only to refuse it."""
        self.transport = Transport(
            self._address,
            connections=settings.connections,
            timeout=settings.timeout,
            whole=settings.call_timeout,
            most=int(settings.max_answer_megabytes * 1e6),
        )

    def answer(self, function: str, body: Body, *, writes: bool) -> Any:  # noqa: ANN401 - JSON
        """What Moodle answers; None for writes.

        Raises:
            Setback: no usable answer.
            MoodleError: Moodle refused the call.
            SiteError: nothing can go on.
        """
        started = time.perf_counter()
        reply = self.transport.post(self._encoded(function, body))
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
            raise status(reply, self._site, self._address)
        try:
            answer = decoded(reply.content)
        except ValueError:
            undecoded = True
        else:
            undecoded = False
        if undecoded:
            raise self._not_json(reply, writes=writes)
        self.answered = True
        if isinstance(answer, dict) and "exception" in answer:
            said = refusal(function, answer)
            if isinstance(said, MoodleError) and (known := answer_to(said)).remedy is Remedy.RETRY:
                raise Setback(SetbackKind.REFUSED, f"{known.message} [{said.errorcode}]", code=said.errorcode)
            raise said
        if writes and answer is not None:
            raise Setback(SetbackKind.ODD, "the answer is not the null that a success would be", status=reply.status)
        if not writes and (words := misfit(function, answer)):
            raise Setback(SetbackKind.MISFIT, words, status=reply.status)
        return answer

    def _encoded(self, function: str, body: Body) -> bytes:
        # The function comes last: a body that PHP cuts loses it, and nothing is done (guide/moodle.md, fact 4).
        head = f"wstoken={quote_plus(self._token.get_secret_value())}&moodlewsrestformat=json&moodlewssettingraw=1"
        parts = (
            [head, body.text, f"wsfunction={quote_plus(function)}"] if body.text else [head, f"wsfunction={function}"]
        )
        return "&".join(parts).encode("ascii")

    def _not_json(self, reply: Reply, *, writes: bool) -> Exception:
        cut = reply.content.lstrip()[:1] in {b"[", b"{"}
        if cut or writes or self.answered:
            what = "the answer is cut short" if cut else "a page came instead of an answer"
            return Setback(SetbackKind.LOST, what, status=reply.status)
        page = words_of(reply.content)
        return NotMoodle(
            f"{self._site} answers, but not as Moodle's web services do" + (f": “{page}”" if page else ""),
            remedy="write the address as it stands in a browser on Moodle's front page",
        )
