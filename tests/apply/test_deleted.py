"""Accounts that were deleted: Moodle still finds them by their id, and nobody is enrolled by one (accounts 35)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.releases import RELEASES

Make = Callable[..., Any]


@pytest.mark.parametrize("release", RELEASES)
def test_the_row_of_a_deleted_account_is_not_found_and_says_why(make: Make, release: str) -> None:
    """On every release: nothing is sent for it, the others are enrolled, and the row holds as an unknown user does."""
    world = make({"BIO101": "tom:editingteacher zoe:student"}, people=["ada", "ben"])
    world.state.release = RELEASES[release].release
    ada, ben, tom = (world.state.user(name).id for name in ("ada", "ben", "tom"))
    world.delete("ben")
    lines = [f"{ada},BIO101,student", f"{ben},BIO101,student", f"{tom},BIO101,editingteacher"]
    report = world.sync("\n".join(["moodle user id,course,role", *lines]), columns={"moodle user id": "id"})
    rows = list(report.rows[["bucket", "code"]].astype(str).itertuples(index=False, name=None))
    assert rows == [("enrolled", ""), ("rejected", "user_not_found"), ("unchanged", "")]
    assert "was deleted in Moodle" in report.rows["message"].tolist()[1]
    assert world.people("BIO101") == {"ada": "student", "tom": "editingteacher", "zoe": "student"}
    sent = [str(call.form) for call in world.wrote()]
    assert not [form for form in sent if str(ben) in form]


def test_who_is_deleted_after_the_plan_is_not_enrolled(make: Make) -> None:
    """The plan was made for an account that is gone by now: its change is held, the others are made."""
    world = make({"BIO101": "tom:editingteacher"}, people=["ada", "ben"])
    plan = world.plan("username,course,role\nada,BIO101,student\nben,BIO101,student\ntom,BIO101,editingteacher\n")
    world.delete("ben")
    report = world.apply(plan)
    assert report.rows["bucket"].astype(str).tolist() == ["enrolled", "held", "unchanged"]
    assert world.people("BIO101") == {"ada": "student", "tom": "editingteacher"}
