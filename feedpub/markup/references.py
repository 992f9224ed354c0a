"""The last step of rendering: judge every URL of the finished HTML, and divide it at the relative
ones. Nothing is changed after this but that `links.fill` puts resolved URLs in.
"""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from feedpub.markup import urls, wikilinks
from feedpub.model import Body, Reference

# In sanitised HTML no "<" or ">" stands in text or in an attribute: what looks like a tag is one.
_TAG = re.compile(r"<(?:a|audio|blockquote|del|img|ins|q|source|track|video) [^<>]*>")
_URL = re.compile(r' (href|src|poster|cite|srcset)="([^"]*)"')
_WEB = ("http://", "https://")

_SEARCH_BUDGET = 100_000_000
"""Characters looked through for targets that do not follow the one before."""


def split_references(html: str) -> Body:
    """Return the HTML divided at its relative URLs, without attributes nobody should follow."""
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
    """Yield where each URL of a settled attribute begins and ends, and the URL unescaped."""
    if name != "srcset":
        yield 0, len(value), unescape(value)
        return
    at = 0
    for candidate in value.split(", "):
        url = candidate.partition(" ")[0]
        yield at, at + len(url), unescape(url)
        at += len(candidate) + len(", ")


def locate_references(body: Body, text: str, first_line: int) -> tuple[Reference, ...]:
    """Return each target with the line of the Markdown it stands on, 0 where it cannot be told.

    Targets come nearly in the order of the text, so each is looked for behind the one before it
    first: to search all of a long text for each of many would take time without bound.
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
    """Return the forms in which an author may have written a target, the likeliest first."""
    if target.startswith(wikilinks.PREFIX):
        return (f"[[{unquote(target.removeprefix(wikilinks.PREFIX).partition('#')[0])}",)
    spaced = (target.replace("%20", " "),) if "%20" in target else ()
    bare = (target.partition("}")[2] or target,) if target[0] == "{" else ()
    return (target, *spaced, *bare)
