"""What somebody said of the columns of files with one header."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a table; every line that is there stays."""
    op.create_table(
        "mappings",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("fingerprint", sa.String, primary_key=True),
        sa.Column("header", sa.String, nullable=False),
        sa.Column("fields", sa.String, nullable=False),
        sa.Column("teacher_means", sa.String, nullable=False),
        sa.Column("made", sa.Float, nullable=False),
    )
