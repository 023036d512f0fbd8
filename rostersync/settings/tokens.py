"""Find the token and say where it came from; keep one in the system's keyring, or in a file for its owner alone.

What somebody set (the profile, a variable, --token-file) goes first; then the file that `rostersync config token` made
where there was no keyring; then the keyring. Both are by site, so that no token goes to a site that it is not for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from rostersync import private_files
from rostersync.errors import SettingsError
from rostersync.settings import Settings, settings_path
from rostersync.text.masking import conceal

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "rostersync"
"""What the keyring calls us."""
_LIKE_A_TOKEN = re.compile("[0-9a-fA-F]{32}")
_REMEDY = (
    "`rostersync config token` keeps one; or put it into a file and say --token-file FILE, or set ROSTERSYNC_TOKEN"
)
_ALONE = "put the token into it, and nothing else"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundToken:
    """A token."""

    secret: SecretStr
    origin: str
    """Where it came from, in words: “the keyring (SecretService Keyring)”."""


def token(settings: Settings) -> SecretStr:
    """The token for the site of these settings.

    Raises:
        SettingsError: a token file that cannot be read or is empty, or no token is to be found.
    """
    return find(settings).secret


def find(settings: Settings, origins: Mapping[str, str] | None = None) -> FoundToken:
    """The token for the site of these settings, and where it came from.

    Args:
        settings: the site, and what was set.
        origins: setting → where it was set (`Loaded.origins`).

    Raises:
        SettingsError: a token file that cannot be read or is empty, or no token is to be found.
    """
    found = _find(settings, origins or {})
    conceal(found.secret.get_secret_value())
    return found


def _find(settings: Settings, said: Mapping[str, str]) -> FoundToken:
    if settings.token_file:
        origin = f"the file {settings.token_file} ({said.get('token_file', 'token_file')})"
        return FoundToken(secret=from_file(settings.token_file), origin=origin)
    if own := settings.token.get_secret_value().strip():
        return FoundToken(secret=SecretStr(own), origin=f"the setting token ({said.get('token', 'token')})")
    if settings.site and (kept := kept_token(settings.site)):
        return kept
    raise SettingsError("no token is set", remedy=_REMEDY)


def kept_token(site: str) -> FoundToken | None:
    """The token that `rostersync config token` has kept for a site; None where there is none.

    Raises:
        SettingsError: there is a file for it, which cannot be read.
    """
    place = own_file(site)
    if place.exists():
        return FoundToken(secret=from_file(str(place)), origin=f"the file {place} (rostersync config token)")
    if (backend := _backend()) is None:
        return None
    try:
        kept = backend.get_password(SERVICE, _account(site))
    except Exception as error:  # noqa: BLE001 - a backend raises whatever its library does
        raise SettingsError(f"{_words(backend)} cannot be read: {_reason(error)}", remedy=_REMEDY) from None
    return FoundToken(secret=SecretStr(kept), origin=_words(backend)) if kept else None


def keep(site: str, secret: SecretStr) -> FoundToken:
    """Keep the token of a site in the keyring, or where there is none, or it refuses, in a file; as it is read back.

    Raises:
        SettingsError: neither can be written, or what is read back is something else.
    """
    place, backend = own_file(site), _backend()
    if backend is None or not _put(backend, _account(site), secret):
        _write(place, secret)
    elif place.exists():
        place.unlink()  # it would go first
    kept = kept_token(site)
    if kept is None or kept.secret.get_secret_value() != secret.get_secret_value():
        raise SettingsError("the token that was kept is not read back as it was", remedy=_REMEDY)
    return kept


def forget(site: str) -> tuple[str, ...]:
    """Delete what `keep` kept for a site; where it was."""
    gone = []
    while (kept := kept_token(site)) is not None and kept.origin not in gone:
        gone.append(kept.origin)
        if (place := own_file(site)).exists():
            place.unlink()
        elif (backend := _backend()) is not None:
            _delete(backend, _account(site))
    return tuple(gone)


def own_file(site: str) -> Path:
    """Where the token of a site is kept where there is no keyring: beside the settings."""
    return settings_path().parent / "tokens" / quote(_account(site), safe="")


def _account(site: str) -> str:
    """The site as keyring and file call it: one name for all spellings of a host."""
    parts = urlsplit(site)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def from_file(named: str) -> SecretStr:
    """The token in a file that holds it alone.

    Raises:
        SettingsError: it cannot be read, or holds something else.
    """
    shown = named
    if _LIKE_A_TOKEN.fullmatch(named):
        shown = "that was named"  # it looks like the token itself
    try:
        text = Path(named).expanduser().read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"the token file {shown} cannot be read: {reason}", remedy=_ALONE) from None
    if not text or len(text.split()) != 1:
        raise SettingsError(f"the token file {shown} does not hold one token alone", remedy=_ALONE)
    return SecretStr(text)


def _write(place: Path, secret: SecretStr) -> None:
    beside = private_files.part_of(place)
    try:
        private_files.make_folder(place.parent)
        with private_files.create(beside) as file:
            file.write(secret.get_secret_value().encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise SettingsError(f"{place} cannot be written: {error.strerror}", remedy=_REMEDY) from None


def _put(backend: KeyringBackend, account: str, secret: SecretStr) -> bool:
    try:
        backend.set_password(SERVICE, account, secret.get_secret_value())
    except Exception:  # noqa: BLE001 - a backend raises whatever its library does; there is the file
        return False
    return True


def _delete(backend: KeyringBackend, account: str) -> None:
    try:
        backend.delete_password(SERVICE, account)
    except Exception as error:  # noqa: BLE001 - a backend raises whatever its library does
        raise SettingsError(
            f"{_words(backend)} does not give the token up: {_reason(error)}", remedy="delete it in the keyring itself"
        ) from None


def _backend() -> KeyringBackend | None:
    """The system's keyring; None where there is none, or only one that is a file for anybody who looks."""
    import keyring

    try:
        backend = keyring.get_keyring()
        recommended = backend.priority >= 1
    except Exception:  # noqa: BLE001 - looking for one talks to whatever the system has
        return None
    return backend if recommended else None


def _words(backend: KeyringBackend) -> str:
    return f"the keyring ({backend.name})"


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__
