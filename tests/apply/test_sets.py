"""A OneRoster set against the little Moodle: what its manifest says decides who may lose anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan

Make = Callable[..., Any]
PEOPLE = {"ada": "00000101", "ben": "00000102", "cyd": "00000103", "tom": "00000104"}
TEAM = "ada:student ben:student cyd:student tom:editingteacher"


def synced(
    world: Any,  # noqa: ANN401 - a class of conftest, which is no module to import
    manifest: str,
    rows: list[str],
    unknown: str = "",
    **settings: object,
) -> dict[str, int]:
    """The buckets after a sync of a folder with this manifest and these rows: person, status, role."""
    folder = world.folder / "set"
    folder.mkdir(exist_ok=True)
    lines = [r.split(",") for r in rows]
    texts = {
        "enrollments.csv": "sourcedId,status,classSourcedId,userSourcedId,role\n"
        + "".join(f"e{i},{s},BIO101-26,{PEOPLE.get(p, p)},{r}\n" for i, (p, s, r) in enumerate(lines)),
        "users.csv": "sourcedId,status,username,givenName,familyName\n"
        + "".join(f"{i},,{n},{n.title()},Example\n" for n, i in PEOPLE.items() if n != unknown),
    }
    if manifest:
        texts["manifest.csv"] = f"propertyName,value\nfile.enrollments,{manifest}\nfile.users,bulk\n"
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    with world.work(mode=None, **settings) as work:
        report = apply_plan(make_plan([folder], work), work)
    return {bucket: number for bucket, number in report.buckets().items() if number}


@pytest.mark.parametrize(
    ("manifest", "status", "left"),
    [
        ("bulk", "", {"ada": "student", "ben": "student", "tom": "editingteacher"}),
        ("delta", "active", {"ada": "student", "ben": "student", "cyd": "student", "tom": "editingteacher"}),
        ("", "", {"ada": "student", "ben": "student", "cyd": "student", "tom": "editingteacher"}),
    ],
)
def test_only_bulk_removes_who_is_absent(make: Make, manifest: str, status: str, left: dict[str, str]) -> None:
    """Cyd is in no row: gone where the manifest calls the file bulk, and only there."""
    world = make({"BIO101": TEAM})
    synced(world, manifest, [f"ada,{status},student", f"ben,{status},student", f"tom,{status},teacher"])
    assert world.people("BIO101") == left


@pytest.mark.parametrize(("manifest", "gone"), [("delta", True), ("", False)])
def test_a_deletion_is_carried_out_where_rows_are_changes(make: Make, manifest: str, *, gone: bool) -> None:
    """Without a manifest `tobedeleted` is ignored, and told."""
    world = make({"BIO101": TEAM})
    done = synced(world, manifest, ["cyd,tobedeleted,student", "ada,active,student"])
    assert ("cyd" not in world.people("BIO101")) == gone
    assert done == ({"unenrolled": 1, "unchanged": 1} if gone else {"ignored": 1, "unchanged": 1})


def test_a_row_that_cannot_be_joined_holds_who_it_could_be(make: Make) -> None:
    """Ben's record is missing from users.csv: his row is rejected, and he is not taken for absent."""
    world = make({"BIO101": TEAM})
    done = synced(world, "bulk", ["ada,,student", "ben,,student", "tom,,teacher"], unknown="ben")
    assert done == {"rejected": 1, "unchanged": 2}
    assert world.people("BIO101")["ben"] == "student"
