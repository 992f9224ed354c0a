"""What a running daemon offers its own parts, such as the web server: `DaemonHandle`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from feedpub.daemon.scheduler import JobStatus
from feedpub.site.build_state import BuildState


@dataclass(frozen=True, slots=True)
class BuildStats:
    """Build statistics since the daemon started."""

    succeeded: int = 0
    failed: int = 0
    finished_at: datetime | None = None  # end of the last successful build
    seconds: float | None = None  # its duration
    change_lag: float | None = None  # seconds from noticing a change to the end of its build
    posts: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class DaemonHandle:
    """Thread-safe callbacks into a running daemon."""

    get_build_stats: Callable[[], BuildStats]
    get_job_statuses: Callable[[], tuple[JobStatus, ...]]
    get_scheduler_lag: Callable[[], float]  # seconds the last scheduled job started late
    wake_job: Callable[[str], object]  # run a job at once
    get_build_state: Callable[[], BuildState | None]  # of the last build; None before the first
    find_warnings: Callable[[], Iterable[str]]  # what needs attention; safe to publish
