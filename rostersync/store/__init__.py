"""What rostersync remembers from run to run: what it last set, its runs, plans and journal, and who holds a site."""

from rostersync.store.database import default_path
from rostersync.store.journal import Entry
from rostersync.store.lease import lease
from rostersync.store.opening import Store, existing_store, open_store
from rostersync.store.retention import Pruned
from rostersync.store.runs import Kept, Kind, Run, State
from rostersync.store.upkeep import Health, back_up, examine

__all__ = [
    "Entry",
    "Health",
    "Kept",
    "Kind",
    "Pruned",
    "Run",
    "State",
    "Store",
    "back_up",
    "default_path",
    "examine",
    "existing_store",
    "lease",
    "open_store",
]
