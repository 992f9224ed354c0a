"""Newsboat, a feed reader people use, subscribes to what feedpub writes."""

import sqlite3
import subprocess
from calendar import timegm
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import feedparser
import pytest
from example import Built, served
from programs import needs


@dataclass(frozen=True, slots=True)
class Item:
    """What Newsboat keeps of an entry, and shows."""

    title: str
    url: str
    published: int  # Unix time
    content: str
    enclosure: str


def subscribe(newsboat: str, url: str, folder: Path) -> list[Item]:
    """Let Newsboat fetch the feed, and read what it kept, newest first."""
    for name, text in {"config": "", "urls": f"{url}\n"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [newsboat, "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload"],
        cwd=folder,
        env={"HOME": str(folder), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)

    query = (
        "SELECT title, url, pubDate, content, enclosure_url FROM rss_item "
        "ORDER BY pubDate DESC, guid"
    )
    with closing(sqlite3.connect(folder / "cache.db")) as cache:
        return [Item(*row) for row in cache.execute(query)]


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_newsboat_shows_what_the_feed_says(example: Built, name: str, tmp_path: Path) -> None:
    """Every entry has its title, its date, its content, and the link to its page."""
    newsboat = needs("newsboat")
    feed = feedparser.parse((example.public / name).read_bytes())

    with served(example.public) as url:
        items = subscribe(newsboat, url + name, tmp_path)

    expected = {entry.link: entry for entry in feed.entries}
    assert example.published == len(items)
    assert expected.keys() == {item.url for item in items}
    for item in items:
        entry = expected[item.url]
        assert entry.title == item.title
        assert timegm(entry.published_parsed) == item.published
        assert "<p" in item.content
        assert example.page(item.url).is_file()


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_newsboat_tells_an_enclosure_from_the_link(
    example: Built, name: str, tmp_path: Path
) -> None:
    """A post with an enclosure links to its page all the same, and the enclosure is offered."""
    newsboat = needs("newsboat")

    with served(example.public) as url:
        items = subscribe(newsboat, url + name, tmp_path)

    enclosed = [item for item in items if item.enclosure]
    assert enclosed
    for item in enclosed:
        assert example.page(item.url).is_file()
        assert item.enclosure != item.url
