"""Decide from front matter whether a file is a post or a page, who may see it, and its menu entry.

The keys are those of Hugo, Zola, Jekyll, Pelican, Eleventy, Docusaurus, Obsidian, Ghost and
WordPress. A visibility value that cannot be understood hides the post rather than showing it.
"""

import re
from collections.abc import Iterator, Mapping

from feedpub.content import field_reader, keys
from feedpub.content.field_reader import FieldReader
from feedpub.content.frontmatter import Value
from feedpub.models.content import PAGE, POST, PRIVATE, UNLISTED, MenuEntry

_PAGES = frozenset({"page", "pages", "static"})  # layouts and types of Jekyll and Hugo
_FOLDERS = frozenset({"pages", "_pages"})  # Pelican's, and the one of many Jekyll themes
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_YES = frozenset({"true", "yes", "on"})
_NO = frozenset({"false", "no", "off", "none"})
_MENUS = frozenset({"main", "primary", "header", "nav", "navbar", "navigation", "top", "menu"})
"""Names that Hugo themes give to the menu at the top of every page."""


def detect_kind(header: FieldReader, path: str, *, listed: bool, dated: bool) -> str:
    """Return `PAGE` or `POST`.

    The file's own `kind` decides, then `content.pages` (`listed`). A file without a date is a page
    if its layout or folder says so, since it could not be a post. A dated file that says nothing is
    a post, so that no feed loses it.
    """
    _, said = header.get_text(keys.KIND)
    if said.lower() in (PAGE, POST):
        return said.lower()
    return PAGE if listed or (not dated and _looks_like_page(header, path)) else POST


def _looks_like_page(header: FieldReader, path: str) -> bool:
    """Return whether other generators would treat a file without a date as a page."""
    *folders, name = path.split("/")
    layouts = [
        _name(value) for _, value in header.get_values(keys.LAYOUT) if isinstance(value, str)
    ]
    if not _FOLDERS.isdisjoint(folders) or not _PAGES.isdisjoint(layouts):
        return True
    # Jekyll treats every file outside of _posts as a page; at the top level that is reliable.
    is_front = name.lower().startswith("index.")
    own = [layout for layout in layouts if layout and "post" not in layout]
    return not folders and not is_front and bool(own)


def _name(layout: str) -> str:
    """Return a layout's name: `page` for `Page` and for Astro's `../layouts/Page.astro`."""
    return layout.strip().lower().rpartition("/")[2].partition(".")[0]


def parse_menu_entry(header: FieldReader) -> MenuEntry | None:
    """Return a page's menu entry: `menu: true`, `menu: 2`, or in Hugo's or Eleventy's form."""
    for key, value in header.get_values(keys.MENU):
        known = keys.normalize_key(key) in keys.ELEVENTY_MENU
        found = _navigation(value) if known else _entry(header, key, value)
        if found is not None:
            return _with_page_weight(header, found)
    return None


def _entry(header: FieldReader, key: str, value: Value) -> MenuEntry | None:
    """Parse `menu`: a boolean, a number, menu names, one entry, or a table of entries by menu."""
    if isinstance(value, Mapping):
        nested = {name: each for name, each in value.items() if isinstance(each, Mapping)}
        if not nested and any(name in value for name in ("name", "weight", "title")):
            return _labelled(value)
        main = [name for name in value if _is_main(header, key, name)]
        return _labelled(nested.get(main[0], {})) if main else None
    names = [value] if isinstance(value, str) else [each for each in value if isinstance(each, str)]
    for name in names:
        word = name.strip().lower()
        if _NUMBER.fullmatch(word):
            return MenuEntry(weight=int(word))
        if word in _NO:
            return None
        if word in _YES or _is_main(header, key, word):
            return MenuEntry()
    return None


def _is_main(header: FieldReader, key: str, name: str) -> bool:
    """Return whether a name means the main menu; warn about any other."""
    if name.strip().lower() in _MENUS:
        return True
    header.warn(key, f'{key}: unknown menu "{name}"; use `{key}: main`')
    return False


def _labelled(table: Mapping[str, Value]) -> MenuEntry:
    """Return an entry in Hugo's form: `name` or `title`, and `weight`."""
    label = next(_texts(table, "name", "title"), "")
    return MenuEntry(field_reader.strip_html(label), _number(next(_texts(table, "weight"), "")))


def _navigation(value: Value) -> MenuEntry | None:
    """Return an entry in Eleventy's form: `eleventyNavigation: {key: About, order: 3}`."""
    if not isinstance(value, Mapping) or "parent" in value:
        return None
    label = next(_texts(value, "title", "key"), "")
    return MenuEntry(field_reader.strip_html(label), _number(next(_texts(value, "order"), "")))


def _with_page_weight(header: FieldReader, entry: MenuEntry) -> MenuEntry:
    """Use the page's own weight for an entry without one, as Hugo does."""
    weight = entry.weight or _number(header.get_text(keys.WEIGHT)[1])
    return MenuEntry(entry.label, weight)


def _texts(table: Mapping[str, Value], *names: str) -> Iterator[str]:
    found = (table.get(name) for name in names)
    return (each for each in found if isinstance(each, str) and each)


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text.strip()) else 0


_TRUE = frozenset({"true", "yes", "on", "1", "y", "t"})
_FALSE = frozenset({"false", "no", "off", "0", "n", "f"})

_BY_STATUS = {
    "private": PRIVATE,
    "password": PRIVATE,
    "trash": PRIVATE,
    "trashed": PRIVATE,
    "hidden": UNLISTED,
    "unlisted": UNLISTED,
}
_BY_VISIBILITY = {
    **_BY_STATUS,
    "draft": PRIVATE,
    "members": PRIVATE,
    "paid": PRIVATE,
    "tiers": PRIVATE,
}
_NEVER = frozenset({*_FALSE, "never", "link"})  # values of `build.render` for no page
_NOT_LISTED = frozenset({*_FALSE, "never", "local"})  # values of `build.list` for no listing


def parse_bool(text: str) -> bool | None:
    """Parse "yes", "true", "on", "1" and their opposites; return None for anything else."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None


def parse_visibility(header: FieldReader) -> str:
    """Return PRIVATE, UNLISTED, or "" for a public post."""
    found = {*_flags(header), *_parse_status(header), _parse_build_options(header)}
    if PRIVATE in found:
        return PRIVATE
    return UNLISTED if UNLISTED in found else ""


def _flags(header: FieldReader) -> list[str]:
    """Return the visibilities set by boolean keys."""
    return [
        *(_flag(header, name, PRIVATE, hides=True) for name in keys.PRIVATE),
        *(_flag(header, name, PRIVATE, hides=False) for name in keys.PUBLIC),
        *(_flag(header, name, UNLISTED, hides=True) for name in keys.UNLISTED),
        *(_flag(header, name, UNLISTED, hides=False) for name in keys.LISTED),
        PRIVATE if _word(header, keys.PERMALINK) in _FALSE else "",
        _locked(header),
    ]


def _flag(header: FieldReader, name: str, meaning: str, *, hides: bool) -> str:
    """Return the visibility a boolean key sets, or ""; an invalid value sets it, with a warning."""
    key, text = header.get_text((name,))
    if not key:
        key, value = header.get_value((name,))
        text = "" if not value else str(value)
    said = parse_bool(text)
    if not key or said is (not hides):
        return ""
    if said is None:
        shown = "not published" if meaning == PRIVATE else "not in lists, feeds or mail"
        header.warn(key, f'{key}: "{text}" is neither true nor false; the post is {shown}')
    return meaning


def _locked(header: FieldReader) -> str:
    """Return PRIVATE for a post with a password, which a static site cannot check."""
    key, text = header.get_text(keys.PASSWORD)
    if not key or parse_bool(text) is False:
        return ""
    header.warn(key, f"{key}: a static site cannot check it, so the post is not published")
    return PRIVATE


def _parse_status(header: FieldReader) -> list[str]:
    """Return the visibilities set by `status` and `visibility`."""
    return [
        _BY_STATUS.get(_word(header, keys.STATUS), ""),
        _BY_VISIBILITY.get(_word(header, keys.VISIBILITY), ""),
    ]


def _parse_build_options(header: FieldReader) -> str:
    """Return the visibility set by Hugo's `build: {render: ..., list: ...}`."""
    _, options = header.get_value(keys.BUILD)
    if not isinstance(options, Mapping):
        return ""
    render, listed = (str(options.get(name, "")).strip().lower() for name in ("render", "list"))
    if render in _NEVER:
        return PRIVATE
    return UNLISTED if listed in _NOT_LISTED else ""


def _word(header: FieldReader, names: tuple[str, ...]) -> str:
    """Return the value of a key in lower case; "" for a list or a table."""
    value = header.get_value(names)[1]
    return value.strip().lower() if isinstance(value, str) else ""
