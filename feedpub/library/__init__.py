"""Manuscripts → the library: every post in its place, in order, by tag and by author."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from feedpub.config import Config
from feedpub.library import bundles, subjects
from feedpub.library.shelves import Shelves
from feedpub.model import Author, Manuscript, Post, Problem, Tag

Name = TypeVar("Name")

_SLUG = attrgetter("slug")


@dataclass(frozen=True, slots=True)
class Library:
    """All posts, newest first, and the groups they fall into, each in order of its name."""

    posts: tuple[Post, ...]
    tags: tuple[tuple[Tag, tuple[Post, ...]], ...]
    categories: tuple[tuple[Tag, tuple[Post, ...]], ...]
    authors: tuple[tuple[Author, tuple[Post, ...]], ...]
    languages: tuple[tuple[str, tuple[Post, ...]], ...]
    files: Mapping[str, str]  # published as they are: source path → path below the output folder
    drafts: int
    scheduled: int
    expired: int
    since: datetime | None  # this library holds from here …
    until: datetime | None  # … up to, not including, here: then a post appears or goes
    problems: tuple[Problem, ...]


def build(
    config: Config,
    manuscripts: Iterable[Manuscript],
    files: Mapping[str, int],
    now: datetime,
    *,
    drafts: bool = False,
    future: bool = False,
) -> Library:
    """Put manuscripts in their places; `files` gives the other files and their sizes in octets.

    Drafts and posts dated after `now` stay out unless asked for; expired ones always do. The
    files of a page bundle whose post stays out do so with it.
    """
    groups: dict[str, list[Manuscript]] = {"shown": [], "draft": [], "scheduled": [], "expired": []}
    moments: list[datetime] = []
    for one in manuscripts:
        groups[_fate(one, now, drafts=drafts, future=future)].append(one)
        if drafts or not one.draft:
            moments += [one.published] if one.expires is None else [one.published, one.expires]
    shown = sorted(groups["shown"], key=lambda one: (one.published, one.path))
    hidden = (one for fate, group in groups.items() if fate != "shown" for one in group)
    shelves = Shelves(config, shown, _open_files(files, shown, hidden))
    posts = tuple(shelves.post(one) for one in reversed(shown))
    return Library(
        posts=posts,
        tags=_grouped(posts, attrgetter("tags"), _SLUG, attrgetter("label")),
        categories=_grouped(posts, attrgetter("categories"), _SLUG, attrgetter("label")),
        authors=_grouped(posts, attrgetter("authors"), _SLUG, attrgetter("name")),
        languages=_grouped(posts, lambda post: (post.language,), str.casefold, str),
        files=shelves.files,
        drafts=len(groups["draft"]),
        scheduled=len(groups["scheduled"]),
        expired=len(groups["expired"]),
        since=max((moment for moment in moments if moment <= now), default=None),
        until=min((moment for moment in moments if moment > now), default=None),
        problems=tuple(shelves.problems),
    )


def _fate(one: Manuscript, now: datetime, *, drafts: bool, future: bool) -> str:
    """Tell whether a manuscript is shown at `now`, and if not, why."""
    if one.draft and not drafts:
        return "draft"
    if one.expires and one.expires <= now:
        return "expired"
    return "scheduled" if one.published > now and not future else "shown"


def _open_files(
    files: Mapping[str, int], shown: Iterable[Manuscript], hidden: Iterable[Manuscript]
) -> Mapping[str, int]:
    """Leave out the files of bundles whose post nobody may see yet, or any more."""
    closed = bundles.folders(one.path for one in hidden)
    if not closed:
        return files
    opened = bundles.folders(one.path for one in shown)
    known = closed | opened
    return {
        path: size
        for path, size in files.items()
        if (folder := bundles.nearest(path, known)) in opened or folder not in closed
    }


def _grouped(
    posts: Iterable[Post],
    names: Callable[[Post], Iterable[Name]],
    key: Callable[[Name], str],
    label: Callable[[Name], str],
) -> tuple[tuple[Name, tuple[Post, ...]], ...]:
    """Gather posts under each of their names, told apart by key and in order of their labels.

    The posts of each stay in order.
    """
    found: dict[str, tuple[Name, list[Post]]] = {}
    for post in posts:
        for name in names(post):
            slug = key(name)
            if slug in found:
                found[slug][1].append(post)
            else:
                found[slug] = (name, [post])
    order = sorted(found, key=lambda slug: (subjects.sameness(label(found[slug][0])), slug))
    return tuple((found[slug][0], tuple(found[slug][1])) for slug in order)
