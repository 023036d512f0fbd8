"""Mask the token wherever it would be shown: in what Moodle or a proxy echoes, in messages, logs and tracebacks."""

from __future__ import annotations

MASK = "(token)"
SHORTEST = 8
"""A shorter text is no token, and could stand anywhere by chance. Moodle's have 32 characters."""

_SECRETS: dict[str, tuple[str, ...]] = {}


def conceal(secret: str) -> None:
    """Have a secret masked from now on, for as long as the process lasts."""
    if len(secret) >= SHORTEST and secret not in _SECRETS:
        _SECRETS[secret] = _spellings(secret)


def masked(text: str) -> str:
    """The text without any of the secrets."""
    for spellings in tuple(_SECRETS.values()):
        for one in spellings:
            if one in text:
                text = text.replace(one, MASK)
    return text


def masked_bytes(content: bytes) -> bytes:
    """The same of bytes, in an encoding that has ASCII in it."""
    for spellings in tuple(_SECRETS.values()):
        for one in spellings:
            if (found := one.encode()) in content:
                content = content.replace(found, MASK.encode())
    return content


def _spellings(secret: str) -> tuple[str, ...]:
    """The secret as it stands in text, in addresses and forms, in JSON, and in base64, the longest first."""
    import base64
    from urllib.parse import quote, quote_plus

    every = {
        secret,
        quote_plus(secret),
        quote(secret, safe=""),
        secret.replace("/", "\\/"),
        base64.b64encode(secret.encode()).decode().rstrip("="),
    }
    return tuple(sorted(every, key=lambda one: (-len(one), one)))
