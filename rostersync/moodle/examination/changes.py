"""A survey goes in; out come the findings on what the token may change, by calls that cannot change anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rostersync.moodle.enrolled import LACKING, NOBODY
from rostersync.moodle.examination.asking import Reply, knock
from rostersync.moodle.examination.finding import Finding, State
from rostersync.moodle.examination.needs import ROLES, allow
from rostersync.moodle.examination.survey import Survey
from rostersync.vocabulary import Op

ENROL = "enrol/manual:enrol"
UNENROL = "enrol/manual:unenrol"
MANAGE = "enrol/manual:manage"
ASSIGN = "moodle/role:assign"
METHOD = "manual enrolment"

DEFAULT_ROLES: Mapping[str, int] = {"student": 5, "teacher": 4, "editingteacher": 3}
"""What a new Moodle gives; tried where nobody was seen with the role."""

_REFUSED = "invalidparameter"
_NOBODY = ("invaliduser", "invalidrecordunknown")
"""How 4.5 and 5.1 say that there is no such account; they look for it once the right is there (recording nobody)."""


def changes(survey: Survey, roles: Mapping[str, int], assignable: Sequence[str]) -> list[Finding]:
    """Whether the token may enrol, unenrol, and give and take roles.

    Args:
        survey: the site.
        roles: ids of roles that settings name, by short name.
        assignable: short names of the roles that rosters may give.
    """
    here = survey.here
    # A call about nobody, with a role that is none, passes the capability and then fails (recordings 77 and 113).
    assign = _capability(survey, ASSIGN, Op.UNASSIGN, (NOBODY, NOBODY), there=(_REFUSED,))
    found = [
        _capability(survey, ENROL, Op.ENROL, (NOBODY, NOBODY), there=("wsusercannotassign", *_NOBODY)),
        _capability(survey, UNENROL, Op.UNENROL, (NOBODY,), there=(_REFUSED, "wsnoinstance", *_NOBODY)),
        Finding(
            code=MANAGE,
            state=State.UNTESTABLE,
            what="the web service asked for it in no recording; Moodle's own pages do",
            causes=(MANAGE,),
            remedy=allow(MANAGE),
        ),
        assign,
    ]
    if here and not any(c.manual for c in survey.courses):
        what = "no course that was seen has an enabled manual enrolment method: nobody can be enrolled"
        remedy = "course > Participants > Enrolment methods: add or enable Manual enrolments"
        found.append(Finding(code=METHOD, state=State.MISSING, what=what, causes=(METHOD,), remedy=remedy))
    return [*found, *(_role(survey, name, roles, assign) for name in assignable)]


def _capability(survey: Survey, code: str, op: Op, ids: tuple[int, ...], *, there: tuple[str, ...]) -> Finding:
    """Whether a capability is there: without it the call is refused for it, with it for what comes after."""
    here = survey.here
    if here is None or not here.entered:
        what = "not tried: there is no course that the token may enter"
        return Finding(code=code, state=State.UNTESTABLE, what=what, causes=(code,), remedy=allow(code))
    row = {Op.ENROL: (*ids, here.id, 0, 0, 0)}.get(op, (*ids, here.id))
    reply = knock(survey.client, op, *row)
    if reply.code in there:
        return Finding(code=code, state=State.OK, what=f"the account may do so in {here.shortname}")
    if reply.code == LACKING:
        what = f"the account may not do so in {here.shortname}"
        return Finding(code=code, state=State.MISSING, what=what, causes=(code,), remedy=allow(code))
    what = reply.words or "Moodle answered as if nothing were wrong"
    return Finding(code=code, state=State.UNTESTABLE, what=what, causes=(code,), remedy=allow(code))


def _role(survey: Survey, name: str, roles: Mapping[str, int], assign: Finding) -> Finding:
    """Whether a role may be given: taking it from nobody does nothing where it may (recordings 94 and 154)."""
    code, cause = f"role {name}", f"permission to assign the role {name}"
    learnt = {n: i for r in survey.readings for held in r.listing.roles.values() for i, n in held}
    role_id = roles.get(name) or learnt.get(name) or DEFAULT_ROLES.get(name)
    here = survey.here
    if assign.state is not State.OK or here is None or role_id is None:
        what = f"not tried: {ASSIGN} was not seen to be there" if role_id else "its id is not known: nobody has it"
        return Finding(code=code, state=State.UNTESTABLE, what=what, causes=(cause,))
    reply = knock(survey.client, Op.UNASSIGN, role_id, NOBODY, here.id)
    return _assignable(reply, code, cause, f"{name} (id {role_id})")


def _assignable(reply: Reply, code: str, cause: str, role: str) -> Finding:
    remedy = f"{ROLES} > Allow role assignments: in the row of the account's role"
    if not reply.code:
        return Finding(code=code, state=State.OK, what=f"{role} can be given")
    if reply.code == _REFUSED:
        return Finding(code=code, state=State.MISSING, what=f"{role} cannot be given", causes=(cause,), remedy=remedy)
    return Finding(code=code, state=State.UNTESTABLE, what=reply.words, causes=(cause,))
