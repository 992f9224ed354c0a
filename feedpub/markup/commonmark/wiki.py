"""Make elements of the wiki links within a text (`feedpub.markup.wikilinks`)."""

from collections.abc import Container
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from feedpub.markup import wikilinks
from feedpub.markup.commonmark.links import normalize_label, parse_inline_link, parse_link_label


def build_wikilink_element(
    text: str, at: int, references: Container[str]
) -> tuple[Element, int] | None:
    """Return the element of `[[name]]` or `![[name]]` at a place, and the place behind it.

    None says that there is no such link, or that CommonMark has a link there.
    """
    if not text.startswith("[[", at + (text[at] == "!")):
        return None
    found = wikilinks.parse_wikilink(text, at)
    if found is None or _is_link(text, at, found.end, references):
        return None
    element = Element(found.tag, {name: _escaped(value) for name, value in found.attributes})
    if found.text:
        element.text = AtomicString(_escaped(found.text))
    return element, found.end


def _is_link(text: str, begin: int, end: int, references: Container[str]) -> bool:
    """Return whether what is in brackets there is a link's text, or a defined label."""
    if parse_inline_link(text, end):
        return True
    outer = parse_link_label(text, end)
    inner = text[begin:end].lstrip("!")
    labels = (outer[0] if outer else "", inner[1:-1], inner[2:-2])
    return any(normalize_label(label) in references for label in labels)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;")
