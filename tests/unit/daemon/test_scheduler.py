"""Duties are called when they are due, once at a time, and again after they failed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watched import wait_until

from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.scheduler import JobFailure, Scheduler

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """A clock that goes on from a time of our choice, and can be set."""

    at: datetime = NOW
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """Give the time."""
        return self.at + timedelta(seconds=time.monotonic() - self.began)


@dataclass
class Work:
    """Is called, and says when it is due next."""

    due: Callable[[datetime], datetime | None]
    calls: list[datetime] = field(default_factory=list)

    def __call__(self, now: datetime) -> datetime | None:
        """Remember it."""
        self.calls.append(now)
        return self.due(now)

    def wait_for(self, calls: int) -> None:
        """Wait for so many calls."""
        wait_until(lambda: len(self.calls) >= calls, f"{calls} calls, {self.calls}")


def never(now: datetime) -> None:
    """Be due only when woken."""
    del now


@contextmanager
def running(
    *duties: Callable[[datetime], datetime | None],
    clock: Clock | None = None,
    failures: list[JobFailure] | None = None,
) -> Iterator[Scheduler]:
    """Run duties that are called by their place."""
    told = [] if failures is None else failures
    named = [PeriodicJob(str(number), each) for number, each in enumerate(duties)]
    scheduler = Scheduler(
        named, clock or Clock(), lambda _, failure: told.append(failure) if failure else None
    )
    scheduler.start()
    try:
        yield scheduler
    finally:
        assert scheduler.stop(60)


def test_every_duty_is_called_at_the_start_and_when_it_is_due() -> None:
    """Not before its time, and without being asked for."""
    work, idle = Work(lambda now: now + timedelta(seconds=1.2)), Work(never)
    with running(work, idle):
        work.wait_for(3)

    for early, late in zip(work.calls, work.calls[1:], strict=False):
        assert late - early >= timedelta(seconds=1.2)
    assert 1 == len(idle.calls)


def test_who_is_due_at_once_is_not_called_without_rest() -> None:
    """A duty that always is late would keep a processor busy."""
    work = Work(lambda now: now - HOUR)
    with running(work):
        work.wait_for(3)

    assert work.calls[2] - work.calls[0] >= timedelta(seconds=2)


def test_who_is_woken_is_called_at_once() -> None:
    """Though it is not due for long."""
    work, other = Work(lambda now: now + HOUR), Work(never)
    with running(work, other) as scheduler:
        for calls in range(1, 20):
            work.wait_for(calls)
            scheduler.wake("0")
        work.wait_for(20)

    assert 1 == len(other.calls)


def test_who_is_woken_at_work_is_called_once_more() -> None:
    """Never twice at a time, and once for however many wake it."""
    let, busy = threading.Event(), threading.Event()

    def slow(now: datetime) -> None:
        assert not busy.is_set()
        busy.set()
        work.calls.append(now)
        assert let.wait(60)
        busy.clear()

    work = Work(never)
    with running(slow) as scheduler:
        wait_until(busy.is_set, "work")
        for _ in range(100):
            scheduler.wake()
        assert (True, 1) == (scheduler.get_statuses()[0].is_running, len(work.calls))
        let.set()
        work.wait_for(2)
        time.sleep(0.2)

    assert 2 == len(work.calls)


def test_a_duty_that_fails_is_told_whole_and_tried_again() -> None:
    """The others go on; after it worked, it counts from the start."""
    failures: list[JobFailure] = []

    def fail(now: datetime) -> None:
        if not work.calls:
            work.calls.append(now)
            raise LookupError("what is wrong")
        work.calls.append(now)

    work, other = Work(never), Work(never)
    clock = Clock()
    with running(fail, other, clock=clock, failures=failures) as scheduler:
        wait_until(lambda: failures, "a failure")
        standing = scheduler.get_statuses()[0]

        assert 1 == standing.failures
        assert "what is wrong" == standing.last_error
        assert failures[0].next_retry == standing.next_run
        assert timedelta(seconds=5) <= failures[0].next_retry - work.calls[0]

        clock.at += timedelta(seconds=6)  # and nobody has to wait
        scheduler.check_clock()
        work.wait_for(2)
        wait_until(lambda: not scheduler.get_statuses()[0].failures, "it worked")

    assert ("0", 1) == (failures[0].job_name, failures[0].failures)
    assert "what is wrong" in failures[0].traceback
    assert "in fail" in failures[0].traceback
    assert other.calls


def test_a_clock_that_jumps_has_everybody_look() -> None:
    """Set forward, what is due now is done; set back, it is done when its time comes again."""
    clock = Clock()
    due = NOW + HOUR
    work = Work(lambda now: due if now < due else None)
    with running(work, clock=clock) as scheduler:
        work.wait_for(1)

        assert 0.0 == scheduler.check_clock()

        clock.at -= HOUR

        assert -3600 == round(scheduler.check_clock())

        work.wait_for(2)
        clock.at += 2 * HOUR

        assert 7200 == round(scheduler.check_clock())

        work.wait_for(3)

    assert work.calls[1] < NOW < due <= work.calls[2]


def test_it_looks_again_every_minute_whatever_was_planned() -> None:
    """Should a tick ever be lost, it is made up for; nobody is called before the time."""
    work = Work(lambda now: now + HOUR)
    with running(work) as scheduler:
        work.wait_for(1)
        wait_until(lambda: scheduler.get_statuses()[0].next_run, "it is planned")
        scheduler._clock_checked_at -= 61

        assert 0.0 == scheduler.check_clock()

        serial = scheduler._states["0"].serial
        scheduler._run_if_due("0", serial)  # a minute has passed, and it is not due
        scheduler._run_if_due("0", serial)  # one that was planned before

        assert 1 == len(work.calls)
        assert serial + 1 == scheduler._states["0"].serial


def test_what_does_not_end_is_told() -> None:
    """Whoever stops waits no longer than was said, and nothing is called any more."""
    let, begun = threading.Event(), threading.Event()

    def slow(now: datetime) -> None:
        del now
        begun.set()
        let.wait(60)

    other = Work(never)
    scheduler = Scheduler(
        [PeriodicJob("slow", slow), PeriodicJob("other", other)], Clock(), lambda *_: None
    )
    scheduler.start()
    wait_until(begun.is_set, "work")
    other.wait_for(1)

    assert not scheduler.stop(0.05)
    assert scheduler.get_statuses()[0].is_running

    scheduler.wake("other")
    scheduler._run_if_due("other", scheduler._states["other"].serial)
    let.set()
    wait_until(lambda: not scheduler.get_statuses()[0].is_running, "its end")

    assert 1 == len(other.calls)


def test_who_is_woken_before_the_start_is_called_once() -> None:
    """One look is planned, however many asked for it."""
    work = Work(never)
    scheduler = Scheduler([PeriodicJob("work", work)], Clock(), lambda *_: None)
    scheduler.wake()
    scheduler.wake("work")
    scheduler.start()
    work.wait_for(1)

    assert scheduler.stop(60)
    assert 1 == len(work.calls)


def test_nothing_is_planned_once_it_stops() -> None:
    """Not by somebody either who began to wake it just before."""
    scheduler = Scheduler([PeriodicJob("work", Work(never))], Clock(), lambda *_: None)
    with scheduler._adding:
        waker = threading.Thread(target=scheduler.wake)
        waker.start()
        wait_until(lambda: scheduler._states["work"].wake_at is not None, "that it is about to")
        scheduler._stopping = True
    waker.join(60)

    assert [] == scheduler._scheduler.get_jobs()
    assert scheduler.stop(0)
