"""What all copies of one content have in common, encoded once for all connections."""

import time
from collections import OrderedDict
from threading import Lock

from feedpub.mailing import Delivery
from feedpub.message import Letter
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.posting.printing import Printer
from feedpub.newsletter.posting.recording import patiently
from feedpub.newsletter.posting.times import Clock

KEPT = 64
"""Letters that are kept, some 100 kB each."""


class Letters:
    """A cache; its methods are for all threads."""

    def __init__(self, desk: Desk, printer: Printer, now: Clock) -> None:
        """Nothing is encoded yet."""
        self._desk = desk
        self._printer = printer
        self._now = now
        self._encoding = Lock()  # guards what follows
        self._letters: OrderedDict[tuple[int, str], tuple[Letter, str]] = OrderedDict()
        self._said_to_wait: set[int] = set()  # issues

    def letter(self, delivery: Delivery) -> tuple[Letter, str]:
        """Return the content of a delivery, and its language."""
        which = delivery.issue, delivery.selection
        with self._encoding:
            if which in self._letters:
                self._letters.move_to_end(which)
            else:
                self._letters[which] = patiently(lambda: self._encoded(delivery), time.sleep)
            if len(self._letters) > KEPT:
                self._letters.popitem(last=False)
            return self._letters[which]

    def goes_on(self, issue: int) -> bool:
        """Tell, once, whether an issue was said to wait when it was read: it does no more."""
        with self._encoding:
            was_said = issue in self._said_to_wait
            self._said_to_wait.discard(issue)
            return was_said

    def _encoded(self, delivery: Delivery) -> tuple[Letter, str]:
        issue = self._desk.store.issue(delivery.issue)
        if issue.reason:
            self._said_to_wait.add(issue.id)
        content = self._desk.store.content(delivery.issue, delivery.selection)
        created = min(issue.created, self._now())
        letter = self._printer.letter(issue.origin, created, content, issue.title, is_issue=True)
        return letter, content.language
