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
    Hooks,
    Mail,
    Markdown,
    Pages,
    Podcast,
    Publishing,
    Relay,
    Run,
    Site,
    Subscribers,
    Web,
    Webhooks,
)

__all__ = [
    "Config",
    "Content",
    "Digest",
    "Dkim",
    "ExtraFeed",
    "Feeds",
    "Hooks",
    "Mail",
    "Markdown",
    "Pages",
    "Podcast",
    "Publishing",
    "Relay",
    "Run",
    "Site",
    "Subscribers",
    "Web",
    "Webhooks",
    "annotated",
    "load",
]
