"""Recognise the preset of a file by its header."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rostersync.errors import RosterError
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.words import heading
from rostersync.roster.presets import catalogue
from rostersync.roster.presets.catalogue import Preset
from rostersync.settings import Settings


def recognised(header: Sequence[str], settings: Settings, *, where: str) -> Preset | None:
    """The shipped preset all of whose telling headers are here: of several, the one that asks for most.

    Raises:
        RosterError: two of them fit equally well.
    """
    if settings.preset:
        return None
    here = {heading(h) for h in header}
    fits = [p for p in catalogue.shipped().values() if _tells(p, here)]
    most = max((len(p.recognise) for p in fits), default=0)
    best = [p for p in fits if len(p.recognise) == most]
    if len(best) > 1:
        flags = " or ".join(f"--preset {p.name}" for p in best)
        raise RosterError(
            f"{where} could come from {' or from '.join(p.title for p in best)}", remedy=f"say {flags} (or none)"
        )
    return best[0] if best else None


def knows(header: Sequence[str], settings: Settings) -> bool:
    """Whether the preset that the settings name finds its keys in this header, or a shipped one is told by it."""
    if settings.preset == catalogue.NONE:
        return False
    here = {heading(h) for h in header}
    if preset := catalogue.named(settings):
        return not lacking(preset, here)
    return any(_tells(p, here) for p in catalogue.shipped().values())


def lacking(preset: Preset, here: Collection[str]) -> str:
    """The first header that is not among these and by which the preset knows people or courses; blank: none."""
    for keys in (USER_KEYS, COURSE_KEYS):
        templates = [t for f, several in preset.columns.items() if f in keys for t in several]
        needed = [[h for _, h in catalogue.parts(t) if h] for t in templates]
        if needed and not any(all(heading(h) in here for h in headers) for headers in needed):
            return next(h for h in needed[0] if heading(h) not in here)
    return ""


def _tells(preset: Preset, here: Collection[str]) -> bool:
    """Whether all headers that tell a preset are among these; one that none tells is never guessed."""
    return bool(preset.recognise) and all(any(heading(h) in here for h in one) for one in preset.recognise)
