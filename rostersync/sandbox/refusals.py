"""Refuse as Moodle does: `{exception, errorcode, message}`."""

from rostersync.sandbox.token_rights import CAPABILITIES


class Refusal(Exception):
    """An exception of Moodle's; an error of PHP itself has no error code (recording 22)."""

    def __init__(self, exception: str, errorcode: str | None, message: str) -> None:
        super().__init__(message)
        self.exception = exception
        self.errorcode = errorcode
        self.message = message


def invalid_parameter() -> Refusal:
    """Recordings 3, 11, 38, 78 and many more: the message never says which parameter."""
    return Refusal("invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected")


def invalid_response() -> Refusal:
    """Recording 8: an answer that does not fit its own description."""
    return Refusal("invalid_response_exception", "invalidresponse", "Invalid response value detected")


def array_of_bool() -> Refusal:
    """Grades 59: the items of a gradebook that nobody has opened."""
    return Refusal("TypeError", None, "array_filter(): Argument #1 ($array) must be of type array, bool given")


def two_gradebooks() -> Refusal:
    """Gradebook race 16 and 17: two first looks at once have made two course categories."""
    return moodle("morethanonerecordinfetch", "Found more than one record in fetch() !")


def not_in_group() -> Refusal:
    """Grades 57 and 58: separate groups, and the token may not see them all."""
    return moodle("notingroup", "error/notingroup")


def coding(hint: str) -> Refusal:
    """Recordings 12, 36, 66."""
    message = f"Coding error detected, it must be fixed by a programmer: {hint}"
    return Refusal("coding_exception", "codingerror", message)


def no_such_user() -> Refusal:
    """Recordings 66, 68, 155: giving a role to nobody."""
    return coding("User ID does not exist or is deleted!")


def missing_record(table: str) -> Refusal:
    """Recordings 37, 115, 136."""
    message = f"Can't find data record in database table {table}."
    return Refusal("dml_missing_record_exception", "invalidrecord", message)


def missing_user() -> Refusal:
    """Recording 170."""
    return Refusal("dml_missing_record_exception", "invaliduser", "Invalid user")


def moodle(errorcode: str, message: str) -> Refusal:
    """One of the exceptions that have no class of their own."""
    return Refusal("moodle_exception", errorcode, message)


def access() -> Refusal:
    """Recording 137: a function that is not in the token's service."""
    return Refusal("webservice_access_exception", "accessexception", "Access control exception")


def invalid_token() -> Refusal:
    """Recordings 133 and 134."""
    return moodle("invalidtoken", "Invalid token - token not found")


def no_permission(capability: str) -> Refusal:
    """Faults "token lacks …": the message holds the capability's English name."""
    name = CAPABILITIES.get(capability, capability)
    message = f"Sorry, but you do not currently have permissions to do that ({name})."
    return Refusal("required_capability_exception", "nopermissions", message)


def no_manual_instance() -> Refusal:
    """Recordings 71, 72, 74, 116: with Moodle's own unfilled placeholder."""
    message = "Manual enrolment plugin instance doesn't exist or is disabled for the course (id = {$a->courseid})"
    return moodle("wsnoinstance", message)


def cannot_assign(roleid: int, userid: int, courseid: int) -> Refusal:
    """Recordings 76 and 77."""
    message = (
        f"You don't have the permission to assign this role ({roleid}) "
        f"to this user ({userid}) in this course ({courseid})."
    )
    return moodle("wsusercannotassign", message)


def course_context(courseid: int) -> Refusal:
    """Faults "token lacks moodle/course:view": functions that read wrap the login error."""
    message = (
        f"You cannot execute functions in the course context (course id:{courseid}). "
        "The context error message was: Course or activity not accessible."
    )
    return moodle("errorcoursecontextnotvalid", message)


def login_required() -> Refusal:
    """What functions that write let through where the course may not be entered."""
    return Refusal("require_login_exception", "requireloginerror", "Course or activity not accessible. (Not enrolled)")


def not_built(function: str) -> Refusal:
    """The sandbox's own: Moodle knows the function, the sandbox does not."""
    return Refusal("sandbox_exception", "sandboxnotbuilt", f"The sandbox has no {function}.")
