"""Statistics and words → a page, or one picture, that needs nothing else to be seen."""

from feedpub.charts.report import page, picture

__all__ = ["page", "picture"]
