"""What a daemon knows of itself, and lets those know that it works with."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from feedpub.daemon.scheduler import JobStatus
from feedpub.site.build_state import BuildState


@dataclass(frozen=True, slots=True)
class BuildStats:
    """What came of the builds since the daemon began."""

    succeeded: int = 0
    failed: int = 0
    finished_at: datetime | None = None  # the end of the last one that was done
    seconds: float | None = None  # that it took
    change_lag: float | None = (
        None  # seconds from when a change was noticed to the end of its build
    )
    posts: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class DaemonHandle:
    """What may be asked of a daemon, by any thread, and at any time."""

    get_build_stats: Callable[[], BuildStats]
    get_job_statuses: Callable[[], tuple[JobStatus, ...]]
    get_scheduler_lag: Callable[[], float]  # seconds that the last duty which was due began late
    wake_job: Callable[[str], object]  # have a duty called at once
    get_build_state: Callable[
        [], BuildState | None
    ]  # what the last build found out; None before the first
    find_warnings: Callable[
        [], Iterable[str]
    ]  # what needs looking at, in words that anybody may read
