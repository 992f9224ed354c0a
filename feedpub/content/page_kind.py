"""Tell pages, such as About or an imprint, from posts, and read what they say of the menu.

Read from front matter who may see a post: everybody, whoever has its address, or nobody.

The keys are those of Hugo, Zola, Jekyll, Pelican, Eleventy, Docusaurus, Obsidian, Ghost and
WordPress. Where a value cannot be understood the post is shown to fewer people, not to more.
"""

import re
from collections.abc import Iterator, Mapping

from feedpub.content import field_reader, keys
from feedpub.content.field_reader import FieldReader
from feedpub.content.frontmatter import Value
from feedpub.models.content import PAGE, POST, PRIVATE, UNLISTED, MenuEntry

_PAGES = frozenset({"page", "pages", "static"})  # layouts and types, as Jekyll and Hugo have them
_FOLDERS = frozenset({"pages", "_pages"})  # Pelican's, and that of many themes of Jekyll
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_YES = frozenset({"true", "yes", "on"})
_NO = frozenset({"false", "no", "off", "none"})
_MENUS = frozenset({"main", "primary", "header", "nav", "navbar", "navigation", "top", "menu"})
"""What themes of Hugo call the menu at the top of every page."""


def detect_kind(header: FieldReader, path: str, *, listed: bool, dated: bool) -> str:
    """Tell whether a file is a post or a page.

    Its own `kind` counts first, then `content.pages`, where it is `listed`. What has no date is a
    page if its layout or its folder says so: as a post it could not be published. What has a date
    and says nothing stays a post, so that no feed loses it.
    """
    _, said = header.get_text(keys.KIND)
    if said.lower() in (PAGE, POST):
        return said.lower()
    return PAGE if listed or (not dated and _looks_like_page(header, path)) else POST


def _looks_like_page(header: FieldReader, path: str) -> bool:
    """Tell whether other generators would make a page of a file without a date."""
    *folders, name = path.split("/")
    layouts = [
        _name(value) for _, value in header.get_values(keys.LAYOUT) if isinstance(value, str)
    ]
    if not _FOLDERS.isdisjoint(folders) or not _PAGES.isdisjoint(layouts):
        return True
    # Jekyll makes a page of every file outside of _posts; at the top level they are what it says.
    is_front = name.lower().startswith("index.")
    own = [layout for layout in layouts if layout and "post" not in layout]
    return not folders and not is_front and bool(own)


def _name(layout: str) -> str:
    """Return a layout's name: `page` of `Page`, and of Astro's `../layouts/Page.astro`."""
    return layout.strip().lower().rpartition("/")[2].partition(".")[0]


def parse_menu_entry(header: FieldReader) -> MenuEntry | None:
    """Return a page's entry in the menu: `menu: true`, `menu: 2`, or as Hugo or Eleventy say it."""
    for key, value in header.get_values(keys.MENU):
        known = keys.normalize_key(key) in keys.ELEVENTY_MENU
        found = _navigation(value) if known else _entry(header, key, value)
        if found is not None:
            return _with_page_weight(header, found)
    return None


def _entry(header: FieldReader, key: str, value: Value) -> MenuEntry | None:
    """Read `menu`: a truth value, a number, names of menus, or one entry or several by menu."""
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
    """Tell whether a menu is the one there is, and warn where it is another."""
    if name.strip().lower() in _MENUS:
        return True
    header.warn(key, f'{key}: there is no menu "{name}", only "main": write `{key}: main`')
    return False


def _labelled(table: Mapping[str, Value]) -> MenuEntry:
    """Return an entry of Hugo's: `name` or `title`, and `weight`."""
    label = next(_texts(table, "name", "title"), "")
    return MenuEntry(field_reader.strip_html(label), _number(next(_texts(table, "weight"), "")))


def _navigation(value: Value) -> MenuEntry | None:
    """Return an entry of Eleventy's: `eleventyNavigation: {key: About, order: 3}`."""
    if not isinstance(value, Mapping) or "parent" in value:
        return None
    label = next(_texts(value, "title", "key"), "")
    return MenuEntry(field_reader.strip_html(label), _number(next(_texts(value, "order"), "")))


def _with_page_weight(header: FieldReader, entry: MenuEntry) -> MenuEntry:
    """Give an entry without a weight that of the page itself, as Hugo does."""
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
_NEVER = frozenset({*_FALSE, "never", "link"})  # of `build.render`: there is no page
_NOT_LISTED = frozenset({*_FALSE, "never", "local"})  # of `build.list`


def parse_bool(text: str) -> bool | None:
    """Read "yes", "true", "on", "1" and their opposites; None where it is none of them."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None


def parse_visibility(header: FieldReader) -> str:
    """Return PRIVATE, UNLISTED, or "" for a post that everybody may see."""
    found = {*_flags(header), *_parse_status(header), _parse_build_options(header)}
    if PRIVATE in found:
        return PRIVATE
    return UNLISTED if UNLISTED in found else ""


def _flags(header: FieldReader) -> list[str]:
    """Read the keys that are true or false."""
    return [
        *(_flag(header, name, PRIVATE, hides=True) for name in keys.PRIVATE),
        *(_flag(header, name, PRIVATE, hides=False) for name in keys.PUBLIC),
        *(_flag(header, name, UNLISTED, hides=True) for name in keys.UNLISTED),
        *(_flag(header, name, UNLISTED, hides=False) for name in keys.LISTED),
        PRIVATE if _word(header, keys.PERMALINK) in _FALSE else "",
        _locked(header),
    ]


def _flag(header: FieldReader, name: str, meaning: str, *, hides: bool) -> str:
    """Return what a key means where it says so, or says what nobody understands."""
    key, text = header.get_text((name,))
    if not key:
        key, value = header.get_value((name,))
        text = "" if not value else str(value)
    said = parse_bool(text)
    if not key or said is (not hides):
        return ""
    if said is None:
        shown = "not published" if meaning == PRIVATE else "in no list, feed or mail"
        header.warn(key, f'{key}: "{text}" is neither true nor false; the post is {shown}')
    return meaning


def _locked(header: FieldReader) -> str:
    """Return PRIVATE for a post with a password, which no file of a site can ask for."""
    key, text = header.get_text(keys.PASSWORD)
    if not key or parse_bool(text) is False:
        return ""
    header.warn(key, f"{key}: a site of files cannot ask for it, so the post is not published")
    return PRIVATE


def _parse_status(header: FieldReader) -> list[str]:
    """Read the keys whose value names who may see it."""
    return [
        _BY_STATUS.get(_word(header, keys.STATUS), ""),
        _BY_VISIBILITY.get(_word(header, keys.VISIBILITY), ""),
    ]


def _parse_build_options(header: FieldReader) -> str:
    """Read Hugo's `build: {render: ..., list: ...}`."""
    _, options = header.get_value(keys.BUILD)
    if not isinstance(options, Mapping):
        return ""
    render, listed = (str(options.get(name, "")).strip().lower() for name in ("render", "list"))
    if render in _NEVER:
        return PRIVATE
    return UNLISTED if listed in _NOT_LISTED else ""


def _word(header: FieldReader, names: tuple[str, ...]) -> str:
    """Return the text of a key in small letters; "" where it is a list or a table."""
    value = header.get_value(names)[1]
    return value.strip().lower() if isinstance(value, str) else ""
