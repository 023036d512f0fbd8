"""Make files and folders that their owner alone can read, or with `--share-reports` the owner's group as well."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

OWNER_FILE, OWNER_FOLDER = 0o600, 0o700
GROUP_FILE, GROUP_FOLDER = 0o640, 0o750
_OTHERS = 0o077
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def part_of(path: Path) -> Path:
    """Where a file is written before it takes its place: beside it, under a name that nobody can foresee."""
    return path.with_name(f".{path.name}.{token_hex(4)}.part")


def create(path: Path, *, shared: bool = False) -> BinaryIO:
    """A new file, open to be written.

    Args:
        path: where nothing may be yet.
        shared: the owner's group may read it, too.

    Raises:
        FileExistsError: something is there, be it a link that leads nowhere: nothing is followed.
        OSError: it cannot be made.
    """
    mode = GROUP_FILE if shared else OWNER_FILE
    descriptor = os.open(path, _NEW, mode)
    _allow(descriptor, mode)
    return os.fdopen(descriptor, "wb")


def make_folder(folder: Path, *, shared: bool = False) -> None:
    """Make a folder and those above it, as far as they are missing. One that is there keeps its rights.

    Raises:
        OSError: one cannot be made, or is a file.
    """
    mode = GROUP_FOLDER if shared else OWNER_FOLDER
    missing = [place for place in (folder, *folder.parents) if not place.is_dir()]
    for place in reversed(missing):
        try:
            place.mkdir(mode=mode)
        except FileExistsError:
            if not place.is_dir():  # else another process was quicker
                raise
        else:
            _allow(place, mode)


def begin_database(path: Path) -> None:
    """Make an empty file for a database that is not there yet.

    SQLite would make it with the rights that everybody gets; the files beside it get those of the database. What
    cannot be done here is told by whoever opens it.
    """
    with suppress(OSError):
        create(Path(os.path.realpath(path))).close()


def close_database(path: Path) -> None:
    """Take from everybody else what they may do with a database of ours, and with the files beside it."""
    place = Path(os.path.realpath(path))
    for one in (place, *(place.with_name(place.name + more) for more in ("-wal", "-shm", "-journal"))):
        close_to_others(one)


def close_to_others(path: Path) -> None:
    """Take from everybody else what they may do with a file or a folder of ours; nothing is told of those of others."""
    with suppress(OSError):
        found = path.stat()
        mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        if os.name == "posix" and mine and found.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def _allow(place: int | Path, mode: int) -> None:
    """Give exactly these rights: a umask may have taken the group's away."""
    if os.name == "posix" and mode in {GROUP_FILE, GROUP_FOLDER}:
        with suppress(OSError):  # a file system without rights
            os.chmod(place, mode)  # noqa: PTH101 - a descriptor has no path
