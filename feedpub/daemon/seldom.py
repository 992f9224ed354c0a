"""What strangers can make happen as often as they like → some lines of it an hour."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from feedpub.journal import EventLogger, FieldValue

MAX_LINES_PER_HOUR = 20
"""Lines that one event has in an hour."""

_HOUR = timedelta(hours=1)


class RateLimitedLog:
    """Tells of one kind of event, for all threads."""

    def __init__(self, event: str, journal: EventLogger, now: Callable[[], datetime]) -> None:
        self._event = event
        self._logger = journal
        self._now = now
        self._turn = Lock()
        self._since: datetime | None = None  # the hour began
        self._number = 0  # of events in it

    def info(self, **fields: FieldValue) -> None:
        """Write that it happened; where it does so too often, how often once the hour is over."""
        with self._turn:
            now = self._now()
            if self._since is None or abs(now - self._since) >= _HOUR:
                untold = self._number - MAX_LINES_PER_HOUR
                if untold > 0:
                    self._logger.info(f"more of this: {self._event}", number=untold)  # noqa: G004
                self._since, self._number = now, 0
            self._number += 1
            if self._number <= MAX_LINES_PER_HOUR:
                self._logger.info(self._event, **fields)
