"""Look up users by user name, ID number, e-mail address or id (USER_MATCHES)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rostersync.enums import Match, UserField
from rostersync.errors import MoodleError
from rostersync.moodle.answers import CODES, Remedy, remedy_of
from rostersync.moodle.client import Client
from rostersync.moodle.key_matching import Index, is_id
from rostersync.moodle.parallel import Progress, in_parallel
from rostersync.moodle.request_body import OVERHEAD, encode_values
from rostersync.moodle.site_info import site_info
from rostersync.tables import USER_MATCHES
from rostersync.tables.functions import USERS_BY_FIELD

CHUNK = 200
REFUSES_UNCONFIRMED = (4, 5)
GUEST = "guest"
"""The user name of the guest account."""

_GONE_NAME = re.compile(r".+@.+\.[12][0-9]{9,}", re.ASCII)
_GONE_MAIL = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""What a deleted account has for its user name, an address with a time, and for its address (recording accounts 35)."""
_ORDINARY = re.compile(r"[-._@a-z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What the values of one chunk brought: users, and Moodle's words for the values that it refused."""

    users: list[dict[str, Any]]
    refused: dict[str, str]


def find_users(
    client: Client, field: UserField, keys: Iterable[str], *, chunk: int = CHUNK, progress: Progress | None = None
) -> pd.DataFrame:
    """The users that have these keys in one field.

    One bad value, or one account that Moodle cannot show, fails a whole call (guide/moodle.md, fact 13). A call that
    fails so is halved until the value stands alone; it gets a line with Match.ERROR. Accounts that were deleted are
    found by their id all the same: such a key gets a line with Match.DELETED, and no id.

    Args:
        client: the site.
        field: anything but ANY.
        keys: as the roster has them; blank ones, and ids that are not digits, are nobody's and are not sent.
        chunk: keys in one call, at most.
        progress: told how many calls are done, and of how many.

    Returns:
        USER_MATCHES, by key and user id.

    Raises:
        MoodleError: Moodle refuses the look-up as such.
        TransportError: no usable answer after all tries.
        SiteError: nothing can go on.
    """
    if field is UserField.ANY:
        raise ValueError("a field to look in must be named; find_users_any looks in all of them")
    sent = {key: _sent(field, key) for key in sorted(set(keys))}
    values = sorted({value for value in sent.values() if value and (field is not UserField.ID or is_id(value))})
    size = min(chunk, client.settings.max_fields - OVERHEAD - 1)
    # Unusual user names are refused more often than not: kept apart, they do not fail the calls of the others.
    ordinary = [v for v in values if field is not UserField.USERNAME or _ORDINARY.fullmatch(v)]
    unusual = sorted(set(values) - set(ordinary))
    chunks = [group[i : i + size] for group in (ordinary, unusual) for i in range(0, len(group), size)]
    answers = in_parallel(client, lambda part: _ask(client, field, part), chunks, progress=progress)
    users = {int(user["id"]): user for answer in answers for user in answer.users}
    refused = {value: words for answer in answers for value, words in answer.refused.items()}
    index = Index((_text(user, field), user) for _, user in sorted(users.items()) if not _deleted(user))
    gone = Index((_text(user, field), user) for user in users.values() if _deleted(user))
    lines: list[tuple[Any, ...]] = []
    for key, value in sent.items():
        if value in refused:
            lines.append((key, 0, "", "", "", "", False, Match.ERROR, refused[value]))
        elif value:
            lines.extend(
                (
                    *(key, int(u["id"]), *(_text(u, n) for n in ("username", "email", "idnumber", "fullname"))),
                    *(_unconfirmed(u), match, ""),
                )
                for match, u in sorted(index.matches(key), key=lambda pair: int(pair[1]["id"]))
            )
            if any(match is Match.EXACT for match, _ in gone.matches(key)):
                lines.append((key, 0, "", "", "", "", False, Match.DELETED, ""))
    return _table(field, lines)


def refuses_unconfirmed(client: Client) -> bool:
    """Whether Moodle neither unenrols nor suspends an account that is not confirmed, or the guest's.

    Moodle 4.5 and later do not, 4.4 does (guide/moodle.md, fact 29); where no release is told, the worse is assumed.
    """
    branch = (client.info or site_info(client)).branch
    return branch >= REFUSES_UNCONFIRMED or branch == (0, 0)


def find_users_any(
    client: Client, keys: Iterable[str], *, chunk: int = CHUNK, progress: Progress | None = None
) -> pd.DataFrame:
    """The users that have these keys in any field: USER_MATCHES, by field, key and user id. Raises as `find_users`.

    E-mail addresses are tried for keys with @, ids for keys of digits.
    """
    distinct = sorted(set(keys))
    wanted = {
        UserField.USERNAME: distinct,
        UserField.IDNUMBER: distinct,
        UserField.EMAIL: [key for key in distinct if "@" in key],
        UserField.ID: [key for key in distinct if is_id(key.strip())],
    }
    tables = [find_users(client, f, k, chunk=chunk, progress=progress) for f, k in wanted.items() if k]
    return USER_MATCHES.check(pd.concat(tables, ignore_index=True)) if tables else USER_MATCHES.empty()


def _sent(field: UserField, key: str) -> str:
    # Moodle's user names are lower case, and one upper-case letter fails the whole call (recordings 3 and 4).
    return key.strip().lower() if field is UserField.USERNAME else key.strip()


def _ask(client: Client, field: UserField, values: Sequence[str]) -> _Answered:
    try:
        answer = client.call(USERS_BY_FIELD, encode_values([("field", str(field))], "values", values))
    except MoodleError as error:
        # PHP errors and codes that nobody knows, too, come from one value or account, as far as can be told.
        known = error.errorcode and error.errorcode in CODES
        if known and remedy_of(error) is not Remedy.ISOLATE:
            raise
        if len(values) == 1:
            return _Answered(users=[], refused={values[0]: str(error)})
    else:
        return _Answered(users=answer, refused={})
    half = len(values) // 2
    first, second = _ask(client, field, values[:half]), _ask(client, field, values[half:])
    return _Answered(users=first.users + second.users, refused=first.refused | second.refused)


def _text(user: dict[str, Any], name: str) -> str:
    # Moodle leaves out what the token may not see.
    value = user.get(name)
    return "" if value is None else str(value)


def _unconfirmed(user: dict[str, Any]) -> bool:
    """Whether nobody can enrol this account: Moodle refuses those that are not confirmed, and the guest."""
    return not user.get("confirmed", True) or user.get("username") == GUEST


def _deleted(user: dict[str, Any]) -> bool:
    """Whether an account was deleted, which no field tells: by its user name and address, as far as they are shown."""
    shown = ((_GONE_NAME, _text(user, "username")), (_GONE_MAIL, _text(user, "email")))
    told = [sign.fullmatch(text) is not None for sign, text in shown if text]
    return bool(told) and all(told)


def _table(field: UserField, lines: list[tuple[Any, ...]]) -> pd.DataFrame:
    if not lines:
        return USER_MATCHES.empty()
    columns = zip(*lines, strict=True)
    names = [name for name in USER_MATCHES.columns if name != "field"]
    return USER_MATCHES.frame({"field": str(field), **dict(zip(names, map(list, columns), strict=True))})
