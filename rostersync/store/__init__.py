"""What rostersync remembers: what it last set, its runs, plans and journal, who holds a site, what columns are."""

from rostersync.store.column_mappings import Mapped, forget, mapped, recall, remember
from rostersync.store.database import default_path
from rostersync.store.journal import Entry
from rostersync.store.known_users import KEPT, Hint
from rostersync.store.lease import BEAT, lease
from rostersync.store.opening import Store, existing_store, open_store, store_as_it_is
from rostersync.store.owner import this_process
from rostersync.store.retention import Pruned
from rostersync.store.runs import Kept, Run, RunKind, RunState, Said
from rostersync.store.upkeep import Health, back_up, examine

__all__ = [
    "BEAT",
    "KEPT",
    "Entry",
    "Health",
    "Hint",
    "Kept",
    "Mapped",
    "Pruned",
    "Run",
    "RunKind",
    "RunState",
    "Said",
    "Store",
    "back_up",
    "default_path",
    "examine",
    "existing_store",
    "forget",
    "lease",
    "mapped",
    "open_store",
    "recall",
    "remember",
    "store_as_it_is",
    "this_process",
]
