"""The links of the site's menu: those of the configuration, then the pages that ask for one."""

from collections.abc import Iterator
from urllib.parse import urljoin

from feedpub.config import Config
from feedpub.library import Library
from feedpub.model import MenuEntry, MenuLink, Post, Problem

_LAST = 10**9  # where an entry without a weight stands, as in Hugo


def menu(config: Config, library: Library) -> tuple[MenuLink, ...]:
    """Return the links of the menu in order, no address twice."""
    found: dict[str, MenuLink] = {}
    for link in (*_configured(config, library), *_asked_for(library)):
        found.setdefault(link.url, link)
    return tuple(found.values())


def missing(config: Config, library: Library, path: str) -> Iterator[Problem]:
    """Tell which entries of the configuration at `path` name no page that is published."""
    known = _by_path(library)
    for item in config.pages.menu:
        if item.page and item.page not in known:
            message = f'pages.menu: "{item.page}" is no published file of {config.content.folder}/'
            yield Problem(path, 0, message)


def _configured(config: Config, library: Library) -> Iterator[MenuLink]:
    known = _by_path(library) if config.pages.menu else {}
    for item in config.pages.menu:
        if item.url:
            yield MenuLink(item.name, urljoin(config.site.url, item.url))
        elif found := known.get(item.page):
            yield MenuLink(item.name or found.title, found.url)


def _asked_for(library: Library) -> Iterator[MenuLink]:
    asked = [(each.menu, each) for each in library.pages if each.menu]
    for entry, page in sorted(asked, key=_order):
        yield MenuLink(entry.label or page.title, page.url)


def _order(asked: tuple[MenuEntry, Post]) -> tuple[int, str]:
    entry, page = asked
    return entry.weight or _LAST, (entry.label or page.title).casefold()


def _by_path(library: Library) -> dict[str, Post]:
    return {each.path: each for each in (*library.posts, *library.pages)}
