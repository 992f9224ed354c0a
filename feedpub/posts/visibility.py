"""Read from front matter who may see a post: everybody, whoever has its address, or nobody.

The keys are those of Hugo, Zola, Jekyll, Pelican, Eleventy, Docusaurus, Obsidian, Ghost and
WordPress. Where a value cannot be understood the post is shown to fewer people, not to more.
"""

from collections.abc import Mapping

from feedpub.model import PRIVATE, UNLISTED
from feedpub.posts import keys
from feedpub.posts.header import FieldReader

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
