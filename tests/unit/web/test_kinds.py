"""What files are, and for how long they may be kept."""

import pytest

from feedpub.web.kinds import BRIEF, freshness, is_compressible, kind


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("rss.xml", "application/rss+xml; charset=utf-8"),
        ("tags/a/atom.xml", "application/atom+xml; charset=utf-8"),
        ("archive-12.xml", "application/atom+xml; charset=utf-8"),
        ("feed.json", "application/feed+json"),
        ("sitemap.xml", "application/xml"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("assets/style-0123456789.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("A.JPG", "image/jpeg"),
        ("a.svg", "image/svg+xml"),
        ("bell.mp3", "audio/mpeg"),
        ("rss.xml.gz", "application/gzip"),
        ("font.woff2", "font/woff2"),
        ("what?.png", "image/png"),
        ("CNAME", "application/octet-stream"),
        ("a.b/CNAME", "application/octet-stream"),
    ],
)
def test_media_types(path: str, expected: str) -> None:
    """Every file has its media type, text its charset; feeds are known by their names."""
    assert expected == kind(path).media_type


def test_what_may_lie_beside() -> None:
    """Text is compressed, pictures are already."""
    paths = ("index.html", "tags/a/RSS.XML", "cat.png", "CNAME")

    assert [True, True, False, False] == [is_compressible(each) for each in paths]
    assert [True, True, False, False] == [kind(each).compressible for each in paths]


def test_pages_and_feeds() -> None:
    """A page is one by its media type, a feed by its name."""
    assert kind("a/index.html").is_page
    assert kind("a/rss.xml").is_feed
    assert not kind("a/my-rss.xml").is_feed
    assert not kind("cat.png").is_page


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("rss.xml", BRIEF),
        ("index.html", BRIEF),
        ("robots.txt", BRIEF),
        ("cat.png", "public, max-age=86400"),
        ("assets/style-0123456789.css", "public, max-age=31536000, immutable"),
        ("assets/sub/sign-0123456789.svg", "public, max-age=31536000, immutable"),
        ("assets/style-9876543210.css", BRIEF),
        ("style-0123456789.css", BRIEF),
    ],
)
def test_freshness(path: str, expected: str) -> None:
    """What is hashed, and what its name says, stays for ever; feeds and pages for a minute."""
    assert expected == freshness(path, kind(path), "0123456789abcdef")
