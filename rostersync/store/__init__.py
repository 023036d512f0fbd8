"""What rostersync remembers: what it last set, its runs, plans and journal, who holds a site, what columns are."""

from rostersync.store.database import default_path
from rostersync.store.journal import Entry
from rostersync.store.lease import lease
from rostersync.store.mappings import Mapped, forget, mapped, recall, remember
from rostersync.store.opening import Store, existing_store, open_store
from rostersync.store.owner import this_process
from rostersync.store.runs import Kept, Kind, Run, State

__all__ = [
    "Entry",
    "Kept",
    "Kind",
    "Mapped",
    "Run",
    "State",
    "Store",
    "default_path",
    "existing_store",
    "forget",
    "lease",
    "mapped",
    "open_store",
    "recall",
    "remember",
    "this_process",
]
