"""Adapt a post's HTML for mail clients, and inline the style sheet of a message.

`adapt_for_email` reduces a post to text, links, pictures and tables. `inline_css` moves styles into
the elements with css-inline: many mail clients drop style sheets, above all when a message is
forwarded or quoted. Rules that cannot be inlined, such as `@media`, stay in a style element.
`parse_html` and `serialize` convert between HTML and an lxml tree, and are also used by
`feedpub.newsletter.plaintext`.
"""

import re
from collections.abc import Iterator

import css_inline
from lxml import html as lxml_html
from lxml.html import HtmlElement

from feedpub.content.markup.mathml import replace_mathml_with_tex
from feedpub.site import template_filters

MAX_DEPTH = 60
"""Maximum nesting; a deeper element is replaced by its text."""

_SPACE = re.compile(r"[ \t\n]+")
# libxml2 does not know these void elements, and would nest what follows inside them.
_ENDLESS = re.compile(r"<(source|track|wbr)((?: [^<>]*)?)>")


def parse_html(html: str) -> HtmlElement:
    """Parse sanitised HTML into the children of one element, no deeper than `MAX_DEPTH`."""
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
    """Return the inner HTML of an element."""
    whole = str(lxml_html.tostring(root, encoding="unicode"))
    return whole.removeprefix("<div>").removesuffix("</div>")


def get_text(element: HtmlElement) -> str:
    """Return all text in an element, with white space unchanged."""
    return "".join(str(part) for part in element.itertext())


def get_svg_text(element: HtmlElement) -> str:
    """Return the label of an SVG drawing and the words in it."""
    words = [element.get("aria-label", ""), *map(str, element.itertext())]
    return " ".join(" ".join(words).split())


def collapse_whitespace(part: str | None) -> str:
    """Collapse white space as HTML does; a no-break space stays."""
    return _SPACE.sub(" ", part or "")


def get_tag(element: HtmlElement) -> str:
    """Return an element's tag name, in lower case."""
    return str(element.tag)


def find_rows(table: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the rows of a table, without those of nested tables."""
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is table:
            yield row


def find_media_url(element: HtmlElement) -> str:
    """Return the URL of an audio or video element's media, "" if it has none."""
    found = (element, *element.iter("source"))
    return next((url for each in found if (url := each.get("src"))), "")


MAX_WIDTH = 536
"""Width of the text in pixels; the message is 600 pixels wide."""

_DEEPEST = 6  # heading level
# Elements that mail clients do not support, and their replacements.
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
    """Adapt a post's HTML for a message that shows its title above it as an h2.

    Tracking pixels are removed, and so is what only a web page needs: ids, classes and footnote
    back-links. Pictures get a width and an alt text; audio and video become links. An inline
    picture (`data:`), which mail clients do not show, is replaced by its alt text.
    """
    root = parse_html(template_filters.prepare_for_page(html, title))
    for element in list(root.iterdescendants()):
        if element.getparent() is not None:  # not removed together with its parent
            _adapt_element(element)
    return serialize(root)


def _adapt_element(element: HtmlElement) -> None:
    """Replace or adapt one element."""
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
    """Remove attributes of no use in mail, and set the classes that the style sheet needs."""
    for key in set(element.attrib) - _ALLOWED_ATTRIBUTES:
        del element.attrib[key]
    if element.tag in ("figcaption", "summary"):
        element.set("class", str(element.tag))
    elif "footnotes" in kind:
        element.set("class", "notes")
    elif kind == "scroll":
        element.set("class", kind)


def _adapt_image(element: HtmlElement) -> bool:
    """Set a picture's width; return False if it was removed or replaced."""
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
        element.attrib.pop("height", None)  # or the picture would be distorted
    element.set("alt", element.get("alt", ""))
    return True


def _stands_alone(element: HtmlElement) -> bool:
    """Return whether a picture has a line of its own, rather than being an icon between words."""
    parent = element.getparent()
    beside = [each for each in parent if each is not element and get_tag(each) not in _BLOCK_TAGS]
    words = [parent.text or "", *(each.tail or "" for each in parent), *map(get_text, beside)]
    if "".join(words).strip():
        return False
    return get_tag(parent) not in _WRAPPER_TAGS or _stands_alone(parent)


def _link(element: HtmlElement) -> HtmlElement:
    """Turn a media element into a link, in a paragraph if it stands alone, and return it."""
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
    """Return the text that replaces a checkbox or a drawing."""
    if get_tag(element) == "svg":
        return get_svg_text(element)
    return "☑" if "checked" in element.attrib else "☐"


def _replace_with_text(element: HtmlElement, sign: str) -> None:
    """Replace an element by a text."""
    for child in list(element):
        element.remove(child)
    element.tag = "span"
    element.attrib.clear()
    element.text = sign
    element.drop_tag()


_CHARSET = '<meta charset="utf-8">'


def inline_css(html: str) -> str:
    """Inline the style sheet of a whole document into its elements."""
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    document = inliner.inline(html)
    # css-inline puts the kept rules first, but browsers look for the charset at the very start.
    bare = document.replace(_CHARSET, "", 1)
    return document if bare == document else bare.replace("<head>", f"<head>{_CHARSET}", 1)
