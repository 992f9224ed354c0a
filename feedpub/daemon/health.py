"""What a daemon knows of itself → what it tells those who look whether all is well.

What the database knows of how a site stands → figures for /metrics.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from feedpub import __version__
from feedpub.app import BuildRequest, open_newsletter
from feedpub.daemon.handle import DaemonHandle
from feedpub.daemon.settings import CurrentSite
from feedpub.errors import FeedpubError
from feedpub.models import stats
from feedpub.web.health import MetricsSnapshot
from feedpub.web.middleware import HitCounter

_WEEK = timedelta(days=6)  # with today
_FEEDS = 100  # the most read first: each is a series of its own


def collect_metrics(request: BuildRequest) -> MetricsSnapshot:
    """Give these figures; the others are not known here. Raises FeedpubError as `opened` does."""
    week = request.now.date() - _WEEK
    with open_newsletter(request) as desk:
        feeds = stats.estimate_subscribers(desk.store.list_feed_hits(week))
        return MetricsSnapshot(
            feed_readers=tuple((each.feed, each.subscribers) for each in feeds[:_FEEDS]),
            subscribers=desk.store.count_by_state(),
            deliveries=desk.store.count_open_deliveries(),
            pending_webhooks=desk.store.count_pending_webhooks(),
            database_up=True,
        )


PAGES_JOB = "pages"
"""The duty that takes the site up for those who ask."""

_REQUIRED_JOBS = ("build", PAGES_JOB)
"""Duties without which readers are not served what they should be."""


class HealthReporter:
    """Looks at a daemon; its methods are for all threads."""

    def __init__(
        self, site: CurrentSite, traffic: HitCounter, insight: DaemonHandle | None
    ) -> None:
        """Without an insight nothing is known yet."""
        self._site = site
        self._traffic = traffic
        self._handle = insight

    def describe_not_ready(self) -> str:
        """Tell why what is served is not as it should be, "" where it is."""
        return _describe_failing(
            each for each in self._find_failing_jobs() if each in _REQUIRED_JOBS
        )

    def find_warnings(self) -> Iterator[str]:
        """Tell what else needs looking at."""
        others = _describe_failing(
            each for each in self._find_failing_jobs() if each not in _REQUIRED_JOBS
        )
        yield from filter(None, [others])
        if self._handle:
            yield from self._handle.find_warnings()

    def collect_metrics(self) -> MetricsSnapshot:
        """Measure how the site stands; without a database, as far as the process itself knows."""
        found = MetricsSnapshot()
        if self._site.config.digests:
            try:
                found = collect_metrics(self._site.build_request(self._site.now()))
            except FeedpubError:
                found = MetricsSnapshot(database_up=False)
        found = replace(found, version=__version__, requests=self._traffic.get_status_counts())
        if self._handle is None:
            return found
        builds = self._handle.get_build_stats()
        return replace(
            found,
            builds=builds.succeeded,
            failed_builds=builds.failed,
            build_seconds=builds.seconds,
            built_at=builds.finished_at.timestamp() if builds.finished_at else None,
            posts=builds.posts,
            problems=builds.problems,
            watcher_lag=builds.change_lag,
            scheduler_lag=self._handle.get_scheduler_lag(),
        )

    def _find_failing_jobs(self) -> list[str]:
        """Give the duties that do not work at the moment."""
        standings = self._handle.get_job_statuses() if self._handle else ()
        return [each.job_name for each in standings if each.failures]


def _describe_failing(duties: Iterable[str]) -> str:
    """Tell of duties that fail, "" where there are none."""
    failing = ", ".join(duties)
    return f"{failing}: cannot be done, and is tried again" if failing else ""
