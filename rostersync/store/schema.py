"""The tables of the store, in SQL that SQLite and PostgreSQL both understand."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table

VERSION = 1
"""Raised with every change of a table, not with a new one; a store of a newer version is refused."""

metadata = MetaData()

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
    Index("runs_of_a_plan", "site", "digest"),
)
"""One line for each apply; `state` is running, done or failed."""

journal = Table(
    "journal",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=True),
    Column("run", Integer, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("event", String, nullable=False),
    Column("code", String, nullable=False),
    Column("at", Float, nullable=False),
)
"""What was about to be sent (`sent`) and what came back (`done`, `failed`, `unknown`), in this order."""

leases = Table(
    "leases",
    metadata,
    Column("site", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("expires", Float, nullable=False),
)
"""Which process may write to a site, and until when without a sign of life."""

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
