"""A panic of calamine: its own lines stay off the terminal, and nobody else's do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rostersync.roster.readers import panics

SAMPLE = Path("samples/inscriptions.xls")
PLACE = 4183
"""Where another byte makes calamine reach behind the end of a record."""


def test_a_file_that_makes_calamine_panic_is_damaged_and_nothing_else_is_said(tmp_path: Path) -> None:
    """One message, and no line in the words of Rust."""
    data = bytearray(SAMPLE.read_bytes())
    data[PLACE] = 0x7F
    path = tmp_path / "broken.xls"
    path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "rostersync", "check", str(path), "--no-problems"], capture_output=True, check=False
    )
    assert done.returncode == 1
    said = done.stderr.decode()
    assert f"Error: {path} is damaged: range end index" in said
    assert "panicked" not in said


def test_what_is_no_panics_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """In its order, behind what was said before."""
    os.write(2, b"before\n")
    with panics.unprinted():
        os.write(2, b"meanwhile\n")
        assert capfd.readouterr().err == "before\n"
    assert capfd.readouterr().err == "meanwhile\n"


def test_nothing_is_turned_away_from_another_thread(capfd: pytest.CaptureFixture[str]) -> None:
    """What it prints stays where and when it prints it."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    try:
        with panics.unprinted():
            os.write(2, b"meanwhile\n")
            assert capfd.readouterr().err == "meanwhile\n"
    finally:
        over.set()
        other.join()
