"""What a daemon knows of itself → what it tells those who look whether all is well."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from feedpub import __version__
from feedpub.daemon.insight import DaemonHandle
from feedpub.daemon.site import CurrentSite
from feedpub.errors import FeedpubError
from feedpub.metrics import MetricsSnapshot
from feedpub.newsletter import figures
from feedpub.web.traffic import HitCounter

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
                found = figures.collect_metrics(self._site.build_request(self._site.now()))
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
