"""Feeds that changed, issues that went out → hubs, commands and URLs that are told of it."""

from feedpub.announce.noting import enqueue_changes, enqueue_missed_changes
from feedpub.announce.telling import WebhookResult, deliver_due_webhooks

__all__ = ["WebhookResult", "deliver_due_webhooks", "enqueue_changes", "enqueue_missed_changes"]
