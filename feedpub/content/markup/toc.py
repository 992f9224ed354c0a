"""Give headings ids and consistent levels, and build the table of contents.

Enter at `process_headings`; `make_heading_id` is shared with the wiki links.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape

from feedpub.content.markup.mathml import replace_mathml_with_tex
from feedpub.models.text import extract_text

_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_TOP, _LOWEST = 2, 6  # the page title is the h1
_HEADING_START = re.compile(
    r'<h[2-6](?: [a-z-]++="[^"]*+")*? id="([^"]*+)"(?: [a-z-]++="[^"]*+")*+>'
)
_ID = re.compile(r' id="([^"]*)"')
_GIVEN_ID = re.compile(r"\{:?\s*+#([\w:.-]++)[^{}]*+\}\Z")
_NOT_IN_ID = re.compile(r"[^\w\s-]")
_SPACE = re.compile(r"\s")
_GAPS = re.compile(r"[-\s]+")
_TOC_MARKER = re.compile(r"<p>\[(?:TOC|toc)\]</p>")


@dataclass(frozen=True, slots=True)
class ProcessedHeadings:
    """HTML in which every heading has an id."""

    html: str
    first_heading: str  # plain text of the first heading


@dataclass(frozen=True, slots=True)
class _TocEntry:
    level: int
    id: str
    text: str


def process_headings(html: str, ids: set[str]) -> ProcessedHeadings:
    """Give each heading a unique id made of its words, distinct from the `ids` in use.

    Headings start at h2, below the page title, and skip no level on the way down, as the Nu HTML
    checker requires. Empty headings are removed. The first `[TOC]` in a paragraph of its own
    becomes the table of contents.
    """
    names = _HeadingIds(ids)
    entries: list[_TocEntry] = []
    above: list[int] = []  # levels, as written, of the enclosing headings

    def identified(match: re.Match[str]) -> str:
        written, attributes, inner = match.groups()
        given = _GIVEN_ID.search(inner.rstrip()) if "#" in inner else None
        inner = inner[: given.start()].rstrip() if given else inner
        text = extract_text(replace_mathml_with_tex(inner))
        if not text and "<img " not in inner:
            return inner.strip()
        level = _level(int(written), above)
        known = _ID.search(attributes)
        name = known[1] if known else names.assign(given[1] if given else "", text)
        if not known:
            attributes += f' id="{name}"'
        entries.append(_TocEntry(level, unescape(name), text))
        return f"<h{level}{attributes}>{inner}</h{level}>"

    html = _HEADING.sub(identified, html)
    html = names.add_former_anchors(html)
    if "<p>[" in html and _TOC_MARKER.search(html):
        contents = _render_toc(entries)
        html = _TOC_MARKER.sub(lambda _: contents, html, count=1)
    return ProcessedHeadings(html, next((entry.text for entry in entries if entry.text), ""))


class _HeadingIds:
    """The ids in use in one document, and the ids its headings had up to version 0.1.

    Version 0.1 collapsed repeated hyphens. Links to the old ids still work.
    """

    def __init__(self, ids: set[str]) -> None:
        self._taken = dict.fromkeys(ids, 0)
        self._formerly_taken = dict.fromkeys(ids, 0)
        self._former: dict[str, str] = {}  # id -> id in version 0.1, if different

    def assign(self, wanted: str, text: str) -> str:
        """Return a unique heading id, made of `wanted` or else of the words of `text`."""
        name = _make_unique_id(wanted or make_heading_id(text), self._taken)
        before = _make_unique_id(wanted or _former_id(text), self._formerly_taken)
        if before != name:
            self._former[name] = before
        return name

    def add_former_anchors(self, html: str) -> str:
        """Add an anchor with the former id to each heading, unless that id is taken."""
        if not self._former:
            return html

        def with_anchor(match: re.Match[str]) -> str:
            former = self._former.get(match[1], "")
            if not former or former in self._taken:
                return match[0]
            return f'{match[0]}<span id="{former}"></span>'

        return _HEADING_START.sub(with_anchor, html)


def _level(written: int, above: list[int]) -> int:
    """Return the level of a heading below those `above`, and push it onto them."""
    while above and above[-1] >= written:
        above.pop()
    level = _TOP + len(above)
    above.append(written)
    return min(level, _LOWEST)


def make_heading_id(text: str) -> str:
    """Return the id that GitHub, Hugo and kramdown give a heading: "C++ & Rust" is `c--rust`."""
    words = unicodedata.normalize("NFC", text).strip().lower()
    if words.isascii():
        name = _NOT_IN_ID.sub("", words)
    else:  # keep combining marks, which Hindi and Thai need and `\w` does not match
        kept = (each for each in words if _is_in_word(each) or each in "- " or each.isspace())
        name = "".join(kept)
    return _SPACE.sub("-", name) or "section"


def _is_in_word(character: str) -> bool:
    return (
        character == "_" or character.isalnum() or unicodedata.category(character).startswith("M")
    )


def _former_id(text: str) -> str:
    """Return the id that version 0.1 and Python-Markdown give a heading."""
    words = _NOT_IN_ID.sub("", unicodedata.normalize("NFC", text)).strip().lower()
    return _GAPS.sub("-", words).strip("-") or "section"


def _make_unique_id(name: str, taken: dict[str, int]) -> str:
    """Return the name, or the first free one of `name-1`, `name-2`, …, and mark it taken.

    `taken` maps a name to its last suffix, so thousands of equal headings do not each count from
    one again.
    """
    free, number = name, taken.get(name, 0)
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    if name in taken:
        taken[name] = number
    taken[free] = 0
    return free


def _render_toc(entries: Sequence[_TocEntry]) -> str:
    """Render the entries as nested lists, or "" if there are none."""
    html: list[str] = []
    levels: list[int] = []
    for entry in entries:
        while len(levels) > 1 and entry.level < levels[-1]:
            levels.pop()
            html.append("</li></ul>")
        if not levels or entry.level > levels[-1]:
            levels.append(entry.level)
            html.append("<ul><li>")
        else:
            html.append("</li><li>")
        html.append(f'<a href="#{escape(entry.id)}">{escape(entry.text)}</a>')
    html.append("</li></ul>" * len(levels))
    return f'<div class="toc">{"".join(html)}</div>' if entries else ""
