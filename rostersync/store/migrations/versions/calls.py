"""A line of the journal is a call, no longer a change; long tables are kept in the order of their keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make these tables anew; every line that is there stays."""
    with op.batch_alter_table("journal") as journal:
        journal.alter_column("change", new_column_name="changes", type_=sa.Text, existing_nullable=False)
    for table in ("ledger", "outcomes", "before"):
        with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_with_rowid": False}):
            pass
