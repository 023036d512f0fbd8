"""The tables of the store, in SQL that SQLite and PostgreSQL both understand.

A change of a table needs three things: the table here, a revision in `migrations/versions` that follows the last one,
and its number as REVISION. A test holds both ways to the same tables.

Tables that grow by a line for each change have no row ids: SQLite keeps them once, in the order of their keys, in place
of once as they come and once more as an index.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

REVISION = "0008"
"""The newest revision of `migrations/versions`; four digits, so that a newer one can be told from an older one."""
NOTHING = "base"
"""The revision of an empty database, as alembic names it."""
BASELINE = "0001"
"""The revision of stores made before there were revisions."""
VERSION = 2
"""Stands in `version`, where programs from before the revisions look, and refuse a number above 1."""

metadata = MetaData()

revision = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""REVISION, as alembic keeps it."""

version = Table("version", metadata, Column("number", Integer, primary_key=True))

ledger = Table(
    "ledger",
    metadata,
    Column("site", String, primary_key=True),
    Column("course_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("manual", Boolean, nullable=False),
    Column("stuck", String, nullable=False),
    sqlite_with_rowid=False,
)
"""LEDGER of `tables`, for each site."""

runs = Table(
    "runs",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=True),
    Column("site", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("started", Float, nullable=False),
    Column("finished", Float),
    Column("state", String, nullable=False),
    Column("exit_code", Integer),
    Column("kind", String, nullable=False, server_default="apply"),
    Column("undoes", Integer),
    Column("verdict", Text, nullable=False, server_default=""),
    Column("release", String, nullable=False, server_default=""),
    Column("notes", Text, nullable=False, server_default="[]"),
    Column("said", Text, nullable=False, server_default="{}"),
    Index("runs_of_a_plan", "site", "digest"),
)
"""One line for each apply and undo.

`state` is running, done, stopped (something stood in the way, and the report says what) or failed (by a mistake of
rostersync's own, or before anything was sent); `kind` is apply or undo, and then `undoes` is the number of the other
run. `verdict` and `notes` (a JSON list of sentences) are those of the run's report. `said` is a JSON object: what
whoever began the run said for it alone (`settings`, name → value; `report`, the folder), which `resume` goes by.
"""

plans = Table(
    "plans",
    metadata,
    Column("digest", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("made", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Every plan that a run carried out: its text as in a plan file, compressed by zlib; `made` is ISO 8601 in UTC."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("change", BigInteger, primary_key=True, autoincrement=False),
    Column("proof", String, nullable=False),
    Column("code", String, nullable=False),
    Column("message", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""OUTCOMES of each run, as they were when it ended."""

before = Table(
    "before",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("course_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("manual", Boolean, nullable=False),
    Column("stuck", String, nullable=False),
    sqlite_with_rowid=False,
)
"""LEDGER as it was when a run began, of the people whom its plan is about to change."""

courses_seen = Table(
    "courses_seen",
    metadata,
    Column("site", String, primary_key=True),
    Column("course_id", BigInteger, primary_key=True, autoincrement=False),
    Column("listed", BigInteger, nullable=False),
    Column("run", Integer, nullable=False),
)
"""How many people a course had after the last run that read it completely, and which run that was."""

journal = Table(
    "journal",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=True),
    Column("run", Integer, nullable=False),
    Column("changes", Text, nullable=False),
    Column("event", String, nullable=False),
    Column("code", String, nullable=False),
    Column("at", Float, nullable=False),
    Index("journal_of_a_run", "run"),
)
"""What was about to be sent (`sent`) and what came back (`done`, `failed`, `unknown`), in this order.

A line tells of all changes of a call: `changes` are their numbers, with a blank between them.
"""

leases = Table(
    "leases",
    metadata,
    Column("site", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("expires", Float, nullable=False),
)
"""Which process may write to a site, and until when without a sign of life."""

sites = Table(
    "sites",
    metadata,
    Column("address", String, primary_key=True),
    Column("site", String, nullable=False),
)
"""What the Moodle at an address calls itself: the name under which everything else is stored of it."""

mappings = Table(
    "mappings",
    metadata,
    Column("site", String, primary_key=True),
    Column("fingerprint", String, primary_key=True),
    Column("header", String, nullable=False),
    Column("fields", String, nullable=False),
    Column("teacher_means", String, nullable=False),
    Column("made", Float, nullable=False),
)
"""What somebody said of the columns of files with one header; `header` and `fields` are JSON."""

known_users = Table(
    "known_users",
    metadata,
    Column("site", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("shown", String, nullable=False),
    Column("looked_up", Float, nullable=False),
)
"""Whose a key was when it was last looked up, and the digest of how that account was shown: a hint, never a match."""

roster_courses = Table(
    "roster_courses",
    metadata,
    Column("site", String, primary_key=True),
    Column("course_id", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String, primary_key=True),
    Column("sound", String, nullable=False),
    Column("source", String, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("roles", Text, nullable=False),
    Column("parts", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("run", Integer, nullable=False),
    Column("seen_before", BigInteger, nullable=False),
    Column("run_before", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What mirrored rosters said of each course, one line for each set of rows (ROSTER_COURSES); it names nobody.

`seen` is when a run with these rows last came to its end, in epoch seconds, later than that of any run before; `run` is
its number, 0 where there was nothing to do and no run was made. The same of the time before that stands in
`seen_before` and `run_before`, 0 where there was none.
"""

told = Table(
    "told",
    metadata,
    Column("site", String, primary_key=True),
    Column("code", String, primary_key=True),
    Column("course_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    sqlite_with_rowid=False,
)
"""What an earlier run has told already, so that only what is new asks for attention; `at` is when it was last told."""
