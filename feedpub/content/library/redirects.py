"""Plan redirects from old addresses of posts, and from posts whose page redirects elsewhere.

`plan_redirects` gives each a path that nothing else uses, shortens chains and refuses loops.
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
    """Return all redirects, sorted by output path, and the problems of those that were requested.

    Args:
        config: The site's URL, and which redirects are enabled.
        shown: All posts, oldest first: the older one gets an address that two ask for.
        places: Where posts and files are published.
        targets: Absolute URLs that the pages of posts redirect to, by source path.
        former: Output paths where posts were published before, by source path.
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
    """Collects redirects and the output paths they use."""

    def __init__(self, config: Config, places: UrlMap) -> None:
        self._permalinks = PermalinkBuilder(config)
        self._site = config.site.url
        self._places = places
        self._found: list[Redirect] = []
        self._taken = PathIndex()  # output paths of redirects
        self._leading: dict[str, ParsedPost] = {}  # by the URL of their page
        self.problems: list[Problem] = []

    def add_page(self, one: ParsedPost, target: str) -> None:
        """Redirect the page of a post to `target`, if there is one."""
        address = self._places.posts[one.path]
        if target and address.output_path:
            self._add(one, address, target)
            self._leading[address.url] = one

    def add_aliases(self, one: ParsedPost) -> None:
        """Redirect the old addresses named in a post's front matter to the post."""
        for alias in one.redirect_from:
            if fault := self._add_alias(one, alias.target):
                told = f'old URL "{alias.target}" {fault}'
                self.problems.append(Problem(one.path, alias.line, told))

    def add_former(self, one: ParsedPost, places: Iterable[str]) -> None:
        """Redirect the former output paths of a post to it, if they are free."""
        for place in places:
            if not (self._places.find_owner(place) or self._taken.find_owner(fold_case(place))):
                self._add(
                    one,
                    self._permalinks.build_for_output("", place),
                    self._places.posts[one.path].url,
                )

    def resolve_chains(self) -> Iterator[Redirect]:
        """Yield redirects with the final target of each chain; report and drop loops."""
        to = {each.url: each.target for each in self._found}
        # Every loop includes a post's own redirect_to, since aliases lead to posts.
        for url in [url for url in self._leading if _known(_follow(url, to), to) == url]:
            path, target = self._leading[url].path, self._leading[url].redirect_to[0]
            fault = f'redirect_to "{target.target}" leads back to this post; remove it'
            self.problems.append(Problem(path, target.line, fault))
            del to[url]
        for each in sorted(self._found, key=lambda found: found.path):
            if each.url in to:
                yield replace(each, target=_follow(each.url, to))

    def _add_alias(self, one: ParsedPost, written: str) -> str:
        """Add a redirect from an old address; return an error message or ""."""
        own = self._places.posts[one.path]
        if written.startswith("."):
            written = urljoin(own.url, f"../{written}")  # relative to the post's parent, as in Hugo
        address, fault = self._permalinks.parse_old_address(written)
        if fault:
            return fault
        if address.output_path == own.output_path:
            return "is the current URL of this post; remove it"
        if holder := self._taken.find_owner(fold_case(address.output_path)):
            same = holder == one.path
            return "" if same else f"already redirects to {holder}; remove it from one of the two"
        if owner := self._places.find_owner(address.output_path):
            return f"is already used by {owner}, so it cannot redirect; remove it"
        self._add(one, address, own.url)
        return ""

    def _add(self, one: ParsedPost, address: Permalink, target: str) -> None:
        unlisted = one.visibility == UNLISTED
        found = Redirect(address.output_path, address.url, target, one.title, one.path, unlisted)
        self._found.append(found)
        self._taken.add(fold_case(address.output_path), one.path)


def _follow(url: str, to: Mapping[str, str]) -> str:
    """Return where redirects lead from a URL; in a loop, the first URL that repeats."""
    last, seen = url, set[str]()
    while (key := _known(last, to)) and key not in seen:
        seen.add(key)
        last = to[key]
    return last


def _known(url: str, to: Mapping[str, str]) -> str:
    """Return the form in which a URL is redirected, with or without a final slash, or ""."""
    bare = url.partition("#")[0]
    return bare if bare in to else f"{bare}/" if f"{bare}/" in to else ""
