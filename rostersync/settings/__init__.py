"""What can be set, and where it is read from."""

from rostersync.settings.loading import PREFIX, Loaded, load, settings_path
from rostersync.settings.model import SECTIONS, CourseFigure, Settings, StatusWord

__all__ = ["PREFIX", "SECTIONS", "CourseFigure", "Loaded", "Settings", "StatusWord", "load", "settings_path"]
