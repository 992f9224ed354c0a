"""Build the library: all posts in their places, in order, grouped by tag, author and language.

`build_library` is the entry point. It chooses what is shown at a given time and has `PostResolver`
assign ids and URLs and resolve links.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from posixpath import splitext
from types import MappingProxyType
from typing import TypeVar

from feedpub.config.schema import Config
from feedpub.content.library import bundles, link_index, taxonomy, translations
from feedpub.content.library.resolver import PostResolver, ResolvedPost, compute_fingerprint
from feedpub.content.library.translations import PathLanguage
from feedpub.models.content import (
    PAGE,
    PRIVATE,
    Author,
    ParsedPost,
    Post,
    Problem,
    Publication,
    Redirect,
    Tag,
)

Name = TypeVar("Name")

_STATUSES = ("shown", "draft", "scheduled", "expired", "private")
_SLUG = attrgetter("slug")
_NO_FILES: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Library:
    """All posts, newest first, and their groups, each sorted by name."""

    posts: tuple[Post, ...]  # without the unlisted ones
    tags: tuple[tuple[Tag, tuple[Post, ...]], ...]
    categories: tuple[tuple[Tag, tuple[Post, ...]], ...]
    authors: tuple[tuple[Author, tuple[Post, ...]], ...]
    languages: tuple[tuple[str, tuple[Post, ...]], ...]
    files: Mapping[str, str]  # published unchanged; source path: path below the output folder
    drafts: int
    scheduled: int
    expired: int
    valid_from: datetime | None  # when a post last appeared or expired
    valid_until: datetime | None  # when one does so next; the library is stale from then on
    problems: tuple[Problem, ...]
    # What each post is published as, with the records of posts that are hidden for now.
    publications: Mapping[str, Publication] = field(default_factory=dict)
    pages: tuple[Post, ...] = ()  # "About" and such, by path; in no feed, list or mail
    private: int = 0  # posts that are never published
    unlisted: tuple[Post, ...] = ()  # posts with a page that is in no list
    redirects: tuple[Redirect, ...] = ()
    cache: "LibraryCache | None" = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LibraryCache:
    """How a library was built, so that the next build can reuse what has not changed."""

    resolver: PostResolver
    resolved_posts: Mapping[str, ResolvedPost]  # by source path


def build_library(  # noqa: PLR0913 - all are inputs of a library
    config: Config,
    parsed_posts: Iterable[ParsedPost],
    files: Mapping[str, int],
    now: datetime,
    *,
    drafts: bool = False,
    future: bool = False,
    known: Library | None = None,
    published: Mapping[str, Publication] | None = None,
    unread: Iterable[str] = (),
    linkable: Mapping[str, int] = _NO_FILES,
) -> Library:
    """Build a library from parsed posts; `files` maps the paths of other files to sizes in bytes.

    `published` records what posts were published as. A post keeps its id and URL while its source
    exists (if only among the `unread` paths) and it does not ask for others.

    Drafts and posts dated after `now` are left out unless requested; expired posts always are. The
    files of a bundle are left out with its post. A `linkable` file is published if a shown post
    links to it. `known` is an earlier library of the same site: unchanged posts are reused from it
    as the same objects.
    """
    parsed_posts, unread = list(parsed_posts), list(unread)
    said = translations.detect_languages(config, parsed_posts, unread)
    groups: dict[str, list[ParsedPost]] = {status: [] for status in _STATUSES}
    moments: list[datetime] = []
    for one in parsed_posts:
        groups[_get_status(one, now, drafts=drafts, future=future)].append(one)
        if one.visibility != PRIVATE and (drafts or not one.draft):
            moments += [one.published] if one.expires is None else [one.published, one.expires]
    shown = sorted(groups["shown"], key=lambda one: (one.published, one.path))
    hidden = [one for status, group in groups.items() if status != "shown" for one in group]
    if linkable and (linked := _find_linked_files(shown, config, linkable)):
        files = {**files, **{path: linkable[path] for path in linked}}
    before = {} if published is None else published
    sources = {one.path for group in groups.values() for one in group}.union(unread)
    # Usually no file is gone; the mapping stays the same object, which `same` tests.
    left = before if before.keys() <= sources else _match_renamed(before, sources, shown)
    same = known is not None and left is known.publications  # unchanged since `known` was built
    opened = _select_files(files, shown, hidden)
    old = known.cache if known else None
    making = _resolve_posts(config, shown, opened, now, left, old, said=said, same=same)
    resolver = making.resolver
    away = _reset_future_dates(left, resolver.publications, now)
    publications = (
        known.publications
        if known and known.cache and same and not away and resolver is known.cache.resolver
        else {**left, **away, **resolver.publications}
    )
    every = [each.post for each in making.resolved_posts.values()]
    listed = [each for each in every if not each.unlisted]
    posts = tuple(each for each in listed if each.kind != PAGE)
    pages = (each for each in listed if each.kind == PAGE)
    return Library(
        posts=posts,
        pages=tuple(sorted(pages, key=attrgetter("path"))),
        tags=_group_posts(posts, attrgetter("tags"), _SLUG, attrgetter("label")),
        categories=_group_posts(posts, attrgetter("categories"), _SLUG, attrgetter("label")),
        authors=_group_posts(posts, attrgetter("authors"), _SLUG, attrgetter("name")),
        languages=_group_posts(posts, lambda post: (post.language,), str.casefold, str),
        files=resolver.files,
        drafts=len(groups["draft"]),
        scheduled=len(groups["scheduled"]),
        expired=len(groups["expired"]),
        private=len(groups["private"]),
        unlisted=tuple(post for post in every if post.unlisted),
        valid_from=max((moment for moment in moments if moment <= now), default=None),
        valid_until=min((moment for moment in moments if moment > now), default=None),
        problems=(
            *resolver.problems,
            *(problem for each in making.resolved_posts.values() for problem in each.problems),
        ),
        publications=publications,
        redirects=resolver.redirects,
        cache=making,
    )


def _match_renamed(
    published: Mapping[str, Publication], paths: Container[str], shown: Iterable[ParsedPost]
) -> dict[str, Publication]:
    """Return the publications of posts that still exist, matching renamed files.

    A new file with the title and date of a missing one is taken for the same post.
    """
    left = {path: each for path, each in published.items() if path in paths}
    # In reverse, so that the first path wins if two posts share a fingerprint.
    gone = {
        each.fingerprint: each
        for path, each in sorted(published.items(), reverse=True)
        if path not in left and each.fingerprint
    }
    for one in shown:
        if one.path not in left and gone and (before := gone.pop(compute_fingerprint(one), None)):
            left[one.path] = replace(before, path=one.path)
    return left


def _reset_future_dates(
    published: Mapping[str, Publication], shown: Mapping[str, Publication], now: datetime
) -> dict[str, Publication]:
    """Clear the publish date of hidden posts for which it is in the future again."""
    away = (published[path] for path in published.keys() - shown.keys())
    return {
        each.path: replace(each, publish_date=None)
        for each in away
        if each.publish_date and each.publish_date > now
    }


def _resolve_posts(  # noqa: PLR0913 - internal, called once
    config: Config,
    shown: Sequence[ParsedPost],
    sizes: Mapping[str, int],
    now: datetime,
    published: Mapping[str, Publication],
    known: LibraryCache | None,
    *,
    said: Mapping[str, PathLanguage],
    same: bool,
) -> LibraryCache:
    """Resolve the shown posts, oldest first, with the known resolver if it is still valid.

    `same` says that `published` is what the known resolver itself has published.
    """
    serves = known and (same or known.resolver.previous_publications == published)
    if known and serves and known.resolver.is_reusable(config, shown, sizes, now, said):
        resolver, old = known.resolver, known.resolved_posts
        resolved = {
            one.path: kept if (kept := old[one.path]).parsed_post is one else resolver.resolve(one)
            for one in reversed(shown)
        }
        return LibraryCache(resolver, resolved)
    resolver = PostResolver(config, shown, sizes, published, now, said)
    resolved = {one.path: resolver.resolve(one) for one in reversed(shown)}
    if known:
        resolved = {
            path: _reuse_post(each, known.resolved_posts.get(path))
            for path, each in resolved.items()
        }
    return LibraryCache(resolver, resolved)


def _reuse_post(resolved: ResolvedPost, known: ResolvedPost | None) -> ResolvedPost:
    """Return the known post object in place of an equal one."""
    return replace(resolved, post=known.post) if known and known.post == resolved.post else resolved


def _get_status(one: ParsedPost, now: datetime, *, drafts: bool, future: bool) -> str:
    """Return the status of a post at `now`, one of `_STATUSES`."""
    if one.visibility == PRIVATE:
        return "private"
    if one.draft and not drafts:
        return "draft"
    if one.expires and one.expires <= now:
        return "expired"
    return "scheduled" if one.published > now and not future else "shown"


def _select_files(
    files: Mapping[str, int], shown: Sequence[ParsedPost], hidden: Sequence[ParsedPost]
) -> Mapping[str, int]:
    """Leave out the files of bundles and asset folders whose post is hidden."""
    closed = {**bundles.find_bundles(one.path for one in hidden), **_asset_folders(shown, hidden)}
    if not closed:
        return files
    opened = bundles.find_bundles(one.path for one in shown)
    known = closed | opened
    return {
        path: size
        for path, size in files.items()
        if (folder := bundles.find_nearest_folder(path, known)) in opened or folder not in closed
    }


def _asset_folders(shown: Sequence[ParsedPost], hidden: Sequence[ParsedPost]) -> dict[str, str]:
    """Return the asset folders used by a hidden post alone: `trip/` beside `trip.md`."""
    own = {splitext(one.path)[0]: one.path for one in hidden}
    for one in shown if own else ():
        own.pop(splitext(one.path)[0], None)
        for folder in bundles.iter_parents(one.path):
            own.pop(folder, None)
    return own


def _find_linked_files(
    shown: Iterable[ParsedPost], config: Config, files: Container[str]
) -> set[str]:
    """Return the files that shown posts link to, embed or enclose."""
    found: set[str] = set()
    for one in shown:
        targets = [each.target for each in one.references]
        targets += [each.url for each in one.enclosures]
        targets += [one.image.url] if one.image else []
        for target in targets:
            found.update(link_index.find_files(target, one.path, config.site.url, files))
    return found


def _group_posts(
    posts: Iterable[Post],
    names: Callable[[Post], Iterable[Name]],
    key: Callable[[Name], str],
    label: Callable[[Name], str],
) -> tuple[tuple[Name, tuple[Post, ...]], ...]:
    """Group posts by name; names with the same key are one group. Groups are sorted by label.

    The posts of a group stay in order.
    """
    found: dict[str, tuple[Name, list[Post]]] = {}
    for post in posts:
        for name in names(post):
            slug = key(name)
            if slug in found:
                found[slug][1].append(post)
            else:
                found[slug] = (name, [post])
    order = sorted(found, key=lambda slug: (taxonomy.normalize_name(label(found[slug][0])), slug))
    return tuple((found[slug][0], tuple(found[slug][1])) for slug in order)
