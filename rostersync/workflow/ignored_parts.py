"""Remember which unread parts of a file are none of the roster, and leave them out of account the next time.

What is remembered belongs to a site and to files with one header, as answers about columns do. It is told each time.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from rostersync import store
from rostersync.store import Mapped
from rostersync.sync.safety.unread_parts import UnreadPart, ignored, parts
from rostersync.tables import Roster
from rostersync.workflow.site import Site

IGNORED = "not a part of the roster"
"""What is remembered of a sheet or a block, in place of a column's field."""


def recalled(loaded: Roster, site: Site) -> tuple[Roster, tuple[str, ...]]:
    """The roster without the unread parts that somebody said are none of it, and what is to be told of them.

    Raises:
        StoreError: the store cannot be read.
    """
    notes: list[str] = []
    unread = loaded.unread
    for part in (p for p in parts(loaded) if not ignored(p, site.settings)):
        fingerprint = loaded.headers[part.source]
        mapped = store.recall(site.store, site.client.site, fingerprint)
        if mapped and mapped.fields.get(_name(part)) == IGNORED:
            here = (unread["source"] == part.source) & (unread["sheet"] == part.sheet) & (unread["block"] == part.block)
            unread = unread[~here]
            day = datetime.fromtimestamp(mapped.made, UTC).date().isoformat()
            notes.append(
                f"{_name(part)} is none of the roster: remembered from {day}; forget it with: rostersync config "
                f"mappings forget {fingerprint}"
            )
    return (replace(loaded, unread=unread.reset_index(drop=True)) if notes else loaded), tuple(notes)


def remember(loaded: Roster, site: Site) -> None:
    """Remember which parts the settings of this run call none of the roster.

    Raises:
        StoreError: the store cannot be written.
    """
    for part in (p for p in parts(loaded) if ignored(p, site.settings)):
        header = tuple(loaded.sources[part.source].columns.values())
        store.remember(
            site.store,
            Mapped(
                site=site.client.site,
                fingerprint=loaded.headers[part.source],
                header=header,
                fields={_name(part): IGNORED},
                made=site.clock(),
            ),
        )


def _name(part: UnreadPart) -> str:
    """A part as it is known again: a block by its columns, for the rows come and go."""
    if not part.block:
        return f"sheet “{part.sheet}”"
    columns = re.sub(r"\d+", "", part.block)
    return f"columns {columns} of sheet “{part.sheet}”" if part.sheet else f"columns {columns}"
