"""What alembic runs: a connection in a transaction goes in, and the revisions are carried out in it, all or none."""

from __future__ import annotations

from alembic import context

from rostersync.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
