"""What all copies of one content have in common, encoded once for all connections."""

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
"""Letters that are kept, some 100 kB each."""


class PreparedMessageCache:
    """A cache; its methods are for all threads."""

    def __init__(self, desk: NewsletterContext, printer: MessageRenderer, now: Clock) -> None:
        """Nothing is encoded yet."""
        self._newsletter = desk
        self._renderer = printer
        self._now = now
        self._encoding = Lock()  # guards what follows
        self._prepared: OrderedDict[tuple[int, str], tuple[PreparedMessage, str]] = OrderedDict()
        self._waiting_issues: set[int] = set()  # issues

    def get_or_prepare(self, delivery: Delivery) -> tuple[PreparedMessage, str]:
        """Return the content of a delivery, and its language."""
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
        """Tell, once, whether an issue was said to wait when it was read: it does no more."""
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
