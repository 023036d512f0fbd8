"""A run keeps what was said for it when it was begun: what it is allowed, and where its report goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a column; of runs that are there nothing is known."""
    op.add_column("runs", sa.Column("said", sa.Text, nullable=False, server_default="{}"))
