"""A sheet goes in; the same comes out with the errors that stand in it as text taken for error cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.roster.sheets import Sheet

ERRORS = frozenset(
    word.casefold()
    for words in (
        "#N/A #REF! #VALUE! #DIV/0! #NAME? #NULL! #NUM! #GETTING_DATA #SPILL! #CALC! #FIELD! #BLOCKED! #CONNECT!",
        "#BUSY! #UNKNOWN! #ERROR!",
        "#NV #BEZUG! #WERT! #ZAHL! #ÜBERLAUF! #KALK! #FELD!",
        "#VALEUR! #NOM? #NUL! #NOMBRE! #PROPAGATION! #EPARS! #CALCUL! #CHAMP!",
        "#N/D #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NULO! #¡NUM! #¡DESBORDAMIENTO! #¡CALC!",
        "#RIF! #VALORE! #NOME? #NULLO! #ESPANSIONE! #CALCOLO!",
        "#VALOR! #NULO! #NÚM! #DESPEJAR!",
        "#N/B #VERW! #WAARDE! #DEEL/0! #NAAM? #LEEG! #GETAL! #ADR! #ARG! #DZIEL/0! #NAZWA? #ZERO! #LICZBA!",
        "#SAKNAS! #REFERENS! #VÄRDEFEL! #DIVISION/0! #NAMN? #SKÄRNING! #OGILTIGT!",
        "Err:501 Err:502 Err:503 Err:504 Err:508 Err:509 Err:511 Err:512 Err:519 Err:520 Err:521 Err:522 Err:523",
    )
    for word in words.split()
)
"""What spreadsheet programs show in place of a result: English, then German, French, Spanish, Italian, Portuguese,
Dutch and Polish, Swedish, and LibreOffice's numbers. Japanese ones are English."""
TOO_NARROW = 4
"""So many #, and nothing else, stand where a column was too narrow to show its number."""


def taken_out(sheet: Sheet, positions: Iterable[int]) -> Sheet:
    """The sheet with errors that these columns hold as text in `errors`, and with blanks in their place."""
    cells, errors = list(sheet.cells), {p: dict(e) for p, e in sheet.errors.items()}
    for position in positions:
        column = cells[position]
        maybe = pc.or_(pc.starts_with(column, "#"), pc.starts_with(column, "Err:"))
        rows = np.flatnonzero(maybe.to_numpy(zero_copy_only=False))
        if not rows.size:
            continue
        values = zip(rows.tolist(), column.take(pa.array(rows)).to_pylist(), strict=True)
        if found := {row: value.strip() for row, value in values if is_error(value.strip())}:
            mask = np.zeros(len(column), dtype=bool)
            mask[list(found)] = True
            cells[position] = pc.if_else(pa.array(mask), "", column)
            errors[position] = {**found, **errors.get(position, {})}
    return (
        sheet
        if errors.keys() == sheet.errors.keys() and errors == sheet.errors
        else replace(sheet, cells=tuple(cells), errors=errors)
    )


def is_error(value: str) -> bool:
    """Whether a text is what a spreadsheet program shows in place of a result."""
    return value.casefold() in ERRORS or (len(value) >= TOO_NARROW and not value.strip("#"))
