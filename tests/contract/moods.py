"""The recorded answers of sites in a bad mood, and the sandbox's words that bring each mood about."""

from tests.contract.recordings import FOLDERS, recorded

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
    "token expired, second call": ("token-unknown",),
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
    "database cannot be reached": ("database-away",),
    "database cannot be reached, on a write": ("database-away",),
    "baseline after the database came back": (),
}


FAULTS = recorded("faults.jsonl")
ALL_FAULTS = {release: recorded("faults.jsonl", release) for release in FOLDERS}


def moods(title: str) -> tuple[str, ...]:
    """The words that bring the mood of a recording about."""
    return (f"capability={title.removeprefix(LACKS)}",) if title.startswith(LACKS) else _WORDS[title]
