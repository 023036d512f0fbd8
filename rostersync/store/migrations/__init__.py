"""How a store of an older revision becomes one of the newest; read by alembic."""
