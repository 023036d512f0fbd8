"""What can be set, and where it is read from."""

from rostersync.settings.fields import SECTIONS, CourseFigure, Settings, StatusWord
from rostersync.settings.sources import PREFIX, Loaded, load, settings_path

__all__ = ["PREFIX", "SECTIONS", "CourseFigure", "Loaded", "Settings", "StatusWord", "load", "settings_path"]
