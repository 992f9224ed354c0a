"""How calls of duties end → what is told of it: a fault ever more rarely, and that it is over."""

from feedpub.daemon.site import StoppedError
from feedpub.errors import FeedpubError
from feedpub.journal import EventLogger
from feedpub.scheduler import JobFailure


class FailureLog:
    """Tells how duties fail, for all threads."""

    def __init__(self, journal: EventLogger) -> None:
        self._logger = journal
        self._last: dict[str, JobFailure] = {}  # of each duty that failed and has not worked since

    def record(self, duty: str, failure: JobFailure | None) -> None:
        """Take notice of how a call ended; None is well."""
        if failure is None:
            self._log_recovery(duty)
        elif not isinstance(failure.error, StoppedError):
            self._log_failure(failure)

    def _log_recovery(self, duty: str) -> None:
        last = self._last.pop(duty, None)
        if last:
            self._logger.info("works again", duty=duty, failures=last.failures)

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
