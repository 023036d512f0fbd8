"""The 37 recorded answers of a site in a bad mood, and the sandbox's words that bring each mood about."""

import json
import pathlib
from typing import Any

HERE = pathlib.Path(__file__).parent
LACKS = "token lacks "

_WORDS = {
    "baseline": (),
    "baseline again": (),
    "site in maintenance mode": ("maintenance",),
    "maintenance mode scheduled": ("maintenance-scheduled",),
    "CLI maintenance (climaintenance.html)": ("maintenance-cli",),
    "web services switched off": ("webservices-off",),
    "REST protocol switched off": ("rest-off",),
    "token expired": ("token-expired",),
    "token restricted to another address": ("token-elsewhere",),
    "external service disabled": ("service-off",),
    "account of the token suspended": ("account-suspended",),
    "course with separate groups, token may access all groups": ("separate-groups=304",),
    "course with separate groups, token may not access all groups: empty list": (
        "separate-groups=HIS110",
        "capability=moodle/site:accessallgroups",
    ),
    "wrong path": ("wrong-path",),
    "Authorization header only": (),
}


def recorded(name: str) -> list[dict[str, Any]]:
    """The lines of a recording."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


FAULTS = recorded("faults.jsonl")


def moods(title: str) -> tuple[str, ...]:
    """The words that bring the mood of a recording about."""
    return (f"capability={title.removeprefix(LACKS)}",) if title.startswith(LACKS) else _WORDS[title]
