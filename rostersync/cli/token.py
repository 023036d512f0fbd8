"""`rostersync config token`: keep the token of a site, and try it at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options

if TYPE_CHECKING:
    from pydantic import SecretStr

    from rostersync.errors import RosterSyncError
    from rostersync.moodle import SiteInfo
    from rostersync.settings import Loaded, Settings

FORMAT = {"format": "rostersync-token", "version": 1}


@click.command("token")
@options.site
@click.option("--forget", is_flag=True, help="Delete the token that is kept for the site.")
@options.as_json
def command(forget: bool, as_json: bool, **chosen: Any) -> int:
    """Keep the site's token in the system's keyring, or where there is none in a file for you alone, and try it.

    It is typed unseen, or comes from standard input or --token-file. One that Moodle does not know is not kept. What
    the profile, a variable or a flag says of a token goes before the one that is kept.

    \b
    Examples:
      rostersync config token
      rostersync config token --site https://moodle.example --token-file token.txt
      rostersync config token --forget

    Exit code 5 where Moodle cannot be used with it; `rostersync doctor` then says why.
    """
    from rostersync.errors import SettingsError
    from rostersync.settings import tokens

    loaded = options.loaded_from(chosen)
    settings = options.warned(loaded)
    if not settings.site:
        raise SettingsError("no site is set", remedy="say --site https://moodle.example, or set ROSTERSYNC_SITE")
    if forget:
        return _forget(settings, as_json=as_json)
    secret = _given(chosen.get("token_file") or "")
    info, trouble = _tried(settings, secret)
    kept = tokens.keep(settings.site, secret)
    _tell(settings, kept.origin, info, _first(loaded, chosen), as_json=as_json)
    if trouble:
        raise trouble
    return 0


def _given(token_file: str) -> SecretStr:
    """The token that somebody typed or sent.

    Raises:
        UsageError: it is none.
    """
    from pydantic import SecretStr

    from rostersync.errors import UsageError
    from rostersync.settings import tokens
    from rostersync.text.masking import conceal

    if token_file:
        return tokens.from_file(token_file)
    if sys.stdin is not None and sys.stdin.isatty():
        text = str(click.prompt("Token", hide_input=True, err=True)).strip()
    else:
        text = sys.stdin.read().strip() if sys.stdin else ""
    conceal(text)
    if len(text.split()) != 1:
        raise UsageError("that is not one token alone", remedy="copy it from Moodle: 32 letters and digits, as a rule")
    return SecretStr(text)


def _tried(settings: Settings, secret: SecretStr) -> tuple[SiteInfo | None, RosterSyncError | None]:
    """What the token sees of the site; else why not, though it may be the right one.

    Raises:
        SettingsError: it may not be sent there.
        SiteError: Moodle does not know it, or is not there.
    """
    from rostersync import moodle
    from rostersync.errors import NotMoodle, Redirected, RosterSyncError, SiteError

    with moodle.Client(settings.site, secret, settings=settings) as client:
        try:
            return moodle.site_info(client), None
        except RosterSyncError as error:
            if isinstance(error, NotMoodle | Redirected) or (
                isinstance(error, SiteError) and error.code == "invalidtoken"
            ):
                error.message = f"{error.message}. The token was not kept"
                error.args = (error.message,)
                raise
            return None, error


def _first(loaded: Loaded, chosen: dict[str, Any]) -> str:
    """What is set of a token beside the one that is kept, and goes before it; or ""."""
    given = {"token_file"} if chosen.get("token_file") else set()
    names = {"token", "token_file"} - given
    return next((loaded.origins[name] for name in sorted(names) if loaded.origins[name] != "default"), "")


def _tell(settings: Settings, where: str, info: SiteInfo | None, first: str, *, as_json: bool) -> None:
    from rostersync.cli.messages import print_json, say, tell

    account = info.username if info else ""
    if as_json:
        print_json(FORMAT | {"site": settings.site, "kept_in": where, "accepted": bool(info), "account": account})
    else:
        tell(f"The token for {settings.site} is in {where}.")
        if info:
            tell(f"Moodle accepts it: {info.name}, as {account}. What it may do there: rostersync doctor")
    if first:
        say(f"Warning: {first} sets another token, which goes before this one")


def _forget(settings: Settings, *, as_json: bool) -> int:
    from rostersync.cli.messages import print_json, tell
    from rostersync.settings import tokens

    gone = tokens.forget(settings.site)
    if as_json:
        print_json(FORMAT | {"site": settings.site, "forgotten": list(gone)})
    elif gone:
        tell(f"The token for {settings.site} is deleted from {' and '.join(gone)}.")
    else:
        tell(f"No token is kept for {settings.site}.")
    return 0
