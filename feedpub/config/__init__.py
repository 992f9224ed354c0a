"""The text of `config.yaml` ⇄ Config."""

from feedpub.config.annotate import annotated
from feedpub.config.parse import load
from feedpub.config.schema import (
    Config,
    Content,
    Digest,
    Dkim,
    ExtraFeed,
    Feeds,
    Mail,
    Markdown,
    Pages,
    Podcast,
    Publishing,
    Relay,
    Site,
    Subscribers,
)

__all__ = [
    "Config",
    "Content",
    "Digest",
    "Dkim",
    "ExtraFeed",
    "Feeds",
    "Mail",
    "Markdown",
    "Pages",
    "Podcast",
    "Publishing",
    "Relay",
    "Site",
    "Subscribers",
    "annotated",
    "load",
]
