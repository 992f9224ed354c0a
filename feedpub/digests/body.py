"""A post's HTML → HTML that mail programs show: no more than text, links, pictures and tables."""

from lxml.html import HtmlElement

from feedpub import chrome
from feedpub.digests import tree

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
    root = tree.parse_html(chrome.prepare_for_page(html, title))
    for element in list(root.iterdescendants()):
        if element.getparent() is not None:  # it did not go with what it stood in
            _adapt_element(element)
    return tree.serialize(root)


def _adapt_element(element: HtmlElement) -> None:
    """Turn one element into what mail programs know."""
    name, kind = tree.get_tag(element), element.get("class", "")
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
    beside = [
        each for each in parent if each is not element and tree.get_tag(each) not in _BLOCK_TAGS
    ]
    words = [parent.text or "", *(each.tail or "" for each in parent), *map(tree.get_text, beside)]
    if "".join(words).strip():
        return False
    return tree.get_tag(parent) not in _WRAPPER_TAGS or _stands_alone(parent)


def _link(element: HtmlElement) -> HtmlElement:
    """Make a link of what can be played, and give it; a paragraph of it where it stands alone."""
    url = tree.find_media_url(element)
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    link = element
    if tree.get_tag(element.getparent()) == "div":
        element.tag = "p"
        element.text = ""
        link = element.makeelement("a")
        element.append(link)
    link.tag = "a"
    link.set("href", url)
    link.text = f"▶ {chrome.file_name(url)}"
    return link


def _get_text_equivalent(element: HtmlElement) -> str:
    """Return what stands for a box or a drawing, which mail programs do not show."""
    if tree.get_tag(element) == "svg":
        return tree.get_svg_text(element)
    return "☑" if "checked" in element.attrib else "☐"


def _replace_with_text(element: HtmlElement, sign: str) -> None:
    """Put a sign in the place of an element."""
    for child in list(element):
        element.remove(child)
    element.tag = "span"
    element.attrib.clear()
    element.text = sign
    element.drop_tag()
