"""rostersync syncs course rosters into Moodle: it reads them, shows the differences, applies them, and proves them.

The public interface, loaded when it is first used:

    check, make_plan, apply_plan, preview, save_plan, load_plan, export, open_site   the use cases (see `workflow`)
    Settings, load_settings                                                        how it goes (see `settings`)
    errors                                                                         what ends it
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PLACES = {
    "apply_plan": "workflow.apply",
    "open_site": "workflow.site",
    "check": "workflow.check",
    "export": "workflow.export",
    "load_plan": "workflow.plan_file",
    "make_plan": "workflow.plan",
    "preview": "workflow.review",
    "save_plan": "workflow.plan_file",
    "Settings": "settings",
    "load_settings": "settings",
    "errors": "errors",
}

__all__ = ["__version__", *sorted(_PLACES)]  # noqa: PLE0604 - names in a table, loaded on demand


def __getattr__(name: str) -> Any:  # noqa: ANN401 - each name has a type of its own
    """Load a public name when it is first used, so that importing the package costs nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_PLACES[name]}")
    return module if name == "errors" else getattr(module, "load" if name == "load_settings" else name)


def __dir__() -> list[str]:
    return sorted(__all__)
