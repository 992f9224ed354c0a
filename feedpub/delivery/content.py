"""Cache of prepared messages, so that each content is encoded once for all workers."""

import time
from collections import OrderedDict
from threading import Lock

from feedpub.app import NewsletterContext
from feedpub.delivery.mime import PreparedMessage
from feedpub.delivery.relays import Clock
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.results import retry_on_database_error
from feedpub.models.newsletter import Delivery

MAX_CACHED_MESSAGES = 64
"""Cached messages, about 100 kB each."""


class PreparedMessageCache:
    """An LRU cache of prepared messages by issue and variant. Thread-safe.

    The lock is held while a message is prepared, so no two workers prepare the same one.
    """

    def __init__(
        self, newsletter: NewsletterContext, renderer: MessageRenderer, now: Clock
    ) -> None:
        self._newsletter = newsletter
        self._renderer = renderer
        self._now = now
        self._encoding = Lock()  # guards everything below
        self._prepared: OrderedDict[tuple[int, str], tuple[PreparedMessage, str]] = OrderedDict()
        self._waiting_issues: set[int] = set()  # issues that had a waiting reason when loaded

    def get_or_prepare(self, delivery: Delivery) -> tuple[PreparedMessage, str]:
        """Return the prepared message of a delivery and its language."""
        which = delivery.issue, delivery.variant
        with self._encoding:
            if which in self._prepared:
                self._prepared.move_to_end(which)
            else:
                self._prepared[which] = retry_on_database_error(
                    lambda: self._encoded(delivery), time.sleep
                )
            if len(self._prepared) > MAX_CACHED_MESSAGES:
                self._prepared.popitem(last=False)
            return self._prepared[which]

    def clear_waiting(self, issue: int) -> bool:
        """Return, once per issue, whether its waiting reason is to be cleared in the store."""
        with self._encoding:
            was_said = issue in self._waiting_issues
            self._waiting_issues.discard(issue)
            return was_said

    def _encoded(self, delivery: Delivery) -> tuple[PreparedMessage, str]:
        issue = self._newsletter.store.get_issue(delivery.issue)
        if issue.reason:
            self._waiting_issues.add(issue.id)
        content = self._newsletter.store.load_content(delivery.issue, delivery.variant)
        created = min(issue.created, self._now())
        letter = self._renderer.prepare(
            issue.original_digest, created, content, issue.title, is_issue=True
        )
        return letter, content.language
