"""What the tests of this folder share: small files, and the roster that comes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import openpyxl
import pytest

from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

hypothesis.settings.load_profile("repeated")  # for what is drawn in this folder; see the conftest above

Write = Callable[..., Path]
Load = Callable[..., Roster]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of text, bytes, or (for .xlsx) a list of rows."""

    def written(content: str | bytes | list[list[Any]], name: str = "roster.csv") -> Path:
        path = tmp_path / name
        match content:
            case bytes():
                path.write_bytes(content)
            case str():
                path.write_text(content, encoding="utf-8", newline="")
            case _:
                workbook = openpyxl.Workbook(write_only=True)
                sheet = workbook.create_sheet("Sheet")
                for row in content:
                    sheet.append(row)
                workbook.save(path)
        return path

    return written


@pytest.fixture
def loaded(write: Write) -> Load:
    """Loads one file, given as its content, under these settings."""

    def roster(content: str | bytes | list[list[Any]], name: str = "roster.csv", **settings: object) -> Roster:
        return load([write(content, name)], Settings.model_validate(settings))

    return roster
