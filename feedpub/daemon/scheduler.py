"""Run jobs in threads when they are due or woken; `Scheduler` is the entry point.

APScheduler only decides when to call next; whether a job is due is checked here. It uses the system
clock, while `now` is passed in. So no call is scheduled more than a minute ahead, and a clock jump
wakes every job.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Condition, Lock

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from feedpub.config import jobs
from feedpub.config.jobs import PeriodicJob

_LONGEST = 60.0  # seconds between checks of a job
_LEAST = timedelta(seconds=1)  # between two scheduled runs of a job
_JUMP = 0.5  # seconds a clock may drift between two checks

logging.getLogger("apscheduler").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A failed run of a job, and when it is retried."""

    job_name: str
    error: Exception
    traceback: str
    failures: int  # in a row
    next_retry: datetime

    @property
    def message(self) -> str:
        """The error's message, or its type if it has none."""
        return str(self.error) or type(self.error).__name__


@dataclass(frozen=True, slots=True)
class JobStatus:
    """The status of a job."""

    job_name: str
    next_run: datetime | None
    is_running: bool
    failures: int
    last_error: str = ""  # of the last run, "" if it succeeded


@dataclass(slots=True)
class _JobState:
    job: PeriodicJob
    due: datetime | None = None
    woken: bool = True
    running: bool = False
    failures: int = 0
    last_error: str = ""
    wake_at: float | None = None  # monotonic time of the next check
    serial: int = 0  # of the latest scheduled check; earlier ones are ignored


class Scheduler:
    """Runs jobs concurrently, but never the same job twice at a time."""

    def __init__(
        self,
        duties: Iterable[PeriodicJob],
        now: Callable[[], datetime],
        ended: Callable[[str, JobFailure | None], object],
    ) -> None:
        """Set up; `ended` receives the outcome of each run, in the job's thread."""
        self._states = {each.name: _JobState(each) for each in duties}
        self._now = now
        self._on_finished = ended
        self._changed = Condition()  # guards the job states
        self._adding = Lock()
        self._stopping = False
        self.lag = 0.0  # seconds the last scheduled (not woken) job started late
        self._started = False
        self._drift, self._clock_checked_at = self._measure_drift(), time.monotonic()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(self._states) + 1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Run every job now, and then whenever it is due."""
        self._scheduler.start()
        self._started = True
        self.wake()

    def wake(self, *names: str) -> None:
        """Run some jobs, or all, as soon as possible; a running job runs once more."""
        for name in names or tuple(self._states):
            with self._changed:
                self._states[name].woken = True
            self._schedule(name)

    def check_clock(self) -> float:
        """Detect a clock jump and return its size in seconds. Call this often."""
        drift = self._measure_drift()
        jumped = drift - self._drift
        self._drift = drift
        moment = time.monotonic()
        if abs(jumped) <= _JUMP:
            if moment - self._clock_checked_at < _LONGEST:
                return 0.0
            jumped = 0.0
        self._clock_checked_at = moment
        with self._changed:
            for each in self._states.values():
                each.wake_at = None
                each.woken = each.woken or bool(jumped)
        for name in self._states:
            self._schedule(name)
        return jumped

    def stop(self, seconds: float) -> bool:
        """Start no more jobs, and wait for running ones; return whether all have ended."""
        with self._changed:
            self._stopping = True
        if self._started:
            # Remove the jobs first: APScheduler's thread would fail on one that is already gone.
            with self._adding:
                self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=False)
        with self._changed:
            return self._changed.wait_for(self._is_idle, seconds)

    def get_statuses(self) -> tuple[JobStatus, ...]:
        """Return the status of each job."""
        with self._changed:
            return tuple(
                JobStatus(name, each.due, each.running, each.failures, each.last_error)
                for name, each in self._states.items()
            )

    def _is_idle(self) -> bool:
        return not any(each.running for each in self._states.values())

    def _measure_drift(self) -> float:
        return self._now().timestamp() - time.monotonic()

    def _schedule(self, name: str) -> None:
        """Schedule the next check of a job: when it is due, but within a minute."""
        with self._changed:
            state = self._states[name]
            wait = self._wait(state)
            if wait is None:
                return
            at = time.monotonic() + wait
            if state.wake_at is not None and state.wake_at <= at:
                return
            state.wake_at = at
            state.serial = serial = state.serial + 1
        # A new APScheduler job each time: it removes a fired job by id, even a rescheduled one.
        when = datetime.now(UTC) + timedelta(seconds=wait)
        with self._adding:
            if not self._stopping:
                self._scheduler.add_job(
                    self._run_if_due, "date", args=(name, serial), run_date=when
                )

    def _wait(self, state: _JobState) -> float | None:
        """Return the seconds until the next check of a job; None if there is none."""
        if self._stopping or state.running:
            return None
        if state.woken:
            return 0.0
        if state.due is None:
            return None
        return min(max((state.due - self._now()).total_seconds(), 0.0), _LONGEST)

    def _run_if_due(self, name: str, serial: int) -> None:
        """Run a job, if it is due."""
        with self._changed:
            state, now = self._states[name], self._now()
            if state.serial != serial or state.running or self._stopping:
                return
            state.wake_at = None
            is_due = state.woken or (state.due is not None and state.due <= now)
            state.running = is_due
            if is_due and not state.woken and state.due is not None:
                self.lag = (now - state.due).total_seconds()
            state.woken = False
        if is_due:
            due, failure = run_job(state.job, now, self._now, state.failures)
            self._on_finished(name, failure)
            with self._changed:
                state.running = False
                state.due, state.failures = due, failure.failures if failure else 0
                state.last_error = failure.message if failure else ""
                self._changed.notify_all()
        self._schedule(name)


def run_job(
    job: PeriodicJob, now: datetime, clock: Callable[[], datetime], failures: int = 0
) -> tuple[datetime | None, JobFailure | None]:
    """Run a job that has failed `failures` times in a row; return its next due time and failure."""
    try:
        due = job.run(now)
    except Exception as error:  # noqa: BLE001 - job boundary: logged in full, and retried
        again = jobs.compute_next_retry(failures + 1, clock())
        return again, JobFailure(job.name, error, traceback.format_exc(), failures + 1, again)
    moment = clock()
    return (moment + _LEAST if due is not None and due <= moment else due), None
