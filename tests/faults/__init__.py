"""Random fault scenarios over the sandbox's own faults: `python -m tests.faults --scenarios 1000`."""
