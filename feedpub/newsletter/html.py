"""A post's HTML → HTML that mail programs show: no more than text, links, pictures and tables.

A mail's HTML with a style sheet → the same with every style where it belongs, by css-inline.

Mail programs forget style sheets, above all when a message is forwarded or quoted. What cannot
stand in an element, as `@media`, is kept in one for those that read it.

A post's HTML ⇄ a tree of its elements, by lxml.
"""

import re
from collections.abc import Iterator

import css_inline
from lxml import html as lxml_html
from lxml.html import HtmlElement

from feedpub.content.markup.mathml import replace_mathml_with_tex
from feedpub.site import template_filters

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


MAX_WIDTH = 536
"""Pixels of text in a mail 600 pixels wide."""

_DEEPEST = 6  # heading
# What mail programs do not know, and what says as much to them.
_REPLACED_TAGS = {
    "article": "div",
    "aside": "div",
    "details": "div",
    "figcaption": "p",
    "figure": "div",
    "kbd": "code",
    "mark": "b",
    "samp": "code",
    "section": "div",
    "summary": "p",
}
_ALLOWED_ATTRIBUTES = frozenset(
    (
        *("alt", "cite", "colspan", "dir", "height", "href", "lang", "reversed", "rowspan"),
        *("scope", "src", "start", "style", "title", "value", "width"),
    )
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_UNWRAPPED = frozenset(("data", "picture", "span", "time"))
_DROPPED = frozenset(("colgroup", "source", "track", "wbr"))
_BLOCK_TAGS = frozenset(("blockquote", "div", "figcaption", "ol", "p", "pre", "table", "ul"))
_WRAPPER_TAGS = frozenset(("a", "picture", "span"))
_TRACKING_PIXEL_SIZES = ("0", "1")


def adapt_for_email(html: str, title: str) -> str:
    """Fit a post's HTML into a mail that has its title, an h2, above it.

    Gone is what counts readers (a picture of one pixel) and what only a page needs (ids, classes,
    ways back from footnotes). Pictures have a width and a text; what can be played is a link. Of a
    picture within the HTML (`data:`), which mail programs do not show, there is the text alone.
    """
    root = parse_html(template_filters.prepare_for_page(html, title))
    for element in list(root.iterdescendants()):
        if element.getparent() is not None:  # it did not go with what it stood in
            _adapt_element(element)
    return serialize(root)


def _adapt_element(element: HtmlElement) -> None:
    """Turn one element into what mail programs know."""
    name, kind = get_tag(element), element.get("class", "")
    if name in _DROPPED or (name == "a" and ("backref" in kind or "headerlink" in kind)):
        element.drop_tree()
        return
    if name in ("audio", "video"):
        element = _link(element)
    elif name in ("input", "svg"):
        _replace_with_text(element, _get_text_equivalent(element))
        return
    elif name == "img":
        if not _adapt_image(element):
            return
    elif name in _HEADINGS:
        element.tag = f"h{min(int(name[1]) + 1, _DEEPEST)}"
    _strip(element, kind)
    if name in _REPLACED_TAGS:
        element.tag = _REPLACED_TAGS[name]
    elif name in _UNWRAPPED and not ("lang" in element.attrib or "dir" in element.attrib):
        element.drop_tag()


def _strip(element: HtmlElement, kind: str) -> None:
    """Take away attributes that say nothing in a mail, and name what the style sheet needs."""
    for key in set(element.attrib) - _ALLOWED_ATTRIBUTES:
        del element.attrib[key]
    if element.tag in ("figcaption", "summary"):
        element.set("class", str(element.tag))
    elif "footnotes" in kind:
        element.set("class", "notes")
    elif kind == "scroll":
        element.set("class", kind)


def _adapt_image(element: HtmlElement) -> bool:
    """Give a picture its width; False where it was none to look at, and has gone."""
    width = element.get("width", "")
    if width in _TRACKING_PIXEL_SIZES or element.get("height", "") in _TRACKING_PIXEL_SIZES:
        element.drop_tree()
        return False
    if element.get("src", "").lstrip().lower().startswith("data:"):
        _replace_with_text(element, element.get("alt", ""))
        return False
    wide = int(width) if width.isdecimal() else 0
    if wide > MAX_WIDTH or (not wide and _stands_alone(element)):
        element.set("width", str(MAX_WIDTH))
        element.attrib.pop("height", None)  # it would be squeezed
    element.set("alt", element.get("alt", ""))
    return True


def _stands_alone(element: HtmlElement) -> bool:
    """Tell whether a picture has a line of its own, and is no sign between words."""
    parent = element.getparent()
    beside = [each for each in parent if each is not element and get_tag(each) not in _BLOCK_TAGS]
    words = [parent.text or "", *(each.tail or "" for each in parent), *map(get_text, beside)]
    if "".join(words).strip():
        return False
    return get_tag(parent) not in _WRAPPER_TAGS or _stands_alone(parent)


def _link(element: HtmlElement) -> HtmlElement:
    """Make a link of what can be played, and give it; a paragraph of it where it stands alone."""
    url = find_media_url(element)
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    link = element
    if get_tag(element.getparent()) == "div":
        element.tag = "p"
        element.text = ""
        link = element.makeelement("a")
        element.append(link)
    link.tag = "a"
    link.set("href", url)
    link.text = f"▶ {template_filters.file_name(url)}"
    return link


def _get_text_equivalent(element: HtmlElement) -> str:
    """Return what stands for a box or a drawing, which mail programs do not show."""
    if get_tag(element) == "svg":
        return get_svg_text(element)
    return "☑" if "checked" in element.attrib else "☐"


def _replace_with_text(element: HtmlElement, sign: str) -> None:
    """Put a sign in the place of an element."""
    for child in list(element):
        element.remove(child)
    element.tag = "span"
    element.attrib.clear()
    element.text = sign
    element.drop_tag()


_CHARSET = '<meta charset="utf-8">'


def inline_css(html: str) -> str:
    """Write the styles of a whole document into its elements."""
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    document = inliner.inline(html)
    # What is kept goes before all else, and browsers look for the encoding at the beginning.
    bare = document.replace(_CHARSET, "", 1)
    return document if bare == document else bare.replace("<head>", f"<head>{_CHARSET}", 1)
