"""Moodle's REST protocol without a network: the body of a POST in, status, content type and body of the answer out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.form import Form, read_form
from rostersync.sandbox.functions import FUNCTIONS, exists
from rostersync.sandbox.refusals import Refusal, access, invalid_parameter, invalid_token, missing_record, not_built
from rostersync.sandbox.schema import check
from rostersync.sandbox.state import State

PATH = "/webservice/rest/server.php"
_SETTING = "moodlewssetting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes


NOT_FOUND = Answer(status=404, content_type="text/html", body=b"File not found.\n")


def answer(state: State, body: bytes, *, query: str = "") -> Answer:
    """Answer a form-encoded body, or the query of a GET; errors are HTTP 200 as well, as Moodle's are.

    Not locked: whoever calls this from several threads holds a lock around it, as `server` does.
    """
    form: Form = read_form(query, limit=state.max_input_vars) if query else {}
    form |= read_form(body.decode("utf-8", errors="replace"), limit=state.max_input_vars)
    as_json = form.pop("moodlewsrestformat", "xml") == "json"
    try:
        result = _result(state, form)
    except Refusal as refusal:
        return _refused(refusal, as_json=as_json)
    if as_json:
        return _json(result)
    return _xml(f"<RESPONSE>\n{_element(result)}</RESPONSE>\n")


def _result(state: State, form: Form) -> Json:
    """Do what a call asks: first the token, then the function, then the parameters (recordings 133 to 138)."""
    token, name = form.pop("wstoken", ""), form.pop("wsfunction", "")
    settings = {key: form.pop(key) for key in [*form] if key.startswith(_SETTING)}
    if token != state.token:
        raise invalid_token()
    if not state.can("webservice/rest:use"):
        raise access()
    if not isinstance(name, str) or not name:
        raise invalid_parameter()
    if name not in state.functions:
        raise access() if exists(name) else missing_record("external_functions")
    if name not in FUNCTIONS:
        raise not_built(name)
    function = FUNCTIONS[name]
    raw = settings.get(f"{_SETTING}raw", "0") not in ("", "0")
    return _run(function, Call(state=state, given=check(function.takes, form), raw=raw))


def _run(function: Function, call: Call) -> Json:
    if not function.writes:
        return function.run(call)
    with call.state.transaction():
        return function.run(call)


def _refused(refusal: Refusal, *, as_json: bool) -> Answer:
    code = {} if refusal.errorcode is None else {"errorcode": refusal.errorcode}
    if as_json:
        return _json({"exception": refusal.exception, **code, "message": refusal.message})
    inside = "".join(f"<ERRORCODE>{escape(one)}</ERRORCODE>\n" for one in code.values())
    inside += f"<MESSAGE>{escape(refusal.message)}</MESSAGE>\n"
    return _xml(f'<EXCEPTION class="{refusal.exception}">\n{inside}</EXCEPTION>\n')


def _json(value: Json) -> Answer:
    body = json.dumps(value, separators=(",", ":")).encode()
    return Answer(status=200, content_type="application/json", body=body)


def _xml(inside: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8" ?>\n{inside}'
    return Answer(status=200, content_type="application/xml", body=text.encode())


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
