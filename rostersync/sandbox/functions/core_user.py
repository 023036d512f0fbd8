"""`core_user_get_users_by_field`, `core_user_get_users`, `core_user_create_users`, `core_user_update_users`."""

import dataclasses
import re

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.enrolment_rules import names_of, require, sees_details, sees_profile
from rostersync.sandbox.parameters import (
    Field,
    Given,
    Need,
    ParameterType,
    Several,
    Structure,
    clean_int,
    clean_text,
    legal_username,
)
from rostersync.sandbox.records import User
from rostersync.sandbox.refusals import coding, invalid_parameter, invalid_response, moodle
from rostersync.sandbox.state import State

_OPTIONAL_RAW = Field(ParameterType.RAW, Need.OPTIONAL)
_OPTIONAL_TEXT = Field(ParameterType.TEXT, Need.OPTIONAL)
_PASSWORD_POLICY = (
    (r".{8}", "Passwords must be at least 8 characters long."),
    (r"[0-9]", "Passwords must have at least 1 digit(s)."),
    (r"[a-z]", "Passwords must have at least 1 lower case letter(s)."),
    (r"[A-Z]", "Passwords must have at least 1 upper case letter(s)."),
    (r"[^A-Za-z0-9]", "The password must have at least 1 special character(s) such as *, -, or #."),
)
_SEARCHABLE = ("id", "username", "email", "idnumber", "firstname", "lastname", "auth")

_DETAILS = ("username", "idnumber", "department", "auth", "confirmed", "lang", "theme", "mailformat")
"""What `moodle/user:viewalldetails` shows of others (details 1, 7)."""


def users_by_field(call: Call) -> Json:
    """`core_user_get_users_by_field`: unknown values are left out without a word (recordings 2 to 14, 141 to 143)."""
    state, kind = call.state, call.given.text("field")
    values = call.given.texts("values")
    match kind:
        case "id":
            if any(not re.fullmatch(r"\s*[+-]?[0-9]+(\.0*)?\s*", one) for one in values):
                raise invalid_parameter()
            wanted = {one for one in map(clean_int, values) if one in state.users.rows}
        case "username" if not all(map(legal_username, values)):
            raise invalid_parameter()
        case "email" if any(one != clean_text(one) for one in values):
            raise invalid_parameter()
        case "username" | "email" | "idnumber":
            wanted = {found for one in values for found in state.users_where(kind, one)}
        case _:
            raise coding("invalid field parameter")
    users = [state.users.rows[one] for one in sorted(wanted)]
    shown = [_profile(state, user) for user in users if sees_profile(state, user)]
    return [one for one in shown if one.get(kind)]  # what may not be seen may not be searched for (details 2, 3)


def search_users(call: Call) -> Json:
    """`core_user_get_users`: those who fulfil all criteria; `%` stands for anything in names and addresses."""
    state = call.state
    found = [user for user in map(state.users.rows.__getitem__, sorted(state.users.rows)) if not user.deleted]
    warnings: list[Json] = []
    seen: set[str] = set()
    for criterion in call.given.rows("criteria"):
        key, value = criterion.text("key"), criterion.text("value")
        if key in seen:
            raise invalid_parameter()
        seen.add(key)
        if key not in _SEARCHABLE:
            message = f"The search key '{key}' is not supported, look at the web service documentation"
            warnings.append({"item": key, "warningcode": "invalidfieldparameter", "message": message})
            continue
        found = [user for user in found if _like(state, str(getattr(user, key)), value, key)]
    return {"users": [_profile(state, user) for user in found if sees_profile(state, user)], "warnings": warnings}


def _like(state: State, text: str, value: str, key: str) -> bool:
    folded, wanted = state.collation.key(text), state.collation.key(value)
    if key not in ("email", "firstname", "lastname"):
        return folded == wanted
    return re.fullmatch(".*".join(map(re.escape, wanted.split("%"))), folded, re.DOTALL) is not None


def _profile(state: State, user: User) -> dict[str, Json]:
    """Write an account; one whose username is not legal breaks the whole answer (recordings 8, 141, 142)."""
    if not legal_username(user.username):
        raise invalid_response()
    profile: dict[str, Json] = {
        "id": user.id,
        "username": user.username,
        **names_of(state, user),
        "fullname": user.fullname,
        "email": user.email,
        "department": "",
        **({"idnumber": user.idnumber} if user.idnumber else {}),
        "firstaccess": 0,
        "lastaccess": 0,
        "auth": user.auth,
        "suspended": bool(user.suspended),
        "confirmed": bool(user.confirmed),
        "lang": "en",
        "theme": "",
        "timezone": "99",
        "mailformat": 1,
        "profileimageurlsmall": f"{state.site['url']}/theme/image.php/boost/core/1/u/f2",
        "profileimageurl": f"{state.site['url']}/theme/image.php/boost/core/1/u/f1",
    }
    if not sees_details(state, user):
        for name in _DETAILS:
            profile.pop(name, None)
    return profile


def create_users(call: Call) -> Json:
    """`core_user_create_users`: all or none (recordings 125 to 130)."""
    state = call.state
    require(state, "moodle/user:create")
    answer: list[Json] = []
    for row in call.given.rows("users"):
        if not row.text("username") or state.users_where("username", row.text("username")):
            raise invalid_parameter()
        if "@" not in row.text("email") or state.users_where("email", row.text("email")):
            raise invalid_parameter()
        if not row.number("createpassword"):
            _check_password(row.text("password"))
        user = User(
            id=state.next_id("user"),
            username=row.text("username"),
            idnumber=row.text("idnumber"),
            email=row.text("email"),
            firstname=row.text("firstname"),
            lastname=row.text("lastname"),
            suspended=0,
            deleted=0,
            auth=row.text("auth", "manual"),
        )
        state.put_user(user)
        answer.append({"id": user.id, "username": user.username})
    return answer


def _check_password(password: str) -> None:
    """Refuse as Moodle does: the whole list of what is wrong stands where the error code should (recording 129)."""
    if not password:
        raise invalid_parameter()
    wrong = [message for pattern, message in _PASSWORD_POLICY if not re.search(pattern, password, re.DOTALL)]
    if wrong:
        text = "".join(f"<div>{message}</div>" for message in wrong)
        raise moodle(text, f"error/{text}")


def update_users(call: Call) -> Json:
    """`core_user_update_users`: names, addresses, id numbers and suspension; unknown accounts give warnings."""
    state = call.state
    require(state, "moodle/user:update")
    warnings: list[Json] = []
    for row in call.given.rows("users"):
        user = state.users.rows.get(row.number("id"))
        if user is None or user.deleted:
            warnings.append(_warning(row, "invaliduserid", "Invalid user ID"))
            continue
        if "email" in row and set(state.users_where("email", row.text("email"))) - {user.id}:
            warnings.append(_warning(row, "duplicateemail", "Duplicate email"))
            continue
        new = dataclasses.replace(
            user,
            firstname=row.text("firstname", user.firstname),
            lastname=row.text("lastname", user.lastname),
            email=row.text("email", user.email),
            idnumber=row.text("idnumber", user.idnumber),
            suspended=int(row.number("suspended", user.suspended)),
        )
        state.put_user(new)
    return {"warnings": warnings}


def _warning(row: Given, code: str, message: str) -> dict[str, Json]:
    return {"item": "user", "itemid": row.number("id"), "warningcode": code, "message": message}


FUNCTIONS = (
    Function(
        name="core_user_get_users_by_field",
        takes=Structure({"field": Field(ParameterType.ALPHA), "values": Several(Field(ParameterType.RAW))}),
        run=users_by_field,
    ),
    Function(
        name="core_user_get_users",
        takes=Structure(
            {"criteria": Several(Structure({"key": Field(ParameterType.ALPHA), "value": Field(ParameterType.RAW)}))}
        ),
        run=search_users,
    ),
    Function(
        name="core_user_create_users",
        takes=Structure(
            {
                "users": Several(
                    Structure(
                        {
                            "username": Field(ParameterType.USERNAME),
                            "firstname": Field(ParameterType.TEXT),
                            "lastname": Field(ParameterType.TEXT),
                            "email": Field(ParameterType.TRIMMED),
                            "createpassword": Field(ParameterType.BOOL, Need.OPTIONAL),
                            "password": _OPTIONAL_RAW,
                            "auth": _OPTIONAL_TEXT,
                            "idnumber": _OPTIONAL_RAW,
                        }
                    )
                )
            }
        ),
        run=create_users,
        writes=True,
    ),
    Function(
        name="core_user_update_users",
        takes=Structure(
            {
                "users": Several(
                    Structure(
                        {
                            "id": Field(ParameterType.INT),
                            "firstname": _OPTIONAL_TEXT,
                            "lastname": _OPTIONAL_TEXT,
                            "email": Field(ParameterType.TRIMMED, Need.OPTIONAL),
                            "idnumber": _OPTIONAL_RAW,
                            "suspended": Field(ParameterType.BOOL, Need.OPTIONAL),
                        }
                    )
                )
            }
        ),
        run=update_users,
        writes=True,
    ),
)
