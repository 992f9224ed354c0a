"""What is known and what time it is → what is due, what comes next, and when to look again.

Nothing here remembers anything: a tick that was lost, a restart, a clock set back or forward
change what is asked, and so the answer, and nothing else.
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
    """A piece of work that is done again and again.

    `run` is told the time, and gives when it wants to be called again: None for only when it is
    woken. It asks the folder, the database and the time what is due, so that to call it once too
    often, or late, changes nothing. What it raises is told, and it is called again a little later.
    """

    name: str
    run: Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """How one digest stands to its schedule."""

    digest: str
    schedule: str
    timezone: str
    last_slot: datetime | None  # the newest slot for which something is recorded

    def find_due_slot(self, now: datetime) -> datetime | None:
        """Give the slot that has come; None for none, and always where each post is one."""
        times = config_schedule.parse(self.schedule)
        return (
            None
            if times.on_publish
            else config_schedule.find_due_slot(times, self.timezone, self.last_slot, now)
        )

    def find_next_slot(self, now: datetime) -> datetime | None:
        """Give the first slot after now, None where nobody knows."""
        return config_schedule.find_next_slot(
            config_schedule.parse(self.schedule), self.timezone, now
        )

    @property
    def on_publish(self) -> bool:
        """Whether it goes out whenever there is a new post."""
        return config_schedule.parse(self.schedule).on_publish


def find_earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """Give the first of some moments; None where there is none."""
    return min((each for each in moments if each is not None), default=None)


def compute_next_retry(failures: int, now: datetime) -> datetime:
    """Give when to try again what has failed so many times in a row."""
    return now + min(_FIRST * (1 << min(failures - 1, 20)), _LONGEST)


def round_up_to_minute(moment: datetime | None, now: datetime) -> datetime | None:
    """Give the end of the minute that a moment lies in: what comes in dribbles is done at once.

    What is overdue stays so.
    """
    if moment is None or moment <= now:
        return moment
    return moment + (_EPOCH - moment) % _MINUTE


def ensure_monotonic(now: datetime, last: datetime | None) -> datetime:
    """Give the time by which to publish, where it was `last` before.

    A clock that is set back by less than a day takes back nothing that is published.
    """
    return last if last is not None and now < last < now + _BACKWARDS else now
