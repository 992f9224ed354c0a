"""A site's configuration and database → what is due of its newsletter, without reading a post.

The list, the issues and the counts of each day → how a site is read; no person is tracked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter, resolve_paths
from feedpub.config import jobs
from feedpub.config.jobs import DigestSchedule
from feedpub.delivery import mailbox
from feedpub.delivery.relays import IN_DOUBT_TIMEOUT
from feedpub.files import packaged
from feedpub.models import stats
from feedpub.models.newsletter import MAX_CLOCK_SKEW, Issue, IssueStats, SenderRefusal
from feedpub.models.stats import FeedHits, IssueSummary, Statistics
from feedpub.newsletter.bounce_processing import UNREAD_FOLDER
from feedpub.site.i18n import Catalog
from feedpub.site.pipeline import load_templates
from feedpub.storage import database

REFUSAL_WINDOW = timedelta(days=3)
"""For how long a refusal of us is told: then it may be mended, or would have come again."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What is due next."""

    schedules: tuple[DigestSchedule, ...] = ()
    next_due: datetime | None = None  # then a message may go out; a time that is past means now
    open_issues: tuple[tuple[Issue, IssueStats], ...] = ()  # that are going out, or are paused
    pending_signups: int = 0  # who signed up and was not written to yet
    oldest_signup: datetime | None = None  # when the first of them did
    outdated_reason: str = ""  # why nothing is sent: the database is older than what went out
    doubt_expires: datetime | None = (
        None  # then something is to be recorded, be a message due or not
    )
    refusals: tuple[SenderRefusal, ...] = ()  # of us, lately
    unread_bounces: int = (
        0  # messages to the return path that nobody understood, and somebody should read
    )

    @property
    def next_run(self) -> datetime | None:
        """When to `deliver` next."""
        return jobs.find_earliest((self.next_due, self.doubt_expires))


def has_digests(request: BuildRequest) -> bool:
    """Tell whether a site has digests, or had some: an issue may be left to end.

    Of a server nobody is asked where there are none: its database may be somebody else's.
    """
    where = resolve_paths(request)
    url = where.config.subscribers.database
    if where.config.digests:
        return True
    return not url.startswith("postgres") and database.database_exists(url, where.cache.parent)


def clean_up_database(request: BuildRequest) -> None:
    """Clean the database up."""
    with open_newsletter(request) as desk:
        desk.store.checkpoint()


def get_queue_status(request: BuildRequest) -> QueueStatus:
    """Tell when the digests go out next, and what waits to be sent."""
    with open_newsletter(request) as desk:
        last, unsettled = desk.store.get_last_slot, desk.store.find_oldest_unresolved()
        going = [each for each in desk.store.list_issues() if each.state in {"sending", "paused"}]
        asking, asked = desk.store.count_pending_signups()
        return QueueStatus(
            schedules=tuple(
                DigestSchedule(
                    each.name, each.schedule, desk.get_timezone(each), last(each.name, request.now)
                )
                for each in desk.config.digests
            ),
            next_due=_credible(desk.store.get_next_due(), request.now),
            open_issues=tuple((each, desk.store.get_issue_stats(each.id)) for each in going),
            doubt_expires=_credible(unsettled and unsettled + IN_DOUBT_TIMEOUT, request.now),
            pending_signups=asking,
            outdated_reason=desk.outdated_reason,
            oldest_signup=asked,
            refusals=desk.store.list_refusals(request.now - REFUSAL_WINDOW),
            unread_bounces=mailbox.count_unread(desk.paths.cache.parent / UNREAD_FOLDER),
        )


def _credible(moment: datetime | None, now: datetime) -> datetime | None:
    """Return when something is due: now where a clock that ran ahead said much later."""
    return now if moment is not None and moment > now + MAX_CLOCK_SKEW else moment


_KEPT = timedelta(days=1_100)
"""How long the counts of a day are kept: three years."""

_ISSUES = 12
_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)


def record_counts(request: BuildRequest, visits: Iterable[FeedHits]) -> None:
    """Count the list today, and add what programs did to feeds to the counts of their days.

    Where anything of this fails, no visit has been added.
    """
    today = request.now.date()
    with open_newsletter(request) as desk:
        desk.store.record_subscriber_counts(today, today - _KEPT)
        desk.store.record_feed_hits(visits)


def collect_statistics(request: BuildRequest, days: int) -> Statistics:
    """Tell how the site was read in the last `days` days, today among them."""
    today = request.now.date()
    since = today - (days - 1) * _DAY
    with open_newsletter(request) as desk:
        visits = desk.store.list_feed_hits(since)
        joined, counted = desk.store.compute_daily_growth(), desk.store.list_active_counts(since)
        return Statistics(
            title=desk.config.site.title,
            accent=desk.config.site.accent,
            since=since,
            today=today,
            active=tuple(_active(since, today, joined, counted)),
            states=desk.store.count_by_state(),
            feeds=stats.estimate_subscribers(visits),
            user_agents=stats.count_by_user_agent(visits),
            issues=tuple(_issues(desk, since)),
        )


def load_catalog(request: BuildRequest) -> Catalog:
    """Give the words of the site's language, those of its own templates among them."""
    where = resolve_paths(request)
    return (
        load_templates(where, packaged.read_templates(where.templates))
        .get_translator(where.config.site.language)
        .catalog
    )


def _issues(desk: NewsletterContext, since: date) -> Iterator[IssueSummary]:
    """Give what became of the newest issues."""
    sent = [
        each for each in desk.store.list_sent_issues() if each.posts and each.slot.date() >= since
    ]
    for each in sent[:_ISSUES]:
        tally = desk.store.get_issue_stats(each.id)
        yield IssueSummary(each.slot.date(), each.digest, each.subject, each.state, tally)


def _active(
    since: date, today: date, joined: Mapping[int, int], counted: Mapping[str, int]
) -> Iterator[tuple[date, int]]:
    """Give how many were active on each day: as counted then, or else as the list remembers.

    A day that nobody counted after one that somebody did has as many.
    """
    first = (since - _EPOCH).days
    number = sum(change for day, change in joined.items() if day < first)
    is_counted = False
    for offset in range((today - since).days + 1):
        day = since + offset * _DAY
        if day.isoformat() in counted:
            number, is_counted = counted[day.isoformat()], True
        elif not is_counted:
            number += joined.get(first + offset, 0)
        yield day, number
