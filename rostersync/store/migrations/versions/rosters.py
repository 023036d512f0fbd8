"""What mirrored rosters said of each course, and what earlier runs have told already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add tables; every line that is there stays."""
    op.create_table(
        "roster_courses",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("course_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("sound", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("seen_before", sa.BigInteger, nullable=False),
        sa.Column("run_before", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "told",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("course_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
