"""How calls of duties end → what is told of it: a fault ever more rarely, and that it is over."""

from feedpub.daemon.site import StoppedError
from feedpub.errors import FeedpubError
from feedpub.journal import Journal
from feedpub.scheduler import Failure


class Faults:
    """Tells how duties fail, for all threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._last: dict[str, Failure] = {}  # of each duty that failed and has not worked since

    def ended(self, duty: str, failure: Failure | None) -> None:
        """Take notice of how a call ended; None is well."""
        if failure is None:
            self._mended(duty)
        elif not isinstance(failure.error, StoppedError):
            self._failed(failure)

    def _mended(self, duty: str) -> None:
        last = self._last.pop(duty, None)
        if last:
            self._journal.tell("works again", duty=duty, failures=last.failures)

    def _failed(self, failure: Failure) -> None:
        last = self._last.get(failure.duty)
        again = last and last.why == failure.why and failure.failures & (failure.failures - 1)
        self._last[failure.duty] = failure
        if again:
            return
        known = isinstance(failure.error, FeedpubError | OSError)
        self._journal.tell(
            "failed",
            duty=failure.duty,
            why=failure.why,
            trace="" if known else failure.trace,
            times=failure.failures,
            again=failure.again.isoformat(timespec="seconds"),
        )
