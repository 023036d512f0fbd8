"""Run alembic's revisions in one transaction, all or none."""

from __future__ import annotations

from alembic import context

from rostersync.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
