"""Number formats: what a program shows of a whole number."""

from __future__ import annotations

import pytest

from rostersync.roster.readers import number_format


@pytest.mark.parametrize(
    ("code", "digits", "shown"),
    [
        ("00000", "124", "00124"),
        ("00000", "1234567", "1234567"),
        ("000-000", "124", "000-124"),
        ("000-000", "1234567", "1234-567"),
        (r"00\.00", "1234", "12.34"),
        ("[$-407]00000", "7", "00007"),
        ("[Red]0000;[Blue]-0000", "7", "0007"),
        ('"S"00000', "7", "S00007"),
        ('"S"0', "7", "S7"),
        ("#000", "7", "007"),
        ("(000) 000", "12345", "(012) 345"),
        ('000";x"', "7", "007;x"),
        (r"##\-###\-##", "1234567", "12-345-67"),
        ("##-###-##", "1234567", "12-345-67"),
        (r"###\-##\-####", "123456789", "123-45-6789"),
        (r"#\-###", "1234", "1-234"),
        ("##/####", "122026", "12/2026"),
        ("## ### ##", "1234567", "12 345 67"),
        (r"##\.###\.##", "1234567", "12.345.67"),
        ('"S"General', "124", "S124"),
        ('#"-26"', "124", "124-26"),
        ('0"-A"', "7", "7-A"),
    ],
)
def test_numbers_are_shown_as_their_format_says(code: str, digits: str, shown: str) -> None:
    """Zeros fill up, signs stand where they stand, and further digits go before."""
    assert number_format.changes(code)
    assert number_format.show(code, digits) == shown


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "# ##0",
        r"#\ ##0",
        r"#\.##0",
        "#'##0",
        r"#\ ###\ ##0",
        "#",
        '0"h"',
        '"General"',
        "0",
        "0.00",
        "#,##0",
        "0%",
        "dd.mm.yyyy",
        "00/00/yyyy",
        "0.00E+00",
        "@",
        "",
        '0 "EUR"',
        "hh:mm",
    ],
)
def test_formats_that_leave_digits_alone(code: str) -> None:
    """Amounts, dates and percentages are no way to write an id."""
    assert not number_format.changes(code)
