"""`core_cohort_*`: cohorts of the site and their members."""

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.parameters import Field, Given, Need, ParameterType, Several, Structure
from rostersync.sandbox.refusals import missing_record
from rostersync.sandbox.state import State


def cohorts(call: Call) -> Json:
    """`core_cohort_get_cohorts` (recording 168)."""
    state = call.state
    ids = call.given.numbers("cohortids") or sorted(state.cohorts)
    if not state.cohorts.keys() >= set(ids):
        raise missing_record("cohort")
    return [
        {
            "id": one.id,
            "name": call.shown(one.name),
            "idnumber": one.idnumber,
            "description": one.description,
            "descriptionformat": 1,
            "visible": True,
            "theme": "",
        }
        for one in map(state.cohorts.__getitem__, ids)
    ]


def members(call: Call) -> Json:
    """`core_cohort_get_cohort_members`."""
    state = call.state
    ids = call.given.numbers("cohortids")
    if not state.cohorts.keys() >= set(ids):
        raise missing_record("cohort")
    return [{"cohortid": one, "userids": state.cohort_members.of(one)} for one in ids]


def add_members(call: Call) -> Json:
    """`core_cohort_add_cohort_members`: rows that name nobody become warnings."""
    state = call.state
    warnings: list[Json] = []
    for row in call.given.rows("members"):
        cohortid, userid = _cohort(state, row.part("cohorttype")), _user(state, row.part("usertype"))
        if cohortid is None or userid is None:
            kind = "cohort" if cohortid is None else "user"
            message = f"invalid {kind}: {row.part(f'{kind}type').text('value')}"
            warnings.append({"item": kind, "warningcode": "1", "message": message})
        else:
            state.cohort_members.add(cohortid, userid)
    return {"warnings": warnings}


def delete_members(call: Call) -> Json:
    """`core_cohort_delete_cohort_members`."""
    state = call.state
    for row in call.given.rows("members"):
        if row.number("cohortid") not in state.cohorts:
            raise missing_record("cohort")
        if row.number("userid") not in state.users.rows:
            raise missing_record("user")
        state.cohort_members.drop(row.number("cohortid"), row.number("userid"))
    return None


def _cohort(state: State, named: Given) -> int | None:
    value = named.text("value")
    match named.text("type"):
        case "id":
            found = [one for one in state.cohorts if str(one) == value]
        case _:
            key = state.collation.key
            found = [one.id for one in state.cohorts.values() if key(one.idnumber) == key(value)]
    return min(found, default=None)


def _user(state: State, named: Given) -> int | None:
    value = named.text("value")
    match named.text("type"):
        case "id":
            found = [int(value)] if value.isdecimal() and int(value) in state.users.rows else []
        case _:
            found = state.users_where("username", value)
    return min(found, default=None)


_NAMED = Structure({"type": Field(ParameterType.ALPHANUMEXT), "value": Field(ParameterType.RAW)})
FUNCTIONS = (
    Function(
        name="core_cohort_get_cohorts",
        takes=Structure({"cohortids": Several(Field(ParameterType.INT), Need.OPTIONAL)}),
        run=cohorts,
    ),
    Function(
        name="core_cohort_get_cohort_members",
        takes=Structure({"cohortids": Several(Field(ParameterType.INT))}),
        run=members,
    ),
    Function(
        name="core_cohort_add_cohort_members",
        takes=Structure({"members": Several(Structure({"cohorttype": _NAMED, "usertype": _NAMED}))}),
        run=add_members,
        writes=True,
    ),
    Function(
        name="core_cohort_delete_cohort_members",
        takes=Structure(
            {"members": Several(Structure({"cohortid": Field(ParameterType.INT), "userid": Field(ParameterType.INT)}))}
        ),
        run=delete_members,
        writes=True,
    ),
)
