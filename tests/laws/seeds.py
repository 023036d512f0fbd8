"""What the tests decide: ROSTERSYNC_LAWS says for how many seconds, ROSTERSYNC_LAWS_SEED which random states."""

import os

EVERYTHING = os.environ.get("ROSTERSYNC_TESTS") == "all"
SHARES = 4
"""Tests among which the states are divided, so that all cores have some of them."""
SECONDS = float(os.environ.get("ROSTERSYNC_LAWS") or (60 if EVERYTHING else 15)) / SHARES
"""For each share; states come in an order of their own for each seed."""
SEED = int(os.environ["ROSTERSYNC_LAWS_SEED"])
