"""The list, the issues and the counts of each day → how a site is read; no person is tracked."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from feedpub import files, readership
from feedpub.newsletter.desk import NewsletterContext, open_newsletter
from feedpub.publish.making import load_templates
from feedpub.publish.request import BuildRequest, resolve_paths
from feedpub.readership import FeedHits, IssueSummary, Statistics
from feedpub.words import Catalog

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
            feeds=readership.estimate_subscribers(visits),
            user_agents=readership.count_by_user_agent(visits),
            issues=tuple(_issues(desk, since)),
        )


def load_catalog(request: BuildRequest) -> Catalog:
    """Give the words of the site's language, those of its own templates among them."""
    where = resolve_paths(request)
    return (
        load_templates(where, files.read_templates(where.templates))
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
