"""Limits on the size and nesting of one post's HTML, checked while it is rendered.

They reject a body early with a clear message. Otherwise rendering would exceed its time or memory
limit, or succeed and burden every page and feed that includes the post.
"""

import re

MAX_DEPTH = 200  # nested elements; feed parsers give up at 256
MAX_MARKERS = 100  # quotation and list markers at the start of one line
MAX_GROWTH = 20  # the HTML may be this many times as long as the Markdown …
MIN_LENGTH = 64_000  # … if it is longer than this many characters
MAX_HEADINGS = 5_000
MAX_CELLS = 50_000
MAX_FOOTNOTES = 2_000

_MARKERS = re.compile(
    rf"^(?:[ \t]*(?:>|[-*+][ \t]|[0-9]{{1,9}}[.)][ \t])){{{MAX_MARKERS + 1}}}", re.MULTILINE
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Elements without an end tag, or with an optional one.
_UNCOUNTED = frozenset(
    """
    area base br col embed hr img input link meta param source track wbr
    dd dt li optgroup option p rp rt tbody td tfoot th thead tr
    """.split()  # noqa: SIM905 - a list of quoted names is harder to read
)


class MarkupError(Exception):
    """A body that cannot be rendered; the message gives the reason."""


def check_markdown(body: str) -> None:
    """Raise MarkupError if one line has more than MAX_MARKERS quotation or list markers."""
    found = _MARKERS.search(body)
    if found:
        line = body.count("\n", 0, found.start()) + 1
        raise MarkupError(
            f"more than {MAX_MARKERS} nested quotes or lists in line {line} of the text"
        )


def check_html(html: str, markdown: str) -> None:
    """Raise MarkupError if the HTML is too long, too deeply nested, or has too many elements."""
    check_length(html, markdown)
    _check_number(html, "<h", MAX_HEADINGS, "headings")
    _check_number(html, "<t", MAX_CELLS, "table cells")
    _check_number(html, 'class="footnote-ref"', MAX_FOOTNOTES, "footnote references")
    if html.count("<") - html.count("</") > MAX_DEPTH:
        _check_depth(html)


def check_length(html: str, markdown: str) -> None:
    """Raise MarkupError if HTML is over MIN_LENGTH and MAX_GROWTH times its Markdown."""
    if len(html) > max(MIN_LENGTH, MAX_GROWTH * len(markdown)):
        raise MarkupError(f"the HTML would be more than {MAX_GROWTH} times as long as the text")


def _check_number(html: str, sign: str, most: int, what: str) -> None:
    if html.count(sign) > most:
        raise MarkupError(f"more than {most:,} {what}; split it into several posts")


def _check_depth(html: str) -> None:
    depth = 0
    for found in _TAG.finditer(html):
        if found[2].lower() not in _UNCOUNTED:
            depth = max(depth - 1, 0) if found[1] else depth + 1
            if depth > MAX_DEPTH:
                raise MarkupError(
                    f"elements, quotes or lists are nested more than {MAX_DEPTH} deep"
                )
