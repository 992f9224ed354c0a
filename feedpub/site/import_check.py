"""Compare the URLs of an old site with the new one, for `feedpub import-check`.

The old URLs come from a sitemap, a list of URLs or the old output folder. Enter at
`import_check`.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from feedpub.app import BuildRequest, SitePaths, resolve_paths
from feedpub.config.schema import Config
from feedpub.content.library import Library
from feedpub.errors import FeedpubError
from feedpub.files import cache, lock, packaged, scanner
from feedpub.files.cache import BuildCache
from feedpub.models.content import Post
from feedpub.models.text import find_close_match, slugify
from feedpub.site import outputs
from feedpub.site.archived_issues import load_archived_issues
from feedpub.site.builder import compute_cache_version
from feedpub.site.pipeline import create_site_context, load_templates, prepare_site

PAGE, REDIRECT, MISSING = "page", "redirect", "missing"

_SUFFIX = re.compile(r"\.(?:x?html?|php|aspx?|jsp)$", re.IGNORECASE)
_DATE = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}-")


@dataclass(frozen=True, slots=True)
class OldUrl:
    """A URL of an old site, and what is there now."""

    written: str  # as it was read
    state: str  # page, redirect or missing
    target: str = ""  # the URL it leads to now
    post: str = ""  # if missing, the file of the post that was probably there


def import_check(request: BuildRequest, old: Path) -> tuple[OldUrl, ...]:
    """Return what now answers at each URL of an old site; nothing is written.

    Raises FeedpubError if the old site or the configuration cannot be read.
    """
    addresses = read_old_urls(old)
    where = resolve_paths(request, sends=False)
    with lock.lock_folder(where.cache, partial(request.progress, "waiting", 0, 0)):
        return cache.retry_on_corrupt_cache(
            where.cache, partial(_compare_sites, request, where, addresses)
        )


def _compare_sites(
    request: BuildRequest, where: SitePaths, addresses: Sequence[str]
) -> tuple[OldUrl, ...]:
    """Plan the site as a build does, and look up the URLs."""
    config, code = where.config, packaged.compute_program_digest()
    memory = BuildCache(where.cache, compute_cache_version(code, config))
    issues = load_archived_issues(where, request.config_path, memory, keep=False).issues
    entries = scanner.scan(where.content, follow_links=config.content.follow_links)
    making = prepare_site(request, where, entries, memory, issues, keep=False)
    with closing(memory.open_bodies()) as bodies:
        made_with = create_site_context(
            where, load_templates(where, packaged.read_templates(where.templates)), code, bodies
        )
        paths = {
            each.path for each in outputs.build_outputs(made_with, making.library, making.plan)
        }
    return tuple(compare_urls(config, making.library, paths, addresses))


def compare_urls(
    config: Config, library: Library, paths: Iterable[str], addresses: Iterable[str]
) -> Iterable[OldUrl]:
    """Yield the state of each old URL, from the files and redirects of the site."""
    known = frozenset(paths)
    redirects = {each.path: each.target for each in library.redirects}
    root = unquote(urlsplit(config.site.url).path)
    guess = _PostFinder((*library.posts, *library.pages))
    for written in addresses:
        parts = urlsplit(written)
        path = unquote(parts.path).removeprefix(root).lstrip("/")
        folder = f"{path.rstrip('/')}/" if path else ""
        found = next((each for each in (path, f"{folder}index.html") if each in known), "")
        # On a dynamic site, a query on the home page, such as /?p=12, selects another page.
        if found and not (parts.query and not path.strip("/")):
            url = redirects.get(found) or config.site.url + quote(path)
            yield OldUrl(written, REDIRECT if found in redirects else PAGE, url)
        else:
            likely = guess.find_post(path, parts.query)
            post = f"{config.content.folder}/{likely.path}" if likely else ""
            yield OldUrl(written, MISSING, post=post)


class _PostFinder:
    """Guesses which post was at an old URL."""

    def __init__(self, posts: Sequence[Post]) -> None:
        self._by_slug: dict[str, list[Post]] = {}
        self._by_query: dict[str, Post] = {}
        for post in posts:
            stem = post.path.rpartition("/")[2].partition(".")[0]
            for name in {post.slug, slugify(_DATE.sub("", stem)), slugify(post.title)}:
                self._by_slug.setdefault(name, []).append(post)
            if query := urlsplit(post.id).query:
                self._by_query.setdefault(query, post)

    def find_post(self, path: str, query: str) -> Post | None:
        """Return the post whose id query, or slug, matches a URL exactly or nearly."""
        if query in self._by_query:
            return self._by_query[query]
        name = path.removesuffix("index.html").rstrip("/").rpartition("/")[2]
        slug = slugify(_DATE.sub("", _SUFFIX.sub("", name))) if name else ""
        slug = (
            slug if slug in self._by_slug else find_close_match(slug, self._by_slug) if slug else ""
        )
        found = self._by_slug.get(slug, [])
        # Of several posts with this slug, prefer one from the year in the URL.
        dated = [post for post in found if f"{post.published.year:04}" in path.split("/")]
        return next(iter(dated or found), None)


_LARGEST = 100_000_000  # bytes of a sitemap or list
_DEEPEST = 3  # levels of nested sitemap indexes
_LOCATION = re.compile(r"<(?:\w++:)?loc>([^<]*+)</")
_INDEX = re.compile(r"<(?:\w++:)?sitemapindex\b")
_PAGE = re.compile(r"(?:.*\.x?html?|(?:rss|atom|feed|index)\.xml|feed\.json)", re.IGNORECASE)
_NO_PAGES = frozenset({"404.html", "404.htm"})


def read_old_urls(place: Path) -> tuple[str, ...]:
    """Return the URLs or paths of an old site, in order and without duplicates.

    Raises FeedpubError if there are none.
    """
    found = tuple(dict.fromkeys(_in_folder(place) if place.is_dir() else _in_file(place, 0)))
    if not found:
        raise FeedpubError(
            f"{place}: contains no URLs; give a sitemap.xml, a list with one URL per line, or "
            "the output folder of the old site"
        )
    return found


def _in_folder(folder: Path) -> Iterator[str]:
    """Yield the path of every page and feed below a folder."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        below = Path(here).relative_to(folder).as_posix()
        for name in sorted(names):
            if _PAGE.fullmatch(name) and name.lower() not in _NO_PAGES:
                path = name if below == "." else f"{below}/{name}"
                yield "/" + quote(path.removesuffix("index.html").encode(errors="surrogateescape"))


def _in_file(place: Path, depth: int) -> Iterator[str]:
    """Yield the URLs of a sitemap or sitemap index, or of a list."""
    try:
        if place.stat().st_size > _LARGEST:
            raise FeedpubError(f"{place}: is larger than {_LARGEST:,} bytes; split it")
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
            raise FeedpubError(f"{place}: refers to {url}; save that beside it as {part.name}")
        yield from _in_file(part, depth + 1)


def _parse_list(text: str) -> Iterator[str]:
    """Yield the URLs and paths of a text with one per line; other lines are ignored."""
    for line in text.splitlines():
        bare = line.strip().split("\t")[0].strip().strip('"')
        if bare.startswith(("/", "http://", "https://")):
            yield bare
