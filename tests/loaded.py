"""What every command imports, imported once for all of those that are run in processes of their own."""

import alembic.command
import pyarrow.csv
import rich.console
import sqlalchemy

import rostersync.cli.apply
import rostersync.cli.main
import rostersync.cli.plan
import rostersync.cli.sync
import rostersync.report
import rostersync.workflow.site

__all__ = ["alembic", "pyarrow", "rich", "rostersync", "sqlalchemy"]
