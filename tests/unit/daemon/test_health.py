"""What is told to those who look whether all is well."""

from pathlib import Path
from threading import Event

from folders import NOW, Site

from feedpub import __version__
from feedpub.daemon.handle import BuildStats, DaemonHandle
from feedpub.daemon.health import PAGES_JOB, HealthReporter
from feedpub.daemon.scheduler import JobStatus
from feedpub.daemon.settings import CurrentSite as Running
from feedpub.web.middleware import HitCounter


def gauges(root: Path, insight: DaemonHandle | None = None) -> HealthReporter:
    """Give who looks at the daemon of a site."""
    site = Site(root)
    return HealthReporter(Running(site.request(), Event(), lambda: NOW), HitCounter(), insight)


def test_before_anything_is_known_nothing_is_wrong(tmp_path: Path) -> None:
    """The version is known at once."""
    one = gauges(tmp_path)

    assert ("", []) == (one.describe_not_ready(), list(one.find_warnings()))
    assert (__version__, 0) == (one.collect_metrics().version, one.collect_metrics().builds)


def test_what_readers_miss_is_told_apart_from_the_rest(tmp_path: Path) -> None:
    """Whoever shares requests among machines wants to know the first, the publisher both."""
    standings = tuple(
        JobStatus(name, None, is_running=False, failures=failures)
        for name, failures in ((PAGES_JOB, 1), ("bounces", 2), ("digests", 0))
    )
    one = gauges(
        tmp_path,
        DaemonHandle(
            get_build_stats=lambda: BuildStats(succeeded=3, posts=2),
            get_job_statuses=lambda: standings,
            get_scheduler_lag=lambda: 0.5,
            wake_job=lambda _: None,
            get_build_state=lambda: None,
            find_warnings=lambda: iter(["1 problem in the last build"]),
        ),
    )

    assert "pages: failing, will be retried" == one.describe_not_ready()
    assert [
        "bounces: failing, will be retried",
        "1 problem in the last build",
    ] == list(one.find_warnings())
    assert (3, 2, 0.5) == (
        one.collect_metrics().builds,
        one.collect_metrics().posts,
        one.collect_metrics().scheduler_lag,
    )
