"""Damaged keys and near misses beside a site: what is offered, what is refused, and who stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rostersync import problems
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import open_site


@pytest.fixture
def server() -> Iterator[Server]:
    """A site with four courses whose first people have names and numbers of our own."""
    document = term(people=60, courses=4, enrolments=80)
    people = [u for u in document["users"] if u["id"] >= 101]
    for user, (first, last, number) in zip(
        reversed(people),
        [
            ("Anna", "Muster", "00123"),
            ("Ben", "Boss", "123"),
            ("Cora", "Diaz", "00777"),
            ("Dan", "Ek", "04711"),
            ("Eva", "Fink", "55555"),
        ],
        strict=False,
    ):
        user.update(firstname=first, lastname=last, fullname=f"{first} {last}", idnumber=number)
    with serve(State.load(document)) as running:
        yield running


def plan(server: Server, folder: Path, *rows: str, header: str = "student id,course short name,role,full name") -> Plan:
    """What is to be done for these rows."""
    file = folder / "term.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    values = {"site": server.url, "token": server.token, "store": str(folder / "store.db"), "mode": "mirror"}
    with open_site(Settings.model_validate(values)) as work:
        return make_plan([file], work)


def said(made: Plan) -> list[tuple[int, str, str]]:
    """Each problem's line, code and message."""
    return [
        (p.line, p.code, problems.message(p.code, column=p.column, value=p.value, detail=p.detail))
        for p in made.problems.itertuples()
        if p.line
    ]


def course(server: Server) -> str:
    """The first course's short name."""
    state = server.state
    return str(state.courses[min(state.courses)].shortname)


def nobody_goes(server: Server, made: Plan) -> bool:
    """In a course where everybody is absent from the roster, every removal is held."""
    going = made.changes[made.changes["removal"]]
    return len(going) > 0 and bool((going["hold"] != "").all())


def test_a_number_without_its_zeros_is_offered_with_them(server: Server, tmp_path: Path) -> None:
    """It is found by nobody; the account with the zeros is named, never taken, and holds the course."""
    short = course(server)
    made = plan(server, tmp_path, f"55555,{short},student,Eva Fink", f"4711,{short},student,Dan Ek")
    assert said(made) == [
        (
            3,
            "user_not_found",
            "no user with ID number “4711” is to be seen in Moodle — did you mean “04711” (Dan Ek)?",
        )
    ]
    assert made.rows["state"].tolist() == ["ok", "rejected"]
    assert nobody_goes(server, made)


def test_a_typing_error_is_offered_by_the_name(server: Server, tmp_path: Path) -> None:
    """Somebody of that very name is named elsewhere in the roster."""
    short = course(server)
    made = plan(server, tmp_path, f"55555,{short},student,Eva Fink", f"S55556,{short},student,Eva Fink")
    assert [code for _, code, _ in said(made)] == ["person_two_keys", "person_two_keys", "user_not_found"]
    assert "did you mean “55555” (Eva Fink)?" in said(made)[-1][2]


def test_a_number_that_hits_somebody_else_is_refused(server: Server, tmp_path: Path) -> None:
    """123 is Ben's, 00123 is Anna's: Anna's row with a lost zero does not enrol Ben."""
    short = course(server)
    made = plan(
        server,
        tmp_path,
        f"00777,{short},student,Cora Diaz",
        f"55555,{short},student,Eva Fink",
        f"123,{short},student,Anna Muster",
    )
    assert [(line, code) for line, code, _ in said(made)] == [(4, "zeros_lost"), (4, "user_zeros")]
    assert "“123” is Ben Boss and “00123” is Anna Muster" in said(made)[1][2]
    assert made.rows["state"].tolist() == ["ok", "ok", "rejected"]
    assert nobody_goes(server, made)


def test_a_short_number_that_fits_its_name_stands(server: Server, tmp_path: Path) -> None:
    """123 is Ben's, and the row says Ben."""
    short = course(server)
    made = plan(
        server,
        tmp_path,
        f"00777,{short},student,Cora Diaz",
        f"55555,{short},student,Eva Fink",
        f"123,{short},student,Ben Boss",
    )
    assert [(line, code) for line, code, _ in said(made)] == [(4, "zeros_lost")]
    assert made.rows["state"].tolist() == ["ok"] * 3


def test_a_short_number_without_a_name_is_anybody_s(server: Server, tmp_path: Path) -> None:
    """Both numbers are somebody's, and nothing tells which is meant."""
    short = course(server)
    header = "student id,course short name,role"
    rows = [f"{n},{short},student" for n in ("00777", "55555", "123")]
    assert [code for _, code, _ in said(plan(server, tmp_path, *rows, header=header))] == ["zeros_lost", "user_zeros"]


def test_a_name_that_does_not_fit_is_said_loudly(server: Server, tmp_path: Path) -> None:
    """The row stands, a problem names both, and a note stands at the top of the plan."""
    short = course(server)
    made = plan(server, tmp_path, f"55555,{short},student,Gerd Hahn", f"00777,{short},student,Diaz Cora-Maria")
    assert said(made) == [
        (
            2,
            "name_unlike",
            "ID number “55555” has another name: “Eva Fink” in Moodle, “Gerd Hahn” in the file",
        )
    ]
    assert made.rows["state"].tolist() == ["ok", "ok"]
    assert any("nothing in common" in note for note in made.notes)


def test_a_wrong_key_does_not_remove_whom_the_name_means(server: Server, tmp_path: Path) -> None:
    """The row says Anna and has Eva's number: Anna stays, others who are absent go as ever."""
    state = server.state
    one = min(state.courses)
    gone, other, *stay = [u for u, roles in state.enrolled(one).items() if roles == {"student"}]
    new = next(u for u in sorted(state.users.rows, reverse=True) if u not in state.enrolled(one))
    users, short = state.users.rows, course(server)
    rows = [f"{users[u].username},{short},student,{users[u].firstname},{users[u].lastname}" for u in stay]
    rows.append(f"{users[new].username},{short},student,{users[gone].firstname},{users[gone].lastname}")
    made = plan(server, tmp_path, *rows, header="username,course short name,role,first name,last name")
    assert [code for _, code, _ in said(made)] == ["name_unlike"]
    holds = made.changes[made.changes["removal"]].set_index("user_id")["hold"].to_dict()
    assert holds[gone] == "named_elsewhere"
    assert holds[other] != "named_elsewhere"


def test_nothing_is_taken_from_somebody_of_another_name(server: Server, tmp_path: Path) -> None:
    """An action that removes is refused where key and name are two people's."""
    short = course(server)
    header = "student id,course short name,role,full name,action"
    made = plan(server, tmp_path, f"55555,{short},student,Gerd Hahn,remove", header=header)
    assert [code for _, code, _ in said(made)] == ["name_refused"]
    assert made.rows["state"].tolist() == ["rejected"]
    assert made.changes.empty


def test_a_damaged_key_is_trusted_for_nobody(server: Server, tmp_path: Path) -> None:
    """Even where somebody has the very key: what it may have been is named, and the course is held."""
    short = course(server)
    user = max(server.state.users.rows)
    assert server.state.users.rows[user].idnumber == "00123"
    made = plan(server, tmp_path, f"55555,{short},student,Eva Fink", f"'00123,{short},student,Anna Muster")
    assert [(line, code) for line, code, _ in said(made)] == [(3, "key_apostrophe"), (3, "key_offered")]
    assert "did you mean “00123” (Anna Muster)?" in said(made)[1][2]
    assert nobody_goes(server, made)


def test_a_damaged_course_key_holds_its_person_everywhere(server: Server, tmp_path: Path) -> None:
    """And a pattern of not_in_moodle does not make the row be ignored."""
    state = server.state
    one = min(state.courses)
    gone, *stay = [u for u, roles in state.enrolled(one).items() if roles == {"student"}]
    short = course(server)
    header = "username,course short name,role"
    rows = [f"{state.users.rows[u].username},{short},student" for u in stay]
    rows.append(f"{state.users.rows[gone].username},2026-03-01,student")
    made = plan(server, tmp_path, *rows, header=header)
    mine = made.changes[(made.changes["user_id"] == gone) & made.changes["removal"]]
    assert mine["hold"].tolist() == ["unreadable_row"]
    assert made.rows["state"].tolist()[-1] == "rejected"


def test_a_course_is_offered_by_likeness(server: Server, tmp_path: Path) -> None:
    """A typing error, with the course's title; also for a course that no other row names."""
    short = course(server)
    title = server.state.courses[min(server.state.courses)].fullname
    wrong = short[:-1] + "x" + short[-1]
    made = plan(server, tmp_path, f"55555,{wrong},student,Eva Fink")
    assert said(made)[0][1] == "course_not_found"
    assert f"did you mean “{short}” ({title})?" in said(made)[0][2]


def test_one_user_by_two_keys_is_said(server: Server, tmp_path: Path) -> None:
    """Rows that name one person by number and by address."""
    short = course(server)
    other = server.state.courses[sorted(server.state.courses)[1]].shortname
    user = next(u for u in server.state.users.rows.values() if u.idnumber == "55555")
    made = plan(
        server,
        tmp_path,
        f"55555,,{short},student",
        f",{user.email},{other},student",
        header="student id,email,course short name,role",
    )
    assert [(line, code) for line, code, _ in said(made)] == [(2, "user_twice"), (3, "user_twice")]
    assert f"“55555” and “{user.email}”" in said(made)[0][2]


def test_a_second_key_of_somebody_else_removes_nobody(server: Server, tmp_path: Path) -> None:
    """A column that was sorted by itself: rows whose keys disagree are rejected, and hold their course."""
    state, name = server.state, course(server)
    people = sorted(state.users.rows.values(), key=lambda u: u.id)
    anna, cora = (next(u for u in people if u.firstname == first) for first in ("Anna", "Cora"))
    number = state.courses[min(state.courses)].id
    enrolled = [state.users.rows[u] for u in sorted(state.enrolled(number))]
    rows = [f"{u.username},{u.idnumber},{name},student" for u in enrolled if u.id not in {anna.id, cora.id}]
    header = "username,student id,course short name,role"
    fine = plan(server, tmp_path, *rows, f"{anna.username},123000,{name},student", header=header)
    assert [(line, code) for line, code, _ in said(fine) if code == "keys_disagree"] == [
        (len(rows) + 2, "keys_disagree")
    ]
    assert not fine.changes[fine.changes["removal"] & (fine.changes["hold"] == "")].size
    right = plan(server, tmp_path, *rows, f"{anna.username},00123,{name},student", header=header)
    assert not [code for _, code, _ in said(right) if code == "keys_disagree"]
    cut = plan(server, tmp_path, *rows, f"{anna.username},123,{name},student", header=header)
    assert not [code for _, code, _ in said(cut) if code == "keys_disagree"]


def test_a_second_key_of_another_course_removes_nobody(server: Server, tmp_path: Path) -> None:
    """The row is rejected, and holds its person in every course."""
    state = server.state
    first, second = (state.courses[number] for number in sorted(state.courses)[:2])
    enrolled = [state.users.rows[u] for u in sorted(state.enrolled(first.id))]
    header = "username,course short name,course id number,role"
    rows = [f"{u.username},{first.shortname},{first.idnumber.lower()},student" for u in enrolled[1:]]
    torn = plan(
        server, tmp_path, *rows, f"{enrolled[0].username},{first.shortname},{second.idnumber},student", header=header
    )
    assert [(line, code) for line, code, _ in said(torn) if code == "course_keys_disagree"] == [
        (len(rows) + 2, "course_keys_disagree")
    ]
    assert f"the id number is “{first.idnumber}”, the row says “{second.idnumber}”" in str(said(torn))
    assert not torn.changes[torn.changes["removal"] & (torn.changes["hold"] == "")].size


def test_a_title_that_is_nearly_a_courses_is_offered_its_short_name(server: Server, tmp_path: Path) -> None:
    """A title is no key; the message says which course has it."""
    first = server.state.courses[min(server.state.courses)]
    user = next(iter(server.state.users.rows.values()))
    made = plan(
        server,
        tmp_path,
        f"{user.username},{first.fullname.replace('o', '0', 1)},student",
        header="username,course title,role",
    )
    assert f"did you mean “{first.shortname}” ({first.fullname})?" in str(said(made))


def test_a_column_that_differs_in_one_way_is_told_once(server: Server, tmp_path: Path) -> None:
    """In place of a near miss for each row; nothing is decided from it."""
    short = course(server)
    people = {"S00123": "Anna Muster", "S00777": "Cora Diaz", "S04711": "Dan Ek", "S55555": "Eva Fink"}
    made = plan(server, tmp_path, *(f"{key},{short},student,{name}" for key, name in people.items()))
    hints = made.problems[made.problems["code"] == "column_differs"]
    assert hints["detail"].tolist() == ["all 4 values are known as ID numbers without the leading “S”"]
    assert hints["column"].tolist() == ["student id"]
    assert {m for _, code, m in said(made) if "did you mean" in m} == set()
    assert made.rows["state"].tolist() == ["rejected"] * 4
    assert not (made.changes["removal"] & (made.changes["hold"] == "")).any()


def test_the_calls_for_a_hint_are_few(server: Server, tmp_path: Path) -> None:
    """Of thousands of keys that nobody has, only a sample is written otherwise."""
    short = course(server)
    rows = [f"X{n * 7919 % 100_000:05}-{n},{short},student,Somebody Else" for n in range(3000)]
    made = plan(server, tmp_path, *rows)
    assert "column_differs" not in made.problems["code"].tolist()
