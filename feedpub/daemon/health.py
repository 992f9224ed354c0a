"""Readiness, warnings and metrics of a running daemon, served at /healthz and /metrics.

`HealthReporter` combines what the process knows with figures from the database.
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

_WEEK = timedelta(days=6)  # seven days, including today
_FEEDS = 100  # the most read ones: each is a time series of its own


def collect_metrics(request: BuildRequest) -> MetricsSnapshot:
    """Return the figures that are in the database. Raises FeedpubError like `open_newsletter`."""
    week = request.now.date() - _WEEK
    with open_newsletter(request) as newsletter:
        feeds = stats.estimate_subscribers(newsletter.store.list_feed_hits(week))
        return MetricsSnapshot(
            feed_readers=tuple((each.feed, each.subscribers) for each in feeds[:_FEEDS]),
            subscribers=newsletter.store.count_by_state(),
            deliveries=newsletter.store.count_open_deliveries(),
            pending_webhooks=newsletter.store.count_pending_webhooks(),
            database_up=True,
        )


PAGES_JOB = "pages"
"""The job that reloads the site for the web server."""

_REQUIRED_JOBS = ("build", PAGES_JOB)
"""Jobs whose failure means that outdated or incomplete pages are served."""


class HealthReporter:
    """Reports the health of a daemon; thread-safe."""

    def __init__(self, site: CurrentSite, traffic: HitCounter, handle: DaemonHandle | None) -> None:
        """Set up; `handle` is None while the daemon is not running yet."""
        self._site = site
        self._traffic = traffic
        self._handle = handle

    def describe_not_ready(self) -> str:
        """Return why the site is not served as it should be, "" if it is."""
        return _describe_failing(
            each for each in self._find_failing_jobs() if each in _REQUIRED_JOBS
        )

    def find_warnings(self) -> Iterator[str]:
        """Yield what else needs attention."""
        others = _describe_failing(
            each for each in self._find_failing_jobs() if each not in _REQUIRED_JOBS
        )
        yield from filter(None, [others])
        if self._handle:
            yield from self._handle.find_warnings()

    def collect_metrics(self) -> MetricsSnapshot:
        """Return all metrics; if the database is unavailable, only those of the process."""
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
        """Return the names of the jobs that are failing now."""
        statuses = self._handle.get_job_statuses() if self._handle else ()
        return [each.job_name for each in statuses if each.failures]


def _describe_failing(jobs: Iterable[str]) -> str:
    """Return a sentence about failing jobs, "" if there are none."""
    failing = ", ".join(jobs)
    return f"{failing}: failing, will be retried" if failing else ""
