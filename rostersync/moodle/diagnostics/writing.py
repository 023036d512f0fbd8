"""Check what the token may change, by calls that cannot change anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rostersync.enums import Op
from rostersync.moodle.diagnostics.attempts import Attempt, knock
from rostersync.moodle.diagnostics.finding import Finding, FindingState, not_tested
from rostersync.moodle.diagnostics.needs import LOOK, ROLES, allow
from rostersync.moodle.diagnostics.survey import Survey
from rostersync.moodle.enrolments import LACKING, NOBODY

ENROL = "enrol/manual:enrol"
UNENROL = "enrol/manual:unenrol"
MANAGE = "enrol/manual:manage"
ASSIGN = "moodle/role:assign"
METHOD = "manual enrolment"

DEFAULT_ROLES: Mapping[str, int] = {"student": 5, "teacher": 4, "editingteacher": 3}
"""What a new Moodle gives; tried where nobody was seen with the role."""

_SHOWN = 5
_NOBODY_THERE = ("invalidparameter", "invaliduser", "invalidrecordunknown")
"""What a call about nobody answers, by release: 4.4 (unenrol only), 4.5, 5.1 (recordings 113, nobody 1 and 3)."""
_REFUSED = "invalidparameter"


def changes(survey: Survey, roles: Mapping[str, int], assignable: Sequence[str]) -> list[Finding]:
    """Whether the token may enrol, unenrol, and give and take roles.

    Args:
        survey: the site.
        roles: ids of roles that settings name, by short name.
        assignable: short names of the roles that rosters may give.
    """
    # A call about nobody, with a role that is none, passes the capability and then fails (recordings 77, 113, nobody).
    assign = _capability(survey, ASSIGN, Op.UNASSIGN, (NOBODY, NOBODY), there=(_REFUSED,))
    found = [
        _capability(survey, ENROL, Op.ENROL, (NOBODY, NOBODY), there=("wsusercannotassign", *_NOBODY_THERE)),
        _capability(survey, UNENROL, Op.UNENROL, (NOBODY,), there=(*_NOBODY_THERE, "wsnoinstance")),
        not_tested(MANAGE, "the web service asked for it in no recording; Moodle's own pages do", LOOK),
        assign,
    ]
    return [*found, *_method(survey), *(_role(survey, name, roles, assign) for name in assignable)]


def _method(survey: Survey) -> list[Finding]:
    """Whether people can be enrolled by hand: in any course that is seen, and in each that somebody named."""
    lacking = [c.shortname for c in survey.named if not c.manual]
    if survey.courses and not any(c.manual for c in survey.courses):
        what = "no course that was seen has an enabled manual enrolment method: nobody can be enrolled"
    elif lacking:
        some = ", ".join(lacking[:_SHOWN]) + (f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else "")
        what = f"manual enrolment is missing or disabled in {some}: nobody can be enrolled there, and rows are held"
    else:
        return []
    remedy = "the course > Participants > Enrolment methods: add Manual enrolments, or switch it on (the eye)"
    return [Finding(code=METHOD, state=FindingState.MISSING, what=what, causes=(METHOD,), remedy=remedy)]


def _capability(survey: Survey, code: str, op: Op, ids: tuple[int, ...], *, there: tuple[str, ...]) -> Finding:
    """Whether a capability is there: without it the call is refused for it, with it for what comes after."""
    here = survey.here
    if here is None or not here.entered:
        return not_tested(code, "there is no course that the token may enter", survey.entering)
    row = {Op.ENROL: (*ids, here.id, 0, 0, 0)}.get(op, (*ids, here.id))
    reply = knock(survey.client, op, *row)
    if reply.code in there:
        return Finding(code=code, state=FindingState.OK, what=f"the account may do so in {here.shortname}")
    if reply.code == LACKING:
        what = f"the account may not do so in {here.shortname}"
        return Finding(code=code, state=FindingState.MISSING, what=what, causes=(code,), remedy=allow(code))
    return not_tested(code, reply.words or "Moodle answered as if nothing were wrong", LOOK)


def _role(survey: Survey, name: str, roles: Mapping[str, int], assign: Finding) -> Finding:
    """Whether a role may be given: taking it from nobody does nothing where it may (recordings 94 and 154)."""
    code, cause = f"role {name}", f"permission to assign the role {name}"
    learnt = {n: i for r in survey.readings for held in r.listing.roles.values() for i, n in held}
    role_id = roles.get(name) or learnt.get(name) or DEFAULT_ROLES.get(name)
    here = survey.here
    if role_id is None:
        how = f"say its id in settings, roles = {{{name} = N}}; N stands in the address of {ROLES} > the role"
        return not_tested(code, "its id is not known: nobody has it", how)
    if assign.state is not FindingState.OK or here is None:
        return not_tested(code, f"{ASSIGN} was not seen to be there", f"put {ASSIGN} right, and run it again")
    reply = knock(survey.client, Op.UNASSIGN, role_id, NOBODY, here.id)
    return _assignable(reply, code, cause, f"{name} (id {role_id})")


def _assignable(reply: Attempt, code: str, cause: str, role: str) -> Finding:
    remedy = f"{ROLES} > Allow role assignments: in the row of the account's role, tick {role.partition(' ')[0]}"
    if not reply.code:
        return Finding(code=code, state=FindingState.OK, what=f"{role} can be given")
    if reply.code == _REFUSED:
        return Finding(
            code=code, state=FindingState.MISSING, what=f"{role} cannot be given", causes=(cause,), remedy=remedy
        )
    return not_tested(code, reply.words, f"{ROLES} > Allow role assignments: look in the row of the account's role")
