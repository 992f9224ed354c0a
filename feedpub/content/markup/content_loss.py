"""Report content that will not be published, by line, and split the finished HTML at its links.

`split_references` is the last step of `MarkdownRenderer.render`: it checks every URL and cuts the
HTML at the relative ones. After that only `link_index.substitute_urls` changes the HTML, to put
resolved URLs in. The `find_*` and `locate_*` functions map findings back to lines of the file.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import unquote

from feedpub.content.markup import fences, urls, wikilinks
from feedpub.content.markup.commonmark import nodes
from feedpub.content.markup.embeds import ContentLoss
from feedpub.models.content import Body, Reference

_FOOTNOTE = re.compile(r"^[ \t>]*+\[\^([^\s\[\]]{1,200})\]:", re.MULTILINE)
_NOTE_ID = re.compile(r'id="fn:([^"]*)"')


def locate_losses(
    losses: Iterable[ContentLoss], body: str, first_line: int
) -> tuple[tuple[int, str], ...]:
    """Return (line of the file, message) for each loss; line 0 if it cannot be located."""
    found: list[tuple[int, str]] = []
    text, at = "", 0
    for loss in losses:
        text = text or _without_code(body).lower()
        place = _place(text, loss.search_texts, at)
        at = max(at, place + 1)
        line = first_line + text.count("\n", 0, place) if place >= 0 else 0
        found.append((line, loss.message))
    return tuple(found)


def find_unused_footnotes(body: str, html: str, first_line: int) -> tuple[tuple[int, str], ...]:
    """Return (line, message) for each footnote that is unused or defined twice."""
    if "]:" not in body or "[^" not in body:
        return ()
    text = _without_code(body)
    used = {unquote(unescape(name)).casefold() for name in _NOTE_ID.findall(html)}
    found: list[tuple[int, str]] = []
    known: set[str] = set()
    for note in _FOOTNOTE.finditer(text):
        label = note[1].casefold()
        if label in known:
            fault = "is defined twice: the second is left out"
        elif label not in used:
            fault = "is left out: nothing refers to it"
        else:
            known.add(label)
            continue
        line = first_line + text.count("\n", 0, note.start())
        found.append((line, f"the footnote [^{note[1]}] {fault}"))
    return tuple(found)


def find_extra_cells(body: str, first_line: int) -> tuple[tuple[int, str], ...]:
    """Return (line, message) for each row with more cells than its table has columns."""
    if "|" not in body or "--" not in body:
        return ()
    found: list[tuple[int, str]] = []
    columns = 0
    before = ""
    for number, line in enumerate(_without_code(body).split("\n"), first_line):
        row = line.lstrip(" \t>")
        if not row:
            columns = 0
        elif columns:
            extra = nodes.split_cells(row)[columns:] if row.count("|") >= columns else []
            if any(extra):
                found.append((number, f"the table has {columns} columns: extra cells are left out"))
        elif before and (aligned := nodes.parse_alignments(row)):
            columns = len(aligned) if len(nodes.split_cells(before)) == len(aligned) else 0
        before = row
    return tuple(found)


def _place(text: str, clues: Iterable[str], at: int) -> int:
    """Return the offset of the first clue found, preferably at or after `at`, or -1."""
    for clue in clues:
        for start in (at, 0):
            place = text.find(clue.lower(), start)
            if place >= 0:
                return place
    return -1


def _without_code(body: str) -> str:
    """Return the body with every line of fenced code emptied."""
    if not fences.has_fence(body):
        return body
    lines = body.split("\n")
    for fence in fences.find_fences(lines):
        lines[fence.first_line : fence.last_line + 1] = [""] * (
            fence.last_line + 1 - fence.first_line
        )
    return "\n".join(lines)


# Sanitised HTML has no bare "<" or ">" in text or attributes: everything like a tag is one.
_TAG = re.compile(r"<(?:a|audio|blockquote|del|img|ins|q|source|track|video) [^<>]*>")
_URL = re.compile(r' (href|src|poster|cite|srcset)="([^"]*)"')
_WEB = ("http://", "https://")

_SEARCH_BUDGET = 100_000_000
"""Characters that may be searched, per body, for targets not found after the one before."""


def split_references(html: str) -> Body:
    """Split the HTML at its relative URLs, and drop attributes whose URL is unsafe."""
    pieces: list[str] = []
    literal = ""
    done = 0
    for tag in _TAG.finditer(html):
        for found in _URL.finditer(html, tag.start(), tag.end()):
            name, value = found.groups()
            if value.startswith(_WEB) and name != "srcset":
                continue
            spans = list(_spans(name, value))
            picture = name == "src" and tag[0].startswith("<img ")
            if not all(urls.is_safe(url, picture=picture) for _, _, url in spans):
                literal += html[done : found.start()]
                done = found.end()
                continue
            for start, end, url in spans:
                if urls.is_relative(url):
                    pieces += literal + html[done : found.start(2) + start], url
                    literal = ""
                    done = found.start(2) + end
    return Body((*pieces, literal + html[done:]))


def _spans(name: str, value: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, unescaped URL) for each URL in a sanitised attribute value."""
    if name != "srcset":
        yield 0, len(value), unescape(value)
        return
    at = 0
    for candidate in value.split(", "):
        url = candidate.partition(" ")[0]
        yield at, at + len(url), unescape(url)
        at += len(candidate) + len(", ")


def locate_references(body: Body, text: str, first_line: int) -> tuple[Reference, ...]:
    """Return each distinct target with its line in the file, 0 if it cannot be located.

    Targets are nearly in text order, so each is searched for after the previous one first.
    Searching a whole long text for each of many targets would take quadratic time; other searches
    share a budget.
    """
    references: list[Reference] = []
    at, line, left = 0, first_line, _SEARCH_BUDGET
    for target in dict.fromkeys(body.pieces[1::2]):
        spellings = () if not target or target.startswith("#fn") else _spellings(target)
        place = -1
        for start in (at, 0):
            for spelling in spellings:
                if place < 0 < left:
                    place = text.find(spelling, start)
                    left -= len(text) if place < 0 or not start else 0
        if place >= at:
            line += text.count("\n", at, place)
            at = place
            references.append(Reference(target, line))
        elif place >= 0:
            references.append(Reference(target, first_line + text.count("\n", 0, place)))
        else:
            references.append(Reference(target, 0))
    return tuple(references)


def _spellings(target: str) -> tuple[str, ...]:
    """Return the spellings an author may have used for a target, the likeliest first."""
    if target.startswith(wikilinks.PREFIX):
        return (f"[[{unquote(target.removeprefix(wikilinks.PREFIX).partition('#')[0])}",)
    spaced = (target.replace("%20", " "),) if "%20" in target else ()
    bare = (target.partition("}")[2] or target,) if target[0] == "{" else ()
    return (target, *spaced, *bare)
