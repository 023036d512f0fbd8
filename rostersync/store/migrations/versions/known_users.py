"""Whose a key was when it was last looked up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a table; every line that is there stays."""
    op.create_table(
        "known_users",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("field", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("shown", sa.String, nullable=False),
        sa.Column("looked_up", sa.Float, nullable=False),
    )
