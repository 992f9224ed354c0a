"""Read the addresses that an old site had: its sitemap, a list of URLs, or its output folder."""

import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from feedpub.errors import FeedpubError

_LARGEST = 100_000_000  # octets of a sitemap or a list
_DEEPEST = 3  # sitemaps that name sitemaps
_LOCATION = re.compile(r"<(?:\w++:)?loc>([^<]*+)</")
_INDEX = re.compile(r"<(?:\w++:)?sitemapindex\b")
_PAGE = re.compile(r"(?:.*\.x?html?|(?:rss|atom|feed|index)\.xml|feed\.json)", re.IGNORECASE)
_NO_PAGES = frozenset({"404.html", "404.htm"})


def read_old_urls(place: Path) -> tuple[str, ...]:
    """Return the URLs of an old site, or their paths, each once and in order.

    Raises FeedpubError where there are none to be found.
    """
    found = tuple(dict.fromkeys(_in_folder(place) if place.is_dir() else _in_file(place, 0)))
    if not found:
        raise FeedpubError(
            f"{place}: names no address; give a sitemap.xml, a list with one URL in each line, or "
            "the folder that the old site was built in"
        )
    return found


def _in_folder(folder: Path) -> Iterator[str]:
    """Yield the path of every page and every feed below a folder."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        below = Path(here).relative_to(folder).as_posix()
        for name in sorted(names):
            if _PAGE.fullmatch(name) and name.lower() not in _NO_PAGES:
                path = name if below == "." else f"{below}/{name}"
                yield "/" + quote(path.removesuffix("index.html").encode(errors="surrogateescape"))


def _in_file(place: Path, depth: int) -> Iterator[str]:
    """Yield the URLs of a sitemap and of those that it names, or of a list."""
    try:
        if place.stat().st_size > _LARGEST:
            raise FeedpubError(f"{place}: is larger than {_LARGEST:,} bytes; divide it")
        text = place.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise FeedpubError(f"{place}: cannot be read ({error.strerror})") from error
    locations = [unescape(each).strip() for each in _LOCATION.findall(text)]
    if not _INDEX.search(text):
        yield from filter(None, locations or _parse_list(text))
        return
    for url in locations:
        part = place.parent / unquote(urlsplit(url).path).rpartition("/")[2]
        if depth == _DEEPEST or not part.is_file():
            raise FeedpubError(f"{place}: names {url}; save that beside it as {part.name}")
        yield from _in_file(part, depth + 1)


def _parse_list(text: str) -> Iterator[str]:
    """Yield the URLs and paths of a text that has one in each line; "#" begins a remark."""
    for line in text.splitlines():
        bare = line.strip().split("\t")[0].strip().strip('"')
        if bare.startswith(("/", "http://", "https://")):
            yield bare
