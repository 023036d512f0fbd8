"""Whose row it is: keys beside other people's names, addresses and numbers, over HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.errors import RosterError
from rostersync.report.review_workbook import lines_of
from rostersync.sync.plan import Plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.review import preview

from .conftest import World

Make = Callable[..., Any]
PEOPLE = ("ada", "ben", "cyd", "dan", "eve", "fay", "gus", "hal")
HEAD = "username,first name,last name,course,role"


def rows(keys: tuple[str, ...], names: tuple[str, ...], course: str = "BIO101") -> str:
    """A file of these keys beside these names."""
    lines = [f"{key},{name.title()},Example,{course},student" for key, name in zip(keys, names, strict=True)]
    return "\n".join([HEAD, *lines])


def states(plan: Plan) -> list[tuple[str, str]]:
    return list(plan.rows[["state", "code"]].astype(str).itertuples(index=False, name=None))


def share(world: World, address: str, *users: str) -> None:
    """These accounts get this address."""
    for name in users:
        user = world.state.user(name)
        document = {f: getattr(user, f) for f in ("username", "idnumber", "firstname", "lastname")}
        world.state.put_user(type(user)(id=user.id, **document, email=address, suspended=0, deleted=0))


def looked_up(world: World, field: str) -> list[str]:
    """The values that were looked up in this field."""
    forms = [c.form for c in world.gate.calls if c.form.get("field") == field]
    return sorted(v for form in forms for k, v in form.items() if k.startswith("values["))


def test_keys_moved_by_a_row_enrol_and_remove_nobody(make: Make) -> None:
    """Every name is that of the account of another row: all rows are rejected, and nothing is changed."""
    world = make({"BIO101": "ada:student ben:student hal:student"}, people=PEOPLE)
    before = world.people("BIO101")
    plan = world.plan(rows(PEOPLE[:7], (*PEOPLE[1:7], PEOPLE[0])))
    assert states(plan) == [("rejected", "contradicted")] * 7
    assert not (plan.changes["hold"] == "").any()
    assert world.apply(plan).exit_code == 3
    assert world.people("BIO101") == before
    assert not world.wrote()


def test_the_names_of_a_courses_people_tell_too(make: Make) -> None:
    """Who bears the names stands in no row of the file, but in the course's list."""
    world = make({"BIO101": "ada:student ben:student cyd:student"}, people=PEOPLE)
    plan = world.plan(rows(("dan", "eve", "fay"), ("ada", "ben", "cyd")))
    assert states(plan) == [("rejected", "contradicted")] * 3
    message = plan.problems[plan.problems["code"] == "contradicted"]["detail"].iloc[0]
    assert message.startswith("the key is that of Dan Example, the name “Ada Example” is somebody else's")
    assert "in 3 rows of 3 of this file" in message


@pytest.mark.parametrize(("wrong", "rejected"), [(4, 0), (5, 8)])
def test_more_than_half_of_the_names_condemn_a_file(make: Make, wrong: int, rejected: int) -> None:
    """Up to a half, the rows stand; from there on, those that fit are rejected as well."""
    world = make({"BIO101": ""}, people=PEOPLE)
    names = (*PEOPLE[1:wrong], PEOPLE[0], *PEOPLE[wrong:])
    assert [code for _, code in states(world.plan(rows(PEOPLE, names)))].count("contradicted") == rejected


def test_another_file_of_the_run_is_not_condemned(make: Make) -> None:
    """Files that are right are carried out beside one that is not."""
    world = make({"BIO101": "", "CHE201": ""}, people=PEOPLE)
    wrong = world.roster(rows(PEOPLE[:3], (*PEOPLE[1:3], PEOPLE[0])), "wrong.csv")
    right = world.roster(rows(PEOPLE[3:], PEOPLE[3:], "CHE201"), "right.csv")
    with world.work() as work:
        plan = make_plan([wrong, right], work)
    assert [state for state, _ in states(plan)] == ["rejected"] * 3 + ["ok"] * 5


def test_two_rows_are_too_few_to_condemn_a_file(make: Make) -> None:
    """Two people whose names are exchanged, in a file of two."""
    world = make({"BIO101": ""}, people=PEOPLE)
    assert states(world.plan(rows(("ada", "ben"), ("ben", "ada")))) == [("ok", "")] * 2


def test_names_written_otherwise_are_nobody_elses(make: Make) -> None:
    """Married names, nicknames, initials, umlauts and further names in every row: all are enrolled."""
    world = make({"BIO101": ""}, people=PEOPLE)
    names = ["Ada,Berger", "B.,Example", "Cyd Maria,Example-Ott", "Danny,Example", "Éve,Exämple"]
    lines = [f"{key},{name},BIO101,student" for key, name in zip(PEOPLE, names, strict=False)]
    report = world.sync("\n".join([HEAD, *lines]))
    assert report.exit_code == 0
    assert sorted(world.people("BIO101")) == sorted(PEOPLE[:5])


def test_people_exchanged_are_told_by_their_addresses(make: Make) -> None:
    """Only these two rows are rejected; each of the two may be either of them, and the others are enrolled."""
    world = make({"BIO101": "dan:student", "CHE201": "ada:student eve:student"}, people=PEOPLE)
    text = """
        username,email,course,role
        ada,ben.x@uni.example,BIO101,student
        ben,ada.x@uni.example,BIO101,student
        cyd,CYD.X@uni.example,BIO101,student
        eve,,CHE201,student
    """
    plan = world.plan(text, user_key="username")
    assert states(plan)[:3] == [("rejected", "contradicted")] * 2 + [("ok", "")]
    removals = plan.changes[plan.changes["removal"]]
    assert removals["hold"].tolist() == ["contradicted_row"] * 2
    assert plan.problems["detail"].tolist()[0] == (
        "the key is that of Ada Example (ada), the e-mail address “ben.x@uni.example” that of Ben Example (ben)"
    )


def test_only_what_differs_is_looked_up(make: Make) -> None:
    """A changed address is asked for once, and contradicts nothing; those of the accounts are compared as they are."""
    world = make({"BIO101": ""}, people=PEOPLE)
    text = """
        username,email,course,role
        ada,Ada.X@uni.example,BIO101,student
        ben,ben@home.example,BIO101,student
        ben,ben@home.example,BIO101,student
    """
    report = world.sync(text)
    assert report.exit_code == 0
    assert world.people("BIO101") == {"ada": "student", "ben": "student"}
    asked = looked_up(world, "email")
    # In other letters, too: some databases tell them apart (fact 43).
    assert "ben@home.example" in asked
    assert {address.casefold() for address in asked} == {"ben@home.example"}
    assert len(asked) == len(set(asked))


def test_a_familys_address_contradicts_nobody_who_has_it(make: Make) -> None:
    """Brother and sister share an address; a third row with it is contradicted."""
    world = make({"BIO101": ""}, people=PEOPLE)
    share(world, "family@mail.example", "ada", "ben")
    text = "username,email,course,role\n" + "".join(
        f"{name},family@mail.example,BIO101,student\n" for name in ("ada", "ben", "cyd")
    )
    plan = world.plan(text)
    assert states(plan) == [("ok", ""), ("ok", ""), ("rejected", "contradicted")]


def test_a_number_of_somebody_else_beside_a_user_name(make: Make) -> None:
    """The row is rejected; a number that lost its zeros is the person's own."""
    world = make({"BIO101": ""}, people=PEOPLE)
    numbers = {name: world.state.user(name).idnumber for name in PEOPLE}
    text = (
        "username,student id,course,role\n"
        f"ada,{numbers['ben']},BIO101,student\n"
        f"cyd,{numbers['cyd'].lstrip('0')},BIO101,student\n"
        f"dan,{numbers['dan']},BIO101,student\n"
    )
    plan = world.plan(text)
    assert states(plan) == [("rejected", "contradicted"), ("ok", ""), ("ok", "")]


def test_a_file_of_keys_alone_goes_through(make: Make) -> None:
    """There is nothing to compare, and nothing more is asked."""
    world = make({"BIO101": ""}, people=PEOPLE)
    report = world.sync("username,course,role\n" + "".join(f"{name},BIO101,student\n" for name in PEOPLE))
    assert report.exit_code == 0
    assert not looked_up(world, "email")
    assert not looked_up(world, "idnumber")


NUMBERED = "username,Student ID,first name,last name,course,role\n"


@pytest.mark.parametrize("last", ["Example", ""])
def test_a_column_of_other_numbers_is_asked_about_once(make: Make, last: str) -> None:
    """An application number under “Student ID” refuses the file, and the flag that it offers reads it."""
    world = make({"BIO101": ""}, people=PEOPLE)
    own = world.state.user("eve").idnumber
    text = NUMBERED + "".join(
        f"{name},{own if name == 'eve' else f'A-{at}'},{name.title() * bool(last)},{last},BIO101,student\n"
        for at, name in enumerate(PEOPLE)
    )
    with pytest.raises(RosterError) as refused:
        world.plan(text)
    assert refused.value.message == (
        "roster.csv: column “Student ID” is read as the user's id number, but in 7 of 8 rows it is not that of the "
        "person whom the row's key and name mean"
    )
    assert '--map "Student ID=ignore"' in refused.value.remedy
    assert states(world.plan(text, columns={"Student ID": "ignore"})) == [("ok", "")] * 8
    one_by_one = states(world.plan(text, columns={"Student ID": "idnumber"}))
    assert one_by_one == [("ok", "") if name == "eve" else ("rejected", "keys_disagree") for name in PEOPLE]


def test_a_column_of_an_advisers_address_is_asked_about_once(make: Make) -> None:
    """The address belongs to somebody else in every row, and the names say that the keys are right."""
    world = make({"BIO101": ""}, people=PEOPLE)
    text = "username,email,first name,last name,course,role\n" + "".join(
        f"{name},hal.x@uni.example,{name.title()},Example,BIO101,student\n" for name in PEOPLE[:4]
    )
    with pytest.raises(RosterError, match="column “email” is read as the user's e-mail address, but in 4 of 4 rows"):
        world.plan(text)
    assert states(world.plan(text, columns={"email": "ignore"})) == [("ok", "")] * 4


def test_addresses_of_nobody_in_every_row_are_no_question(make: Make) -> None:
    """A file with private addresses goes through."""
    world = make({"BIO101": ""}, people=PEOPLE)
    text = "username,email,first name,last name,course,role\n" + "".join(
        f"{name},{name}@home.example,{name.title()},Example,BIO101,student\n" for name in PEOPLE
    )
    assert world.sync(text).exit_code == 0


def test_numbers_sorted_beside_user_names_that_fit_are_asked_about(make: Make) -> None:
    """The user names are right by the names, so that it is the numbers that are not; without names, each row is two."""
    world = make({"BIO101": ""}, people=PEOPLE)
    numbers = [world.state.user(name).idnumber for name in reversed(PEOPLE)]
    text = NUMBERED + "".join(
        f"{name},{number},{name.title()},Example,BIO101,student\n" for name, number in zip(PEOPLE, numbers, strict=True)
    )
    with pytest.raises(RosterError, match="column “Student ID”"):
        world.plan(text)
    bare = "username,Student ID,course,role\n" + "".join(
        f"{name},{number},BIO101,student\n" for name, number in zip(PEOPLE, numbers, strict=True)
    )
    assert states(world.plan(bare)) == [("rejected", "contradicted")] * 8


def test_accounts_are_named_as_moodle_does(make: Make) -> None:
    """Where the file's name is another one, both are shown: in changes, rows, and a reviewer's lines."""
    world = make({"BIO101": "hal:student"}, people=PEOPLE)
    text = f"{HEAD}\nada,Adah,Exhampel,BIO101,student\nben,EXAMPLE,Bén,BIO101,student\ncyd,,,BIO101,student"
    plan = world.plan(text, on_missing="keep")
    report = preview(plan)
    names = ["Ada Example (file: Adah Exhampel)", "Ben Example", "Cyd Example"]
    assert report.changes["name"].tolist()[:3] == names
    assert report.rows["name"].tolist() == names
    assert [line[4] for line in lines_of(report.changes).values()][:3] == names


def test_a_plan_knows_everybody_whom_it_changes(make: Make) -> None:
    """User name, address and number of those who come as the look-up had them, of those who go by their ids."""
    world = make({"BIO101": "ben:student eve:student tom:editingteacher"}, people=PEOPLE)
    plan = world.plan("username,course,role\nada,BIO101,student\nben,BIO101,student\n")
    ids = {name: world.state.user(name).id for name in ("ada", "eve")}
    assert sorted(plan.changes["user_id"]) == sorted(ids.values())
    people = plan.people[["user_id", "username", "email", "idnumber"]]
    assert [*people.itertuples(index=False, name=None)] == [
        (i, name, f"{name}.x@uni.example", f"{i:08}") for name, i in ids.items()
    ]
    assert looked_up(world, "id") == [str(ids["eve"])]


def test_a_key_that_is_said_to_count_is_compared_as_well(make: Make) -> None:
    """With user_key, a number of somebody else rejects its row; one that nobody has says nothing."""
    world = make({"BIO101": ""}, people=PEOPLE)
    numbers = {name: world.state.user(name).idnumber for name in PEOPLE}
    text = (
        "username,student id,course,role\n"
        f"ada,{numbers['ben']},BIO101,student\n"
        "cyd,A-1,BIO101,student\n"
        "dan,A-2,BIO101,student\n"
        "eve,A-3,BIO101,student\n"
    )
    assert states(world.plan(text, user_key="username")) == [("rejected", "contradicted")] + [("ok", "")] * 3
    by_number = text.replace("A-1", numbers["dan"]).replace("A-2", numbers["cyd"]).replace("A-3", numbers["eve"])
    assert states(world.plan(by_number, user_key="idnumber")) == [("rejected", "contradicted")] * 3 + [("ok", "")]
