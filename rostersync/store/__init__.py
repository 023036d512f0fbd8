"""What rostersync remembers: what it last set, its runs and their journal, who holds a site, what columns are."""

from rostersync.store.database import Store, default_path, existing_store, open_store
from rostersync.store.lease import lease
from rostersync.store.mappings import Mapped, forget, mapped, recall, remember

__all__ = [
    "Mapped",
    "Store",
    "default_path",
    "existing_store",
    "forget",
    "lease",
    "mapped",
    "open_store",
    "recall",
    "remember",
]
