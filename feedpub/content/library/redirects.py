"""Redirects of a site: from old addresses of posts, and from posts that lead elsewhere.

`plan_redirects` gives each a place that nothing else has, shortens chains and refuses loops.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urljoin

from feedpub.config.schema import Config
from feedpub.content.library.permalinks import Permalink, PermalinkBuilder
from feedpub.content.library.url_map import PathIndex, UrlMap
from feedpub.models.content import UNLISTED, ParsedPost, Problem, Redirect
from feedpub.models.text import fold_case


def plan_redirects(
    config: Config,
    shown: Sequence[ParsedPost],
    places: UrlMap,
    targets: Mapping[str, str],
    former: Mapping[str, Sequence[str]],
) -> tuple[tuple[Redirect, ...], tuple[Problem, ...]]:
    """Return every redirect, in order of its file, and what is wrong with those asked for.

    Args:
        config: Says where the site is, and which redirects are wanted.
        shown: All posts, oldest first: the older one gets an address that two ask for.
        places: Where posts and files are.
        targets: What the pages of posts lead on to: source path → absolute URL.
        former: Files below the output folder where posts were published before.
    """
    if not config.pages.enabled or config.pages.redirects == "none":
        return (), ()
    planner = _RedirectPlanner(config, places)
    for one in shown:
        planner.add_page(one, targets.get(one.path, ""))
    for one in shown:
        planner.add_aliases(one)
    if config.pages.redirects == "auto":
        for one in shown:
            planner.add_former(one, former.get(one.path, ()))
    return tuple(planner.resolve_chains()), tuple(planner.problems)


class _RedirectPlanner:
    """Collects redirects by the files that they are written to."""

    def __init__(self, config: Config, places: UrlMap) -> None:
        self._permalinks = PermalinkBuilder(config)
        self._site = config.site.url
        self._places = places
        self._found: list[Redirect] = []
        self._taken = PathIndex()  # by redirects
        self._leading: dict[str, ParsedPost] = {}  # URL of the page of a post → the post
        self.problems: list[Problem] = []

    def add_page(self, one: ParsedPost, target: str) -> None:
        """Let the page of a post lead on."""
        address = self._places.posts[one.path]
        if target and address.output_path:
            self._add(one, address, target)
            self._leading[address.url] = one

    def add_aliases(self, one: ParsedPost) -> None:
        """Let the old addresses that a post names lead to it."""
        for alias in one.redirect_from:
            if fault := self._add_alias(one, alias.target):
                told = f'old address "{alias.target}": {fault}'
                self.problems.append(Problem(one.path, alias.line, told))

    def add_former(self, one: ParsedPost, places: Iterable[str]) -> None:
        """Let the places where a post was published lead to it, where they are free."""
        for place in places:
            if not (self._places.find_owner(place) or self._taken.find_owner(fold_case(place))):
                self._add(
                    one,
                    self._permalinks.build_for_output("", place),
                    self._places.posts[one.path].url,
                )

    def resolve_chains(self) -> Iterator[Redirect]:
        """Yield the redirects with the last targets of chains; tell of those in a circle."""
        to = {each.url: each.target for each in self._found}
        for url in [url for url in self._leading if _known(_follow(url, to), to) == url]:
            path, target = self._leading[url].path, self._leading[url].redirect_to[0]
            fault = f'redirect_to "{target.target}": leads back to this post; take it out'
            self.problems.append(Problem(path, target.line, fault))
            del to[url]
        for each in sorted(self._found, key=lambda found: found.path):
            if each.url in to:
                yield replace(each, target=_follow(each.url, to))

    def _add_alias(self, one: ParsedPost, written: str) -> str:
        """Add a redirect from an old address; return what is wrong with it, or ""."""
        own = self._places.posts[one.path]
        if written.startswith("."):
            written = urljoin(own.url, f"../{written}")  # beside the post, as Hugo has it
        address, fault = self._permalinks.parse_old_address(written)
        if fault:
            return fault
        if address.output_path == own.output_path:
            return "that is the address of this post; take it out"
        if holder := self._taken.find_owner(fold_case(address.output_path)):
            same = holder == one.path
            return "" if same else f"leads to {holder} already; take it out of one of the two"
        if owner := self._places.find_owner(address.output_path):
            return f"{owner} is there already, so it leads nowhere else; take it out"
        self._add(one, address, own.url)
        return ""

    def _add(self, one: ParsedPost, address: Permalink, target: str) -> None:
        unlisted = one.visibility == UNLISTED
        found = Redirect(address.output_path, address.url, target, one.title, one.path, unlisted)
        self._found.append(found)
        self._taken.add(fold_case(address.output_path), one.path)


def _follow(url: str, to: Mapping[str, str]) -> str:
    """Return where one arrives who follows redirects from a URL, for the first time in a circle."""
    last, seen = url, set[str]()
    while (key := _known(last, to)) and key not in seen:
        seen.add(key)
        last = to[key]
    return last


def _known(url: str, to: Mapping[str, str]) -> str:
    """Return a URL as redirects have it, "" where nothing leads on from there."""
    bare = url.partition("#")[0]
    return bare if bare in to else f"{bare}/" if f"{bare}/" in to else ""
