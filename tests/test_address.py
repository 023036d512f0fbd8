"""One address, however it is written."""

import pytest

from rostersync.settings import Settings
from rostersync.text.addresses import canonical, tidy


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("https://moodle.example", "https://moodle.example"),
        ("https://moodle.example/", "https://moodle.example"),
        ("  https://moodle.example//  ", "https://moodle.example"),
        ("HTTPS://Moodle.Example", "https://moodle.example"),
        ("https://moodle.example.", "https://moodle.example"),
        ("https://moodle.example:443/", "https://moodle.example"),
        ("http://moodle.example:80", "http://moodle.example"),
        ("https://moodle.example:80", "https://moodle.example:80"),
        ("https://moodle.example:8443/", "https://moodle.example:8443"),
        ("https://moodle.example/Moodle/", "https://moodle.example/Moodle"),
        ("https://moodle.example/m/webservice/rest/server.php", "https://moodle.example/m"),
        ("https://müller.example", "https://xn--mller-kva.example"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]"),
    ],
)
def test_spellings_of_one_address_are_one(said: str, plain: str) -> None:
    """Case of the host, a default port, slashes and dots at the end do not matter; the path's case does."""
    assert tidy(said) == plain
    assert canonical(said) == plain
    assert canonical(plain) == plain


@pytest.mark.parametrize(
    "said", ["http://localhost:8000", "http://127.0.0.1:8000/", "http://LOCALHOST:8000", "http://[::1]:8000"]
)
def test_this_machine_has_one_name(said: str) -> None:
    """A site is known by one; but it is called where somebody said, for the others may lead nowhere."""
    assert canonical(said) == "http://127.0.0.1:8000"
    assert tidy(said) == said.lower().rstrip("/")


@pytest.mark.parametrize(
    "said", ["", "moodle.example", "ftp://moodle.example", "http://[moodle", "http://", "http://a:b"]
)
def test_what_is_no_address_is_no_sites_name(said: str) -> None:
    """Whatever Moodle may say of itself, nothing breaks by it."""
    assert canonical(said) == ""
    assert tidy(said) == said


def test_settings_hold_the_address_in_one_way() -> None:
    """What is set is what messages and plans show."""
    assert Settings(site="HTTPS://Moodle.Example:443/").site == "https://moodle.example"
