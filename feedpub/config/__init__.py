"""The text of `config.yaml` ⇄ Config."""

from feedpub.config.annotate import dump_config
from feedpub.config.parse import parse_config
from feedpub.config.schema import (
    Config,
    ContentConfig,
    DigestConfig,
    DkimConfig,
    ExtraFeedConfig,
    FeedsConfig,
    HooksConfig,
    MailConfig,
    MarkdownConfig,
    OutputConfig,
    PagesConfig,
    PodcastConfig,
    RelayConfig,
    RunConfig,
    SiteConfig,
    SubscribersConfig,
    WebConfig,
    WebhooksConfig,
)

__all__ = [
    "Config",
    "ContentConfig",
    "DigestConfig",
    "DkimConfig",
    "ExtraFeedConfig",
    "FeedsConfig",
    "HooksConfig",
    "MailConfig",
    "MarkdownConfig",
    "OutputConfig",
    "PagesConfig",
    "PodcastConfig",
    "RelayConfig",
    "RunConfig",
    "SiteConfig",
    "SubscribersConfig",
    "WebConfig",
    "WebhooksConfig",
    "dump_config",
    "parse_config",
]
