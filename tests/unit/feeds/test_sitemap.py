"""Search engines find every page, and are told when it changed."""

from datetime import UTC, datetime
from itertools import repeat
from xml.etree import ElementTree as ET

import made
from hypothesis import given
from hypothesis import strategies as st

from feedpub.feeds.sitemap import MAX_SITEMAP_URLS, render_robots, render_sitemap, render_sitemaps

NAMES = {"": "http://www.sitemaps.org/schemas/sitemap/0.9"}
WHEN = datetime(2025, 1, 30, 21, 36, 44, 683666, tzinfo=UTC)
LATER = datetime(2025, 2, 1, tzinfo=UTC)


def locations(document: bytes) -> list[str | None]:
    """Give the addresses in a sitemap or an index."""
    root = ET.fromstring(document)
    return [each.text for each in root.iterfind(".//loc", NAMES)]


def test_a_sitemap_gives_address_and_time() -> None:
    """A page has its URL and, where it is known, when it changed: in UTC, to the second."""
    document = render_sitemap([("https://example.org/", WHEN), ("https://example.org/tags/", None)])

    assert (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        b"<url><loc>https://example.org/</loc><lastmod>2025-01-30T21:36:44Z</lastmod></url>\n"
        b"<url><loc>https://example.org/tags/</loc></url>\n"
        b"</urlset>\n"
    ) == document


@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1)))
def test_any_address_survives(paths: list[str]) -> None:
    """Ampersands and brackets in an address are escaped once."""
    urls = [f"https://example.org/?{path}" for path in paths]

    assert urls == locations(render_sitemap((url, None) for url in urls))


def test_a_site_of_usual_size_has_one_sitemap() -> None:
    """Up to 50,000 pages fit into sitemap.xml."""
    entries = [(f"https://example.org/{number}", WHEN) for number in range(3)]

    assert [("sitemap.xml", render_sitemap(entries))] == list(
        render_sitemaps(entries, "https://example.org/")
    )


def test_a_huge_site_has_an_index() -> None:
    """More pages are divided, and sitemap.xml names the parts with their newest change."""
    entries = [
        ("https://example.org/new", LATER),
        *repeat(("https://example.org/", WHEN), MAX_SITEMAP_URLS - 1),
        ("https://example.org/last", None),
    ]
    found = dict(render_sitemaps(entries, "https://example.org/blog/"))

    assert ["sitemap-1.xml", "sitemap-2.xml", "sitemap.xml"] == sorted(found)
    assert MAX_SITEMAP_URLS == len(locations(found["sitemap-1.xml"]))
    assert ["https://example.org/last"] == locations(found["sitemap-2.xml"])
    assert (
        "<sitemap><loc>https://example.org/blog/sitemap-1.xml</loc>"
        "<lastmod>2025-02-01T00:00:00Z</lastmod></sitemap>\n"
        "<sitemap><loc>https://example.org/blog/sitemap-2.xml</loc></sitemap>\n"
    ) in found["sitemap.xml"].decode()


def test_robots_are_welcome() -> None:
    """robots.txt lets everybody in and tells where the sitemap is."""

    assert (
        b"User-agent: *\nDisallow:\n\nSitemap: https://example.org/sitemap.xml\n"
    ) == render_robots(made.config())
