"""The control address that only the sandbox has: method, path and body in, JSON about faults, state and calls out.

GET    /sandbox/faults       what is switched on, how many calls have met it, and what there is
POST   /sandbox/faults       {"fault": "reset-after-commit:p=0.02"} switches one on
DELETE /sandbox/faults       switches all off
DELETE /sandbox/faults/3     switches one off
GET    /sandbox/state        the site as it is now, as a document that `--state` reads
GET    /sandbox/calls        how many calls of each function have come
"""

import json
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from rostersync.errors import UsageError
from rostersync.sandbox.faults import MEANINGS
from rostersync.sandbox.pages import Answer
from rostersync.sandbox.switches import Faults

PATH = "/sandbox/"


class Controlled(Protocol):
    """What the control address shows and changes."""

    @property
    def faults(self) -> Faults:
        """The faults that are switched on."""

    def document(self) -> dict[str, Any]:
        """Return the state as a document."""

    def called(self) -> Mapping[str, int]:
        """Return how many calls of each function have come."""


def is_local(client: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request comes from this machine and from no web page that a browser shows."""
    host = urlsplit(f"//{headers.get('Host', '')}").hostname or ""
    named = host == "localhost" or _is_loopback(host)
    return _is_loopback(client) and named and "Origin" not in headers


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def control(owner: Controlled, method: str, path: str, body: bytes) -> Answer:
    """Answer a request to the control address."""
    match method, path.removeprefix(PATH).strip("/").split("/"):
        case "GET", ["faults"]:
            kinds = {kind.value: meaning for kind, meaning in MEANINGS.items()}
            return _json(200, {"seed": owner.faults.seed, "faults": owner.faults.describe(), "kinds": kinds})
        case "POST", ["faults"]:
            return _add(owner.faults, body)
        case "DELETE", ["faults", *numbers]:
            return _clear(owner.faults, numbers)
        case "GET", ["state"]:
            return _json(200, owner.document())
        case "GET", ["calls"]:
            calls = owner.called()
            return _json(200, {"total": sum(calls.values()), "calls": dict(sorted(calls.items()))})
        case _:
            return _json(404, {"error": "the sandbox has /sandbox/faults, /sandbox/state and /sandbox/calls"})


def _add(faults: Faults, body: bytes) -> Answer:
    try:
        number = faults.add(str(json.loads(body)["fault"]))
    except (ValueError, TypeError, KeyError):
        return _json(400, {"error": 'a fault is asked for as {"fault": "maintenance"}'})
    except UsageError as error:
        return _json(400, {"error": error.message, "remedy": error.remedy})
    return _json(201, {"id": number, "faults": faults.describe()})


def _clear(faults: Faults, numbers: Sequence[str]) -> Answer:
    try:
        faults.clear(int("/".join(numbers)) if numbers else None)
    except (ValueError, KeyError):
        return _json(404, {"error": "no fault of this number is switched on"})
    return _json(200, {"faults": faults.describe()})


def _json(status: int, value: object) -> Answer:
    return Answer(status=status, content_type="application/json", body=json.dumps(value).encode() + b"\n")
