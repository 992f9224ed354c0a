"""Bounds on what the Markdown of one post can become.

They refuse early, and say why, what would otherwise be ended as taking too much time or memory, or
would pass and be a burden on every page and feed that shows the post.
"""

import re

MAX_DEPTH = 200  # elements in one another; parsers of feeds give up at 256
MAX_MARKERS = 100  # of quotations and lists, at the beginning of one line
MAX_GROWTH = 20  # times as long as the Markdown the HTML may be …
MIN_LENGTH = 64_000  # … where it is longer than this
MAX_HEADINGS = 5_000
MAX_CELLS = 50_000
MAX_FOOTNOTES = 2_000

_MARKERS = re.compile(
    rf"^(?:[ \t]*(?:>|[-*+][ \t]|[0-9]{{1,9}}[.)][ \t])){{{MAX_MARKERS + 1}}}", re.MULTILINE
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Elements without an end tag, and those whose end tag may be left out.
_UNCOUNTED = frozenset(
    """
    area base br col embed hr img input link meta param source track wbr
    dd dt li optgroup option p rp rt tbody td tfoot th thead tr
    """.split()  # noqa: SIM905 - words are read as words
)


class MarkupError(Exception):
    """A body that cannot be read as Markdown; the message says why."""


def check_markdown(body: str) -> None:
    """Raise MarkupError where quotations or lists are nested too deeply in one line."""
    found = _MARKERS.search(body)
    if found:
        line = body.count("\n", 0, found.start()) + 1
        raise MarkupError(
            f"more than {MAX_MARKERS} quotations or lists are nested in line {line} of its text"
        )


def check_html(html: str, markdown: str) -> None:
    """Raise MarkupError where the HTML that an engine made of Markdown is out of all proportion."""
    check_length(html, markdown)
    _check_number(html, "<h", MAX_HEADINGS, "headings")
    _check_number(html, "<t", MAX_CELLS, "table cells")
    _check_number(html, 'class="footnote-ref"', MAX_FOOTNOTES, "references to footnotes")
    if html.count("<") - html.count("</") > MAX_DEPTH:
        _check_depth(html)


def check_length(html: str, markdown: str) -> None:
    """Raise MarkupError where HTML is much longer than the Markdown it was made of."""
    if len(html) > max(MIN_LENGTH, MAX_GROWTH * len(markdown)):
        raise MarkupError(f"its HTML would be more than {MAX_GROWTH} times as long as its text")


def _check_number(html: str, sign: str, most: int, what: str) -> None:
    if html.count(sign) > most:
        raise MarkupError(f"it has more than {most:,} {what}; divide it into several posts")


def _check_depth(html: str) -> None:
    depth = 0
    for found in _TAG.finditer(html):
        if found[2].lower() not in _UNCOUNTED:
            depth = max(depth - 1, 0) if found[1] else depth + 1
            if depth > MAX_DEPTH:
                raise MarkupError(
                    f"its elements, quotations or lists are nested more than {MAX_DEPTH} deep"
                )
