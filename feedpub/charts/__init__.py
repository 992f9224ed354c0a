"""Statistics and words → a page, or one picture, that needs nothing else to be seen."""

from feedpub.charts.report import render_page, render_svg

__all__ = ["render_page", "render_svg"]
