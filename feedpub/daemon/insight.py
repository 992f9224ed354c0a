"""What a daemon knows of itself, and lets those know that it works with."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from feedpub.publish import Kept
from feedpub.scheduler import Standing


@dataclass(frozen=True, slots=True)
class Builds:
    """What came of the builds since the daemon began."""

    done: int = 0
    failed: int = 0
    at: datetime | None = None  # the end of the last one that was done
    seconds: float | None = None  # that it took
    lag: float | None = None  # seconds from when a change was noticed to the end of its build
    posts: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Insight:
    """What may be asked of a daemon, by any thread, and at any time."""

    builds: Callable[[], Builds]
    standings: Callable[[], tuple[Standing, ...]]
    lag: Callable[[], float]  # seconds that the last duty which was due began late
    wake: Callable[[str], object]  # have a duty called at once
    kept: Callable[[], Kept | None]  # what the last build found out; None before the first
    troubles: Callable[[], Iterable[str]]  # what needs looking at, in words that anybody may read
