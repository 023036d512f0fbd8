"""Name the releases of Moodle that the sandbox answers as, and spell errors as each of them does."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rostersync.sandbox.refusals import Refusal

NAMESPACED = (4, 5)
"""From here on most exceptions are spelled with their namespace (recordings 2, 3, …)."""
CHECKS_ACCOUNTS = (4, 5)
"""From here on accounts that are unconfirmed, deleted, unknown or the guest's are refused (fact 29)."""
UNOPENED_RECORDED = (4, 5)
"""From here on it is recorded what is answered for a gradebook that nobody has opened (grades 59); before, all are."""
TELLS_NAMES = (4, 5)
"""From here on people come with `firstname` and `lastname` (recordings 5, 30)."""
RECORD_UNKNOWN = (5, 1)
"""From here on nothing says what was not found (recordings 37, 66, 113, 115, 136, 170)."""
UNENROL_REFUSES_ROLE = (5, 2)
"""From here on an unenrol call must not name a role (fact 21)."""

_IN_NAMESPACE = frozenset(
    {
        "coding_exception",
        "invalid_parameter_exception",
        "invalid_response_exception",
        "moodle_exception",
        "require_login_exception",
        "required_capability_exception",
    }
)
_NOT_FOUND = "dml_missing_record_exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a site of this release says of itself."""

    release: str
    version: str


RELEASES: Mapping[str, Release] = MappingProxyType(
    {
        "4.4": Release(release="4.4 (Build: 20240422)", version="2024042200"),
        "4.5": Release(release="4.5.6 (Build: 20250811)", version="2024100706"),
        "5.1": Release(release="5.1.3 (Build: 20260216)", version="2025100603"),
    }
)
DEFAULT = "5.1"


def spelled(refusal: Refusal, number: tuple[int, int]) -> Refusal:
    """Spell a refusal as a release does, by its number such as (5, 1)."""
    if refusal.exception == _NOT_FOUND and number >= RECORD_UNKNOWN:
        return Refusal(_NOT_FOUND, "invalidrecordunknown", "Can't find data record in database.")
    if refusal.exception in _IN_NAMESPACE and number >= NAMESPACED:
        return Refusal(f"core\\exception\\{refusal.exception}", refusal.errorcode, refusal.message)
    return refusal
