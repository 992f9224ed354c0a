"""Write the files that search engines and web servers read: sitemap, robots.txt and redirects.

See sitemaps.org and RFC 9309. `_redirects` has the format of Netlify, Cloudflare Pages and GitLab
Pages; `redirects.map` has one that nginx and Caddy can both include.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape as escape_attribute
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from feedpub.config.schema import Config
from feedpub.content.library import link_index
from feedpub.models.content import Redirect

MAX_SITEMAP_URLS = 50_000
"""Most URLs in one sitemap (https://www.sitemaps.org/protocol.html)."""

REDIRECTS, REDIRECT_MAP = "_redirects", "redirects.map"
"""Files below the output folder with redirects for web servers."""

_MAP_HEAD = "# Old addresses and where they lead, for the configurations of nginx and Caddy.\n"
_UNMAPPED = frozenset("\"'\\`{}$;")  # nginx or Caddy would not read these literally

_MAP_LINE = re.compile(r'"(/[^"\\]*+)" "((?:/|https?://)[^"\\\s]*+)" ;')

_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"

SitemapEntry = tuple[str, datetime | None]
"""A page's URL and when it last changed, or None if unknown."""


def render_sitemap(entries: Iterable[SitemapEntry]) -> bytes:
    """Return the sitemap of at most `MAX_SITEMAP_URLS` pages, in the given order."""
    return _document("urlset", "url", entries)


def render_sitemaps(entries: Iterable[SitemapEntry], site_url: str) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of `sitemap.xml`.

    Above `MAX_SITEMAP_URLS` pages it is an index, and its parts come first.
    """
    pages = list(entries)
    if len(pages) <= MAX_SITEMAP_URLS:
        yield "sitemap.xml", render_sitemap(pages)
        return
    parts: list[SitemapEntry] = []
    for number, begin in enumerate(range(0, len(pages), MAX_SITEMAP_URLS), 1):
        part = pages[begin : begin + MAX_SITEMAP_URLS]
        path = f"sitemap-{number}.xml"
        yield path, render_sitemap(part)
        parts.append((site_url + path, max((when for _, when in part if when), default=None)))
    yield "sitemap.xml", _document("sitemapindex", "sitemap", parts)


def render_robots(config: Config) -> bytes:
    """Return a robots.txt that allows every crawler and names the sitemap."""
    return f"User-agent: *\nDisallow:\n\nSitemap: {config.site.url}sitemap.xml\n".encode()


def render_redirect_page(config: Config, redirect: Redirect) -> bytes:
    """Return an HTML page that redirects, for hosts without server-side redirects."""
    url = escape_attribute(redirect.target)
    local = escape_attribute(link_index.build_url_rewriter(config.site.url, "")(redirect.target))
    title = escape_attribute(redirect.title)
    robots = '<meta name="robots" content="noindex">\n' if redirect.unlisted else ""
    return f"""\
<!doctype html>
<html lang="{escape_attribute(config.site.language)}" dir="auto">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="canonical" href="{url}">
<meta http-equiv="refresh" content="0; url={local}">
{robots}<meta name="viewport" content="width=device-width">
</head>
<body><p><a href="{local}">{title}</a></p></body>
</html>
""".encode()


def render_redirects_file(config: Config, redirects: Iterable[Redirect]) -> bytes:
    """Return the `_redirects` file of static hosts."""
    local = link_index.build_url_rewriter(config.site.url, "")
    found = ((urlsplit(each.url).path, local(each.target)) for each in redirects)
    # In this format a colon begins a placeholder and an asterisk is a wildcard.
    lines = (f"{path.replace(':', '%3A').replace('*', '%2A')} {url} 301\n" for path, url in found)
    return "".join(lines).encode()


def render_redirect_map(config: Config, redirects: Iterable[Redirect]) -> bytes:
    """Return a map of decoded paths to URLs; a trailing slash is optional in a path."""
    local = link_index.build_url_rewriter(config.site.url, "")
    found = dict[str, str]()
    for each in redirects:
        path = unquote(urlsplit(each.url).path)
        target = local(each.target).replace("$", "%24").replace("'", "%27").replace(";", "%3B")
        if not _UNMAPPED.intersection(path + target):
            found[path] = target
            found.setdefault(path.removesuffix("/") or "/", target)
    lines = (f'"{path}" "{found[path]}" ;\n' for path in sorted(found))
    return (_MAP_HEAD + "".join(lines)).encode()


def parse_redirect_map(data: bytes) -> dict[str, str]:
    """Return decoded paths and URLs that `render_redirect_map` wrote; skip other lines."""
    found = (_MAP_LINE.fullmatch(line) for line in data.decode(errors="replace").split("\n"))
    return {line[1]: line[2] for line in found if line}


def _document(root: str, element: str, entries: Iterable[SitemapEntry]) -> bytes:
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
