"""Files that break off: whoever stands behind that place has not left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rostersync.errors import CutFile
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan

from .conftest import World

Make = Callable[..., World]
PEOPLE = tuple(f"u{n}" for n in range(1000, 1012))


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_file_that_is_cut_within_a_line_removes_nobody_whom_the_whole_file_names(
    make: Make,
    order: tuple[int, int, int],
    quoted: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    """Wherever that is, in whichever column; where users without an account are expected, too."""
    world = make({c: " ".join(f"{p}:student" for p in PEOPLE) for c in ("BIO101", "CHE101")}, allow_removals=99)
    mark = '"' if quoted else ""
    lines = [("username", "course short name", "role")]
    lines += [(p, c, "student") for p in PEOPLE for c in ("BIO101", "CHE101")]
    text = "".join(",".join(f"{mark}{line[i]}{mark}" for i in order) + "\n" for line in lines)
    path = world.folder / "roster.csv"
    whole = text.split("\n")
    end = len("\n".join(whole[:14])) + 1
    for place in range(end + 1, end + len(whole[14])):
        path.write_text(text[:place], encoding="utf-8")
        with pytest.raises(CutFile), world.work(missing_users="accept") as work:
            make_plan([path], work)


@pytest.mark.parametrize("count", ["Total records: 12", "Total students,12", "***FileFooter|14"])
def test_rows_that_are_counted_and_not_there_remove_nobody(make: Make, count: str) -> None:
    """Some are missing in the middle; to add, the file is good enough."""
    world = make({"BIO101": " ".join(f"{p}:student" for p in PEOPLE)}, people=["new"], allow_removals=99)
    path = world.folder / "roster.csv"
    people = ["new", *PEOPLE[:4], *PEOPLE[7:]]
    rows = "".join(f"BIO101,student,{p}\n" for p in people)
    path.write_text(f"course short name,role,username\n{rows}{count}\n", encoding="utf-8")
    with pytest.raises(CutFile), world.work() as work:
        make_plan([path], work)
    with world.work(mode="add-only") as work:
        report = apply_plan(make_plan([path], work), work, just_made=True)
    assert (report.exit_code, {*world.people("BIO101")}) == (0, {"new", *PEOPLE})


def test_a_last_row_without_a_line_end_that_names_somebody_is_no_cut(make: Make) -> None:
    """u100 has an account, and begins u1000: it is whole."""
    world = make({"BIO101": "u1000:student u1001:student u1002:student"}, people=["u100"])
    path = world.folder / "roster.csv"
    path.write_text(
        "course short name,role,username\n"
        + "".join(f"BIO101,student,{p}\n" for p in ("u1000", "u1001", "u100")).removesuffix("\n"),
        encoding="utf-8",
    )
    with world.work() as work:
        report = apply_plan(make_plan([path], work), work, just_made=True)
    assert (report.exit_code, [*world.people("BIO101")]) == (0, ["u100", "u1000", "u1001"])
