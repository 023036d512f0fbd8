"""Which cases are tried on which release of Moodle.

All of them on the newest, whatever their states name, and a fresh few of them on each of the others.
ROSTERSYNC_CASES_RELEASE tries all of them on that one alone, ROSTERSYNC_CASES_SEED draws the same few again.
"""

import os
import random
from collections.abc import Sequence

from rostersync.sandbox.releases import DEFAULT
from tests.cases.outside import Case
from tests.releases import OLDER

RELEASE = os.environ.get("ROSTERSYNC_CASES_RELEASE", "")
SEED = int(os.environ["ROSTERSYNC_CASES_SEED"])
FEW = 18
"""Cases that are drawn for each of the other releases."""


def with_releases(cases: Sequence[Case]) -> list[Case]:
    """All that are to be tried."""
    draw = random.Random(SEED)
    few = [] if RELEASE else [case.on(release) for release in OLDER for case in draw.sample(cases, FEW)]
    return [*(case.on(RELEASE or DEFAULT) for case in cases), *few]
