"""Tell from the attributes of a picture whether and where it can be seen."""

import re
from collections.abc import Mapping
from html import unescape

from feedpub.content.markup.allowed_html import LAZY_SOURCES, LAZY_SRCSETS

_TINY = re.compile(r"\s*0*[01](?:\.\d*+)?\s*(?:px\s*)?\Z", re.IGNORECASE)
_SIZES = frozenset(("height", "max-height", "max-width", "width"))
_HIDING = {"display": ("none",), "visibility": ("hidden", "collapse"), "opacity": ("0", "0%")}
_WIDTH = re.compile(r"(\d{1,5})w\Z")


def is_invisible(given: Mapping[str, str]) -> bool:
    """Return whether a picture is not meant to be seen: it counts readers.

    One that a script would show later is hidden only until then.
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
    """Return the URL that a script would put in the place of `src`, escaped as it was given."""
    return _first(given, LAZY_SOURCES)


def get_lazy_srcset(given: Mapping[str, str]) -> str:
    """Return what a script would put in the place of `srcset`, escaped as it was given."""
    return _first(given, LAZY_SRCSETS)


def find_largest_candidate(srcset: str) -> str:
    """Return the URL of the widest candidate of a settled `srcset`, else of the first one."""
    best, widest = "", -1
    for candidate in srcset.split(", "):
        url, _, descriptor = candidate.partition(" ")
        found = _WIDTH.match(descriptor)
        width = int(found[1]) if found else 0
        if url and width > widest:
            best, widest = url, width
    return best


def _first(given: Mapping[str, str], names: tuple[str, ...]) -> str:
    # A JSON object of sizes, as some themes write it, is no URL.
    values = (given.get(name, "").strip() for name in names)
    return next((each for each in values if each and not unescape(each).startswith("{")), "")
