"""End-to-end checks against any Moodle, and against the sandbox, so that they cannot rot."""
