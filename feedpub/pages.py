"""What search engines read of the site: the sitemap and robots.txt (sitemaps.org, RFC 9309)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from feedpub.config.schema import Config

LARGEST = 50_000
"""URLs in one sitemap, at most (https://www.sitemaps.org/protocol.html)."""

_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"

Entry = tuple[str, datetime | None]
"""A page's URL and when it last changed, where that is known."""


def sitemap(entries: Iterable[Entry]) -> bytes:
    """Give the sitemap of at most 50,000 pages, in the order given."""
    return _document("urlset", "url", entries)


def sitemaps(entries: Iterable[Entry], site_url: str) -> Iterator[tuple[str, bytes]]:
    """Give path and bytes of `sitemap.xml`, with an index and parts where one is too small."""
    pages = list(entries)
    if len(pages) <= LARGEST:
        yield "sitemap.xml", sitemap(pages)
        return
    parts: list[Entry] = []
    for number, begin in enumerate(range(0, len(pages), LARGEST), 1):
        part = pages[begin : begin + LARGEST]
        path = f"sitemap-{number}.xml"
        yield path, sitemap(part)
        parts.append((site_url + path, max((when for _, when in part if when), default=None)))
    yield "sitemap.xml", _document("sitemapindex", "sitemap", parts)


def robots(config: Config) -> bytes:
    """Give the robots.txt that lets everybody in and names the sitemap."""
    return f"User-agent: *\nDisallow:\n\nSitemap: {config.site.url}sitemap.xml\n".encode()


def _document(root: str, element: str, entries: Iterable[Entry]) -> bytes:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_SCHEMA}">']
    lines += (
        f"<{element}><loc>{escape(url)}</loc>{_changed(when)}</{element}>" for url, when in entries
    )
    return "\n".join([*lines, f"</{root}>", ""]).encode()


def _changed(when: datetime | None) -> str:
    if when is None:
        return ""
    shown = when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return f"<lastmod>{shown}Z</lastmod>"
