"""Runs keep their plan, their outcomes and what they found; courses keep how many people they had."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add tables and columns; every line that is there stays."""
    op.add_column("runs", sa.Column("kind", sa.String, nullable=False, server_default="apply"))
    op.add_column("runs", sa.Column("undoes", sa.Integer))
    op.add_column("runs", sa.Column("verdict", sa.Text, nullable=False, server_default=""))
    op.add_column("runs", sa.Column("release", sa.String, nullable=False, server_default=""))
    op.add_column("runs", sa.Column("notes", sa.Text, nullable=False, server_default="[]"))
    op.create_index("journal_of_a_run", "journal", ["run"])
    op.create_table(
        "plans",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("made", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "outcomes",
        sa.Column("run", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("change", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("proof", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_table(
        "before",
        sa.Column("run", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("course_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("manual", sa.Boolean, nullable=False),
        sa.Column("stuck", sa.String, nullable=False),
    )
    op.create_table(
        "courses_seen",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("course_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("listed", sa.BigInteger, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
    )
    # Programs from before the revisions refuse what is above 1, and would write runs without their plans.
    op.execute("UPDATE version SET number = 2")
