"""The headings of a post → ids to link to, levels below the page's title, a table of contents."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape

from feedpub.content.markup.mathml import replace_mathml_with_tex
from feedpub.models.text import extract_text

_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_TOP, _LOWEST = 2, 6  # the title of the page is the heading of the first level
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
    """HTML whose headings can be linked to."""

    html: str
    first_heading: str  # plain text of the first heading


@dataclass(frozen=True, slots=True)
class _TocEntry:
    level: int
    id: str
    text: str


def process_headings(html: str, ids: set[str]) -> ProcessedHeadings:
    """Give each heading an id of its words, none of them twice, nor one of `ids`.

    The highest becomes a heading of the second level, below the title of the page, and no level
    is left out on the way down (as the Nu HTML checker demands); empty headings go. `[TOC]` in
    a paragraph of its own becomes the table of contents, the first one of several.
    """
    names = _HeadingIds(ids)
    entries: list[_TocEntry] = []
    above: list[int] = []  # the levels, as written, of the headings that one stands below

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
    """The ids of one document: those that are given, and those that headings had before.

    Up to version 0.1 several hyphens in a row were one, and links to such ids still work.
    """

    def __init__(self, ids: set[str]) -> None:
        self._taken = dict.fromkeys(ids, 0)
        self._formerly_taken = dict.fromkeys(ids, 0)
        self._former: dict[str, str] = {}  # id -> what it was before, where that was another

    def assign(self, wanted: str, text: str) -> str:
        """Return the id of a heading: the wanted one, else one of its words; none comes twice."""
        name = _make_unique_id(wanted or make_heading_id(text), self._taken)
        before = _make_unique_id(wanted or _former_id(text), self._formerly_taken)
        if before != name:
            self._former[name] = before
        return name

    def add_former_anchors(self, html: str) -> str:
        """Put an anchor into each heading whose id was another, where nothing else has that."""
        if not self._former:
            return html

        def with_anchor(match: re.Match[str]) -> str:
            former = self._former.get(match[1], "")
            if not former or former in self._taken:
                return match[0]
            return f'{match[0]}<span id="{former}"></span>'

        return _HEADING_START.sub(with_anchor, html)


def _level(written: int, above: list[int]) -> int:
    """Give the level below those `above` it, and enter it among them."""
    while above and above[-1] >= written:
        above.pop()
    level = _TOP + len(above)
    above.append(written)
    return min(level, _LOWEST)


def make_heading_id(text: str) -> str:
    """Return the id that GitHub, Hugo and kramdown make of a heading: `c--rust` of "C++ & Rust"."""
    words = unicodedata.normalize("NFC", text).strip().lower()
    if words.isascii():
        name = _NOT_IN_ID.sub("", words)
    else:  # where a mark is part of its letter, as in Hindi and Thai
        kept = (each for each in words if _is_in_word(each) or each in "- " or each.isspace())
        name = "".join(kept)
    return _SPACE.sub("-", name) or "section"


def _is_in_word(character: str) -> bool:
    return (
        character == "_" or character.isalnum() or unicodedata.category(character).startswith("M")
    )


def _former_id(text: str) -> str:
    """Return the id that version 0.1, and Python-Markdown, make of a heading."""
    words = _NOT_IN_ID.sub("", unicodedata.normalize("NFC", text)).strip().lower()
    return _GAPS.sub("-", words).strip("-") or "section"


def _make_unique_id(name: str, taken: dict[str, int]) -> str:
    """Return the name, or the first `name-1`, `name-2`, … that is free, and take it.

    `taken` tells with which number a name was given last, so that thousands of equal ones do not
    begin to count anew each time.
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
    """Write the headings as lists within lists."""
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
