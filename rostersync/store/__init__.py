"""What rostersync remembers from run to run: what it last set, its runs, plans and journal, and who holds a site."""

from rostersync.store.database import default_path
from rostersync.store.journal import Entry
from rostersync.store.lease import lease
from rostersync.store.opening import Store, open_store
from rostersync.store.owner import this_process
from rostersync.store.runs import Kept, Kind, Run, State

__all__ = ["Entry", "Kept", "Kind", "Run", "State", "Store", "default_path", "lease", "open_store", "this_process"]
