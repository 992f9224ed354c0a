"""What is told to those who look whether all is well."""

from pathlib import Path
from threading import Event

from folders import NOW, Site

from feedpub import __version__
from feedpub.daemon import Site as Running
from feedpub.daemon.gauges import PAGES, Gauges
from feedpub.daemon.insight import Builds, Insight
from feedpub.scheduler import Standing
from feedpub.web.traffic import Traffic


def gauges(root: Path, insight: Insight | None = None) -> Gauges:
    """Give who looks at the daemon of a site."""
    site = Site(root)
    return Gauges(Running(site.request(), Event(), lambda: NOW), Traffic(), insight)


def test_before_anything_is_known_nothing_is_wrong(tmp_path: Path) -> None:
    """The version is known at once."""
    one = gauges(tmp_path)

    assert ("", []) == (one.unserved(), list(one.troubles()))
    assert (__version__, 0) == (one.figures().version, one.figures().builds)


def test_what_readers_miss_is_told_apart_from_the_rest(tmp_path: Path) -> None:
    """Whoever shares requests among machines wants to know the first, the publisher both."""
    standings = tuple(
        Standing(name, None, running=False, failures=failures)
        for name, failures in ((PAGES, 1), ("bounces", 2), ("digests", 0))
    )
    one = gauges(
        tmp_path,
        Insight(
            builds=lambda: Builds(done=3, posts=2),
            standings=lambda: standings,
            lag=lambda: 0.5,
            wake=lambda _: None,
            kept=lambda: None,
            troubles=lambda: iter(["1 problem in the last build"]),
        ),
    )

    assert "pages: cannot be done, and is tried again" == one.unserved()
    assert [
        "bounces: cannot be done, and is tried again",
        "1 problem in the last build",
    ] == list(one.troubles())
    assert (3, 2, 0.5) == (one.figures().builds, one.figures().posts, one.figures().scheduler_lag)
