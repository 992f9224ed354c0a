"""What is told of duties that fail, and of their working again."""

import io
from datetime import timedelta

import pytest
from folders import NOW

from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.failure_log import FailureLog
from feedpub.daemon.scheduler import JobFailure, run_job
from feedpub.daemon.settings import StoppedError
from feedpub.errors import FeedpubError
from feedpub.models.log import EventLogger


def failure(error: Exception, times: int = 1) -> JobFailure:
    """Give how a duty failed."""

    def fail(_: object) -> None:
        raise error

    found = run_job(PeriodicJob("build", fail), NOW, lambda: NOW, times - 1)[1]
    assert found is not None
    return found


@pytest.fixture
def told() -> io.StringIO:
    """Give what was told."""
    return io.StringIO()


@pytest.fixture
def faults(told: io.StringIO) -> FailureLog:
    """Give who tells."""
    return FailureLog(EventLogger(told, lambda: NOW, human=True))


def test_what_works_again_is_told_once(faults: FailureLog, told: io.StringIO) -> None:
    """And nothing where nothing was wrong."""
    faults.record("build", None)
    faults.record("build", failure(FeedpubError("no room")))
    faults.record("build", failure(FeedpubError("no room"), 2))
    faults.record("pings", None)
    faults.record("build", None)
    faults.record("build", None)

    *_, last = told.getvalue().rstrip().split("\n")
    assert last.endswith("works again  duty: build, failures: 2")
    assert 1 == told.getvalue().count("works again")


def test_a_fault_is_told_ever_more_rarely(faults: FailureLog, told: io.StringIO) -> None:
    """Unless it is another one; a bug is told with its trace."""
    for times in range(1, 8):
        faults.record("build", failure(FeedpubError("no room"), times))

    assert [1, 2, 4] == [times for times in range(1, 8) if f"times: {times}" in told.getvalue()]

    faults.record("build", failure(LookupError(), 7))

    assert "why: LookupError, trace: Traceback" in told.getvalue()
    assert "times: 7" in told.getvalue()


def test_that_work_was_given_up_is_no_fault(faults: FailureLog, told: io.StringIO) -> None:
    """The process ends."""
    faults.record("build", failure(StoppedError()))

    assert "" == told.getvalue()
    assert failure(StoppedError()).next_retry >= NOW + timedelta(seconds=1)
