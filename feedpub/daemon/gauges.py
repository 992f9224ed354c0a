"""What a daemon knows of itself → what it tells those who look whether all is well."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from feedpub import __version__
from feedpub.daemon.insight import Insight
from feedpub.daemon.site import Site
from feedpub.errors import FeedpubError
from feedpub.metrics import Figures
from feedpub.newsletter import figures
from feedpub.web.traffic import Traffic

PAGES = "pages"
"""The duty that takes the site up for those who ask."""

_SERVED = ("build", PAGES)
"""Duties without which readers are not served what they should be."""


class Gauges:
    """Looks at a daemon; its methods are for all threads."""

    def __init__(self, site: Site, traffic: Traffic, insight: Insight | None) -> None:
        """Without an insight nothing is known yet."""
        self._site = site
        self._traffic = traffic
        self._insight = insight

    def unserved(self) -> str:
        """Tell why what is served is not as it should be, "" where it is."""
        return _told(each for each in self._failing() if each in _SERVED)

    def troubles(self) -> Iterator[str]:
        """Tell what else needs looking at."""
        others = _told(each for each in self._failing() if each not in _SERVED)
        yield from filter(None, [others])
        if self._insight:
            yield from self._insight.troubles()

    def figures(self) -> Figures:
        """Measure how the site stands; without a database, as far as the process itself knows."""
        found = Figures()
        if self._site.config.digests:
            try:
                found = figures.measured(self._site.request(self._site.now()))
            except FeedpubError:
                found = Figures(database_up=False)
        found = replace(found, version=__version__, requests=self._traffic.statuses())
        if self._insight is None:
            return found
        builds = self._insight.builds()
        return replace(
            found,
            builds=builds.done,
            failed_builds=builds.failed,
            build_seconds=builds.seconds,
            built=builds.at.timestamp() if builds.at else None,
            posts=builds.posts,
            problems=builds.problems,
            watcher_lag=builds.lag,
            scheduler_lag=self._insight.lag(),
        )

    def _failing(self) -> list[str]:
        """Give the duties that do not work at the moment."""
        standings = self._insight.standings() if self._insight else ()
        return [each.duty for each in standings if each.failures]


def _told(duties: Iterable[str]) -> str:
    """Tell of duties that fail, "" where there are none."""
    failing = ", ".join(duties)
    return f"{failing}: cannot be done, and is tried again" if failing else ""
