"""Addresses in other letters than Moodle's: MariaDB finds them, PostgreSQL does not (fact 43)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.tables import Report

Make = Callable[..., Any]
EXACT, FOLDED = "exact", "utf8mb4_unicode_ci"
TWO = "email,course,role\nAda.X@Uni.example,BIO101,student\ntom.x@uni.example,BIO101,editingteacher\n"


def ends(report: Report) -> list[tuple[str, str]]:
    return list(report.rows[["bucket", "code"]].astype(str).itertuples(index=False, name=None))


def address(world: Any, name: str, email: str) -> None:  # noqa: ANN401 - a World
    world.state.put_user(replace(world.state.user(name), email=email))


def test_on_mariadb_the_account_is_found(make: Make) -> None:
    """Letter case means nothing in an address, and the database says so too."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada"], collation=FOLDED)
    assert ends(world.sync(TWO)) == [("enrolled", ""), ("unchanged", "")]


def test_on_postgresql_the_account_is_proposed_and_not_taken(make: Make) -> None:
    """The row is not found, says which account there is, and holds removals like any that is not found."""
    world = make({"BIO101": "tom:editingteacher zoe:student"}, people=["ada"], collation=EXACT)
    report = world.sync(TWO)
    assert ends(report) == [("rejected", "user_not_found"), ("unchanged", "")]
    assert "did you mean “ada.x@uni.example” (Ada Example)?" in report.rows["message"].tolist()[0]
    assert "tells capital letters apart" in report.rows["message"].tolist()[0]
    assert world.people("BIO101") == {"tom": "editingteacher", "zoe": "student"}
    right = world.sync(TWO.replace("Ada.X@Uni", "ada.x@uni"), allow_removals=1)
    assert ends(right) == [("enrolled", ""), ("unchanged", "")]
    assert world.people("BIO101") == {"ada": "student", "tom": "editingteacher"}


@pytest.mark.parametrize("in_moodle", ["Ada.X@uni.example", "Ada.X@Uni.Example", "ADA.X@UNI.EXAMPLE"])
def test_capitals_that_moodle_has_are_proposed_too(make: Make, in_moodle: str) -> None:
    """As directories write addresses: names with capitals, or all of it."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada"], collation=EXACT)
    address(world, "ada", in_moodle)
    report = world.sync(TWO.replace("Ada.X@Uni", "ada.x@uni"))
    assert f"did you mean “{in_moodle}” (Ada Example)?" in report.rows["message"].tolist()[0]


def test_of_two_addresses_that_differ_by_letters_each_is_its_own(make: Make) -> None:
    """On PostgreSQL both accounts can be there."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben"], collation=EXACT)
    address(world, "ben", "Ada.X@uni.example")
    report = world.sync(TWO.replace("@Uni", "@uni"))
    assert world.people("BIO101") == {"ben": "student", "tom": "editingteacher"}
    assert ends(report)[0] == ("enrolled", "")


def test_id_numbers_in_other_letters_are_proposed(make: Make) -> None:
    """PostgreSQL tells their letters apart as well."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada"], collation=EXACT)
    world.state.put_user(replace(world.state.user("ada"), idnumber="s-17b"))
    lines = "student id,course,role\nS-17B,BIO101,student\n"
    report = world.sync(lines, mode="add-only")
    assert ends(report) == [("rejected", "user_not_found")]
    assert "did you mean “s-17b”" in report.rows["message"].tolist()[0]


def test_a_whole_column_in_capitals_is_told_once(make: Make) -> None:
    """What to change is the column, not each row."""
    people = ["ada", "ben", "cyd", "dot", "eve", "fay"]
    world = make({"BIO101": "tom:editingteacher"}, people=people, collation=EXACT)
    lines = "".join(f"{name.upper()}.X@UNI.EXAMPLE,BIO101,student\n" for name in people)
    report = world.sync(f"email,course,role\n{lines}", mode="add-only")
    told = report.problems.loc[report.problems["code"] == "column_differs", "detail"].tolist()
    assert told == ["all 6 values are known as e-mail addresses in small letters"]


@pytest.mark.parametrize("collation", [EXACT, FOLDED])
def test_somebody_else_s_address_beside_a_key_is_seen_in_any_letters(make: Make, collation: str) -> None:
    """Rule 11: the row is nobody's, whatever the database makes of capitals."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben"], collation=collation)
    lines = "username,e-mail,course,role\nada,Ben.X@Uni.Example,BIO101,student\n"
    assert ends(world.sync(lines, mode="add-only")) == [("rejected", "contradicted")]
    assert world.people("BIO101") == {"tom": "editingteacher"}


@pytest.mark.parametrize("collation", [EXACT, FOLDED])
@pytest.mark.parametrize("in_moodle", ["Ben.X@uni.example", "Ben.X@Uni.Example", "BEN.X@UNI.EXAMPLE"])
@pytest.mark.parametrize("in_roster", ["BEN.X@UNI.EXAMPLE", "ben.x@uni.example", "Ben.X@uni.example"])
def test_somebody_else_s_address_is_seen_whatever_letters_moodle_has(
    make: Make, collation: str, in_moodle: str, in_roster: str
) -> None:
    """The row that is two people's enrols neither, and takes nothing from either of them."""
    world = make({"BIO101": "ben:student tom:editingteacher"}, people=["ada"], collation=collation)
    address(world, "ben", in_moodle)
    lines = f"username,e-mail,course,role\nada,{in_roster},BIO101,student\ntom,,BIO101,editingteacher\n"
    report = world.sync(lines, allow_removals=5)
    assert ends(report) == [("rejected", "contradicted"), ("unchanged", "")]
    assert world.people("BIO101") == {"ben": "student", "tom": "editingteacher"}


@pytest.mark.parametrize("in_moodle", ["Ada.X@uni.example", "ADA.X@UNI.EXAMPLE", "ada.x@uni.example"])
@pytest.mark.parametrize("in_roster", ["ADA.X@UNI.EXAMPLE", "ada.x@uni.example", "Ada.X@uni.example"])
def test_one_s_own_address_in_other_letters_is_no_contradiction(make: Make, in_moodle: str, in_roster: str) -> None:
    """It is compared with what Moodle shows of the account, without regard to letters."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada"], collation=EXACT)
    address(world, "ada", in_moodle)
    lines = f"username,e-mail,course,role\nada,{in_roster},BIO101,student\ntom,,BIO101,editingteacher\n"
    assert ends(world.sync(lines)) == [("enrolled", ""), ("unchanged", "")]


@pytest.mark.parametrize("in_roster", ["BEN.X@UNI.EXAMPLE", "ben.x@uni.example", "bEN.x@uNI.example"])
def test_nobody_loses_access_whose_key_moodle_has_in_a_mix_of_its_own(make: Make, in_roster: str) -> None:
    """Even a mix that no spelling guesses: the row is not found, and holds the removals of its course."""
    world = make({"BIO101": "ben:student cyd:student tom:student"}, collation=EXACT)
    address(world, "ben", "bEn.X@uNi.eXample")
    report = world.sync(f"email,course,role\n{in_roster},BIO101,student\ntom.x@uni.example,BIO101,student\n")
    assert ends(report) == [("rejected", "user_not_found"), ("unchanged", "")]
    assert set(world.people("BIO101")) == {"ben", "cyd", "tom"}
    assert set(report.removals["bucket"].astype(str)) == {"held"}
