"""Content files become manuscripts: front matter read and understood, Markdown rendered."""

from feedpub.posts.names import SUFFIXES, ignored
from feedpub.posts.reader import Reader

__all__ = ["SUFFIXES", "Reader", "ignored"]
