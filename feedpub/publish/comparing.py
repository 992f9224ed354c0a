"""Compare the addresses of an old site with those of this one, for `feedpub import-check`."""

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from feedpub import files, site
from feedpub.config import Config
from feedpub.files import BuildCache
from feedpub.library import Library
from feedpub.model import Post
from feedpub.publish.building import compute_cache_version
from feedpub.publish.issues import load_archived_issues
from feedpub.publish.making import create_site_context, load_templates, prepare_site
from feedpub.publish.request import BuildRequest, SitePaths, resolve_paths
from feedpub.slugs import slugify
from feedpub.text import find_close_match

PAGE, REDIRECT, MISSING = "page", "redirect", "missing"

_SUFFIX = re.compile(r"\.(?:x?html?|php|aspx?|jsp)$", re.IGNORECASE)
_DATE = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}-")


@dataclass(frozen=True, slots=True)
class OldUrl:
    """An address of an old site, and what is there now."""

    written: str  # as it was read
    state: str  # page, redirect or missing
    target: str = ""  # URL that one arrives at
    post: str = ""  # file of the post that probably was there, where nothing is now


def import_check(request: BuildRequest, old: Path) -> tuple[OldUrl, ...]:
    """Tell of each address of an old site what is there now; nothing is written.

    Raises FeedpubError where the old site or the configuration cannot be read.
    """
    addresses = files.read_old_urls(old)
    where = resolve_paths(request, sends=False)
    with files.lock_folder(where.cache, partial(request.progress, "waiting", 0, 0)):
        return files.retry_on_corrupt_cache(
            where.cache, partial(_compare_sites, request, where, addresses)
        )


def _compare_sites(
    request: BuildRequest, where: SitePaths, addresses: Sequence[str]
) -> tuple[OldUrl, ...]:
    """Plan the site as a build does, and look the addresses up in it."""
    config, code = where.config, files.compute_program_digest()
    memory = BuildCache(where.cache, compute_cache_version(code, config))
    issues = load_archived_issues(where, request.config_path, memory, keep=False).issues
    entries = files.scan(where.content, follow_links=config.content.follow_links)
    making = prepare_site(request, where, entries, memory, issues, keep=False)
    with closing(memory.open_bodies()) as bodies:
        made_with = create_site_context(
            where, load_templates(where, files.read_templates(where.templates)), code, bodies
        )
        paths = {each.path for each in site.build_outputs(made_with, making.library, making.plan)}
    return tuple(compare_urls(config, making.library, paths, addresses))


def compare_urls(
    config: Config, library: Library, paths: Iterable[str], addresses: Iterable[str]
) -> Iterable[OldUrl]:
    """Yield what is at each old address, by the files of the site and its redirects."""
    known = frozenset(paths)
    redirects = {each.path: each.target for each in library.redirects}
    root = unquote(urlsplit(config.site.url).path)
    guess = _PostFinder((*library.posts, *library.pages))
    for written in addresses:
        parts = urlsplit(written)
        path = unquote(parts.path).removeprefix(root).lstrip("/")
        folder = f"{path.rstrip('/')}/" if path else ""
        found = next((each for each in (path, f"{folder}index.html") if each in known), "")
        # What a server was asked for by a query is not the page without it.
        if found and not (parts.query and not path.strip("/")):
            url = redirects.get(found) or config.site.url + parts.path.removeprefix(root).lstrip(
                "/"
            )
            yield OldUrl(written, REDIRECT if found in redirects else PAGE, url)
        else:
            likely = guess.find_post(path, parts.query)
            post = f"{config.content.folder}/{likely.path}" if likely else ""
            yield OldUrl(written, MISSING, post=post)


class _PostFinder:
    """Finds the post that probably was at an old address."""

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
        """Return the post whose id, or whose name, is that of an address, or nearly so."""
        if query in self._by_query:
            return self._by_query[query]
        name = path.removesuffix("index.html").rstrip("/").rpartition("/")[2]
        slug = slugify(_DATE.sub("", _SUFFIX.sub("", name))) if name else ""
        slug = (
            slug if slug in self._by_slug else find_close_match(slug, self._by_slug) if slug else ""
        )
        found = self._by_slug.get(slug, [])
        # Where several have the name, it is the one of the year in the address.
        dated = [post for post in found if f"{post.published.year:04}" in path.split("/")]
        return next(iter(dated or found), None)
