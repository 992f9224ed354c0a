"""Job and digest timing: what is due, when to look again, and when to retry.

Everything here is stateless. A missed tick, a restart or a clock change affects only the
arguments, so the daemon recovers by asking again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from feedpub.config import schedule as config_schedule

_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=10)
_BACKWARDS = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """A recurring job of the daemon.

    `run` takes the current time and returns when to call it next, or None to wait until woken. It
    must work out what is due from the files, the database and the time, so that an extra or late
    call does no harm. An exception is logged, and the job is retried after a back-off.
    """

    name: str
    run: Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """A digest's schedule together with its latest recorded slot."""

    digest: str
    schedule: str
    timezone: str
    last_slot: datetime | None  # the latest recorded slot

    def find_due_slot(self, now: datetime) -> datetime | None:
        """Return the slot that is due, or None. Always None for an `each post` schedule."""
        times = config_schedule.parse(self.schedule)
        return (
            None
            if times.on_publish
            else config_schedule.find_due_slot(times, self.timezone, self.last_slot, now)
        )

    def find_next_slot(self, now: datetime) -> datetime | None:
        """Return the first slot after `now`; None if it cannot be known."""
        return config_schedule.find_next_slot(
            config_schedule.parse(self.schedule), self.timezone, now
        )

    @property
    def on_publish(self) -> bool:
        """Whether the digest goes out with each new post."""
        return config_schedule.parse(self.schedule).on_publish


def find_earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """Return the earliest time, ignoring None; None if there is none."""
    return min((each for each in moments if each is not None), default=None)


def compute_next_retry(failures: int, now: datetime) -> datetime:
    """Return when to retry after this many consecutive failures (exponential back-off)."""
    return now + min(_FIRST * (1 << min(failures - 1, 20)), _LONGEST)


def round_up_to_minute(moment: datetime | None, now: datetime) -> datetime | None:
    """Round a time up to the end of its minute, so that scattered wake-ups become one.

    Times that are not in the future are returned unchanged.
    """
    if moment is None or moment <= now:
        return moment
    return moment + (_EPOCH - moment) % _MINUTE


def ensure_monotonic(now: datetime, last: datetime | None) -> datetime:
    """Return the time to publish at, given the `last` one used.

    If the clock was set back by less than a day, the last time is kept, so that no published post
    is withdrawn.
    """
    return last if last is not None and now < last < now + _BACKWARDS else now
