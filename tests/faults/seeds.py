"""Which random scenarios the tests run: ROSTERSYNC_FAULTS says how many, and the seed is a fresh one each time."""

import os
import random

COUNT = int(os.environ.get("ROSTERSYNC_FAULTS") or 4)
FIRST = random.SystemRandom().randrange(10**9)
