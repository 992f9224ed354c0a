"""A post's HTML ⇄ a tree of its elements, by lxml."""

import re
from collections.abc import Iterator

from lxml import html as lxml_html
from lxml.html import HtmlElement

from feedpub.markup.mathml import replace_mathml_with_tex

MAX_DEPTH = 60
"""Elements within each other; what is deeper is no more than its text."""

_SPACE = re.compile(r"[ \t\n]+")
# libxml2 does not know them for elements without an end, and puts what follows into them.
_ENDLESS = re.compile(r"<(source|track|wbr)((?: [^<>]*)?)>")


def parse_html(html: str) -> HtmlElement:
    """Give sanitised HTML as the children of one element, no deeper than `DEEPEST`."""
    parser = lxml_html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    ended = _ENDLESS.sub(r"<\1\2></\1>", replace_mathml_with_tex(html))
    root = lxml_html.document_fromstring(f"<div>{ended}</div>", parser=parser)
    whole = next(root.iter("div"))
    below = [(whole, 0)]
    while below:
        element, depth = below.pop()
        if depth == MAX_DEPTH:
            content = get_text(element)
            for child in list(element):
                element.remove(child)
            element.text = content
        below += [(child, depth + 1) for child in element]
    return whole


def serialize(root: HtmlElement) -> str:
    """Give the HTML of what stands in an element."""
    whole = str(lxml_html.tostring(root, encoding="unicode"))
    return whole.removeprefix("<div>").removesuffix("</div>")


def get_text(element: HtmlElement) -> str:
    """Give all text in an element, white space as it is."""
    return "".join(str(part) for part in element.itertext())


def get_svg_text(element: HtmlElement) -> str:
    """Return the label of a drawing and the words in it."""
    words = [element.get("aria-label", ""), *map(str, element.itertext())]
    return " ".join(" ".join(words).split())


def collapse_whitespace(part: str | None) -> str:
    """Fold white space as HTML does; a no-break space stays."""
    return _SPACE.sub(" ", part or "")


def get_tag(element: HtmlElement) -> str:
    """Give an element's name, in lower case."""
    return str(element.tag)


def find_rows(table: HtmlElement) -> Iterator[HtmlElement]:
    """Give the rows of a table, those of tables in its cells not among them."""
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is table:
            yield row


def find_media_url(element: HtmlElement) -> str:
    """Give the address of what an audio or video element plays; "" where it has none."""
    found = (element, *element.iter("source"))
    return next((url for each in found if (url := each.get("src"))), "")
