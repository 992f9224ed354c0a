"""What the daemon does for others than the site itself."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from folders import CONFIG, NOW, Site

from feedpub import newsletter
from feedpub.daemon import Journal
from feedpub.daemon import Site as Running
from feedpub.daemon.outward import Outward
from feedpub.errors import FeedpubError
from feedpub.web.traffic import Traffic


def requests(site: Site) -> int:
    """Give how many requests are kept."""
    return sum(number for _, number in newsletter.statistics(site.request(), 1).programs)


def test_counts_outlive_a_database_that_is_away(tmp_path: Path) -> None:
    """What cannot be kept is kept the next time, or at the end; that it cannot is told."""
    site, stream, traffic = Site(tmp_path), StringIO(), Traffic()
    running = Running(site.request(), Event(), lambda: NOW)
    outward = Outward(running, Journal(stream, lambda: NOW, human=True), traffic)
    away = site.put(".feedpub/newsletter.sqlite", "no database")
    traffic.count("rss.xml", "Feedly/1.0", 200, NOW)
    with pytest.raises(FeedpubError):
        outward.count(NOW)
    outward.end()
    away.unlink()

    assert "readership not kept  why: " in stream.getvalue()

    traffic.count("rss.xml", "Feedly/1.0", 304, NOW)
    again = outward.count(NOW)

    assert NOW + timedelta(minutes=5) == again
    assert 2 == requests(site)

    traffic.count("rss.xml", "Feedly/1.0", 304, NOW)
    outward.end()

    assert 3 == requests(site)


def test_what_nobody_serves_nobody_counts(tmp_path: Path) -> None:
    """Where there is neither a newsletter nor a server there is no database."""
    site = Site(tmp_path)
    site.config(f"{CONFIG}web: false\n")
    running = Running(site.request(), Event(), lambda: NOW)
    Outward(running, Journal(StringIO(), lambda: NOW, human=True), Traffic()).end()

    assert not (tmp_path / ".feedpub/newsletter.sqlite").exists()
