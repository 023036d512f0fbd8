"""What a spreadsheet can have done to a value: what cannot be the true key rejects its row, what is odd is noted."""

from __future__ import annotations

from collections.abc import Mapping

from rostersync.problems.kinds import ProblemKind, notes, rejects

_TEXT = "format the column as text, put the true value in, and export it again"

DAMAGED: Mapping[str, ProblemKind] = {
    "formula_text": rejects(
        "“{value}” is the text of a formula, not its result{detail}", "put the value in place of the formula"
    ),
    "key_apostrophe": rejects(
        "“{value}” begins with an apostrophe, which a spreadsheet uses to mark text{detail}", "delete the apostrophe"
    ),
    "key_invisible": rejects("“{value}” holds what cannot be seen: {detail}", "type the value again"),
    "key_mojibake": rejects(
        "“{value}” was read in a wrong encoding before it came here{detail}",
        "export it again as UTF-8, or type the value again",
    ),
    "key_fullwidth": rejects("“{value}” is written in full-width or foreign signs{detail}", "type the value again"),
    "key_lookalike": rejects(
        "“{value}” mixes letters of two scripts that look alike{detail}", "type the value again with Latin letters"
    ),
    "key_float": rejects("“{value}” is a number with decimals, not a key{detail}", _TEXT),
    "key_scientific": rejects("“{value}” is a number that a spreadsheet has shortened: its digits are lost", _TEXT),
    "key_thousands": rejects("“{value}” is a number with signs between its thousands{detail}", _TEXT),
    "key_rounded": rejects(
        "“{value}” was a number of more than 15 digits: a spreadsheet has rounded the last of them", _TEXT
    ),
    "key_date": rejects("“{value}” is a date, which a spreadsheet makes of codes{detail}", _TEXT),
}
"""Codes of keys that cannot be the true ones: whoever or whatever they are found to be is not trusted."""

IN_VALUES: Mapping[str, ProblemKind] = {
    **DAMAGED,
    # worth knowing
    "zeros_lost": notes(
        "“{value}” is shorter than the others and may have lost its leading zeros: “{detail}”",
        "format the column as text and export it again; with a site at hand both are looked up",
    ),
    "key_fraction": notes(
        "“{value}” is a number in the workbook: a zero at its end would be lost",
        "format the column as text, and compare it with the source",
    ),
    "key_power": notes(
        "“{value}” is a number among codes with letters{detail}", "format the column as text, and compare it"
    ),
    "key_script": notes(
        "“{value}” is written in letters of another script that look like Latin ones{detail}",
        "type it again if Latin letters are meant",
    ),
    "key_capitals": notes(
        "user names with capital letters, such as “{value}” ({detail} in all), are looked up in small ones: Moodle's "
        "have no others"
    ),
    "key_blanks": notes("blanks around {detail} of column “{column}” are left out"),
    "text_mojibake": notes("“{value}” was read in a wrong encoding before it came here{detail}", "export it as UTF-8"),
    "key_two_names": notes(
        "“{value}” stands beside different names: {detail}", "look for a typing error in the key: one may be wrong"
    ),
    "person_two_keys": notes(
        "one person seems to have two keys: {detail}", "if it is one person, leave the key that is right"
    ),
    "dates_swapped": rejects(
        "“{value}” may have day and month exchanged: no date in “{column}” has a day above 12, and all of its texts "
        "have one (“{detail}”): a spreadsheet set to another order of day and month does this",
        "compare some with the source; if the dates are right as they stand, say --mixed-dates right; if day and month "
        "are exchanged, --mixed-dates exchanged puts them back",
    ),
}
"""Codes of values that a spreadsheet, an export or a copy has changed, and of keys beside names."""
