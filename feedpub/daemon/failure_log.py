"""Rate-limited logging.

`FailureLog` logs job failures with exponential back-off, and each recovery once. `RateLimitedLog`
limits the lines per hour of an event that clients can cause at will.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from feedpub.daemon.scheduler import JobFailure
from feedpub.daemon.settings import StoppedError
from feedpub.errors import FeedpubError
from feedpub.models.log import EventLogger, FieldValue


class FailureLog:
    """Logs job failures at a decreasing rate; thread-safe."""

    def __init__(self, logger: EventLogger) -> None:
        self._logger = logger
        self._last: dict[str, JobFailure] = {}  # by job, since its last success

    def record(self, job: str, failure: JobFailure | None) -> None:
        """Record the outcome of a run; None means success."""
        if failure is None:
            self._log_recovery(job)
        elif not isinstance(failure.error, StoppedError):
            self._log_failure(failure)

    def _log_recovery(self, job: str) -> None:
        last = self._last.pop(job, None)
        if last:
            self._logger.info("works again", duty=job, failures=last.failures)

    def _log_failure(self, failure: JobFailure) -> None:
        last = self._last.get(failure.job_name)
        again = (
            last and last.message == failure.message and failure.failures & (failure.failures - 1)
        )
        self._last[failure.job_name] = failure
        if again:
            return
        known = isinstance(failure.error, FeedpubError | OSError)
        self._logger.info(
            "failed",
            duty=failure.job_name,
            why=failure.message,
            trace="" if known else failure.traceback,
            times=failure.failures,
            again=failure.next_retry.isoformat(timespec="seconds"),
        )


MAX_LINES_PER_HOUR = 20
"""Lines logged per event and hour."""

_HOUR = timedelta(hours=1)


class RateLimitedLog:
    """Logs one kind of event at a limited rate; thread-safe."""

    def __init__(self, event: str, logger: EventLogger, now: Callable[[], datetime]) -> None:
        self._event = event
        self._logger = logger
        self._now = now
        self._turn = Lock()
        self._since: datetime | None = None  # start of the current hour
        self._number = 0  # events in this hour

    def info(self, **fields: FieldValue) -> None:
        """Log an event or, beyond the limit, count it and log the number when the hour is over."""
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
