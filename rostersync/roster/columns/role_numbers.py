"""Find out what numbers in the column of the role mean, or refuse the sheet: in every system they mean other roles."""

from __future__ import annotations

from dataclasses import replace

import pyarrow.compute as pc

from rostersync.enums import counted
from rostersync.errors import RosterError
from rostersync.roster.columns.ambiguous import SLOTS, AmbiguousColumns, Judge, Ruling, Settled, role_words_with
from rostersync.roster.sheet import Sheet


def settled(sheet: Sheet, known: Settled, *, where: str, judge: Judge | None) -> Settled:
    """The same with what numbers in the column of the role mean, and how it is known.

    A few numbers among words are left to be rejected with their rows.

    Args:
        sheet: its cells.
        known: what its columns are.
        where: file and sheet, for messages.
        judge: asked about the numbers.

    Raises:
        RosterError: most of what stands in the column are numbers, and nobody says what they mean.
    """
    columns, settings = known.columns, known.settings
    words = role_words_with("role_digits", sheet, columns, settings) if "role" in columns.fields else {}
    if not words:
        return known
    header = columns.name("role")
    ruling = judge(AmbiguousColumns(where=where, header=sheet.header, digits=words, role=header)) if judge else Ruling()
    if ruling.role_words.keys() >= words.keys():
        said = settings.model_copy(update={"role_words": {**ruling.role_words, **settings.role_words}})
        return replace(known, settings=said, notes=(*known.notes, *ruling.notes))
    filled = pc.sum(pc.not_equal(pc.utf8_trim_whitespace(sheet.cells[columns.fields["role"]]), "")).as_py()
    if 2 * sum(words.values()) <= filled:
        return known
    shown = ", ".join(f"“{word}” in {counted(n, 'row')}" for word, n in [*words.items()][:SLOTS])
    flags = " ".join(f'--role-word "{word}=student"' for word in [*words][:SLOTS])
    shown += ", …" if len(words) > SLOTS else ""
    raise RosterError(
        f"{where} has numbers in its column “{header}” ({shown}), which mean other roles in every system",
        remedy=f"say which role each of them means, like {flags} (setting role_words); or, if they are role ids of "
        f'this Moodle, --map "{header}=role_id"',
    )
