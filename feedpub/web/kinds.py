"""The path of a published file → its media type, and for how long others may keep it."""

import re
from dataclasses import dataclass

from feedpub.feeds.addresses import MEDIA_TYPES
from feedpub.files import COMPRESSIBLE
from feedpub.library.media import media_type

_FEED = re.compile(
    r"(?:.*/)?(?:(?P<rss>rss\.xml)|(?P<atom>atom\.xml|archive-[0-9]+\.xml)|(?P<json>feed\.json))"
)
_HASHED = re.compile(r"assets/.*-([0-9a-f]{10})\.[a-z]+")
_PAGE = ("text/html", "application/xhtml+xml")
_TEXT = re.compile(r"text/.*")
_MORE = {
    ".css": "text/css",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".opml": "text/x-opml",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
}

BRIEF = "public, max-age=60"
"""What may be new at any time; 60 seconds spare a site the crowd that follows a link."""
_DAY = "public, max-age=86400"
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is to those who ask for it."""

    media_type: str  # with its charset
    is_feed: bool
    is_page: bool
    compressible: bool  # there may be compressed ones beside it


def kind(path: str) -> Kind:
    """Tell by its path what kind of file it is: the names of feeds are always the same."""
    suffix = _suffix(path)
    feed = _FEED.fullmatch(path)
    if feed and feed.lastgroup:
        found = MEDIA_TYPES[feed.lastgroup]
    else:
        found = _MORE.get(suffix) or media_type(f"file{suffix}")
    # JSON is always UTF-8, and other XML says itself what it is in.
    if _TEXT.fullmatch(found) or (feed and not feed["json"]):
        found += "; charset=utf-8"
    page = found.startswith(_PAGE)
    return Kind(found, feed is not None, page, is_compressible(path))


def is_compressible(path: str) -> bool:
    """Tell by a file's path whether there may be compressed ones beside it."""
    return _suffix(path) in COMPRESSIBLE


def freshness(path: str, kind: Kind, digest: str) -> str:
    """Give the Cache-Control of a file with this SHA-256.

    Only what has its own digest in its name can never change.
    """
    hashed = _HASHED.fullmatch(path)
    if hashed and digest.startswith(hashed[1]):
        return _FOR_EVER
    return BRIEF if kind.is_feed or kind.is_page or kind.compressible else _DAY


def _suffix(path: str) -> str:
    name = path[path.rfind("/") + 1 :]
    return name[name.rfind(".") :].lower() if "." in name else ""
