"""Do what Moodle does when people come and go, and decide who may see whom."""

from collections.abc import Mapping

from rostersync.sandbox.events import Mail
from rostersync.sandbox.parameters import clean_text
from rostersync.sandbox.records import SITE_COURSE, Assignment, Course, Enrolment, Instance, User
from rostersync.sandbox.refusals import missing_record, missing_user, moodle, no_permission, no_such_user
from rostersync.sandbox.releases import CHECKS_ACCOUNTS, TELLS_NAMES
from rostersync.sandbox.state import State

ACTIVE, SUSPENDED = 0, 1
SEPARATE_GROUPS = 1
CONTACT = "editingteacher"
GUEST = "guest"
_SEES_HIDDEN = ("manager", "coursecreator", "editingteacher", "teacher")


def enrol_user(
    state: State, instance: Instance, userid: int, roleid: int, *, status: int, timestart: int, timeend: int
) -> None:
    """Enrol, or set the status and both dates of whoever is enrolled; then add the role (recordings 41 to 64).

    An absent date is 0 and an absent suspension lifts one (recordings 56 to 59, 178): callers pass all three.
    Raises `Refusal` when the account does not exist or is deleted (recordings 66, 68).
    """
    new = not state.enrolments.held(instance.courseid, userid)
    state.put_enrolment(
        Enrolment(enrolid=instance.id, userid=userid, status=status, timestart=timestart, timeend=timeend)
    )
    if new and state.site.get("recovergradesdefault"):
        state.gradebook.recover(instance.courseid, userid)
    assign_role(state, instance.courseid, userid, roleid)


def has_teacher(state: State, courseid: int) -> bool:
    """Tell whether somebody is the contact of a course: only then its welcome messages have a sender (fact 27)."""
    contacts = {roleid for roleid, role in state.roles.items() if role.shortname == CONTACT}
    people = state.assignments.people(courseid)
    return any(roleid in contacts for held in people.values() for roleid, _, _ in held)


def welcome(state: State, courseid: int, userid: int) -> Mail:
    """Return the welcome mail that a row of an enrol call sends, whatever it changes (mail 16 to 27)."""
    name = clean_text(state.courses[courseid].fullname).rstrip()
    return Mail(to=state.users.rows[userid].email, subject=f"Welcome to {name}", courseid=courseid)


def check_account(state: State, userid: int) -> None:
    """Refuse what Moodle 4.5 and later neither enrol nor unenrol: accounts unknown, unconfirmed, deleted, the guest's.

    Recordings 64 to 68 and 113 of the later releases, and accounts 2 to 33.
    """
    if state.release_number < CHECKS_ACCOUNTS:
        return
    user = state.users.rows.get(userid)
    if user is None:
        raise missing_user()
    require_active(user)


def require_active(user: User) -> None:
    """Refuse the guest's account and those that are deleted or not confirmed, each with its code (grades 31, 32)."""
    if user.username == GUEST:
        raise moodle("guestsarenotallowed", "The guest user is not allowed to do this")
    for wrong, code in ((user.deleted, "userdeleted"), (not user.confirmed, "usernotconfirmed")):
        if wrong:
            raise moodle(code, f"error/{code}")


def unenrol_user(state: State, instance: Instance, userid: int) -> None:
    """End one enrolment; with the last one go all roles, group memberships and grades (recordings 104 to 112, 157)."""
    courseid = instance.courseid
    enrolment = state.enrolments.held(courseid, userid).get(instance.id)
    if enrolment is None:
        return
    state.drop_enrolment(enrolment)
    last = not state.enrolments.held(courseid, userid)
    for held in state.roles_of(courseid, userid):
        if last or (held.component, held.itemid) == (f"enrol_{instance.enrol}", instance.id):
            state.drop_assignment(held)
    if last:
        for group in state.groups_of(courseid):
            state.group_members.drop(group.id, userid)
        state.gradebook.forget(courseid, userid)


def assign_role(state: State, courseid: int, userid: int, roleid: int) -> None:
    """Give a role by hand, to anybody with an account, enrolled or not (recordings 92, 152, 155)."""
    user = state.users.rows.get(userid)
    if user is None or user.deleted:
        raise no_such_user()
    state.put_assignment(Assignment(courseid=courseid, userid=userid, roleid=roleid))


def unassign_role(state: State, courseid: int, userid: int, roleid: int) -> None:
    """Take a role away that was given by hand; whether it was there is not told (recordings 89, 94)."""
    state.drop_assignment(Assignment(courseid=courseid, userid=userid, roleid=roleid))


def manual_instance(state: State, courseid: int) -> Instance | None:
    """Return a course's manual enrolment method, enabled or not."""
    return next((one for one in state.instances_of(courseid) if one.enrol == "manual"), None)


def is_active(state: State, enrolments: Mapping[int, Enrolment], now: float) -> bool:
    """Tell whether one of a person's enrolments counts now: not suspended, begun, not over, method enabled."""
    return any(
        one.status == ACTIVE
        and one.timestart < now
        and (one.timeend == 0 or one.timeend > now)
        and state.instances[one.enrolid].enabled
        for one in enrolments.values()
    )


def find_course(state: State, courseid: int) -> Course:
    """Return a course, or refuse as a look-up that must succeed does (recordings 37, 115)."""
    if courseid == SITE_COURSE:
        return state.site_course()
    if courseid not in state.courses:
        raise missing_record("course")
    return state.courses[courseid]


def may_enter(state: State, course: Course) -> bool:
    """Tell whether the token's account gets into a course (faults "token lacks moodle/course:view", "…hidden…")."""
    if state.kept_out:
        return False
    if course.id == SITE_COURSE:
        return True
    if not course.visible and not state.can("moodle/course:viewhiddencourses"):
        return False
    own = state.enrolments.held(course.id, state.token_userid)
    return state.can("moodle/course:view") or is_active(state, own, state.clock())


def may_assign(state: State, roleid: int) -> bool:
    """Tell whether the token's account may give and take a role in courses (recordings 76, 77, 154)."""
    role = state.roles.get(roleid)
    return role is not None and role.assignable_by_token and state.can("moodle/role:assign")


def require(state: State, capability: str) -> None:
    """Refuse where the token's account lacks a capability."""
    if not state.can(capability):
        raise no_permission(capability)


def names_of(state: State, user: User) -> dict[str, str]:
    """Return both names apart, where the release tells them (recordings 5 and 30 of the later ones)."""
    return {"firstname": user.firstname, "lastname": user.lastname} if state.release_number >= TELLS_NAMES else {}


def is_contact(state: State, userid: int) -> bool:
    """Tell whether somebody is shown as the contact of any course: anybody may see these."""
    return any(
        state.roles[held.roleid].shortname == CONTACT
        for courseid in state.assignments.courses(userid)
        for held in state.roles_of(courseid, userid)
    )


def sees_in_course(state: State, user: User) -> bool:
    """Tell whether the token's account sees somebody in a list of a course (fault "token lacks …viewdetails")."""
    return not user.deleted and _sees(state, user)


def _sees(state: State, user: User) -> bool:
    return state.can("moodle/user:viewdetails") or user.id == state.token_userid or is_contact(state, user.id)


def sees_profile(state: State, user: User) -> bool:
    """Tell whether the token's account sees a profile (fault "token lacks …viewdetails").

    That of a deleted account is seen like any other (accounts 35).
    """
    return _sees(state, user)


def sees_details(state: State, user: User) -> bool:
    """Tell whether a profile, also in a list, has what `moodle/user:viewalldetails` shows (details 1 to 11)."""
    return state.can("moodle/user:viewalldetails") or user.id == state.token_userid


def sees_hidden(state: State, courseid: int, userid: int) -> bool:
    """Tell whether somebody's own role in a hidden course shows it to them: teachers yes, students no."""
    return any(state.roles[held.roleid].archetype in _SEES_HIDDEN for held in state.roles_of(courseid, userid))
