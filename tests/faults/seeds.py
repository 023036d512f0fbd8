"""Which random scenarios the tests run: ROSTERSYNC_FAULTS says how many, ROSTERSYNC_FAULTS_SEED from which on."""

import os

COUNT = int(os.environ.get("ROSTERSYNC_FAULTS") or 4)
FIRST = int(os.environ["ROSTERSYNC_FAULTS_SEED"])
