"""Report the status of a site from the daemon's state file, the database and the schedules.

`get_status` is the entry point, called by `feedpub status`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from feedpub.app import BuildRequest, resolve_paths
from feedpub.errors import FeedpubError
from feedpub.files import lock
from feedpub.models.newsletter import Issue, IssueStats, SenderRefusal
from feedpub.newsletter import queue_status
from feedpub.site import status
from feedpub.site.status import LastBuild, UpcomingChange

_POSTS = 10


@dataclass(frozen=True, slots=True)
class DaemonState:
    """What the last `feedpub run` recorded about itself."""

    pid: int
    version: str
    since: datetime
    ended_cleanly: bool  # not killed
    config_error: str  # why it refused the changed configuration
    config_error_at: datetime | None  # when
    timezone: ZoneInfo  # from the configuration in force
    watch_mode: str  # "events" or "sweep"
    no_events_reason: str  # why events are unavailable, "" if they are not
    missing_folders: tuple[str, ...]
    failing_jobs: tuple[str, ...]  # names
    clock_problem: str = ""  # why its jobs are held back, "" if they are not


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """The status of a site, with the time zone to show it in."""

    is_running: bool
    daemon: DaemonState | None  # None if it never ran
    last_build: LastBuild | None
    upcoming_posts: tuple[UpcomingChange, ...]  # the next to appear or expire
    next_issues: tuple[tuple[str, datetime | None], ...]  # digest and time; None: with each post
    open_issues: tuple[tuple[Issue, IssueStats], ...]  # being sent or paused
    next_delivery: datetime | None  # of any message
    timezone: ZoneInfo
    outdated_reason: str = ""  # why sending is blocked: the database is older than what was sent
    pending_signups: int = 0  # not answered yet
    oldest_signup: datetime | None = None  # time of the oldest one
    refusals: tuple[SenderRefusal, ...] = ()  # recent refusals of the sender
    unread_bounces: int = 0  # bounces not understood, for a person to read
    config_error: str = ""  # why the configuration is invalid; then only `daemon` is known


def get_status(request: BuildRequest) -> SiteStatus:
    """Return the status of a site, whether or not the daemon is running.

    Raises FeedpubError if the configuration is invalid and no daemon runs with an earlier one.
    """
    home = request.state_folder
    running, daemon = lock.is_running(home), _daemon(lock.load_state(home))
    try:
        where = resolve_paths(request)
    except FeedpubError as error:
        if not running:
            raise
        zone = daemon.timezone if daemon else ZoneInfo("UTC")
        return SiteStatus(running, daemon, None, (), (), (), None, zone, config_error=str(error))
    outlook = queue_status.QueueStatus()
    if home.is_dir() and queue_status.has_digests(request):
        outlook = queue_status.get_queue_status(request)
    return SiteStatus(
        is_running=running,
        daemon=daemon,
        last_build=status.load_last_build(request),
        upcoming_posts=status.list_upcoming(request, _POSTS),
        next_issues=tuple(
            (each.digest, each.find_next_slot(request.now)) for each in outlook.schedules
        ),
        open_issues=outlook.open_issues,
        next_delivery=outlook.next_due,
        outdated_reason=outlook.outdated_reason,
        pending_signups=outlook.pending_signups,
        oldest_signup=outlook.oldest_signup,
        refusals=outlook.refusals,
        unread_bounces=outlook.unread_bounces,
        timezone=ZoneInfo(where.config.site.timezone),
    )


def _daemon(text: str) -> DaemonState | None:
    """Parse a state file; None if it is missing or of another format."""
    try:
        told = json.loads(text)
        return DaemonState(
            pid=told["pid"],
            version=told["version"],
            since=datetime.fromisoformat(told["since"]),
            ended_cleanly=told["ended"],
            config_error=told["config"],
            config_error_at=datetime.fromisoformat(told["refused"]) if told["refused"] else None,
            timezone=ZoneInfo(told["zone"]),
            watch_mode=told["watching"]["by"],
            no_events_reason=told["watching"]["no_events"],
            missing_folders=tuple(told["watching"]["away"]),
            failing_jobs=tuple(each["name"] for each in told["duties"] if each["failures"]),
            clock_problem=str(told.get("clock", "")),
        )
    except (ValueError, KeyError, TypeError):
        return None
