"""Manuscripts and files → where each is published, no two at the same place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import splitext
from types import MappingProxyType
from unicodedata import normalize

from feedpub.config import Config
from feedpub.library import bundles
from feedpub.library.permalinks import Address, Permalinks
from feedpub.library.translations import Groups, Spoken, groups, language
from feedpub.model import Manuscript, Problem, Publication
from feedpub.slugs import fold

_USUAL = "no page can be there, and the post has its usual address; write a path in its place"
_NOTHING: Mapping[str, Spoken] = MappingProxyType({})

REPLACEABLE = ("404.html", "robots.txt")
"""Pages of feedpub's that a file of the user's own takes the place of."""

# Places that feedpub fills by itself, as `fold` gives paths: its files and all below them (for a
# file is no folder), and its folders (which are no files).
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
_OURS = {
    (pages, newsletter): re.compile(
        "|".join((_FEEDS, *([_PAGES] * pages), *([_FORMS] * newsletter))), re.VERBOSE | re.DOTALL
    )
    for pages in (False, True)
    for newsletter in (False, True)
}
"""By whether there are pages, and whether there is a newsletter: its forms are served at addresses
of their own, where nobody may put a page that looks like one of them."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is published: source path → place."""

    posts: Mapping[str, Address]
    asked: Mapping[str, str]  # what each post asked for, as a publication has it
    files: Mapping[str, str]  # → path below the output folder
    translations: Mapping[str, tuple[str, ...]]  # → those of its group, the original first
    problems: tuple[Problem, ...]
    taken: "Taken" = field(compare=False)
    ours: re.Pattern[str] = field(compare=False)  # places that feedpub fills by itself

    def owner(self, output: str) -> str:
        """Return whose page or file is where one would be: a source path, `feedpub`, or ""."""
        folded = fold(output)
        return self.taken.owner(folded) or ("feedpub" if self.ours.fullmatch(folded) else "")


def assign(
    config: Config,
    manuscripts: Sequence[Manuscript],
    files: Iterable[str],
    published: Mapping[str, Publication] | None = None,
    said: Mapping[str, Spoken] = _NOTHING,
) -> Addresses:
    """Give every manuscript and file its place.

    Where two want one place, the one that was `published` there keeps it, and else the older:
    `manuscripts` come oldest first. Publications of other posts are those of posts that are away
    for the moment: their places stay free. `said` is what names and folders say of languages.
    """
    published = published or {}
    places = _Places(config, manuscripts, said)
    away = published.keys() - places.wanted.keys()
    for path in sorted(away):
        places.reserve(published[path])
    newcomers = [one for one in manuscripts if not places.keep(one, published.get(one.path))]
    for one in newcomers:
        places.settle(one)
    places.tell_moved()
    posts = {one.path: places.posts[one.path] for one in manuscripts}
    files = frozenset(files)
    folders = {**bundles.asset_folders(manuscripts, files), **bundles.folders(posts)}
    for path in sorted(files):
        folder = bundles.nearest(path, folders)
        places.put(path, _beside(path, folder, posts[folders[folder]]) if folder else path)
    asked = {path: _asked(places.manuscripts[path], places.wanted[path]) for path in posts}
    problems = (*places.groups.problems, *places.problems)
    return Addresses(
        posts, asked, places.files, places.groups.of, problems, places.taken, places.ours
    )


def _translated(
    config: Config,
    permalinks: Permalinks,
    manuscripts: Sequence[Manuscript],
    said: Mapping[str, Spoken],
) -> tuple[Groups, dict[str, Address]]:
    """Find the groups of translations, and what each post asks for, with its language in it.

    A translation that is told by its name has its language there, and one that asks for the place
    of its original: a permalink of its own stays.
    """
    wanted = {
        one.path: permalinks.wanted(said[one.path].plain(one) if one.path in said else one)
        for one in manuscripts
    }
    found = groups(config, manuscripts, said, {path: place(each) for path, each in wanted.items()})
    moved: dict[str, Address] = {}
    for one in manuscripts:
        original = found.of.get(one.path, (one.path,))[0]
        own = one.permalink and not permalinks.asks_server(one)
        named = one.path in said and said[one.path].moved and not own
        is_taken = original != one.path and place(wanted[one.path]) == place(wanted[original])
        if named or is_taken:
            tongue = said[one.path].language if named else language(config, one, said)
            moved[one.path] = permalinks.translated(wanted[one.path], tongue)
    return found, {**wanted, **moved}


def place(address: Address) -> str:
    """Return what tells an address from all others: its file, or its URL where it has none."""
    return address.output or address.url


def _asked(one: Manuscript, wanted: Address) -> str:
    """Return what a post asks for, and by which words: who says it anew means it."""
    return f"{place(wanted)} {one.permalink or one.slug}".rstrip(" ")


class _Places:
    """The places that are given away, one after the other."""

    def __init__(
        self, config: Config, manuscripts: Sequence[Manuscript], said: Mapping[str, Spoken]
    ) -> None:
        self._permalinks = Permalinks(config)
        self.manuscripts = {one.path: one for one in manuscripts}
        self.groups, self.wanted = _translated(config, self._permalinks, manuscripts, said)
        self.posts: dict[str, Address] = {}
        self.files: dict[str, str] = {}
        self.problems = [
            Problem(path, 0, f'permalink: "{one.permalink}" is a question to a server: {_USUAL}')
            for path, one in self.manuscripts.items()
            if self._permalinks.asks_server(one)
        ]
        self._replaceable = REPLACEABLE if config.pages.enabled else ()
        self.ours = _OURS[config.pages.enabled, bool(config.digests)]
        self.taken = Taken()
        self._urls: dict[str, str] = {}  # of pages that are elsewhere → source path
        self._numbers: dict[str, int] = {}  # URL → the number to try next where it is taken

    def reserve(self, publication: Publication) -> None:
        """Leave the place of a post that is away free, for it may come back."""
        address = self._permalinks.known(publication.address)
        if self._is_free(address):
            self._take(address, publication.path)

    def keep(self, one: Manuscript, publication: Publication | None) -> bool:
        """Give a post the place where it was published; tell whether it asks for that still."""
        wanted = self.wanted[one.path]
        if publication is None:
            return False
        if publication.address == place(wanted):
            address = wanted
        elif publication.asked == _asked(one, wanted):
            address = replace(self._permalinks.known(publication.address), slug=wanted.slug)
        else:
            return False
        if not self._is_free(address):
            return False
        self._give(one, address)
        return True

    def settle(self, one: Manuscript) -> None:
        """Give a post the address it asks for, or else another."""
        wanted = self.wanted[one.path]
        self._give(one, wanted if self._is_free(wanted) else self._another(wanted))

    def tell_moved(self) -> None:
        """Say of each post that could not have the URL it asked for who has it."""
        for path, wanted in self.wanted.items():
            given = self.posts[path]
            if place(given) != place(wanted):
                self._tell_moved(path, wanted, given)

    def _give(self, one: Manuscript, address: Address) -> None:
        self.posts[one.path] = address
        self._take(address, one.path)

    def _take(self, address: Address, path: str) -> None:
        if address.output:
            self.taken.add(fold(address.output), path)
        else:
            self._urls[address.url] = path

    def put(self, path: str, wanted: str) -> None:
        """Publish a file at the place it wants; where that is taken, not at all."""
        place = normalize("NFC", wanted)
        folded = fold(place)
        owner = self.taken.owner(folded)
        if self.ours.fullmatch(folded) and place not in self._replaceable:
            self._tell(path, f"not published: feedpub writes {place} itself; rename this file")
        elif owner:
            self._tell(path, f"not published: {owner} is at {place} already; rename this file")
        else:
            self.taken.add(folded, path)
            self.files[path] = place

    def _is_free(self, address: Address) -> bool:
        """Tell whether nobody has an address, nor needs it."""
        if not address.output:
            return address.url not in self._urls
        folded = fold(address.output)
        return not (self.ours.fullmatch(folded) or self.taken.owner(folded))

    def _another(self, wanted: Address) -> Address:
        """Give the first address with a number in it that is free."""
        folded = fold(wanted.output)
        # No number helps where feedpub itself writes, nor below a file.
        hopeless = self.ours.fullmatch(folded) or self.taken.file_above(folded)
        start = self._permalinks.usual(wanted.slug) if hopeless else wanted
        number = self._numbers.get(start.url, 1)
        address = start if number == 1 else self._permalinks.numbered(start, number)
        while not self._is_free(address):
            number += 1
            address = self._permalinks.numbered(start, number)
        self._numbers[start.url] = number + 1
        return address

    def _tell_moved(self, path: str, wanted: Address, given: Address) -> None:
        """Say that a post could not have the URL it asked for, where somebody else has it."""
        folded = fold(wanted.output)
        owner = self.taken.owner(folded) if wanted.output else self._urls.get(wanted.url, "")
        if owner == path or not (owner or self.ours.fullmatch(folded)):
            return  # it stays where it was published when somebody else had that
        if owner in self.posts:
            held = f"{owner} is at {self.posts[owner].url}"
        elif owner:
            held = f"{owner}, which is away at the moment, is at {wanted.url}"
        else:
            held = f"feedpub writes {wanted.url}"
        one = self.manuscripts[path]
        hint = "slug" if owner and not one.permalink else "permalink"
        fault = f"{held} already, so this post is at {given.url}; give it another {hint}"
        self._tell(path, fault, one.address_line)

    def _tell(self, path: str, message: str, line: int = 0) -> None:
        self.problems.append(Problem(path, line, message))


class Taken:
    """The files of the output folder that are spoken for, as a case-insensitive disk sees them."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def owner(self, path: str) -> str:
        """Give the source of what is where `path` would be, "" where nothing is."""
        return self._files.get(path) or self._folders.get(path) or self.file_above(path)

    def file_above(self, path: str) -> str:
        """Give the source of a file that stands where `path` needs a folder, "" if none does."""
        for folder in bundles.parents(path):
            if folder in self._folders:
                break  # so nothing above it is a file
            if folder in self._files:
                return self._files[folder]
        return ""

    def add(self, path: str, source: str) -> None:
        """Give a path to what is made of a source."""
        self._files[path] = source
        for folder in bundles.parents(path):
            if folder in self._folders:
                break
            self._folders[folder] = source


def _beside(path: str, folder: str, address: Address) -> str:
    """Give the place of a bundle's file: beside its page `a/b/`, and in `a/b` for a/b.html."""
    if not address.output:
        return path
    return splitext(address.output)[0].removesuffix("/index") + path.removeprefix(folder)
