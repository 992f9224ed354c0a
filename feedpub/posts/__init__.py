"""Content files become manuscripts: front matter read and understood, Markdown rendered."""

from feedpub.posts.assets import (
    HTML_SUFFIXES,
    LINKABLE_KINDS,
    SNIFF_BYTES,
    FileClassifier,
    FileKind,
    format_unpublished,
)
from feedpub.posts.names import MARKDOWN_SUFFIXES, is_ignored
from feedpub.posts.reader import PostReader

__all__ = [
    "HTML_SUFFIXES",
    "LINKABLE_KINDS",
    "MARKDOWN_SUFFIXES",
    "SNIFF_BYTES",
    "FileClassifier",
    "FileKind",
    "PostReader",
    "format_unpublished",
    "is_ignored",
]
