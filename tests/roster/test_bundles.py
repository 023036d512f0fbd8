"""What a path holds: files, folders, archives, gzip, standard input, and what is left out or refused by its name."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rostersync.errors import RosterError, UsageError
from rostersync.roster import load
from rostersync.roster.readers import files
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.settings import Settings

Write = Callable[..., Path]
ANN = b"user,course,role\nann,BIO101,student\n"
BOB = b"user,course,role\nbob,CHEM200,student\n"


def packed(**members: bytes) -> bytes:
    """A ZIP; `__` in a name is a slash, `_` a full stop."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return target.getvalue()


def bundles(*paths: Path, stdin: bytes = b"") -> list[files.Bundle]:
    return list(files.gather(paths, Settings(), io.BytesIO(stdin)))


def names(bundle: files.Bundle) -> list[str]:
    return [Path(f.path).name for f in bundle.files]


def refused(path: Path) -> RosterError:
    with pytest.raises(RosterError) as caught:
        bundles(path)
    return caught.value


def test_loose_files_are_one_bundle(write: Write, tmp_path: Path) -> None:
    """They stay in the order in which they are named, and are shown as they were named."""
    bundle = bundles(write(BOB, "b.csv"), write(ANN, "a.csv"))
    assert [b.path for b in bundle] == [str(tmp_path)]
    assert [f.path for f in bundle[0].files] == [str(tmp_path / "b.csv"), str(tmp_path / "a.csv")]
    assert bundle[0].files[0].sha256 == hashlib.sha256(BOB).hexdigest()


def test_a_file_alone_is_its_own_bundle(write: Write) -> None:
    """Its path is the file's."""
    path = write(ANN, "a.csv")
    assert [b.path for b in bundles(path)] == [str(path)]


def test_folders_and_archives_are_bundles_of_their_own(write: Write, tmp_path: Path) -> None:
    """Beside loose files, each of them is read as what belongs together."""
    folder = tmp_path / "term"
    folder.mkdir()
    (folder / "b.csv").write_bytes(BOB)
    (folder / "a.csv").write_bytes(ANN)
    found = bundles(write(ANN, "one.csv"), folder, write(packed(x_csv=ANN), "x.zip"))
    assert [(b.path, names(b)) for b in found] == [
        (str(folder), ["a.csv", "b.csv"]),
        (str(tmp_path / "x.zip"), ["x.csv"]),
        (str(tmp_path / "one.csv"), ["one.csv"]),
    ]


def test_a_member_is_named_after_its_archive_and_has_its_own_digest(write: Write) -> None:
    """The digest is that of the member's bytes, so that the same file in another archive is known."""
    path = write(packed(autumn__a_csv=ANN), "term.zip")
    (bundle,) = bundles(path)
    assert [(f.path, f.sha256) for f in bundle.files] == [(f"{path}/autumn/a.csv", hashlib.sha256(ANN).hexdigest())]


def test_archives_in_a_folder_are_read(tmp_path: Path) -> None:
    """Each is a bundle; the folder's own files are another."""
    (tmp_path / "x.zip").write_bytes(packed(x_csv=ANN))
    (tmp_path / "b.csv").write_bytes(BOB)
    assert [names(b) for b in bundles(tmp_path)] == [["x.csv"], ["b.csv"]]


def test_gzip_of_text_of_a_workbook_and_of_an_archive(loaded: Callable[..., object], write: Write) -> None:
    """What is in it decides how it is read, and that it was unpacked is said."""
    workbook = write([["user", "course", "role"], ["ann", "BIO101", "student"]], "t.xlsx").read_bytes()
    for content, kind in ((ANN, FileKind.TEXT), (workbook, FileKind.XLSX)):
        (bundle,) = bundles(write(gzip.compress(content), "t.gz"))
        assert [(f.kind, f.notes) for f in bundle.files] == [(kind, ("unpacked (gzip)",))]
        assert load([write(gzip.compress(content), "t.gz")], Settings()).rows["user"].tolist() == ["ann"]
    (bundle,) = bundles(write(gzip.compress(packed(a_csv=ANN)), "t.zip.gz"))
    assert names(bundle) == ["a.csv"]


def test_standard_input_is_called_a_dash() -> None:
    """It can be a file of any kind, an archive too."""
    (bundle,) = bundles(Path("-"), stdin=ANN)
    assert [(f.path, f.data) for f in bundle.files] == [("-", ANN)]
    (bundle,) = bundles(Path("-"), stdin=packed(a_csv=ANN))
    assert [f.path for f in bundle.files] == ["-/a.csv"]


def test_standard_input_can_be_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named twice it would be empty the second time; the process's own is used."""
    with pytest.raises(UsageError, match="named twice"):
        bundles(Path("-"), Path("-"), stdin=ANN)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ANN)))
    assert load([Path("-")], Settings()).rows["user"].tolist() == ["ann"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(RosterError, match=r"- is empty \(0 bytes\)"):
        load([Path("-")], Settings())


def test_what_programs_leave_behind_is_left_out_with_a_note(tmp_path: Path) -> None:
    """Locks, hidden files, files about the others, and what rostersync wrote itself."""
    for name in ("a.csv", "~$a.xlsx", ".DS_Store", "Thumbs.db", ".~lock.a.csv#", "README.txt", "a.problems.csv"):
        (tmp_path / name).write_bytes(ANN)
    for name in ("__MACOSX", ".git", "rostersync-reports"):
        (tmp_path / name).mkdir()
    (bundle,) = bundles(tmp_path)
    assert names(bundle) == ["a.csv"]
    assert bundle.notes == (
        f"left out of {tmp_path}: .DS_Store, .git, .~lock.a.csv#, Thumbs.db, __MACOSX, ~$a.xlsx (hidden or temporary)",
        f"left out of {tmp_path}: rostersync-reports (reports of rostersync)",
        f"left out of {tmp_path}: README.txt (tells about the others)",
        f"left out of {tmp_path}: a.problems.csv (written by rostersync check)",
    )
    assert load([tmp_path], Settings()).sources[0].notes[:4] == bundle.notes


def test_a_problems_file_without_its_file_is_read(tmp_path: Path) -> None:
    """Somebody corrected it and sends it again."""
    (tmp_path / "a.problems.csv").write_bytes(ANN)
    assert names(bundles(tmp_path)[0]) == ["a.problems.csv"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("list.pdf", b"%PDF-1.7\n", "list.pdf is not a spreadsheet"),
        ("photo.png", b"\x89PNG\r\n\x1a\n", "photo.png is not a spreadsheet"),
        ("photo.jpg", b"\xff\xd8\xff\xe0 JFIF", "photo.jpg is not a spreadsheet"),
        ("backup.tar", b"a.csv".ljust(257, b"\0") + b"ustar", "backup.tar is not a spreadsheet"),
        ("term.bz2", b"BZh91AY&SY", "term.bz2 is not a spreadsheet"),
        ("letter.docx", packed(word__document_xml=b"<w/>"), "letter.docx is not a spreadsheet"),
        ("empty.csv", b"", "empty.csv is empty (0 bytes)"),
        ("inner.zip", packed(a_csv=ANN), "inner.zip is an archive in an archive"),
        ("twice.gz", gzip.compress(gzip.compress(ANN)), "twice.gz is packed twice"),
    ],
)
def test_a_member_that_cannot_be_read_refuses_the_archive(
    write: Write, name: str, content: bytes, message: str
) -> None:
    """A file that were left out in silence could look as if its people had left."""
    error = refused(write(packed(a_csv=ANN, **{name.replace(".", "_"): content}), "term.zip"))
    assert f"term.zip/{message}" in error.message
    if "spreadsheet" in message:
        assert "a file left out in silence could look as if its people had left" in error.remedy


def test_a_folder_in_a_folder_is_refused(tmp_path: Path) -> None:
    """Whether last year's files in it are meant cannot be known."""
    (tmp_path / "a.csv").write_bytes(ANN)
    (tmp_path / "old").mkdir()
    assert "old is a folder, in a folder that is to be read" in refused(tmp_path).message


def test_an_archive_in_a_member_of_gzip_is_refused(write: Write) -> None:
    """One level is read, however it is packed."""
    error = refused(write(packed(a_gz=gzip.compress(packed(a_csv=ANN))), "term.zip"))
    assert "a.gz is an archive in an archive" in error.message


def test_a_password_is_named(write: Write) -> None:
    """Zip, ods."""
    plain = bytearray(packed(a_csv=ANN))
    plain[6] |= 1
    plain[plain.index(b"PK\x01\x02") + 8] |= 1
    assert "is protected by a password" in refused(write(bytes(plain), "term.zip")).message
    manifest = b'<manifest:encryption-data manifest:checksum-type="x">'
    ods = packed(content_xml=b"\1", **{"META-INF__manifest_xml": manifest})
    assert "is protected by a password" in refused(write(ods, "term.ods")).message


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"xl__workbook_xml": b""}, FileKind.XLSX),
        ({"xl__workbook_bin": b""}, FileKind.XLSB),
        ({"content_xml": b"", "mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, FileKind.ODS),
    ],
)
def test_workbooks_that_are_archives_are_known(write: Write, parts: dict[str, bytes], kind: FileKind) -> None:
    """By their parts, whatever they are called."""
    (bundle,) = bundles(write(packed(**parts), "term.zip"))
    assert [f.kind for f in bundle.files] == [kind]


def test_a_text_document_is_no_spreadsheet(write: Write) -> None:
    """An .odt has the same parts as an .ods, and says what it is."""
    odt = packed(content_xml=b"", mimetype=b"application/vnd.oasis.opendocument.text")
    assert refused(write(odt, "term.ods")).message.endswith("term.ods is not a spreadsheet")


def test_links_and_devices(tmp_path: Path) -> None:
    """A link is followed, a broken one named; a device is no file, and has no end."""
    (tmp_path / "a.csv").write_bytes(ANN)
    (tmp_path / "good").symlink_to(tmp_path / "a.csv")
    (tmp_path / "bad").symlink_to(tmp_path / "none.csv")
    assert bundles(tmp_path / "good")[0].files[0].data == ANN
    assert refused(tmp_path / "bad").message.endswith(f"bad is a link to {tmp_path}/none.csv, which does not exist")
    assert "/dev/zero is a device or a socket, no file" in refused(Path("/dev/zero")).message


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """As a shell makes it for <(PROGRAM)."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(ANN,))
    writer.start()
    (bundle,) = bundles(pipe)
    writer.join()
    assert bundle.files[0].data == ANN


def test_a_file_that_the_system_does_not_give_is_named(tmp_path: Path) -> None:
    """The message says why and what to look at; root needs another file than one without permission."""
    path = tmp_path / "a.csv"
    path.write_bytes(ANN)
    path.chmod(0)
    error = refused(Path("/proc/self/mem") if os.geteuid() == 0 else path)
    assert " cannot be read: " in error.message
    assert error.remedy == "look at its permissions, and whether it is open elsewhere"


def test_a_name_that_is_no_text_is_shown(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and control characters, stand as escapes, so that every report can print them."""
    path = tmp_path / os.fsdecode(b"a\xff\x1b.csv")
    path.write_bytes(ANN)
    (source,) = load([path], Settings()).sources
    assert source.path == f"{tmp_path}/a\\xff\\x1b.csv"


@pytest.fixture
def growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to which another program adds a row whenever somebody has read some of it."""
    path = tmp_path / "a.csv"
    path.write_bytes(ANN)

    class Read(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(-1 if size is None else size)
            with io.FileIO(path, "ab") as file:
                file.write(b"zoe,BIO101,student\n")
            return data or b""

    def opened(self: Path, mode: str) -> Read:
        return Read(self, mode)

    monkeypatch.setattr(Path, "open", opened)
    return path


def test_a_file_that_changes_while_it_is_read_is_refused(growing: Path) -> None:
    """Half of a roster would look as if the other half had left."""
    assert refused(growing).message.endswith("a.csv changes while it is read")
