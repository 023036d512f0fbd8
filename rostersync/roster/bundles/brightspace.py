"""Read a batch of Brightspace's bulk user management.

Facts: D2L, “Create a file for the Bulk User Management tool”. A file has no header, the first field of a line says what
is done, and a site chooses whether the Org Defined ID stands among the fields: their number tells.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.roster.bundles.sets import aside
from rostersync.roster.columns.words import heading
from rostersync.roster.readers import delimited
from rostersync.roster.readers.files import File
from rostersync.roster.sheet import Aside, Sheet
from rostersync.settings import Settings

HEADER = ("action", "username", "org_def_id", "role_name", "org_unit_code", "first_name", "last_name", "email")
ACTIONS: Mapping[str, Mapping[int, Sequence[str]]] = {
    "enroll": {
        4: ("action", "username", "role_name", "org_unit_code"),
        5: ("action", "username", "org_def_id", "role_name", "org_unit_code"),
    },
    "unenroll": {
        3: ("action", "username", "org_unit_code"),
        4: ("action", "username", "org_def_id", "org_unit_code"),
    },
    "import": {
        9: ("action", "username", "first_name", "last_name", "", "role_name", "", "email", "org_unit_code"),
        10: (
            "action",
            "username",
            "org_def_id",
            "first_name",
            "last_name",
            "",
            "role_name",
            "",
            "email",
            "org_unit_code",
        ),
    },
}
"""Action → number of fields → what they are."""
TOLD = 100
"""Kinds of lines that are told apart where they are none of these."""
LONGEST = max(max(layouts) for layouts in ACTIONS.values())
ACCOUNTS = ("create", "update", "delete")
"""Actions that concern an account and no enrolment."""


def is_batch(first: Sequence[str]) -> bool:
    """Whether a file's first line is one of a batch."""
    known = {*ACTIONS, *ACCOUNTS}
    return len(first) > 2 and first[0].strip().casefold() in known and heading(first[1]) != "username"  # noqa: PLR2004 - no line has fewer fields


def read(file: File, settings: Settings) -> Sheet:
    """The lines of a batch; one that has another number of fields than its action asks for is marked as such.

    Raises:
        RosterError: as `delimited.read`.
    """
    # With a header of the longest line above it, every line is one of the delimited reader's own cases.
    top = ",".join(f"field {i + 1}" for i in range(LONGEST)).encode() + b"\n"
    lying = delimited.read(replace(file, data=top + file.data.removeprefix(codecs.BOM_UTF8)), settings)
    cells = [pc.utf8_trim_whitespace(c) for c in lying.cells]
    fields = np.full(len(lying.lines), LONGEST)
    fields[[*lying.lengths]] = [*lying.lengths.values()]
    blank = pa.repeat(pa.scalar("", pa.string()), len(fields))
    columns = {"action": cells[0], "username": cells[1]} | dict.fromkeys(HEADER[2:], blank)
    done = pc.utf8_lower(cells[0])
    formed = np.zeros(len(fields), dtype=bool)
    asides: list[Aside] = []
    for action, forms in ACTIONS.items():
        mine = pc.equal(done, action).to_numpy(zero_copy_only=False)
        for number, form in forms.items():
            here = mine & (fields == number)
            formed |= here
            for cell, header in zip(cells, form, strict=False):
                if header:
                    columns[header] = pc.if_else(pa.array(here), cell, columns[header])
    for action in ACCOUNTS:
        mine = pc.equal(done, action).to_numpy(zero_copy_only=False)
        formed |= mine
        asides += aside("account_only", mine, action.upper())
    formed |= pc.equal(done, "").to_numpy(zero_copy_only=False)
    strange = pc.binary_join_element_wise(pc.utf8_upper(cells[0]), pa.array(fields.astype(str)), " with ")
    kinds = sorted({*strange.filter(pa.array(~formed)).to_pylist()})
    for kind in kinds if len(kinds) <= TOLD else ():
        here = ~formed & pc.equal(strange, kind).to_numpy(zero_copy_only=False)
        asides += aside("batch_fields", here, f"{kind} fields")
    if len(kinds) > TOLD:
        asides += aside("batch_fields", ~formed, f"{kinds[0]} fields, or another of {len(kinds):,} kinds of line")
    return Sheet(
        name="",
        header=HEADER,
        cells=tuple(columns[h] for h in HEADER),
        lines=lying.lines - 1,
        run_on=lying.run_on,
        aside=tuple(asides),
        notes=(*lying.notes, "a Brightspace batch, without a header"),
    )
