"""Speak Moodle's REST protocol: the body of a POST, and the answer's status, type and body."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.events import Write
from rostersync.sandbox.faults import Fault
from rostersync.sandbox.functions import FUNCTIONS, exists
from rostersync.sandbox.pages import HttpAnswer
from rostersync.sandbox.parameters import check
from rostersync.sandbox.php_form import Form, read_form
from rostersync.sandbox.refusals import Refusal, access, invalid_parameter, invalid_token, missing_record, not_built
from rostersync.sandbox.releases import spelled
from rostersync.sandbox.site_faults import (
    check_connection,
    check_database,
    check_mail,
    check_maintenance,
    check_service,
    check_token,
    felt,
    instead,
)
from rostersync.sandbox.state import State

PATH = "/webservice/rest/server.php"
_SETTING = "moodlewssetting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call as PHP has read it; `function` is empty where the name is missing or was cut off."""

    form: Form
    as_json: bool
    function: str

    @property
    def writes(self) -> bool:
        """Tell whether the function changes the site."""
        return self.function in FUNCTIONS and FUNCTIONS[self.function].writes

    @property
    def rows(self) -> int:
        """How many rows are asked for: the longest list of the form."""
        return max((len(value) for value in self.form.values() if isinstance(value, dict)), default=1)

    @property
    def courses(self) -> frozenset[int]:
        """The ids of the courses that it is about, in a field of its own or in rows."""
        rows = [row for value in self.form.values() if isinstance(value, dict) for row in value.values()]
        parts = [self.form, *(row for row in rows if isinstance(row, dict))]
        ids = [part.get(name) for part in parts for name in ("courseid", "instanceid")]
        return frozenset(int(i) for i in ids if isinstance(i, str) and i.isascii() and i.isdigit())


def read(state: State, body: bytes, *, query: str = "") -> Request:
    """Read a form-encoded body, or the query of a GET; of a body over `post_max_size` PHP keeps not one field.

    Of a body PHP lets one field more through than `max_input_vars` says: at 5,000 the measured 1,666 rows of three
    fields and 4,997 usernames came after three and four other fields, which makes 5,001.
    """
    form: Form = read_form(query, limit=state.max_input_vars) if query else {}
    if not state.post_max_size or len(body) <= state.post_max_size:
        limit = state.max_input_vars + 1 if state.max_input_vars else 0
        form |= read_form(body.decode("utf-8", errors="replace"), limit=limit)
    as_json = form.pop("moodlewsrestformat", "xml") == "json"
    name = form.pop("wsfunction", "")
    return Request(form=form, as_json=as_json, function=name if isinstance(name, str) else "")


def answer(state: State, body: bytes, *, query: str = "", moods: Sequence[Fault] = ()) -> HttpAnswer:
    """Answer a body or a query; errors are HTTP 200 as well, as Moodle's are.

    Not locked: whoever calls this from several threads holds a lock around it, as `server` does.
    """
    return respond(state, read(state, body, query=query), moods=moods)


def respond(state: State, asked: Request, *, moods: Sequence[Fault] = ()) -> HttpAnswer:
    """Answer what was read, in the site's present moods; locked as `answer` is."""
    other = instead(state, moods)
    if other:
        return other
    try:
        with felt(state, moods):
            result = _result(state, asked, moods)
    except Refusal as refusal:
        return _refused(spelled(refusal, state.release_number), as_json=asked.as_json)
    reply = _json(result) if asked.as_json else _xml(f"<RESPONSE>\n{_element(result)}</RESPONSE>\n")
    return replace(reply, things=_count(result))


def _count(result: Json) -> int:
    """Count the rows of an answer: of a list, or of the longest list in it."""
    match result:
        case Mapping():
            return max((len(value) for value in result.values() if isinstance(value, list)), default=0)
        case list():
            return len(result)
        case _:
            return 0


def _result(state: State, asked: Request, moods: Sequence[Fault]) -> Json:
    """Do what a call asks: first the token, then the function, then the parameters (recordings 133 to 138)."""
    form, name = dict(asked.form), asked.function
    check_database(moods)
    token = form.pop("wstoken", "")
    settings = {key: form.pop(key) for key in [*form] if key.startswith(_SETTING)}
    if token != state.token:
        raise invalid_token()
    check_token(state, moods)
    check_maintenance(moods)
    if not state.can("webservice/rest:use"):
        raise access()
    if not name:
        raise invalid_parameter()
    if name not in state.functions and not exists(name):
        raise missing_record("external_functions")
    check_service(moods)
    if name not in state.functions:
        raise access()
    if name not in FUNCTIONS:
        raise not_built(name)
    function = FUNCTIONS[name]
    raw = settings.get(f"{_SETTING}raw", "0") not in ("", "0")
    return _run(function, Call(state=state, given=check(function.takes, form), raw=raw), moods)


def _run(function: Function, call: Call, moods: Sequence[Fault]) -> Json:
    """Run a function, one that writes in a transaction; then note what was written and send the mails.

    A mail that cannot be sent is an error after the commit (mail 2 to 11), and a function that reads has written what
    it has written, whatever comes then.
    """
    state, steps, done = call.state, [], False
    try:
        with state.transaction(undo=function.writes) as steps:
            result = function.run(call)
            check_connection(moods)
        done = True
    finally:
        if (done and function.writes) or (steps and not function.writes):
            state.writes.append(Write(function=function.name, touched=bool(steps)))
    if call.mails:
        check_mail(moods)
        state.mails.extend(call.mails)
    return result


def _refused(refusal: Refusal, *, as_json: bool) -> HttpAnswer:
    code = {} if refusal.errorcode is None else {"errorcode": refusal.errorcode}
    if as_json:
        return _json({"exception": refusal.exception, **code, "message": refusal.message})
    inside = "".join(f"<ERRORCODE>{escape(one)}</ERRORCODE>\n" for one in code.values())
    inside += f"<MESSAGE>{escape(refusal.message)}</MESSAGE>\n"
    return _xml(f'<EXCEPTION class="{refusal.exception}">\n{inside}</EXCEPTION>\n')


def _json(value: Json) -> HttpAnswer:
    body = json.dumps(value, separators=(",", ":")).encode()
    return HttpAnswer(status=200, content_type="application/json", body=body)


def _xml(inside: str) -> HttpAnswer:
    text = f'<?xml version="1.0" encoding="UTF-8" ?>\n{inside}'
    return HttpAnswer(status=200, content_type="application/xml", body=text.encode())


def _element(value: Json) -> str:
    """Write a value as Moodle's XML does (recording 132)."""
    match value:
        case None:
            return '<VALUE null="null"/>\n'
        case Mapping():
            keys = "".join(f'<KEY name="{name}">{_element(one)}</KEY>\n' for name, one in value.items())
            return f"<SINGLE>\n{keys}</SINGLE>\n"
        case list():
            return f"<MULTIPLE>\n{''.join(map(_element, value))}</MULTIPLE>\n"
        case bool():
            return f"<VALUE>{int(value)}</VALUE>\n"
        case _:
            return f"<VALUE>{escape(str(value))}</VALUE>\n"
