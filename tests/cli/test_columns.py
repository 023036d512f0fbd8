"""Columns that are not certain: what Moodle knows of their values, what was remembered, and what is refused."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rostersync import store
from rostersync.roster.columns.ambiguous import fingerprint
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.store import Mapped, Store

Run = Callable[..., Any]
PEOPLE = ("ada", "ben", "cleo", "dan", "eve", "finn", "gwen")
IDS = tuple(f"{number:06}" for number in range(101, 108))


def people(header: str, keys: tuple[str, ...], *, role: str = "student") -> Path:
    """A file of people in BIO101."""
    path = Path("list.csv")
    path.write_text(
        f"{header},Course short name,Role\n" + "".join(f"{k},BIO101,{role}\n" for k in keys), encoding="utf-8"
    )
    return path


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Store]:
    """The store that the commands use."""
    opened = store.open_store(tmp_path / "store.db", clock=time.time)
    yield opened
    opened.close()


def mapped(site: Server, *header: str, made: float = 1_800_000_000, **fields: str) -> Mapped:
    return Mapped(site=site.url, fingerprint=fingerprint(header), header=header, fields=fields, made=made)


def test_strong_evidence_settles_an_ambiguous_header(run: Run, connected: Server) -> None:
    """All seven values are id numbers and nothing else: used, and the preview says so."""
    ran = run("plan", people("Kennung", IDS), "--mode", "add-only", "--json")
    made = json.loads(ran.out)
    assert ran.code == 0
    assert made["buckets"]["rejected"] == 0
    assert made["sources"][0]["notes"][-1] == (
        "column “Kennung” is taken for the user, by whichever key its values turn out to be: 7 of 7 values are "
        "id numbers of users in Moodle, 0 are usernames in Moodle, 0 are e-mail addresses in Moodle"
    )
    assert made["notes"] == [
        "list.csv: column “Kennung” is read as idnumber: of 7 distinct values, Moodle knows 7 as idnumber"
    ]


def test_little_evidence_is_shown_and_settles_nothing(run: Run, connected: Server) -> None:
    """Four values are too few: refused, with the flag that the evidence speaks for before the one of the header."""
    ran = run("plan", people("Kennung", IDS[:4]))
    assert ran.code == 1
    assert "“Kennung”: 4 of 4 values are id numbers of users in Moodle, 0 are usernames in Moodle" in ran.err
    assert 'say --map "Kennung=idnumber" or --map "Kennung=username"' in ran.err


def test_mixed_evidence_settles_nothing(run: Run, connected: Server) -> None:
    """Where a value is another person's user name, nobody guesses."""
    document = connected.state.document()
    document["users"][-1]["username"] = IDS[0]
    with serve(State.load(document, token=connected.token)) as other:
        ran = run("plan", people("Kennung", IDS), ROSTERSYNC_SITE=other.url)
    assert ran.code == 1
    assert "7 of 7 values are id numbers of users in Moodle, 1 are usernames in Moodle" in ran.err


def test_a_likeness_settles_nothing_whatever_the_evidence(run: Run, connected: Server) -> None:
    """The evidence is shown with the flag; without an answer the file is refused."""
    ran = run("plan", people("Matrikelnumer", IDS))
    assert ran.code == 1
    assert "“Matrikelnumer” looks like “Matrikelnummer”: 7 of 7 values are id numbers of users in Moodle" in ran.err
    assert 'What to do: say --map "Matrikelnumer=idnumber"\n' in ran.err
    assert run("plan", "list.csv", "--map", "Matrikelnumer=idnumber", "--mode", "add-only").code == 0


def test_two_columns_in_question_settle_nothing(run: Run, connected: Server) -> None:
    """The values of both are known to Moodle: which is the key is not for a machine to say."""
    lines = "".join(f"{i},{n},BIO101,student\n" for i, n in zip(IDS, PEOPLE, strict=True))
    Path("two.csv").write_text("Kennung,Identifiant,Course short name,Role\n" + lines, encoding="utf-8")
    ran = run("plan", "two.csv")
    assert ran.code == 1
    assert "“Kennung”: 7 of 7 values are id numbers" in ran.err
    assert "“Identifiant”: 7 of 7 values are usernames" in ran.err


def test_running_numbers_are_no_evidence(run: Run, connected: Server) -> None:
    """Moodle's own ids have no gaps, and so has any count of rows: all values are known, and nothing is settled."""
    ran = run("plan", people("id", tuple(map(str, range(101, 108)))))
    assert ran.code == 1
    assert "7 of 7 values are Moodle's own ids of users" in ran.err


def test_an_ambiguous_course_column_is_looked_up_too(run: Run, connected: Server) -> None:
    """Courses are found under short name and id number."""
    Path("c.csv").write_text("Username,class,Role\nada,B-1,student\nben,C-2,student\n", encoding="utf-8")
    ran = run("plan", "c.csv")
    assert ran.code == 1
    assert "“class”: 2 of 2 values are id numbers of courses in Moodle, 0 are course short names in Moodle" in ran.err
    assert 'say --map "class=course_idnumber"' in ran.err


def test_a_certain_header_with_other_values_is_refused(run: Run, connected: Server) -> None:
    """Nobody is known under the header's field, everybody under another: the flag for either stands there."""
    before = connected.state.document()
    ran = run("sync", people("Username", IDS), "--yes")
    assert ran.code == 2
    assert "column “Username” is read as the user's username, but 7 of 7 values are id numbers of users" in ran.err
    assert 'say --map "Username=idnumber"; if it is right as it is, --map "Username=username"' in ran.err
    assert run("plan", "list.csv", "--map", "Username=username").code == 3
    assert run("plan", "list.csv", "--map", "Username=idnumber", "--mode", "add-only").code == 0
    assert connected.state.document() == before


def test_one_course_is_enough_to_contradict_a_header(run: Run, connected: Server) -> None:
    """Most files name few courses; that all are known by another key is no chance. Broken rows say nothing."""
    Path("c.csv").write_text("Username,course short name,Role\nada,B-1,student\n1 row\n,Total\n", encoding="utf-8")
    ran = run("plan", "c.csv")
    assert ran.code == 2
    assert "“course short name” is read as the course's short name, but 1 of 1 values are id numbers" in ran.err
    assert 'say --map "course short name=course_idnumber"; if it is right as it is' in ran.err
    assert run("plan", "c.csv", "--map", "course short name=course_shortname").code == 3


def test_a_remembered_mapping_is_used_and_told(run: Run, connected: Server, memory: Store) -> None:
    """By check (which asks nobody), by plan, and whatever the order and letter case of the columns."""
    store.remember(memory, mapped(connected, "Role", "matrikelnumer", "Course Short Name", matrikelnumer="idnumber"))
    forget = f"rostersync config mappings forget {fingerprint(['Role', 'Matrikelnumer', 'course shortname'])}"
    for command in (["check"], ["plan", "--mode", "add-only"]):
        ran = run(*command, people("matrikelnumer", IDS), "--json")
        assert ran.code == 0
        assert json.loads(ran.out)["sources"][0]["notes"][-1] == (
            "column “matrikelnumer” is taken for the user's id number: remembered from 2027-01-15; "
            f"forget it with: {forget}"
        )


def test_flags_go_before_what_is_remembered(run: Run, connected: Server, memory: Store) -> None:
    """What somebody says now counts."""
    store.remember(memory, mapped(connected, "Kennung", "Course short name", "Role", Kennung="idnumber"))
    ran = run("check", people("Kennung", PEOPLE), "--map", "Kennung=username", "--json")
    assert json.loads(ran.out)["sources"][0]["columns"]["username"] == "Kennung"
    assert "remembered" not in ran.out


def test_a_remembered_mapping_that_does_not_fit_is_not_used(run: Run, connected: Server, memory: Store) -> None:
    """Offline its values contradict it; with the site, another field knows them."""
    header = ("Kennung", "Course short name", "Role")
    store.remember(memory, mapped(connected, *header, Kennung="email"))
    ran = run("check", people("Kennung", IDS))
    assert ran.code == 1
    assert (
        "“Kennung”: remembered as the user's e-mail address, but 7 of 7 values are numbers, "
        "none of 7 values is among e-mail addresses"
    ) in ran.err
    store.remember(memory, mapped(connected, *header, Kennung="username"))
    ran = run("plan", "list.csv")
    assert ran.code == 2
    assert "column “Kennung” is read as the user's username, but 7 of 7 values are id numbers" in ran.err


def test_what_another_site_remembers_is_not_used(run: Run, connected: Server, memory: Store) -> None:
    """The key of one Moodle is nobody's in another."""
    line = mapped(connected, "Matrikelnumer", "Course short name", "Role", Matrikelnumer="idnumber")
    store.remember(memory, replace(line, site="https://other.example"))
    assert run("check", people("Matrikelnumer", IDS)).code == 1


def test_what_teacher_means_is_remembered(run: Run, connected: Server, memory: Store) -> None:
    """With the header; a setting goes before it."""
    file = people("Username", ("ada",), role="teacher")
    assert run("check", file).code == 3
    header = ("Username", "Course short name", "Role")
    line = Mapped(
        site=connected.url, fingerprint=fingerprint(header), header=header, teacher_means="editingteacher", made=1.0
    )
    store.remember(memory, line)
    ran = run("check", file)
    assert ran.code == 0
    assert "“teacher” (1 row) is taken for the role editingteacher: remembered from 1970-01-01" in ran.out
    assert "remembered" not in run("check", file, "--teacher-means", "teacher").out


def test_check_makes_no_store(run: Run, connected: Server, tmp_path: Path) -> None:
    """Looking whether something is remembered leaves nothing behind."""
    assert run("check", people("Matrikelnumer", IDS)).code == 1
    assert run("config", "mappings").out == "Nothing is remembered.\n"
    assert not (tmp_path / "store.db").exists()


def test_mappings_are_listed_and_forgotten(run: Run, connected: Server, memory: Store) -> None:
    """One by its fingerprint, or all; what is not there is said."""
    first, second = mapped(connected, "Nr", "Kurs", Nr="idnumber"), mapped(connected, "X", "Y", X="user")
    store.remember(memory, first)
    store.remember(memory, second)
    shown = run("config", "mappings").out
    assert (
        f"{first.fingerprint}  2027-01-15  {connected.url}\n  “Nr” is idnumber, in files with “Nr”, “Kurs”\n" in shown
    )
    told = json.loads(run("config", "mappings", "--json").out)
    assert {m["fingerprint"]: m["fields"] for m in told["mappings"]} == {
        first.fingerprint: {"Nr": "idnumber"},
        second.fingerprint: {"X": "user"},
    }
    assert run("config", "mappings", "forget", first.fingerprint).out == "Forgot 1.\n"
    again = run("config", "mappings", "forget", first.fingerprint)
    assert (again.code, again.err.splitlines()[0]) == (2, f"Error: nothing is remembered of {first.fingerprint}")
    assert run("config", "mappings", "forget").code == 2
    assert json.loads(run("config", "mappings", "forget", "--all", "--json").out)["forgotten"] == 1
    assert store.mapped(memory) == []


NUMBERS = "Username,Course short name,Role\ncleo,BIO101,3\ndan,BIO101,3\nhugo,BIO101,3\n"


def test_numbers_in_a_column_called_role_are_refused_with_flags_that_work(run: Run, connected: Server) -> None:
    """Each flag of the remedy reads the file: as what it says the number means, or as Moodle's id."""
    path = Path("list.csv")
    path.write_text(NUMBERS, encoding="utf-8")
    ran = run("plan", path)
    assert ran.code == 1
    assert "list.csv has numbers in its column “Role” (“3” in 3 rows), which mean other roles" in ran.err
    assert '--role-word "3=student"' in ran.err
    assert '--map "Role=role_id"' in ran.err
    roles = ("plan", path, "--mode", "add-only", "--json")
    said = json.loads(run(*roles, "--role-word", "3=student").out)
    assert [(c["user"], c["what"]) for c in said["changes"]] == [("hugo", "enrol as student")]
    as_ids = json.loads(run(*roles, "--map", "Role=role_id").out)
    assert {c["what"] for c in as_ids["changes"]} >= {"enrol as editingteacher"}
    set_ = json.loads(run(*roles, ROSTERSYNC_ROLE_WORDS="3=student").out)
    assert set_["changes"] == said["changes"]


@pytest.mark.parametrize("header", ["Role ID", "roleid", "Moodle role id"])
def test_a_column_of_role_ids_says_so(run: Run, connected: Server, header: str) -> None:
    """Its numbers are Moodle's."""
    path = Path("list.csv")
    path.write_text(NUMBERS.replace("Role", header).replace(",3", ",5"), encoding="utf-8")
    said = json.loads(run("plan", path, "--mode", "add-only", "--json").out)
    assert [(c["user"], c["what"]) for c in said["changes"]] == [("hugo", "enrol as student")]


def test_ids_beside_words_of_roles_are_left_alone(run: Run, connected: Server) -> None:
    """The words count; two columns that are both said to be the role contradict each other."""
    path = Path("list.csv")
    path.write_text("Username,Course short name,Role,Role ID\nhugo,BIO101,student,3\n", encoding="utf-8")
    said = json.loads(run("plan", path, "--mode", "add-only", "--json").out)
    assert [c["what"] for c in said["changes"]] == ["enrol as student"]
    both = run("plan", path, "--map", "Role=role", "--map", "Role ID=role_id")
    assert both.code == 1
    assert "has two columns for the role" in both.err


def test_moodles_upload_of_users_names_roles_by_id(run: Run, connected: Server) -> None:
    """In its role1 a number is an id, as Moodle takes it."""
    path = Path("upload.csv")
    path.write_text("username,course1,role1\nhugo,BIO101,5\n", encoding="utf-8")
    said = json.loads(run("plan", path, "--json").out)
    assert [(c["user"], c["what"]) for c in said["changes"]] == [("hugo", "enrol as student")]


def test_a_preset_can_say_that_a_column_holds_ids(run: Run, connected: Server) -> None:
    """Or what its numbers mean."""
    path = Path("list.csv")
    path.write_text(NUMBERS.replace(",3", ",5"), encoding="utf-8")
    top = 'title = "Ours"\nunverified = "invented"\n'
    Path("ids.toml").write_text(f'{top}[columns]\nrole_id = "Role"\n', encoding="utf-8")
    Path("words.toml").write_text(f'{top}[role_words]\n5 = "student"\n', encoding="utf-8")
    for preset in ("ids.toml", "words.toml"):
        said = json.loads(run("plan", path, "--mode", "add-only", "--preset", preset, "--json").out)
        assert [(c["user"], c["what"]) for c in said["changes"]] == [("hugo", "enrol as student")]
