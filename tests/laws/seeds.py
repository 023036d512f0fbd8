"""What the tests decide: ROSTERSYNC_LAWS says for how many seconds, ROSTERSYNC_LAWS_SEED which random states."""

import os
import random

EVERYTHING = os.environ.get("ROSTERSYNC_TESTS") == "all"
"""Every state of the reduced scope is decided, and random ones of the whole scope for as long as the time lasts."""
SECONDS = float(os.environ.get("ROSTERSYNC_LAWS") or (220 if EVERYTHING else 15))
SEED = int(os.environ.get("ROSTERSYNC_LAWS_SEED") or random.SystemRandom().randrange(10**9))
DECIDED: list[str] = []
"""What was decided, in words: printed at the end."""
