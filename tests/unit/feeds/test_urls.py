"""Tests of where feeds are."""

import made
import pytest

from feedpub.feeds.urls import build_current_url, build_feed_url, get_filename, resolve_url


@pytest.mark.parametrize(
    ("stem", "fmt", "expected"),
    [
        ("", "rss", "rss.xml"),
        ("", "atom", "atom.xml"),
        ("", "json", "feed.json"),
        ("archive-3", "atom", "archive-3.xml"),
        ("archive-3", "json", "archive-3.json"),
    ],
)
def test_filename(stem: str, fmt: str, expected: str) -> None:
    """A document is named after its format, or after the feed's stem."""
    feed = made.feed(stem=stem)

    assert expected == get_filename(feed, fmt)


def test_address_is_percent_encoded() -> None:
    """A feed's folder may be in any script; its URL is in ASCII (RFC 3986)."""
    feed = made.feed(folder="tags/人工智能/")
    config = made.config()

    assert (
        "https://example.org/tags/%E4%BA%BA%E5%B7%A5%E6%99%BA%E8%83%BD/rss.xml"
        == build_feed_url(config, feed, "rss")
    )


def test_current_is_the_atom_feed_of_the_folder() -> None:
    """An archive belongs to the Atom feed of a folder."""
    feed = made.feed(kind="archive", stem="archive-1", current_folder="tags/c/")

    assert "https://example.org/tags/c/atom.xml" == build_current_url(made.config(), feed)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("", ""),
        ("logo.png", "https://example.org/logo.png"),
        ("/logo.png", "https://example.org/logo.png"),
        ("图.png", "https://example.org/%E5%9B%BE.png"),
        ("a b%20c.png", "https://example.org/a%20b%20c.png"),
        ("https://cdn.example/a b.png", "https://cdn.example/a b.png"),
    ],
)
def test_absolute(reference: str, expected: str) -> None:
    """A file named in the configuration is below the site; a URL stays as it is."""
    assert expected == resolve_url(made.config(), reference)
