"""Emphasis, bare URLs and wiki links: rules that `inlines` applies while it scans a text.

Emphasis follows CommonMark 0.31, section 6.2, with the "CJK friendly" amendments for Chinese,
Japanese and Korean, which put no spaces around words. Bare URLs and e-mail addresses follow GitHub
Flavored Markdown, section 6.9, and also end at Chinese punctuation.
"""

import re
import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass
from html import unescape
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from feedpub.content.markup import wikilinks
from feedpub.content.markup.commonmark.links import (
    normalize_label,
    parse_inline_link,
    parse_link_label,
)
from feedpub.content.markup.commonmark.nodes import InlineNode, append_nodes

_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SPACES = frozenset(" \t\n\r\f\u00a0")
_CJK = (
    (0x1100, 0x11FF),
    (0x2E80, 0x303E),
    (0x3040, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF01, 0xFFEE),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_FIRST_CJK = 0x1100


def get_flanking(sign: str, before: str, after: str) -> tuple[bool, bool]:
    """Return whether a run between two characters can open, and can close, emphasis."""
    space_before, space_after = _is_space(before), _is_space(after)
    stop_before, stop_after = _is_punctuation(before), _is_punctuation(after)
    cjk_before, cjk_after = _is_cjk(before), _is_cjk(after)
    other_before, other_after = stop_before and not cjk_before, stop_after and not cjk_after
    left = not space_after and (not other_after or space_before or other_before or cjk_before)
    right = not space_before and (not other_before or space_after or other_after or cjk_after)
    if sign == "_":
        return left and (not right or stop_before), right and (not left or stop_after)
    return left, right


def _is_space(character: str) -> bool:
    return character in _SPACES or unicodedata.category(character) == "Zs"


def _is_punctuation(character: str) -> bool:
    if character < "\x80":
        return character in _ASCII_PUNCTUATION
    return unicodedata.category(character)[0] in "PS"


def _is_cjk(character: str) -> bool:
    code = ord(character)
    return code >= _FIRST_CJK and any(low <= code <= high for low, high in _CJK)


def process_emphasis(runs: list[InlineNode], bottom: int) -> None:
    """Wrap matching runs above `bottom` of the stack in elements; unmatched runs stay text."""
    # "openers_bottom" in the specification: such a closer has no opener below this index.
    lowest: dict[tuple[str, bool, int], int] = {}
    index = bottom
    while index < len(runs):
        closer = runs[index]
        run = closer.run
        if run is None or not run.can_close or not run.length:
            index += 1
            continue
        kind = (run.delimiter, run.can_open, run.original_length % 3)
        opening = _opener(runs, index, max(bottom, lowest.get(kind, bottom)))
        if opening < 0:
            lowest[kind] = index
            index += 1
            continue
        _wrap(runs[opening], closer)
        del runs[opening + 1 : index]
        index = opening + 1
        if not _length(runs[opening]):
            del runs[opening]
            index -= 1
        # Runs below these have moved down: a bound that stayed would hide the openers above it.
        lowest = {each: min(bound, index) for each, bound in lowest.items()}
        if not run.length:
            del runs[index]
    del runs[bottom:]


def _opener(runs: Sequence[InlineNode], index: int, lowest: int) -> int:
    closer = runs[index].run
    for at in range(index - 1, lowest - 1, -1):
        opener = runs[at].run
        if opener is not None and closer is not None and opener.matches_closer(closer):
            return at
    return -1


def _wrap(opener: InlineNode, closer: InlineNode) -> None:
    """Wrap the nodes between two runs in an element, and shorten both runs."""
    first, last = opener.run, closer.run
    if first is None or last is None:
        return
    used = 2 if first.length >= 2 and last.length >= 2 else 1  # noqa: PLR2004
    if first.delimiter == "~":
        used = first.length
    tag = "del" if first.delimiter == "~" else "strong" if used == 2 else "em"  # noqa: PLR2004
    element = Element(tag)
    inner = opener.next if opener.next is not closer else None
    if inner is not None and closer.previous is not None:
        closer.previous.next = None
        append_nodes(element, inner)
    node = InlineNode(element=element, previous=opener, next=closer)
    opener.next, closer.previous = node, node
    for each, run in ((opener, first), (closer, last)):
        run.length -= used
        each.text = each.text[used:]


def _length(node: InlineNode) -> int:
    return node.run.length if node.run else 0


_BARE_URL = re.compile(r"(?:(?:https?|ftp)://|www\.)[^\s<>\x02\x03\"`]{1,2000}+", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z]+://(?:[^\s/?#@]{1,200}@)?|www\.)\w[\w-]*(?:\.\w[\w-]*)+")
_TRAILING = "?!.,:;*_~'\""
_TRAILING_ENTITY = re.compile(r"&[A-Za-z0-9]{1,31};$")
_CJK_STOP = re.compile(r"[\u3000-\u303f\uff00-\uffef\u2018-\u201f\u2026]")
_LOCAL_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")
_TOP_LEVEL = re.compile(r"\.[A-Za-z][A-Za-z0-9-]*$")
_DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,8}")


@dataclass(frozen=True, slots=True)
class Autolink:
    """A bare URL: the text to show, the target, and the length in the source."""

    text: str
    url: str
    length: int


def find_url(text: str, at: int, *, in_brackets: bool) -> Autolink | int:
    """Return the URL at an offset where `https://`, `ftp://` or `www.` starts.

    If it is not a URL, return how many characters to copy as text. In brackets it ends before `]`.
    """
    found = _BARE_URL.match(text, at)
    url = found[0] if found else ""
    if in_brackets:
        url = url.partition("]")[0]
    written = _trimmed(url)
    if not _HOST.match(written):
        return url.find("//") + 2 if "//" in url else len("www.")
    shown = unescape(written)
    return Autolink(shown, shown if "://" in written else f"http://{shown}", len(written))


def find_domain(text: str, at: int) -> str:
    """Return the domain of an e-mail address from the offset after its `@`, or ""."""
    found = _DOMAIN.match(text, at)
    name = found[0].rstrip("-_") if found else ""
    return name if found and name == found[0] and _TOP_LEVEL.search(name) else ""


def find_local_part(text: str) -> str:
    """Return the local part of an e-mail address at the end of a text, or ""."""
    found = _LOCAL_PART.search(text)
    return found[0] if found else ""


def _trimmed(url: str) -> str:
    """Strip trailing characters that belong to the sentence (GFM, section 6.9)."""
    stop = _CJK_STOP.search(url)
    url = url[: stop.start()] if stop else url
    closing = url.count(")") - url.count("(")
    while url:
        if url[-1] == ";":
            entity = _TRAILING_ENTITY.search(url)
            url = url[: entity.start()] if entity else url[:-1]
        elif url[-1] in _TRAILING:
            url = url[:-1]
        elif url[-1] == ")" and closing > 0:
            url, closing = url[:-1], closing - 1
        else:
            break
    return url


def build_wikilink_element(
    text: str, at: int, references: Container[str]
) -> tuple[Element, int] | None:
    """Return the element for `[[name]]` or `![[name]]` at an offset, and the offset after it.

    Return None if there is no wiki link, or if CommonMark reads a link there.
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
    """Return whether the brackets are the text of a link, or a defined label."""
    if parse_inline_link(text, end):
        return True
    outer = parse_link_label(text, end)
    inner = text[begin:end].lstrip("!")
    labels = (outer[0] if outer else "", inner[1:-1], inner[2:-2])
    return any(normalize_label(label) in references for label in labels)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;")
