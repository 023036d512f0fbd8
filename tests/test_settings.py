"""Settings from a profile, the environment and flags: who wins, where each is from, and what is said of wrong ones."""

import os
from pathlib import Path
from typing import Any

import pytest

from rostersync.enums import Mode, OnMissing
from rostersync.errors import SettingsError
from rostersync.settings import Loaded, Settings, load, settings_path
from rostersync.settings.tokens import token


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with two profiles."""
    path = tmp_path / "settings.toml"
    path.write_text(
        '[profiles.default]\nsite = "https://moodle.example"\ntimeout = 30\nprotected_users = ["ada", "ben"]\n'
        '[profiles.test]\nsite = "https://test.example/moodle/"\non_missing = "keep"\n',
        encoding="utf-8",
    )
    return path


def loaded(file: Path, flags: dict[str, object] | None = None, *, profile: str = "", **variables: str) -> Loaded:
    """Settings with this file, and with variables that are named without their prefix."""
    named = {f"ROSTERSYNC_{name}": value for name, value in variables.items()}
    return load(flags, profile=profile, environment={"ROSTERSYNC_CONFIG": str(file), **named})


def wrong(file: Path, flags: dict[str, object] | None = None, *, profile: str = "", **variables: str) -> str:
    with pytest.raises(SettingsError) as told:
        loaded(file, flags, profile=profile, **variables)
    assert told.value.remedy
    assert told.value.exit_code == 2
    return told.value.message


def test_later_ones_win_and_each_says_where_it_is_from(file: Path) -> None:
    """Defaults, then the profile, then variables, then flags."""
    made = loaded(file, {"timeout": 9.0, "mode": None, "columns": ()}, CONNECTIONS="2", TIMEOUT="8", ENCODING="")
    assert made.settings.site == "https://moodle.example"
    assert (made.settings.timeout, made.settings.connections, made.settings.mode) == (9.0, 2, None)
    assert made.settings.protected_users == ("ada", "ben")
    told = {name: origin for name, origin in made.origins.items() if origin != "default"}
    assert told == {
        "site": "profile default",
        "timeout": "--timeout",
        "protected_users": "profile default",
        "connections": "ROSTERSYNC_CONNECTIONS",
    }
    assert made.origins.keys() == Settings.model_fields.keys()


def test_a_profile_is_chosen_by_flag_or_variable(file: Path) -> None:
    """The flag wins; profiles share nothing."""
    assert loaded(file, profile="test").settings.on_missing is OnMissing.KEEP
    assert loaded(file, PROFILE="test").settings.site == "https://test.example/moodle"
    assert loaded(file, profile="default", PROFILE="test").profile == "default"
    assert loaded(file, profile="test").settings.protected_users == ()


def test_variables_hold_lists_and_pairs(file: Path) -> None:
    """A comma separates; a pair is NAME=VALUE, and the name may hold a sign of equality itself."""
    settings = loaded(
        file, COURSES="BIO101, CHE201,", COLUMNS="Matr.-Nr.=idnumber,a=b=course", ROLES="tutor=9", MODE="add-only"
    ).settings
    assert settings.courses == ("BIO101", "CHE201")
    assert settings.columns == {"Matr.-Nr.": "idnumber", "a=b": "course"}
    assert settings.roles == {"tutor": 9}
    assert settings.mode is Mode.ADD_ONLY


def test_everything_that_is_wrong_is_said_at_once(file: Path) -> None:
    """One line for each value: what it is, where it stands, what it should be."""
    file.write_text('[profiles.default]\nsite = "moodle.example"\non_mising = "keep"\nconnections = 0\n')
    lines = wrong(file, {"timezone": "Europe"}, TIMEOUT="soon", ROLES="tutor").splitlines()
    assert lines[0] == "these settings cannot be used:"
    where = f"(profile default in {file})"
    assert set(lines[1:]) == {
        f"  site = 'moodle.example' {where}: write the address as it stands in a browser, like https://moodle.example",
        f"  connections = 0 {where}: Input should be greater than or equal to 1",
        f"  on_mising {where}: no such setting (did you mean on_missing?)",
        "  timezone = 'Europe' (--timezone): write a zone like Europe/Berlin",
        "  timeout = 'soon' (ROSTERSYNC_TIMEOUT): Input should be a valid number, unable to parse string as a number",
        "  roles = 'tutor' (ROSTERSYNC_ROLES): write NAME=VALUE, and a comma before the next one",
    }


@pytest.mark.parametrize(
    "address",
    [
        "ftp://moodle.example",
        "https://",
        "https://user:pass@moodle.example",
        "https://moodle.example?x=1",
        "https://moodle.example/#x",
        "https://moodle.example/login/index.php",
        "https://moodle.example:99999",
    ],
)
def test_an_address_that_cannot_be_a_site(file: Path, address: str) -> None:
    """What people paste from a browser, and what is no address."""
    assert "site = " in wrong(file, SITE=address)


def test_a_variable_that_is_no_setting_is_not_passed_over(file: Path) -> None:
    """Whoever wrote ON_MISING=keep wants nobody to be unenrolled."""
    assert wrong(file, ON_MISING="keep", SIGHT="x") == (
        "these variables are no settings: ROSTERSYNC_ON_MISING (did you mean on_missing?), ROSTERSYNC_SIGHT"
    )
    others: dict[str, Any] = {
        "TESTS": "all",
        "FAULTS": "1000",
        **{f"{name}_SEED": "7" for name in ("CASES", "FAULTS", "KILLS", "LAWS", "EXAMPLES")},
        "LIVE_URL": "x",
        "SERVICE_HOST": "10.0.0.1",
        "PORT": "tcp://",
        "PORT_80_TCP": "tcp://",
    }
    assert loaded(file, **others).settings.site == "https://moodle.example"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profiles.default\n", "cannot be read: Expected ']'"),
        ("site = 'https://moodle.example'\n", "site stands outside a profile"),
        ("profiles = 3\n", "is no profile"),
        ("[profiles]\ndefault = 'x'\n", "is no profile"),
    ],
)
def test_a_file_that_is_no_settings_file(file: Path, text: str, said: str) -> None:
    """The file is named, and what is wrong with it."""
    file.write_text(text)
    message = wrong(file)
    assert str(file) in message
    assert said in message


def test_a_profile_or_a_file_that_is_not_there(file: Path, tmp_path: Path) -> None:
    """The profiles that exist are offered; a file that is named has to exist, the usual one need not."""
    with pytest.raises(SettingsError, match="has no profile “tset”") as told:
        loaded(file, profile="tset")
    assert told.value.remedy == "it has: default, test"
    assert "which does not exist" in wrong(tmp_path / "none.toml")
    home = {"XDG_CONFIG_HOME": str(tmp_path / "none"), "HOME": str(tmp_path)}
    assert settings_path({"ROSTERSYNC_CONFIG": "~/x.toml", **home}).name == "x.toml"


def test_no_file_at_all_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything has a default; only a profile that was asked for has to be there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(environment={}).settings == Settings()
    with pytest.raises(SettingsError, match="there is no profile “test”"):
        load(environment={"ROSTERSYNC_PROFILE": "test"})


def test_the_later_token_wins_however_it_is_given(file: Path, tmp_path: Path) -> None:
    """A variable replaces the profile's token file, a flag replaces the variable's token."""
    old, new, said = tmp_path / "old", tmp_path / "new", " of-the-variable\n"
    old.write_text("of-the-profile")
    new.write_text("\ufeffof-the-flag\n", encoding="utf-8")
    file.write_text(f"[profiles.default]\ntoken_file = '{old}'\n")
    assert token(loaded(file).settings).get_secret_value() == "of-the-profile"
    made = loaded(file, TOKEN=said)
    assert token(made.settings).get_secret_value() == "of-the-variable"
    assert {made.origins[name] for name in ("token", "token_file")} == {"ROSTERSYNC_TOKEN", "default"}
    made = loaded(file, {"token_file": str(new)}, TOKEN=said)
    assert token(made.settings).get_secret_value() == "of-the-flag"
    assert "both token and token_file are set" in wrong(file, TOKEN=said, TOKEN_FILE=str(new))


@pytest.mark.parametrize("content", ["", "two tokens", b"\xff\xfe\x00"])
def test_a_token_file_holds_one_token_alone(tmp_path: Path, content: str | bytes) -> None:
    """An empty file, several words and what is no text are told by the file's name."""
    path = tmp_path / "token"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=str(path)):
        token(Settings(token_file=str(path)))


def test_a_token_is_never_shown(file: Path) -> None:
    """Neither in messages nor in what settings look like."""
    file.write_text("[profiles.default]\ntoken = 17\nconnections = 'sekrit-not'\n")
    said = wrong(file)
    assert "17" not in said
    assert "connections" in said
    settings = Settings.model_validate({"token": "0123sekrit"})
    assert "sekrit" not in f"{settings!r} {settings.model_dump_json()}"
    assert settings.token
    assert settings.token.get_secret_value() == "0123sekrit"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "https://moodle.example/webservice/rest/server.php?wstoken=sekrit",
            "https://moodle.example/webservice/rest/server.php?…",
        ),
        ("https://me:sekrit@moodle.example/moodle", "https://…@moodle.example/moodle"),
        ("moodle.example/login#sekrit", "moodle.example/login#…"),
    ],
)
def test_what_an_address_carries_beside_itself_is_not_shown(file: Path, address: str, shown: str) -> None:
    """A token or a password that was pasted with it stays out of the message, and of the ticket it is pasted into."""
    said = wrong(file, {"site": address})
    assert f"site = '{shown}' (--site)" in said
    assert "sekrit" not in said


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
def test_a_token_that_everybody_can_read_is_warned_of(file: Path, tmp_path: Path) -> None:
    """The settings file or the token file, by name, and the command that puts it right."""
    secret = tmp_path / "token"
    secret.write_text("0123")
    secret.chmod(0o644)
    file.chmod(0o644)
    assert loaded(file).warnings == ()
    assert loaded(file, TOKEN_FILE=str(secret)).warnings == (
        f"{secret} holds a token and can be read by everybody on this machine: chmod 600 {secret}",
    )
    secret.chmod(0o640)
    assert loaded(file, TOKEN_FILE=str(secret)).warnings == ()
    file.write_text("[profiles.default]\ntoken = '0123'\n")
    assert loaded(file).warnings[0].startswith(f"{file} holds a token")


@pytest.mark.parametrize(
    "figures",
    ['{"BIO*": {"course_limit_share": 20}}', '{"BIO*": {"rise_count": -1}}', '{"BIO*": {"small_course_share": -0.1}}'],
)
def test_figures_of_some_courses_are_bounded_as_the_sites_are(file: Path, figures: str) -> None:
    """20 would be 2,000 percent, which limits nothing."""
    with pytest.raises(SettingsError, match="write a share from 0 to 1"):
        loaded(file, COURSE_LIMITS=figures)
