"""What the daemon wrote down, the database and the schedules say → how the site stands."""

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from feedpub import files, newsletter, publish
from feedpub.errors import FeedpubError
from feedpub.mailing import Issue, SenderRefusal, Tally
from feedpub.publish import Coming, LastBuild, Request
from feedpub.publish.request import place

_POSTS = 10


@dataclass(frozen=True, slots=True)
class Daemon:
    """What the last `feedpub run` said of itself."""

    pid: int
    version: str
    since: datetime
    ended: bool  # as it should
    config: str  # what is wrong with the configuration that it refused
    refused: datetime | None  # when
    zone: ZoneInfo  # of the site, by the configuration in force
    watching: str  # events or sweep
    no_events: str  # why
    away: tuple[str, ...]  # folders
    failing: tuple[str, ...]  # duties
    clock: str = ""  # why its clock cannot be right, and nothing is done


@dataclass(frozen=True, slots=True)
class Status:
    """How a site stands; all times are in its zone."""

    running: bool
    daemon: Daemon | None  # None where none ever ran
    build: LastBuild | None
    posts: tuple[Coming, ...]  # that appear or go next
    digests: tuple[tuple[str, datetime | None], ...]  # and when they go out; None: with each post
    issues: tuple[tuple[Issue, Tally], ...]  # that are going out
    next_due: datetime | None  # of a message
    zone: ZoneInfo
    behind: str = ""  # why nothing is mailed: the database is older than what went out
    asking: int = 0  # who signed up and was not written to yet
    asked: datetime | None = None  # when the first of them did
    refusals: tuple[SenderRefusal, ...] = ()  # servers that refused us, and what they said
    unread: int = 0  # messages to the return path that somebody should read
    fault: str = ""  # why the configuration cannot be used: then only the daemon is known


def status(request: Request) -> Status:
    """Tell how a site stands, whether anything runs or not.

    Raises FeedpubError where the configuration cannot be used, and nothing runs with the one of
    before.
    """
    home = request.home
    running, daemon = files.running(home), _daemon(files.kept_state(home))
    try:
        where = place(request)
    except FeedpubError as error:
        if not running:
            raise
        zone = daemon.zone if daemon else ZoneInfo("UTC")
        return Status(running, daemon, None, (), (), (), None, zone, fault=str(error))
    outlook = newsletter.Outlook()
    if home.is_dir() and newsletter.is_begun(request):
        outlook = newsletter.outlook(request)
    return Status(
        running=running,
        daemon=daemon,
        build=publish.last_build(request),
        posts=publish.coming(request, _POSTS),
        digests=tuple((each.digest, each.upcoming(request.now)) for each in outlook.slots),
        issues=outlook.issues,
        next_due=outlook.next_due,
        behind=outlook.behind,
        asking=outlook.asking,
        asked=outlook.asked,
        refusals=outlook.refusals,
        unread=outlook.unread,
        zone=ZoneInfo(where.config.site.timezone),
    )


def _daemon(text: str) -> Daemon | None:
    """Read what a daemon wrote down; None for what none of this version did."""
    try:
        told = json.loads(text)
        return Daemon(
            pid=told["pid"],
            version=told["version"],
            since=datetime.fromisoformat(told["since"]),
            ended=told["ended"],
            config=told["config"],
            refused=datetime.fromisoformat(told["refused"]) if told["refused"] else None,
            zone=ZoneInfo(told["zone"]),
            watching=told["watching"]["by"],
            no_events=told["watching"]["no_events"],
            away=tuple(told["watching"]["away"]),
            failing=tuple(each["name"] for each in told["duties"] if each["failures"]),
            clock=str(told.get("clock", "")),
        )
    except (ValueError, KeyError, TypeError):
        return None
