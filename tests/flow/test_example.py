"""The root of the repository is a site of its own, and it builds."""

import feedparser
import pytest
from example import Built

LAYOUT = (
    "404.html",
    "archive/index.html",
    "atom.xml",
    "feed.json",
    "feeds.opml",
    "index.html",
    "robots.txt",
    "rss.xml",
    "sitemap.xml",
    "subscribe/index.html",
)


def test_it_builds_without_a_fault(example: Built) -> None:
    """Nothing of the example is left out: the status is 0."""

    assert (0, "") == (example.status, example.problems if example.status else "")


@pytest.mark.parametrize("path", LAYOUT)
def test_the_layout_is_the_one_promised(example: Built, path: str) -> None:
    """Each file of the layout is there, and holds something."""

    assert (example.public / path).stat().st_size > 0


@pytest.mark.parametrize("kind", ["tags", "authors"])
def test_each_tag_and_author_has_a_page_and_every_format(example: Built, kind: str) -> None:
    """A tag's and an author's folder holds its page and its feed in three formats."""
    folders = [path for path in (example.public / kind).iterdir() if path.is_dir()]
    expected = {"index.html", "rss.xml", "atom.xml", "feed.json"}

    assert folders
    for folder in folders:
        assert expected <= {path.name for path in folder.iterdir()}, folder


def test_every_link_of_the_feed_leads_to_a_page(example: Built) -> None:
    """What the site's Atom feed links to lies in the output folder."""
    feed = feedparser.parse((example.public / "atom.xml").read_bytes())

    assert example.published == len(feed.entries)
    for entry in feed.entries:
        assert example.page(entry.link).is_file(), entry.link


def test_nothing_is_left_behind(example: Built) -> None:
    """No temporary file stays in the output folder."""
    files = [path.name for path in example.public.rglob("*") if path.is_file()]

    assert [] == [name for name in files if name.endswith((".tmp", "~", ".part"))]
