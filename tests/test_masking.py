"""What is taken for the token, and in which spellings it is masked."""

import base64
from urllib.parse import quote_plus

import pytest

from rostersync.text.masking import conceal, masked, masked_bytes
from rostersync.text.printable import harmless, json_harmless, printable, shortened

SECRET = "a/b+c=d 9f8e7d6c"  # noqa: S105 - invented
SPELLINGS = [SECRET, quote_plus(SECRET), SECRET.replace("/", "\\/"), base64.b64encode(SECRET.encode()).decode()]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=["plain", "form", "json", "base64"])
def test_a_secret_is_masked_in_every_spelling(spelling: str) -> None:
    """In text and in bytes, more than once, wherever it stands."""
    conceal(SECRET)
    text = f"wstoken={spelling}&x={spelling}."
    assert masked(text).count("(token)") == 2
    assert spelling.rstrip("=") not in masked(text)
    assert masked_bytes(text.encode()) == masked(text).encode()


def test_what_is_too_short_for_a_token_is_left() -> None:
    """It would stand in names and words by chance; and without anything to mask the very same bytes come back."""
    conceal("student")
    assert masked("a student") == "a student"
    content = b"nothing secret"
    assert masked_bytes(content) is content


def test_what_is_printed_keeps_lines_and_loses_its_power() -> None:
    """Umlauts and other scripts stay, and so do tabs and line ends; on one line these are shown, too."""
    text = "Zoë\t田\n\x1b[2J\x9b\r\u202e\x7f"
    assert harmless(text) == "Zoë\t田\n\\x1b[2J\\x9b\\r\\u202e\\x7f"
    assert printable(text) == "Zoë\\t田\\n\\x1b[2J\\x9b\\r\\u202e\\x7f"
    assert json_harmless('"\x9b\u202e"') == '"\\u009b\\u202e"'
    assert (shortened("z" * 500), shortened("z" * 501)) == ("z" * 500, "z" * 500 + "…")
