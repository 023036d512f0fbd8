"""What rostersync remembers from run to run: what it last set, its runs and their journal, and who holds a site."""

from rostersync.store.database import Store, default_path, open_store
from rostersync.store.lease import lease

__all__ = ["Store", "default_path", "lease", "open_store"]
