"""Read the names of months in the seven languages of the word lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MONTHS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    language: (tuple(full.split()), tuple(short.split()))
    for language, full, short in (
        (
            "en",
            "january february march april may june july august september october november december",
            "jan feb mar apr may jun jul aug sep oct nov dec",
        ),
        (
            "de",
            "januar februar märz april mai juni juli august september oktober november dezember",
            "jan feb mär apr mai jun jul aug sep okt nov dez",
        ),
        (
            "fr",
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "janv févr mars avr mai juin juil août sept oct nov déc",
        ),
        (
            "es",
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "ene feb mar abr may jun jul ago sept oct nov dic",
        ),
        (
            "it",
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
            "gen feb mar apr mag giu lug ago set ott nov dic",
        ),
        (
            "pt",
            "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
            "jan fev mar abr mai jun jul ago set out nov dez",
        ),
    )
}
"""Language → full names and short ones, January first; Japanese writes months as numbers."""
MORE = {
    "mrz": 3,
    "jän": 1,
    "jänner": 1,
    "feber": 2,
    "fevrier": 2,
    "fevr": 2,
    "fév": 2,
    "aout": 8,
    "decembre": 12,
    "dec": 12,
    "sept": 9,
    "sep": 9,
    "juill": 7,
    "agto": 8,
    "genn": 1,
    "febbr": 2,
    "sett": 9,
}
_NUMBERS = {name: n for forms in MONTHS.values() for names in forms for n, name in enumerate(names, start=1)} | MORE


def _pattern(names: Iterable[str]) -> str:
    return "|".join(sorted(set(names), key=lambda name: (-len(name), name)))


NAMES = _pattern(_NUMBERS)
"""All names as a pattern, the long ones first."""
SHORT = _pattern(
    [name for _, short in MONTHS.values() for name in short] + ["mrz", "jän", "mars", "juin", "juil", "août"]
)
"""Those that a spreadsheet shows in a day without a year."""


_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun",
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so",
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim",
    "lunes martes miércoles jueves viernes sábado domingo lun mar mié jue vie sáb dom",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica lun mar mer gio ven sab dom",
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo seg ter qua qui sex sáb dom",
)
DAYS = _pattern(name for names in _DAYS for name in names.split())
"""Days of the week as a pattern: spreadsheets write them before a date, and they decide nothing."""


def month(name: str) -> int:
    """1 to 12, or 0 where it is no month's name."""
    return _NUMBERS.get(name.casefold().rstrip("."), 0)
