"""Assign every post and file a unique URL; `assign_urls` returns a `UrlMap`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import splitext
from types import MappingProxyType
from unicodedata import normalize

from feedpub.config.schema import Config
from feedpub.content.library import bundles
from feedpub.content.library.permalinks import Permalink, PermalinkBuilder
from feedpub.content.library.translations import (
    PathLanguage,
    TranslationGroups,
    find_translations,
    resolve_language,
)
from feedpub.models.content import ParsedPost, Problem, Publication
from feedpub.models.text import fold_case

_USUAL = "so no page can be there; the post gets its default URL; use a path instead"
_NOTHING: Mapping[str, PathLanguage] = MappingProxyType({})

REPLACEABLE_PAGES = ("404.html", "robots.txt")
"""Pages of feedpub that a file in the content folder replaces."""

# Paths that feedpub writes itself, as folded by `fold_case`: its files and everything below them
# (a file cannot be a folder), and its folders (which cannot be files).
_GROUP = "(?:tags|authors|categories|languages|feeds|digests)(?:/[^/.]+)?"
_LIST = f"(?:{_GROUP}|archive|subscribe)"
_ISSUE = "digests/[^/.]+/[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]+"
_FEEDS = rf"""
    (?: (?:{_GROUP}/)? (?:rss\.xml|atom\.xml|feed\.json)
      | archive-[0-9]+\.xml | feeds\.opml ) (?:/.*)?
    | {_GROUP}
"""
_PAGES = rf"""
    (?: (?: (?:{_LIST}/)? (?:page/[0-9]+/)? | {_ISSUE}/ ) index\.html
      | 404\.html | robots\.txt | sitemap(?:-[0-9]+)?\.xml
      | _redirects | redirects\.ma[^/]*p ) (?:/.*)?
    | (?:{_LIST}/)? page(?:/[0-9]+)?
    | {_ISSUE} | archive | subscribe | assets
"""
_FORMS = r"""
    (?: confirm | forget | preferences | resubscribe | subscribe | unsubscribe ) (?:/.*)?
  | healthz (?:/ready)? | metrics
"""
_RESERVED_PATTERNS = {
    (pages, newsletter): re.compile(
        "|".join((_FEEDS, *([_PAGES] * pages), *([_FORMS] * newsletter))), re.VERBOSE | re.DOTALL
    )
    for pages in (False, True)
    for newsletter in (False, True)
}
"""Keyed by whether pages and a newsletter are enabled.

The newsletter's forms have fixed URLs, where no post or file may imitate them.
"""


@dataclass(frozen=True, slots=True)
class UrlMap:
    """Where everything is published, by source path."""

    posts: Mapping[str, Permalink]
    requested: Mapping[str, str]  # as `Publication.requested`
    files: Mapping[str, str]  # path below the output folder
    translations: Mapping[str, tuple[str, ...]]  # paths of its group, original first
    problems: tuple[Problem, ...]
    used_paths: "PathIndex" = field(compare=False)
    reserved: re.Pattern[str] = field(compare=False)  # paths that feedpub writes

    def find_owner(self, output: str) -> str:
        """Return what occupies an output path: a source path, "feedpub", or ""."""
        folded = fold_case(output)
        return self.used_paths.find_owner(folded) or (
            "feedpub" if self.reserved.fullmatch(folded) else ""
        )


def assign_urls(
    config: Config,
    parsed_posts: Sequence[ParsedPost],
    files: Iterable[str],
    published: Mapping[str, Publication] | None = None,
    said: Mapping[str, PathLanguage] = _NOTHING,
) -> UrlMap:
    """Assign every post and file a URL.

    If two posts want one URL, the one `published` there keeps it, else the older one:
    `parsed_posts` come oldest first. Publications without a post belong to posts that are hidden
    for now; their URLs stay reserved. `said` holds the languages given by file and folder names.
    """
    published = published or {}
    places = _UrlAssigner(config, parsed_posts, said)
    # Order matters: hidden posts keep their URLs first, then published posts, then new ones by age.
    away = published.keys() - places.requested.keys()
    for path in sorted(away):
        places.reserve(published[path])
    newcomers = [
        one for one in parsed_posts if not places.keep_published(one, published.get(one.path))
    ]
    for one in newcomers:
        places.assign(one)
    places.report_moved()
    posts = {one.path: places.posts[one.path] for one in parsed_posts}
    files = frozenset(files)
    folders = {**bundles.find_asset_folders(parsed_posts, files), **bundles.find_bundles(posts)}
    for path in sorted(files):
        folder = bundles.find_nearest_folder(path, folders)
        places.add_file(path, _beside(path, folder, posts[folders[folder]]) if folder else path)
    asked = {
        path: _format_request(places.manuscripts[path], places.requested[path]) for path in posts
    }
    problems = (*places.groups.problems, *places.problems)
    return UrlMap(
        posts,
        asked,
        places.files,
        places.groups.by_path,
        problems,
        places.used_paths,
        places.reserved,
    )


def _add_languages(
    config: Config,
    permalinks: PermalinkBuilder,
    parsed_posts: Sequence[ParsedPost],
    said: Mapping[str, PathLanguage],
) -> tuple[TranslationGroups, dict[str, Permalink]]:
    """Find the groups of translations; return them and what each post asks for, with its language.

    The language is added for a post with the language in its name, and for a translation that asks
    for the URL of its original. A post's own permalink is not changed for its name alone.
    """
    wanted = {
        one.path: permalinks.build(said[one.path].strip_language(one) if one.path in said else one)
        for one in parsed_posts
    }
    found = find_translations(
        config, parsed_posts, said, {path: get_location(each) for path, each in wanted.items()}
    )
    moved: dict[str, Permalink] = {}
    for one in parsed_posts:
        original = found.by_path.get(one.path, (one.path,))[0]
        own = one.permalink and not permalinks.is_server_query(one)
        named = one.path in said and said[one.path].language_in_url and not own
        is_taken = original != one.path and get_location(wanted[one.path]) == get_location(
            wanted[original]
        )
        if named or is_taken:
            tongue = said[one.path].language if named else resolve_language(config, one, said)
            moved[one.path] = permalinks.add_language(wanted[one.path], tongue)
    return found, {**wanted, **moved}


def get_location(address: Permalink) -> str:
    """Return what identifies an address: its output path, or its URL if it has none."""
    return address.output_path or address.url


def _format_request(one: ParsedPost, wanted: Permalink) -> str:
    """Return what a post asks for and the words it uses, so that a new wording is a new request."""
    return f"{get_location(wanted)} {one.permalink or one.slug}".rstrip(" ")


class _UrlAssigner:
    """The URLs that are taken so far."""

    def __init__(
        self, config: Config, parsed_posts: Sequence[ParsedPost], said: Mapping[str, PathLanguage]
    ) -> None:
        self._permalinks = PermalinkBuilder(config)
        self.manuscripts = {one.path: one for one in parsed_posts}
        self.groups, self.requested = _add_languages(config, self._permalinks, parsed_posts, said)
        self.posts: dict[str, Permalink] = {}
        self.files: dict[str, str] = {}
        self.problems = [
            Problem(path, 0, f'permalink: "{one.permalink}" is a query string, {_USUAL}')
            for path, one in self.manuscripts.items()
            if self._permalinks.is_server_query(one)
        ]
        self._replaceable = REPLACEABLE_PAGES if config.pages.enabled else ()
        self.reserved = _RESERVED_PATTERNS[config.pages.enabled, bool(config.digests)]
        self.used_paths = PathIndex()
        self._urls: dict[str, str] = {}  # external URL: source path
        self._numbers: dict[str, int] = {}  # URL: next number, so that equal slugs stay linear

    def reserve(self, publication: Publication) -> None:
        """Reserve the URL of a hidden post, which may come back."""
        address = self._permalinks.parse_location(publication.location)
        if self._is_free(address):
            self._take(address, publication.path)

    def keep_published(self, one: ParsedPost, publication: Publication | None) -> bool:
        """Keep a post where it was published, unless its request changed; return success."""
        wanted = self.requested[one.path]
        if publication is None:
            return False
        if publication.location == get_location(wanted):
            address = wanted
        elif publication.requested == _format_request(one, wanted):
            address = replace(
                self._permalinks.parse_location(publication.location), slug=wanted.slug
            )
        else:
            return False
        if not self._is_free(address):
            return False
        self._give(one, address)
        return True

    def assign(self, one: ParsedPost) -> None:
        """Give a post the URL it asks for, or one with a number."""
        wanted = self.requested[one.path]
        self._give(one, wanted if self._is_free(wanted) else self._another(wanted))

    def report_moved(self) -> None:
        """Report each post that did not get the URL it asked for, and what has it."""
        for path, wanted in self.requested.items():
            given = self.posts[path]
            if get_location(given) != get_location(wanted):
                self._tell_moved(path, wanted, given)

    def _give(self, one: ParsedPost, address: Permalink) -> None:
        self.posts[one.path] = address
        self._take(address, one.path)

    def _take(self, address: Permalink, path: str) -> None:
        if address.output_path:
            self.used_paths.add(fold_case(address.output_path), path)
        else:
            self._urls[address.url] = path

    def add_file(self, path: str, wanted: str) -> None:
        """Publish a file at the path it wants; report it if that is taken."""
        place = normalize("NFC", wanted)
        folded = fold_case(place)
        owner = self.used_paths.find_owner(folded)
        if self.reserved.fullmatch(folded) and place not in self._replaceable:
            self._tell(path, f"not published: feedpub writes {place} itself; rename this file")
        elif owner:
            self._tell(path, f"not published: {owner} already uses {place}; rename this file")
        else:
            self.used_paths.add(folded, path)
            self.files[path] = place

    def _is_free(self, address: Permalink) -> bool:
        """Return whether a URL is neither taken nor reserved."""
        if not address.output_path:
            return address.url not in self._urls
        folded = fold_case(address.output_path)
        return not (self.reserved.fullmatch(folded) or self.used_paths.find_owner(folded))

    def _another(self, wanted: Permalink) -> Permalink:
        """Return the first free URL with a number."""
        folded = fold_case(wanted.output_path)
        # A number does not help where feedpub itself writes, or below a file.
        hopeless = self.reserved.fullmatch(folded) or self.used_paths.find_file_above(folded)
        start = self._permalinks.build_default(wanted.slug) if hopeless else wanted
        number = self._numbers.get(start.url, 1)
        address = start if number == 1 else self._permalinks.add_number(start, number)
        while not self._is_free(address):
            number += 1
            address = self._permalinks.add_number(start, number)
        self._numbers[start.url] = number + 1
        return address

    def _tell_moved(self, path: str, wanted: Permalink, given: Permalink) -> None:
        """Report that a post did not get the URL it asked for, if something else has it."""
        folded = fold_case(wanted.output_path)
        owner = (
            self.used_paths.find_owner(folded)
            if wanted.output_path
            else self._urls.get(wanted.url, "")
        )
        if owner == path or not (owner or self.reserved.fullmatch(folded)):
            return  # it keeps the URL it was published at while another post had this one
        if owner in self.posts:
            held = f"{owner} already uses {self.posts[owner].url}"
        elif owner:
            held = f"{owner}, currently unpublished, already uses {wanted.url}"
        else:
            held = f"feedpub writes {wanted.url} itself"
        one = self.manuscripts[path]
        hint = "slug" if owner and not one.permalink else "permalink"
        fault = f"{held}, so this post is at {given.url}; give it another {hint}"
        self._tell(path, fault, one.address_line)

    def _tell(self, path: str, message: str, line: int = 0) -> None:
        self.problems.append(Problem(path, line, message))


class PathIndex:
    """The taken paths of the output folder, as a case-insensitive file system sees them."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def find_owner(self, path: str) -> str:
        """Return the source of what conflicts with `path`, or ""."""
        return self._files.get(path) or self._folders.get(path) or self.find_file_above(path)

    def find_file_above(self, path: str) -> str:
        """Return the source of a file where `path` needs a folder, or ""."""
        for folder in bundles.iter_parents(path):
            if folder in self._folders:
                break  # its parents are folders too
            if folder in self._files:
                return self._files[folder]
        return ""

    def add(self, path: str, source: str) -> None:
        """Record that a path is written from a source."""
        self._files[path] = source
        for folder in bundles.iter_parents(path):
            if folder in self._folders:
                break
            self._folders[folder] = source


def _beside(path: str, folder: str, address: Permalink) -> str:
    """Return the path of a bundle's file: beside its page in `a/b/`, or in `a/b` for a/b.html."""
    if not address.output_path:
        return path
    return splitext(address.output_path)[0].removesuffix("/index") + path.removeprefix(folder)
