"""Where the token is kept: in the system's keyring, or in a file for its owner alone; and that it is tried at once."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import Server
from tests import commands

Run = Callable[..., Any]
OTHER = {"ROSTERSYNC_TOKEN": "another-one"}
RING = '''
import json, pathlib
import keyring.backend, keyring.errors

PLACE = pathlib.Path("ring.json")

class Ring(keyring.backend.KeyringBackend):
    """A keyring in a file."""

    priority = 5
    name = "Ring of the test"

    def all(self):
        return json.loads(PLACE.read_text()) if PLACE.exists() else {}

    def get_password(self, service, username):
        return self.all().get(f"{service} {username}")

    def set_password(self, service, username, password):
        PLACE.write_text(json.dumps(self.all() | {f"{service} {username}": password}))

    def delete_password(self, service, username):
        kept = self.all()
        del kept[f"{service} {username}"]
        PLACE.write_text(json.dumps(kept))

class Locked(Ring):
    """One that refuses."""

    name = "Locked ring"

    def get_password(self, service, username):
        raise keyring.errors.KeyringLocked("the collection is locked")

    set_password = get_password

class Weak(Ring):
    """One that its own library does not recommend."""

    priority = 0.5
'''


@pytest.fixture
def command(site: Server, tmp_path: Path) -> Run:
    """Runs a command against the site, by its address alone, with a keyring of this kind; `typed` is standard input."""
    (tmp_path / "rings.py").write_text(RING, encoding="utf-8")

    def ran(*words: object, ring: str = "", typed: str = "", **environment: str) -> Any:  # noqa: ANN401 - as run's
        ring = f"rings.{ring}" if ring else "keyring.backends.fail.Keyring"
        own = {"ROSTERSYNC_SITE": site.url, "PYTHON_KEYRING_BACKEND": ring, "PYTHONPATH": str(tmp_path)}
        done = commands.run(words, env=os.environ | own | environment, typed=typed)
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return ran


def kept_files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "config" / "rostersync" / "tokens"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_the_keyring_has_it_where_there_is_one(command: Run, site: Server, roster: Path, tmp_path: Path) -> None:
    """It is tried at once, found by every command, said by doctor, and stands in no file of ours."""
    done = command("config", "token", ring="Ring", typed=f" {site.token}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"The token for {site.url} is in the keyring (Ring of the test).",
        "Moodle accepts it: Example College, as robot. What it may do there: rostersync doctor",
    ]
    assert json.loads(Path("ring.json").read_text(encoding="utf-8")) == {f"rostersync {site.url}": site.token}
    assert kept_files(tmp_path) == []
    assert command("plan", roster, ring="Ring").returncode == 0
    assert "The token came from the keyring (Ring of the test)" in command("doctor", ring="Ring").stdout
    assert '"token_from": "the keyring (Ring of the test)"' in command("doctor", "--json", ring="Ring").stdout
    assert command("plan", roster).returncode == 2


@pytest.mark.parametrize("ring", ["", "Locked", "Weak", "Missing"], ids=["none", "locked", "weak", "missing"])
def test_a_file_has_it_where_there_is_none(command: Run, site: Server, roster: Path, tmp_path: Path, ring: str) -> None:
    """Or where it refuses, is not recommended, or cannot be loaded; for its owner alone."""
    done = command("config", "token", "--json", ring=ring, typed=site.token)
    assert done.returncode == 0
    (place,) = kept_files(tmp_path)
    assert json.loads(done.stdout) == {
        "format": "rostersync-token",
        "version": 1,
        "site": site.url,
        "kept_in": f"the file {place} (rostersync config token)",
        "accepted": True,
        "account": "robot",
    }
    assert place.read_text(encoding="utf-8") == site.token
    assert [stat.S_IMODE(p.stat().st_mode) for p in (place, place.parent)] == [0o600, 0o700]
    assert not Path("ring.json").exists()
    assert command("plan", roster, ring=ring).returncode == 0
    assert f"The token came from the file {place} (" in command("doctor", ring=ring).stdout


def test_a_token_that_moodle_does_not_know_is_not_kept(command: Run, site: Server, tmp_path: Path) -> None:
    """What was kept before stays, and the exit code is 5."""
    assert command("config", "token", ring="Ring", typed=site.token).returncode == 0
    done = command("config", "token", ring="Ring", typed="ffffffffffffffffffffffffffffffff")
    assert done.returncode == 5
    assert "Moodle does not know the token" in done.stderr
    assert "The token was not kept" in done.stderr
    assert "ffffffffffffffff" not in done.stdout + done.stderr
    assert command("export", "BIO101", ring="Ring").returncode == 0


def test_a_token_that_cannot_be_tried_is_kept_and_that_is_said(command: Run, site: Server, tmp_path: Path) -> None:
    """The site is down, or lets the token do nothing yet: doctor needs it to say why."""
    site.state.functions = []
    done = command("config", "token", typed=site.token)
    assert (done.returncode, len(kept_files(tmp_path))) == (5, 1)
    assert done.stdout.startswith(f"The token for {site.url} is in the file ")
    assert "Moodle accepts it" not in done.stdout
    assert "Error: " in done.stderr
    down = "http://127.0.0.1:9"
    done = command("config", "token", "--site", down, typed=site.token)
    assert (done.returncode, len(kept_files(tmp_path))) == (5, 2)


def test_it_goes_to_its_own_site_alone(command: Run, site: Server, roster: Path) -> None:
    """However the host is spelt; another site has none."""
    assert command("config", "token", typed=site.token).returncode == 0
    shouted = site.url.replace("http://", "HTTP://") + "/"
    assert command("plan", roster, "--site", shouted).returncode == 0
    other = command("plan", roster, "--site", "https://other.example")
    assert (other.returncode, "no token is set" in other.stderr) == (2, True)
    assert "rostersync config token" in other.stderr


def test_what_is_set_goes_first(command: Run, site: Server, roster: Path) -> None:
    """A variable or a flag; doctor says which, and keeping another one warns."""
    assert command("config", "token", ring="Ring", typed=site.token).returncode == 0
    Path("own").write_text(site.token, encoding="utf-8")
    Path("own").chmod(0o600)
    for more, words in (
        ({"ROSTERSYNC_TOKEN": site.token}, "the setting token (ROSTERSYNC_TOKEN)"),
        ({"ROSTERSYNC_TOKEN_FILE": "own"}, "the file own (ROSTERSYNC_TOKEN_FILE)"),
    ):
        assert f"The token came from {words}" in command("doctor", ring="Ring", **more).stdout
    assert "The token came from the file own (--token-file)" in command("doctor", "--token-file", "own").stdout
    done = command("config", "token", "--token-file", "own", ring="Ring", **OTHER)
    assert (done.returncode, "Warning" in done.stderr) == (0, False)
    done = command("config", "token", ring="Ring", typed=site.token, **OTHER)
    assert done.stderr == "Warning: ROSTERSYNC_TOKEN sets another token, which goes before this one\n"


def test_a_keyring_that_is_there_later_takes_it_over(command: Run, site: Server, tmp_path: Path) -> None:
    """The file would go first, and is deleted; --forget deletes what is kept, and says where it was."""
    assert command("config", "token", typed=site.token).returncode == 0
    assert len(kept_files(tmp_path)) == 1
    assert command("config", "token", ring="Ring", typed=site.token).returncode == 0
    assert kept_files(tmp_path) == []
    gone = command("config", "token", "--forget", ring="Ring")
    assert gone.stdout == f"The token for {site.url} is deleted from the keyring (Ring of the test).\n"
    assert json.loads(Path("ring.json").read_text(encoding="utf-8")) == {}
    assert command("config", "token", "--forget", ring="Ring").stdout == f"No token is kept for {site.url}.\n"


def test_a_locked_keyring_is_told(command: Run, site: Server, roster: Path) -> None:
    """With its own reason; nothing says that no token was set."""
    done = command("plan", roster, ring="Locked")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: the keyring (Locked ring) cannot be read: the collection is locked\n")


@pytest.mark.parametrize("typed", ["", "two words", "\n"])
def test_what_is_no_token_is_not_kept(command: Run, tmp_path: Path, typed: str) -> None:
    """Nothing, or more than one word."""
    done = command("config", "token", typed=typed)
    assert (done.returncode, kept_files(tmp_path)) == (2, [])
    assert "that is not one token alone" in done.stderr


def test_a_token_named_as_a_file_is_not_shown(command: Run) -> None:
    """Somebody mistook --token-file for the token's own flag."""
    done = command("doctor", "--token-file", "0123456789abcdef0123456789abcdef")
    assert done.returncode == 2
    assert "0123456789abcdef" not in done.stdout + done.stderr


def test_help_and_version_know_nothing_of_keyrings() -> None:
    """Neither keyring nor regex is imported before it is needed, nor where a token is set."""
    for words in (["--help"], ["--version"], ["config", "token", "--help"]):
        code = (
            "import sys\nfrom rostersync.cli.main import main\n"
            f"try: main({words!r})\nfinally: print([m for m in ('keyring', 'regex') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
        assert done.stdout.splitlines()[-1] == "[]"
