"""Take in the bytes of a path: never more than is allowed, and never half of a change."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from rostersync.errors import RosterError, UsageError

STANDARD_INPUT = "-"
PIECE = 1 << 20
AGAIN = "export it again"


def shown(path: str | Path) -> str:
    """A path as it can be printed: bytes that are no text and control characters are written as escapes."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def take(path: Path, room: int, stdin: BinaryIO | None = None) -> bytes:
    """What a path holds.

    A file is looked at before and after it was read. Where it changed meanwhile it is read once more; a half-written
    roster would look as if people had left.

    Args:
        path: a file, a pipe, or `-` for standard input.
        room: bytes that may be taken.
        stdin: stands in for the process's standard input.

    Raises:
        RosterError: missing, unreadable, empty, too large, a device, or changed twice while it was read.
        UsageError: standard input is a terminal.
    """
    name = shown(path)
    try:
        data = _standard_input(room, stdin) if str(path) == STANDARD_INPUT else _file(path, name, room)
    except FileNotFoundError:
        raise _missing(path, name) from None
    except OSError as error:
        raise RosterError(
            f"{name} cannot be read: {error.strerror or error}",
            remedy="look at its permissions, and whether it is open elsewhere",
        ) from error
    if not data:
        raise RosterError(f"{name} is empty (0 bytes)", remedy=AGAIN)
    return data


def too_large(name: str, room: int) -> RosterError:
    """What is said where more than the room that is left would be taken."""
    return RosterError(
        f"{name} takes more memory than it may: {max(room, 0) >> 20} MB were left of what max_megabytes allows",
        remedy="if it is really that large, raise max_megabytes in the settings (or set ROSTERSYNC_MAX_MEGABYTES)",
    )


def _missing(path: Path, name: str) -> RosterError:
    if path.is_symlink():
        target = shown(path.readlink())
        return RosterError(f"{name} is a link to {target}, which does not exist", remedy="name the file itself")
    return RosterError(f"{name} does not exist", remedy="look at the spelling and at the folder")


def _standard_input(room: int, stdin: BinaryIO | None) -> bytes:
    source = stdin or sys.stdin.buffer
    if source.isatty():
        raise UsageError("nothing is sent to standard input (-)", remedy="say: PROGRAM | rostersync check -")
    return _bounded(source, STANDARD_INPUT, room)


def _file(path: Path, name: str, room: int) -> bytes:
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        with path.open("rb") as pipe:
            return _bounded(pipe, name, room)
    if not stat.S_ISREG(mode):
        raise RosterError(f"{name} is a device or a socket, no file", remedy="name a file; standard input is called -")
    for _ in range(2):
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > room:
                raise too_large(name, room)
            data = file.read(before.st_size + 1)
        if _stamp(before) == _stamp(path.stat()) and len(data) == before.st_size:
            return data
    raise RosterError(
        f"{name} changes while it is read", remedy="wait until the program that writes it has finished, then try again"
    )


def _bounded(source: BinaryIO, name: str, room: int) -> bytes:
    """All of it, in pieces: nothing that a source says of its size is believed."""
    pieces: list[bytes] = []
    taken = 0
    while piece := source.read(PIECE):
        taken += len(piece)
        if taken > room:
            raise too_large(name, room)
        pieces.append(piece)
    return b"".join(pieces)


def _stamp(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
