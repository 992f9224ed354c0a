"""What files are, and for how long they may be kept."""

import pytest

from feedpub.web.static import guess_content_type

BRIEF = "public, max-age=60"
FOR_EVER = "public, max-age=31536000, immutable"


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
        ("a.xht", "application/xhtml+xml"),
        ("a.xsl", "application/xml"),
        ("a.rdf", "application/rdf+xml"),
        ("what?.png", "image/png"),
        ("CNAME", "application/octet-stream"),
        ("a.b/CNAME", "application/octet-stream"),
    ],
)
def test_media_types(path: str, expected: str) -> None:
    """Every file has its media type, text its charset; feeds are known by their names."""
    assert expected == guess_content_type(path).media_type


def test_what_may_lie_beside() -> None:
    """Text is compressed, pictures are already."""
    paths = ("index.html", "tags/a/RSS.XML", "cat.png", "CNAME")

    assert [True, True, False, False] == [
        guess_content_type(each).is_compressible for each in paths
    ]


def test_feeds_are_known_by_their_names() -> None:
    """A name that only ends like that of a feed is none."""
    assert guess_content_type("a/rss.xml").is_feed
    assert not guess_content_type("a/my-rss.xml").is_feed
    assert not guess_content_type("rss.xml/a").is_feed


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("rss.xml", BRIEF),
        ("index.html", BRIEF),
        ("robots.txt", BRIEF),
        ("cat.png", "public, max-age=86400"),
        ("assets/style-0123456789.css", FOR_EVER),
        ("assets/sub/sign-0123456789.svg", FOR_EVER),
        ("assets/holiday-2024010112.png", "public, max-age=86400"),
        ("assets/style-9876543210x.css", BRIEF),
        ("style-0123456789.css", BRIEF),
    ],
)
def test_freshness(path: str, expected: str) -> None:
    """A name with a digest stays for ever; feeds and pages for a minute."""
    assert expected == guess_content_type(path).cache_control
