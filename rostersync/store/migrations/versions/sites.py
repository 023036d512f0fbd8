"""A site has one name, whatever its address was when something was stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from rostersync.store.sites import spellings, unify
from rostersync.text.addresses import canonical

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add a table, and bring the spellings of one address together."""
    op.create_table(
        "sites",
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("site", sa.String, nullable=False),
    )
    connection = op.get_bind()
    found = sorted(spellings(connection))
    for site in sorted({canonical(name) for name in found} - {""}):
        unify(connection, [name for name in found if canonical(name) == site and name != site], site)
