"""Take in files, folders and archives, as bundles of bytes with digest and kind."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from rostersync.errors import RosterError, UsageError
from rostersync.roster.readers import archives, file_kinds, intake
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.settings import Settings

UNSEEN = re.compile(r"[.~]|__MACOSX$|(thumbs\.db|desktop\.ini)$", re.IGNORECASE)
"""Files and folders that programs leave behind: hidden ones, and locks such as ~$term.xlsx."""
ABOUT = re.compile(
    r"(readme|read me|liesmich|lisez-?moi|leeme|leiame|leggimi)(\.(txt|md|pdf|html?|docx?))?", re.IGNORECASE
)
"""Files that tell about the others."""
OURS = re.compile(r"(.+)\.problems\.(csv|xlsx)")
REPORTS = "rostersync-reports"
WHOLE = "a file left out in silence could look as if its people had left"
NAMES = 10
"""Names that a note shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it lies there, unpacked where it was compressed."""

    path: str
    """As it is shown; of an archive's member like `term.zip/enrollments.csv`."""
    data: bytes
    sha256: str
    """Of what lies there, before gzip is undone."""
    kind: FileKind
    notes: tuple[str, ...] = ()
    joined: Mapping[str, str] = field(default_factory=dict)
    """As Source.joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What belongs together: the loose files that were named, a folder's files, or an archive's."""

    path: str
    files: tuple[File, ...]
    notes: tuple[str, ...] = ()
    """What was left out."""


def gather(paths: Sequence[Path], settings: Settings, stdin: BinaryIO | None = None) -> Iterator[Bundle]:
    """Folders and archives as they are named, then all loose files as one bundle.

    Every file of a folder or an archive is read or refused by its name; what programs leave behind, files that only
    tell about the others and what rostersync wrote itself are left out with a note. `max_megabytes` bounds a bundle.

    Args:
        paths: files, pipes, folders, archives of files; `-` is standard input.
        settings: max_megabytes.
        stdin: stands in for the process's standard input.

    Raises:
        RosterError: missing, unreadable, empty, damaged, protected by a password, too large, or no spreadsheet.
        UsageError: standard input is named twice, or is a terminal.
    """
    if [str(p) for p in paths].count(intake.STANDARD_INPUT) > 1:
        raise UsageError("standard input (-) is named twice", remedy="it can be read once")
    limit = settings.max_megabytes << 20
    loose: list[File] = []
    named: list[Path] = []
    for path in paths:
        if str(path) != intake.STANDARD_INPUT and path.is_dir():
            yield from _folder(path, limit)
            continue
        room = limit - sum(len(f.data) for f in loose)
        name = intake.shown(path)
        found = _look(name, intake.take(path, room, stdin), room)
        if found.kind is None:
            yield _archive(name, found.data, limit)
        else:
            named.append(path)
            loose.append(_file(found, found.kind))
    if loose:
        yield Bundle(path=loose[0].path if len(loose) == 1 else _common(named), files=tuple(loose))


def digest(path: Path, settings: Settings) -> str:
    """The SHA-256 of a file, or of an archive's member, as `File.sha256` has it.

    Args:
        path: as `File.path`; of an archive's member like `term.zip/enrollments.csv`.
        settings: max_megabytes.

    Returns:
        "" where there is neither a file nor an archive; a text that is no digest where the archive is another one.
    """
    try:
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        archive = next((p for p in path.parents if p.is_file()), None)
        if archive is None:
            return ""
        name, room = intake.shown(archive), settings.max_megabytes << 20
        with archives.opened(name, intake.take(archive, room)) as packed:
            inner = intake.shown(path.relative_to(archive)).replace(os.sep, "/")
            named = {intake.shown(e.filename.replace("\\", "/")): e for e in packed.infolist()}
            entry = named.get(inner)
            return hashlib.sha256(archives.member(name, packed, entry, room)).hexdigest() if entry else "not in it"
    except OSError:
        return ""
    except RosterError as error:
        return str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file, or (without a kind) an archive of files."""

    path: str
    data: bytes
    sha256: str
    kind: FileKind | None
    notes: tuple[str, ...]


def _look(name: str, data: bytes, room: int) -> _Found:
    digest = hashlib.sha256(data).hexdigest()
    notes: tuple[str, ...] = ()
    if data.startswith(file_kinds.GZIP):
        data = archives.gunzip(name, data, room)
        notes = ("unpacked (gzip)",)
        if data.startswith(file_kinds.GZIP):
            raise RosterError(f"{name} is packed twice", remedy=archives.UNPACK)
    if not data.startswith(file_kinds.ZIP):
        return _Found(path=name, data=data, sha256=digest, kind=file_kinds.kind_of(name, data), notes=notes)
    with archives.opened(name, data) as archive:
        return _Found(path=name, data=data, sha256=digest, kind=archives.zip_kind(name, archive), notes=notes)


def _file(found: _Found, kind: FileKind) -> File:
    return File(path=found.path, data=found.data, sha256=found.sha256, kind=kind, notes=found.notes)


def _archive(name: str, data: bytes, room: int) -> Bundle:
    """The files of a ZIP, those in its folders too, in the order of their names."""
    files: list[File] = []
    with archives.opened(name, data) as archive:
        entries = sorted((e for e in archive.infolist() if not e.is_dir()), key=lambda e: e.filename)
        reasons = _reasons([e.filename.replace("\\", "/") for e in entries])
        for entry in entries:
            inner = entry.filename.replace("\\", "/")
            if inner in reasons:
                continue
            full = f"{name}/{intake.shown(inner)}"
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise RosterError(f"{full} is a link, no file", remedy=f"pack the file itself: {WHOLE}")
            content = archives.member(full, archive, entry, room)
            room -= len(content)
            files.append(_part(full, content, room))
            room -= len(files[-1].data) - len(content)
    return _bundle(name, files, reasons)


def _folder(path: Path, limit: int) -> Iterator[Bundle]:
    """One bundle for each archive in the folder, and one of its files."""
    name = intake.shown(path)
    try:
        entries = sorted(path.iterdir(), key=lambda p: p.name)
    except OSError as error:
        raise RosterError(f"{name} cannot be read: {error.strerror}", remedy="look at its permissions") from error
    reasons = _reasons([e.name for e in entries])
    files: list[File] = []
    archived = False
    for entry in (e for e in entries if e.name not in reasons):
        full = intake.shown(entry)
        if not entry.is_file() and entry.exists():
            what = "a folder" if entry.is_dir() else "no file"
            raise RosterError(f"{full} is {what}, in a folder that is to be read", remedy=_name_them(name))
        room = limit - sum(len(f.data) for f in files)
        data = intake.take(entry, room)
        if _is_archive(full, data, room):
            archived = True
            yield _archive(full, data, limit)
        else:
            files.append(_part(full, data, room))
    if files or not archived:
        yield _bundle(name, files, reasons)


def _is_archive(name: str, data: bytes, room: int) -> bool:
    return data.startswith(file_kinds.ZIP) and _look(name, data, room).kind is None


def _part(name: str, data: bytes, room: int) -> File:
    """A file that nobody named by itself."""
    whole = name.rpartition("/")[0]
    if not data:
        raise RosterError(f"{name} is empty (0 bytes)", remedy=f"export it again, or take it out of {whole}")
    try:
        found = _look(name, data, room)
    except RosterError as error:
        if error.message == file_kinds.not_a_spreadsheet(name).message:
            raise RosterError(error.message, remedy=_name_them(whole)) from error
        raise
    if found.kind is None:
        raise RosterError(f"{name} is an archive in an archive", remedy=archives.UNPACK)
    return _file(found, found.kind)


def _bundle(name: str, files: list[File], reasons: dict[str, str]) -> Bundle:
    if not files:
        raise RosterError(f"{name} holds no spreadsheet", remedy="name a CSV or .xlsx file")
    notes = []
    for reason in sorted(set(reasons.values())):
        names = [intake.shown(n) for n, why in reasons.items() if why == reason]
        listed = ", ".join(names[:NAMES]) + (f" and {len(names) - NAMES} more" if len(names) > NAMES else "")
        notes.append(f"left out of {name}: {listed} ({reason})")
    return Bundle(path=name, files=tuple(files), notes=tuple(notes))


def _reasons(names: list[str]) -> dict[str, str]:
    """Name → why it is left out, for those that are."""
    there = {n.lower() for n in names} | {n.lower().rpartition(".")[0] for n in names}
    found: dict[str, str] = {}
    for name in names:
        *folders, last = name.split("/")
        if any(UNSEEN.match(part) for part in (*folders, last)):
            found[name] = "hidden or temporary"
        elif ABOUT.fullmatch(last):
            found[name] = "tells about the others"
        elif last == REPORTS or REPORTS in folders:
            found[name] = "reports of rostersync"
        elif (ours := OURS.fullmatch(name.lower())) and ours[1] in there:
            found[name] = "written by rostersync check"
    return found


def _name_them(whole: str) -> str:
    return f"take it out of {whole}, or name the files that are to be read: {WHOLE}"


def _common(paths: list[Path]) -> str:
    parents = {p.parent for p in paths}
    return intake.shown(parents.pop() if len(parents) == 1 else os.path.commonpath([p.absolute() for p in paths]))
