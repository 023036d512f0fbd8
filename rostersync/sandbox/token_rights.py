"""The capabilities that can be taken from the token's account: Moodle's names, and the English ones of its messages."""

from collections.abc import Mapping
from types import MappingProxyType

from rostersync.tables.capabilities import CAPABILITIES as NEEDED

CAPABILITIES: Mapping[str, str] = MappingProxyType(
    dict(
        sorted(
            {
                **{code: capability.name for code, capability in NEEDED.items()},
                "moodle/course:managegroups": "Manage groups",
                "moodle/user:create": "Create users",
            }.items()
        )
    )
)
