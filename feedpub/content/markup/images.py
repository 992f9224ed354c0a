"""Inspect image attributes: tracking pixels, lazy-loading sources, `srcset` candidates."""

import re
from collections.abc import Mapping
from html import unescape

from feedpub.content.markup.allowed_html import LAZY_SOURCES, LAZY_SRCSETS

_TINY = re.compile(r"\s*0*[01](?:\.\d*+)?\s*(?:px\s*)?\Z", re.IGNORECASE)
_SIZES = frozenset(("height", "max-height", "max-width", "width"))
_HIDING = {"display": ("none",), "visibility": ("hidden", "collapse"), "opacity": ("0", "0%")}
_WIDTH = re.compile(r"(\d{1,5})w\Z")


def is_invisible(given: Mapping[str, str]) -> bool:
    """Return whether an image is hidden, or under 2 pixels wide or high like tracking pixels.

    A hidden image with a lazy-loading attribute counts as visible: a script would show it.
    """
    sizes = (given[key] for key in ("width", "height") if key in given)
    if any(map(_TINY.match, sizes)):
        return True
    if any(given.get(key) for key in (*LAZY_SOURCES, *LAZY_SRCSETS)):
        return False
    if "hidden" in given:
        return True
    for declaration in given.get("style", "").lower().split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip(), value.replace("!important", "").strip()
        if value in _HIDING.get(name, ()) or (name in _SIZES and _TINY.match(value)):
            return True
    return False


def get_lazy_source(given: Mapping[str, str]) -> str:
    """Return the lazy-loading value for `src`, escaped as given, or ""."""
    return _first(given, LAZY_SOURCES)


def get_lazy_srcset(given: Mapping[str, str]) -> str:
    """Return the lazy-loading value for `srcset`, escaped as given, or ""."""
    return _first(given, LAZY_SRCSETS)


def find_largest_candidate(srcset: str) -> str:
    """Return the URL of the widest candidate in a normalised `srcset`, else the first."""
    best, widest = "", -1
    for candidate in srcset.split(", "):
        url, _, descriptor = candidate.partition(" ")
        found = _WIDTH.match(descriptor)
        width = int(found[1]) if found else 0
        if url and width > widest:
            best, widest = url, width
    return best


def _first(given: Mapping[str, str], names: tuple[str, ...]) -> str:
    # Some themes write a JSON object of sizes here instead of a URL.
    values = (given.get(name, "").strip() for name in names)
    return next((each for each in values if each and not unescape(each).startswith("{")), "")
