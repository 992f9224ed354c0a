"""Content files become manuscripts: front matter read and understood, Markdown rendered."""

from feedpub.posts.assets import HEAD, HTML, LINKABLE, Classifier, Kind, report
from feedpub.posts.names import SUFFIXES, ignored
from feedpub.posts.reader import Reader

__all__ = [
    "HEAD",
    "HTML",
    "LINKABLE",
    "SUFFIXES",
    "Classifier",
    "Kind",
    "Reader",
    "ignored",
    "report",
]
