"""Answer the sandbox's own address: faults, state and calls, as JSON.

GET    /sandbox/faults       what is switched on, how many calls have met it, and what there is
POST   /sandbox/faults       {"fault": "reset-after-commit:p=0.02"} switches one on
DELETE /sandbox/faults       switches all off
DELETE /sandbox/faults/3     switches one off
GET    /sandbox/state        the site as it is now, as a document that `--state` reads
GET    /sandbox/calls        how many calls of each function have come
GET    /sandbox/writes       the calls that wrote, first looks at a gradebook among them
GET    /sandbox/mails        the welcome mails that went out
"""

import json
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from rostersync.errors import UsageError
from rostersync.sandbox.faults import MEANINGS
from rostersync.sandbox.pages import HttpAnswer
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

    def written(self) -> list[dict[str, Any]]:
        """Return the calls that wrote."""

    def mailed(self) -> list[dict[str, Any]]:
        """Return the mails that went out."""


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


def control(owner: Controlled, method: str, path: str, body: bytes) -> HttpAnswer:
    """Answer a request to the control address."""
    match method, path.removeprefix(PATH).strip("/").split("/"):
        case "GET", ["faults" | "state" | "calls" | "writes" | "mails" as place]:
            return _json(200, _told(owner, place))
        case "POST", ["faults"]:
            return _add(owner.faults, body)
        case "DELETE", ["faults", *numbers]:
            return _clear(owner.faults, numbers)
        case _:
            places = "/sandbox/faults, /sandbox/state, /sandbox/calls, /sandbox/writes and /sandbox/mails"
            return _json(404, {"error": f"the sandbox has {places}"})


def _told(owner: Controlled, place: str) -> object:
    match place:
        case "state":
            return owner.document()
        case "calls":
            calls = owner.called()
            return {"total": sum(calls.values()), "calls": dict(sorted(calls.items()))}
        case "writes":
            writes = owner.written()
            return {"total": len(writes), "writes": writes}
        case "mails":
            mails = owner.mailed()
            return {"total": len(mails), "mails": mails}
        case _:
            kinds = {kind.value: meaning for kind, meaning in MEANINGS.items()}
            return {"seed": owner.faults.seed, "faults": owner.faults.describe(), "kinds": kinds}


def _add(faults: Faults, body: bytes) -> HttpAnswer:
    try:
        number = faults.add(str(json.loads(body)["fault"]))
    except (ValueError, TypeError, KeyError):
        return _json(400, {"error": 'a fault is asked for as {"fault": "maintenance"}'})
    except UsageError as error:
        return _json(400, {"error": error.message, "remedy": error.remedy})
    return _json(201, {"id": number, "faults": faults.describe()})


def _clear(faults: Faults, numbers: Sequence[str]) -> HttpAnswer:
    try:
        faults.clear(int("/".join(numbers)) if numbers else None)
    except (ValueError, KeyError):
        return _json(404, {"error": "no fault of this number is switched on"})
    return _json(200, {"faults": faults.describe()})


def _json(status: int, value: object) -> HttpAnswer:
    return HttpAnswer(status=status, content_type="application/json", body=json.dumps(value).encode() + b"\n")
