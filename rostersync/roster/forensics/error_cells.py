"""Take out text that stands for the errors of a spreadsheet's cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import Known, mask
from rostersync.roster.sheet import Sheet

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


def taken_out(sheet: Sheet, known: Known) -> tuple[Sheet, Known]:
    """The sheet with errors that these columns hold as text in `errors`, and with blanks in their place."""
    cells, errors, clean = list(sheet.cells), {p: dict(e) for p, e in sheet.errors.items()}, dict(known)
    for position, column in known.items():
        values = column.texts
        maybe = mask(pc.or_(pc.starts_with(values, "#"), pc.starts_with(values, "Err:")))
        places = [p for p in np.flatnonzero(maybe).tolist() if is_error(values[p].as_py().strip())]
        if not places:
            continue
        bad = np.zeros(len(values), dtype=bool)
        bad[places] = True
        rows = np.flatnonzero(column.rows(bad))
        texts = column.take(rows).to_pylist()
        errors[position] = {r: t.strip() for r, t in zip(rows.tolist(), texts, strict=True)} | errors.get(position, {})
        clean[position] = column.mapped(pc.if_else(pa.array(bad), "", values))
        cells[position] = clean[position].column()
    return (replace(sheet, cells=tuple(cells), errors=errors), clean) if clean != known else (sheet, known)


def is_error(value: str) -> bool:
    """Whether a text is what a spreadsheet program shows in place of a result."""
    return value.casefold() in ERRORS or (len(value) >= TOO_NARROW and not value.strip("#"))
