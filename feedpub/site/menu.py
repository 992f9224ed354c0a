"""The links of the site's menu: those of the configuration, then the pages that ask for one."""

from collections.abc import Iterator
from urllib.parse import urljoin

from feedpub.config import Config
from feedpub.languages import score_language_match
from feedpub.library import Library
from feedpub.model import MenuEntry, MenuLink, Post, Problem

_LAST = 10**9  # where an entry without a weight stands, as in Hugo


def build_menus(config: Config, library: Library) -> dict[str, tuple[MenuLink, ...]]:
    """Return the menu of each language that there are posts or pages in."""
    spoken = {each.language for each in (*library.posts, *library.pages)}
    return {
        each: build_menu(config, library, each) for each in sorted({config.site.language, *spoken})
    }


def build_menu(config: Config, library: Library, language: str = "") -> tuple[MenuLink, ...]:
    """Return the links of the menu in order, no address twice.

    A page that is there in several languages is in the menu in the one that is nearest to this.
    """
    found: dict[str, MenuLink] = {}
    wanted = language or config.site.language
    for link in (*_configured(config, library, wanted), *_page_links(library, wanted)):
        found.setdefault(link.url, link)
    return tuple(found.values())


def find_missing_pages(config: Config, library: Library, path: str) -> Iterator[Problem]:
    """Tell which entries of the configuration at `path` name no page that is published."""
    known = _by_path(library)
    for item in config.pages.menu:
        if item.page and item.page not in known:
            message = f'pages.menu: "{item.page}" is no published file of {config.content.folder}/'
            yield Problem(path, 0, message)


def _configured(config: Config, library: Library, language: str) -> Iterator[MenuLink]:
    known = _by_path(library) if config.pages.menu else {}
    for item in config.pages.menu:
        if item.url:
            yield MenuLink(item.name, urljoin(config.site.url, item.url))
        elif found := known.get(item.page):
            page = _translated(found, library, language)
            yield MenuLink((item.name if page is found else "") or page.title, page.url)


def _page_links(library: Library, language: str) -> Iterator[MenuLink]:
    asked = [(each.menu, each) for each in library.pages if each.menu]
    for entry, page in sorted(asked, key=_order):
        shown = _translated(page, library, language)
        label = entry.label if shown is page else shown.menu.label if shown.menu else ""
        yield MenuLink(label or shown.title, shown.url)


def _translated(page: Post, library: Library, language: str) -> Post:
    """Return the translation of a page that is nearest to a language, or the original."""
    if not page.translations:
        return page
    url = max(page.translations, key=lambda each: score_language_match(each.language, language)).url
    if url == page.url:
        return page
    return next((each for each in (*library.pages, *library.posts) if each.url == url), page)


def _order(asked: tuple[MenuEntry, Post]) -> tuple[int, str]:
    entry, page = asked
    return entry.weight or _LAST, (entry.label or page.title).casefold()


def _by_path(library: Library) -> dict[str, Post]:
    return {each.path: each for each in (*library.posts, *library.pages)}
