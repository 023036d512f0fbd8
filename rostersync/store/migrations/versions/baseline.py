"""The tables of stores from before there were revisions (`version` holds 1)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what such a store has."""
    op.create_table("version", sa.Column("number", sa.Integer, primary_key=True))
    op.create_table(
        "ledger",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("course_id", sa.BigInteger, primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("manual", sa.Boolean, nullable=False),
        sa.Column("stuck", sa.String, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("run", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("finished", sa.Float),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Index("runs_of_a_plan", "site", "digest"),
    )
    op.create_table(
        "journal",
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.execute("INSERT INTO version (number) VALUES (1)")
