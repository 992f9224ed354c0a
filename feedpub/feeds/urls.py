"""Build absolute URLs of feeds and of files named in the configuration."""

import re
from urllib.parse import unquote, urljoin

from feedpub.config.schema import Config
from feedpub.models.content import Feed
from feedpub.models.text import quote

MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}

_NAMES = {"rss": "rss.xml", "atom": "atom.xml", "json": "feed.json"}
_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")


def get_filename(feed: Feed, fmt: str) -> str:
    """Return the file name of a feed's document in a format: `rss`, `atom` or `json`."""
    if not feed.stem:
        return _NAMES[fmt]
    return feed.stem + (".json" if fmt == "json" else ".xml")


def build_feed_url(config: Config, feed: Feed, fmt: str) -> str:
    """Return the URL of a feed's document in a format: `rss`, `atom` or `json`."""
    return config.site.url + quote(feed.folder + get_filename(feed, fmt))


def build_current_url(config: Config, feed: Feed) -> str:
    """Return the URL of the Atom feed that an archive belongs to (RFC 5005 section 4)."""
    return config.site.url + quote(feed.current_folder + _NAMES["atom"])


def resolve_url(config: Config, reference: str) -> str:
    """Return the absolute URL of a file named relative to the site; URLs and "" are unchanged."""
    if not reference or _ABSOLUTE.match(reference):
        return reference
    return urljoin(config.site.url, quote(unquote(reference)))


def build_category_scheme(config: Config) -> str:
    """Return the URI that identifies this site's tags (RFC 4287 section 4.2.2.2)."""
    return config.site.url + "tags/"
