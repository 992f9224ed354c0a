"""The text of `config.yaml` ⇄ Config."""

from feedpub.config.annotate import annotated
from feedpub.config.parse import load
from feedpub.config.schema import (
    Config,
    Content,
    ExtraFeed,
    Feeds,
    Markdown,
    Pages,
    Podcast,
    Publishing,
    Site,
)

__all__ = [
    "Config",
    "Content",
    "ExtraFeed",
    "Feeds",
    "Markdown",
    "Pages",
    "Podcast",
    "Publishing",
    "Site",
    "annotated",
    "load",
]
