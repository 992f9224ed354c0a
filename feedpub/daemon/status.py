"""What the daemon wrote down, the database and the schedules say → how the site stands."""

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
    """What the last `feedpub run` said of itself."""

    pid: int
    version: str
    since: datetime
    ended_cleanly: bool  # as it should
    config_error: str  # what is wrong with the configuration that it refused
    config_error_at: datetime | None  # when
    timezone: ZoneInfo  # of the site, by the configuration in force
    watch_mode: str  # events or sweep
    no_events_reason: str  # why
    missing_folders: tuple[str, ...]  # folders
    failing_jobs: tuple[str, ...]  # duties
    clock_problem: str = ""  # why its clock cannot be right, and nothing is done


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """How a site stands; all times are in its zone."""

    is_running: bool
    daemon: DaemonState | None  # None where none ever ran
    last_build: LastBuild | None
    upcoming_posts: tuple[UpcomingChange, ...]  # that appear or go next
    next_issues: tuple[
        tuple[str, datetime | None], ...
    ]  # and when they go out; None: with each post
    open_issues: tuple[tuple[Issue, IssueStats], ...]  # that are going out
    next_delivery: datetime | None  # of a message
    timezone: ZoneInfo
    outdated_reason: str = ""  # why nothing is mailed: the database is older than what went out
    pending_signups: int = 0  # who signed up and was not written to yet
    oldest_signup: datetime | None = None  # when the first of them did
    refusals: tuple[SenderRefusal, ...] = ()  # servers that refused us, and what they said
    unread_bounces: int = 0  # messages to the return path that somebody should read
    config_error: str = ""  # why the configuration cannot be used: then only the daemon is known


def get_status(request: BuildRequest) -> SiteStatus:
    """Tell how a site stands, whether anything runs or not.

    Raises FeedpubError where the configuration cannot be used, and nothing runs with the one of
    before.
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
    """Read what a daemon wrote down; None for what none of this version did."""
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
