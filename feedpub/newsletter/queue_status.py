"""Report on the newsletter from the configuration and the database, without reading any post.

`get_queue_status` returns what is due and what is wrong; `collect_statistics` returns subscriber
and feed figures, which are daily totals and track no person.
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
"""How long a refusal is reported: by then it is fixed, or has happened again."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What is due, and what needs attention."""

    schedules: tuple[DigestSchedule, ...] = ()
    next_due: datetime | None = None  # of any message; a past time means now
    open_issues: tuple[tuple[Issue, IssueStats], ...] = ()  # being sent or paused
    pending_signups: int = 0  # not answered yet
    oldest_signup: datetime | None = None  # time of the oldest one
    outdated_reason: str = ""  # why sending is blocked: the database is older than what was sent
    doubt_expires: datetime | None = None  # when deliveries in doubt have to be settled
    refusals: tuple[SenderRefusal, ...] = ()  # recent refusals of the sender
    unread_bounces: int = 0  # bounces not understood, for a person to read

    @property
    def next_run(self) -> datetime | None:
        """When to call `deliver_issues` next."""
        return jobs.find_earliest((self.next_due, self.doubt_expires))


def has_digests(request: BuildRequest) -> bool:
    """Return whether a site has digests, or had some whose issues may be unfinished.

    Without digests, a database server is not queried: the database may belong to another
    application.
    """
    where = resolve_paths(request)
    url = where.config.subscribers.database
    if where.config.digests:
        return True
    return not url.startswith("postgres") and database.database_exists(url, where.cache.parent)


def clean_up_database(request: BuildRequest) -> None:
    """Checkpoint the database."""
    with open_newsletter(request) as newsletter:
        newsletter.store.checkpoint()


def get_queue_status(request: BuildRequest) -> QueueStatus:
    """Return when each digest is due next, and what is waiting to be sent."""
    with open_newsletter(request) as newsletter:
        last, unsettled = newsletter.store.get_last_slot, newsletter.store.find_oldest_unresolved()
        going = [
            each for each in newsletter.store.list_issues() if each.state in {"sending", "paused"}
        ]
        asking, asked = newsletter.store.count_pending_signups()
        return QueueStatus(
            schedules=tuple(
                DigestSchedule(
                    each.name,
                    each.schedule,
                    newsletter.get_timezone(each),
                    last(each.name, request.now),
                )
                for each in newsletter.config.digests
            ),
            next_due=_credible(newsletter.store.get_next_due(), request.now),
            open_issues=tuple((each, newsletter.store.get_issue_stats(each.id)) for each in going),
            doubt_expires=_credible(unsettled and unsettled + IN_DOUBT_TIMEOUT, request.now),
            pending_signups=asking,
            outdated_reason=newsletter.outdated_reason,
            oldest_signup=asked,
            refusals=newsletter.store.list_refusals(request.now - REFUSAL_WINDOW),
            unread_bounces=mailbox.count_unread(newsletter.paths.cache.parent / UNREAD_FOLDER),
        )


def _credible(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a due time, or now if it comes from a clock that was far ahead."""
    return now if moment is not None and moment > now + MAX_CLOCK_SKEW else moment


_KEPT = timedelta(days=1_100)
"""How long daily counts are kept: three years."""

_ISSUES = 12
_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)


def record_counts(request: BuildRequest, visits: Iterable[FeedHits]) -> None:
    """Record today's subscriber counts, and add feed hits to the counts of their days.

    If this fails, no hits have been added, so the call can be repeated.
    """
    today = request.now.date()
    with open_newsletter(request) as newsletter:
        newsletter.store.record_subscriber_counts(today, today - _KEPT)
        newsletter.store.record_feed_hits(visits)


def collect_statistics(request: BuildRequest, days: int) -> Statistics:
    """Return the statistics of the last `days` days, including today."""
    today = request.now.date()
    since = today - (days - 1) * _DAY
    with open_newsletter(request) as newsletter:
        visits = newsletter.store.list_feed_hits(since)
        joined, counted = (
            newsletter.store.compute_daily_growth(),
            newsletter.store.list_active_counts(since),
        )
        return Statistics(
            title=newsletter.config.site.title,
            accent=newsletter.config.site.accent,
            since=since,
            today=today,
            active=tuple(_active(since, today, joined, counted)),
            states=newsletter.store.count_by_state(),
            feeds=stats.estimate_subscribers(visits),
            user_agents=stats.count_by_user_agent(visits),
            issues=tuple(_issues(newsletter, since)),
        )


def load_catalog(request: BuildRequest) -> Catalog:
    """Return the messages of the site's language, including those of its own templates."""
    where = resolve_paths(request)
    return (
        load_templates(where, packaged.read_templates(where.templates))
        .get_translator(where.config.site.language)
        .catalog
    )


def _issues(newsletter: NewsletterContext, since: date) -> Iterator[IssueSummary]:
    """Yield a summary of each of the newest issues."""
    sent = [
        each
        for each in newsletter.store.list_sent_issues()
        if each.posts and each.slot.date() >= since
    ]
    for each in sent[:_ISSUES]:
        issue_stats = newsletter.store.get_issue_stats(each.id)
        yield IssueSummary(each.slot.date(), each.digest, each.subject, each.state, issue_stats)


def _active(
    since: date, today: date, joined: Mapping[int, int], counted: Mapping[str, int]
) -> Iterator[tuple[date, int]]:
    """Yield the active subscribers of each day: as counted then, or reconstructed from the list.

    After the first counted day, a day without a count repeats the previous number.
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
