"""Say where in Moodle an administrator gives what is missing."""

from __future__ import annotations

from rostersync.tables.capabilities import CAPABILITIES

OVERVIEW = "Site administration > Server > Web services > Overview"
SERVICES = "Site administration > Server > Web services > External services"
TOKENS = "Site administration > Server > Web services > Manage tokens"
ROLES = "Site administration > Users > Permissions > Define roles"
LOOK = (
    "Site administration > Users > Permissions > Check system permissions > the token's account: "
    "Yes has to stand beside it"
)
"""Where an administrator sees whether the token's account has a capability that no call shows."""
NAME = "rostersync doctor COURSE, with"
"""How to have something tested that was not met."""
ACCOUNTS = "Site administration > Users > Accounts > Browse list of users"


ACTIVITIES = (
    *(f"mod/{name}:view" for name in ("assign", "bigbluebuttonbn", "data", "glossary", "h5pactivity")),
    *(f"mod/{name}:view" for name in ("lesson", "lti", "quiz", "workshop")),
    "moodle/course:viewhiddenactivities",
    "moodle/course:ignoreavailabilityrestrictions",
)
"""What lets the token's account see the activities that are graded: a report leaves out those that it does not see, and
then nobody is known to have no grades. Only those of what a site uses matter; plugins have their own."""


def allow(*capabilities: str) -> str:
    """Where an administrator allows capabilities."""
    names = ", ".join(f"“{CAPABILITIES[c].name}” ({c})" for c in capabilities)
    return f"{ROLES} > the role of the token's account > Edit: allow {names}"


def add_function(name: str) -> str:
    """Where an administrator adds a function to the token's service."""
    return f"{SERVICES} > the token's service > Functions > Add functions: {name}"
