"""What strangers can make happen as often as they like → some lines of it an hour."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from feedpub.journal import Journal, Value

MOST = 20
"""Lines that one event has in an hour."""

_HOUR = timedelta(hours=1)


class Seldom:
    """Tells of one kind of event, for all threads."""

    def __init__(self, event: str, journal: Journal, now: Callable[[], datetime]) -> None:
        self._event = event
        self._journal = journal
        self._now = now
        self._turn = Lock()
        self._since: datetime | None = None  # the hour began
        self._number = 0  # of events in it

    def tell(self, **fields: Value) -> None:
        """Write that it happened; where it does so too often, how often once the hour is over."""
        with self._turn:
            now = self._now()
            if self._since is None or abs(now - self._since) >= _HOUR:
                untold = self._number - MOST
                if untold > 0:
                    self._journal.tell(f"more of this: {self._event}", number=untold)
                self._since, self._number = now, 0
            self._number += 1
            if self._number <= MOST:
                self._journal.tell(self._event, **fields)
