"""Sanitise HTML for pages, feeds and mail. Enter at `Sanitizer.sanitize`.

nh3 (html5ever) parses untrusted HTML, drops everything that `allowed_html` does not list, and
writes well-formed HTML. One pass over its tags then checks attribute values.
`content_loss.split_references` makes the final check of every URL.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from html import unescape

import nh3

from feedpub.content.markup import embeds, excerpt, images, urls
from feedpub.content.markup.allowed_html import (
    ALLOWED_ATTRIBUTES,
    ALLOWED_TAGS,
    CLEAN_CONTENT_TAGS,
    FOREIGN_ELEMENTS,
    GLOBAL_ATTRIBUTES,
    LAZY_SOURCES,
    LAZY_SRCSETS,
    MATHML_ELEMENTS,
    SVG_ELEMENTS,
    SVG_PRESENTATION_ATTRIBUTES,
)
from feedpub.content.markup.embeds import ContentLoss
from feedpub.content.markup.shortcodes import ShortcodeStash, has_stashed_tag
from feedpub.models.text import strip_invalid_characters

# Obsolete elements, and landmarks that belong to the page rather than the post: the Nu HTML
# checker reports both.
_RENAMED = {
    "acronym": "abbr",
    "aside": "div",
    "center": "div",
    "footer": "div",
    "header": "div",
    "nav": "div",
    "strike": "s",
    "tt": "code",
}

# Dropped with their content, which would be HTML or is not known to be harmless.
_FOREIGN_EMPTIED = {"annotation-xml", "desc", "foreignObject", "metadata"}
_OWN_PAINT = re.compile(r"url\(#[\w.:-]+\)")
_TAG = re.compile(
    r"<(?:(a|audio|center|img|input|source|track|video)"
    r'|([a-z][a-z0-9]*)((?: [a-z][a-z:-]*="[^"]*")+))>'
)
_ATTRIBUTE = re.compile(r' ([a-z][a-z:-]*)="([^"]*)"')
_RENAME = re.compile(rf"(</?)({'|'.join(_RENAMED)})(?=[ >])")
_BARE_LINK = re.compile(r"<a>(.*?)</a>", re.DOTALL)
_EMPTY_LINK = re.compile(r"<a(?= )(?![^>]* (?:id|title)=)[^>]*></a>")
_EMPTY_PARAGRAPH = re.compile(r"<p>\s*</p>\n?")
_ALIGN = re.compile(
    r"text-align\s*:\s*(left|right|center|justify|start|end)\s*(?:;|$)", re.IGNORECASE
)
_SIDE = re.compile(r"(left|right|center|justify)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,5}")
_INTEGER = re.compile(r"-?\d{1,9}")
_DROPPED_ATTRIBUTES = frozenset(
    ("hidden", "style", *LAZY_SOURCES, *LAZY_SRCSETS)
)  # already used by embeds and _resolve_lazy_sources
_LINKS = frozenset(("cite", "href", "poster", "src"))
_FOREIGN_ID = re.compile(rf"(<(?:{'|'.join(FOREIGN_ELEMENTS)})(?: [^<>]*?)?) id=\"([^\"]*)\"")


@dataclass(slots=True)
class SanitizedHtml:
    """Sanitised HTML, with the first image, the ids and the losses found on the way."""

    html: str = ""
    image: str = ""  # target or URL of the first image
    image_alt: str = ""
    ids: set[str] = field(default_factory=set)
    losses: list[ContentLoss] = field(default_factory=list)


class Sanitizer:
    """Sanitises HTML; holds the two nh3 cleaners, without and with SVG and MathML."""

    def __init__(self) -> None:
        self._nh3 = nh3.Cleaner(
            tags=set(ALLOWED_TAGS),
            clean_content_tags=set(CLEAN_CONTENT_TAGS),
            attributes={
                "*": set(GLOBAL_ATTRIBUTES),
                **{name: set(ALLOWED_ATTRIBUTES[name]) for name in ALLOWED_ATTRIBUTES},
            },
            url_schemes=set(urls.ALLOWED_SCHEMES),
            link_rel=None,
            strip_comments=False,  # excerpt.strip_html_comments looks for `more` in them,
        )
        self._foreign = nh3.Cleaner(
            tags={*ALLOWED_TAGS, *FOREIGN_ELEMENTS},
            clean_content_tags=(set(CLEAN_CONTENT_TAGS) | _FOREIGN_EMPTIED) - {"svg"},
            attributes={
                "*": set(GLOBAL_ATTRIBUTES),
                **{name: set(ALLOWED_ATTRIBUTES[name]) for name in ALLOWED_ATTRIBUTES},
                **{name: set(MATHML_ELEMENTS[name]) for name in MATHML_ELEMENTS},
                **{
                    name: {*SVG_ELEMENTS[name], *SVG_PRESENTATION_ATTRIBUTES}
                    for name in SVG_ELEMENTS
                },
            },
            attribute_filter=_foreign_attribute,
            url_schemes=set(urls.ALLOWED_SCHEMES),
            link_rel=None,
            strip_comments=False,
        )

    def sanitize(self, raw: str, shortcodes: ShortcodeStash) -> SanitizedHtml:
        """Return the safe HTML of `raw`. The only comment kept is `excerpt.SUMMARY_DIVIDER`."""
        replaced = embeds.replace_embeds(raw)
        sanitised = self._sanitise(replaced.html, is_foreign=replaced.has_foreign_elements)
        # nh3 has decoded character references such as `&#8;`, so strip invalid characters again.
        html = excerpt.strip_html_comments(strip_invalid_characters(sanitised))
        cleaned = SanitizedHtml(losses=replaced.losses)
        if replaced.has_foreign_elements:
            html = _FOREIGN_ID.sub(partial(_keep_id, cleaned.ids), html)
        tags = _TagRewriter(cleaned, shortcodes)
        html = _TAG.sub(tags.rewrite, html)
        # From here on no attribute contains "<", so everything that looks like a tag is one.
        html = _RENAME.sub(lambda match: match[1] + _RENAMED[match[2]], html)
        if "<a>" in html:
            html = _BARE_LINK.sub(r"\1", html)
        if "></a>" in html:
            html = _EMPTY_LINK.sub("", html)
        cleaned.html = _EMPTY_PARAGRAPH.sub("", html)
        return cleaned

    def _sanitise(self, raw: str, *, is_foreign: bool) -> str:
        """Clean with the allow-list; keep SVG and MathML only if `is_foreign`.

        Foreign content has its own parsing rules. If a second pass changes the HTML, a browser
        could parse it differently too (mutation XSS), so SVG and MathML are dropped.
        """
        if not is_foreign:
            return self._nh3.clean(raw)
        once = self._foreign.clean(raw)
        return once if self._foreign.clean(once) == once else self._nh3.clean(once)


@dataclass(slots=True)
class _TagRewriter:
    """Rewrites the attributes of each start tag of one document."""

    found: SanitizedHtml
    shortcodes: ShortcodeStash

    def rewrite(self, match: re.Match[str]) -> str:
        """Return the start tag with checked attributes, or "" to drop it."""
        name = match[1] or match[2]
        if name in FOREIGN_ELEMENTS:
            return match[0]
        given: Iterable[tuple[str, str]] = _ATTRIBUTE.findall(match[3]) if match[3] else ()
        if name == "img" and images.is_invisible(dict(given)):
            return ""
        if name in _LAZY:
            given = _resolve_lazy_sources(given)
        kept: dict[str, str] = {}
        for key, value in given:
            settled = self._attribute(name, key, value)
            if settled is not None:
                kept[key] = settled
        if name in _COMPLETED_TAGS and not self._finish(name, kept):
            return ""
        if "align" in kept:
            _align(name, kept)
        if name == "center":
            kept["class"] = f"center {kept.get('class', '')}".strip()
        written = "".join([f' {key}="{value}"' for key, value in kept.items()])
        return f"<{name}{written}>"

    def _attribute(self, name: str, key: str, value: str) -> str | None:
        """Return the escaped value of an attribute, or None to drop it."""
        form = _VALUE_PATTERNS.get(key)
        if form:
            return value if form.fullmatch(value) else None
        if key in _LINKS:
            return self._link(value, picture=name == "img") or None
        if key == "srcset":
            return self._srcset(value) or None
        if key == "id":
            return self._id(value)
        if key == "style" and name != "img":
            found = _ALIGN.search(value)
            return f"text-align: {found[1].lower()}" if found else None
        # Names with a colon are valid only in SVG, where `xlink:href` is a link.
        return None if key in _DROPPED_ATTRIBUTES or ":" in key else _escape_angle_brackets(value)

    def _link(self, value: str, *, picture: bool = False) -> str:
        if self.shortcodes.stashed:
            value = self.shortcodes.unstash_url(value)
        return urls.normalize_url(value, picture=picture)[0]

    def _srcset(self, value: str) -> str:
        if self.shortcodes.stashed:
            value = self.shortcodes.unstash_url(value)
        return urls.normalize_srcset(value)

    def _id(self, value: str) -> str | None:
        """Return the id with white space replaced, or None if it is empty or already used."""
        given = _escape_angle_brackets("-".join(value.split()))
        if not given or given in self.found.ids:
            return None
        self.found.ids.add(given)
        return given

    def _finish(self, name: str, kept: dict[str, str]) -> bool:
        """Add the attributes a tag requires; return False to drop the tag."""
        if name == "a":
            self._anchor(kept)
        elif name == "img":
            return self._image(kept)
        elif name == "input":
            if kept.get("type", "").lower() != "checkbox":
                return False
            kept["disabled"] = ""
        elif name in ("audio", "video"):
            kept["controls"] = ""
        else:  # source and track
            return "src" in kept or "srcset" in kept
        return True

    def _anchor(self, kept: dict[str, str]) -> None:
        name = self._id(kept.pop("name", ""))
        if name and "id" not in kept:
            kept["id"] = name
        if "href" not in kept:
            kept.pop("rel", None)
            kept.pop("hreflang", None)
            return
        if kept.get("class") == "footnote-ref":
            kept["role"] = "doc-noteref"
        elif kept.get("class") == "footnote-backref":
            kept["role"] = "doc-backlink"

    def _image(self, kept: dict[str, str]) -> bool:
        if "src" not in kept and "srcset" in kept:
            kept["src"] = images.find_largest_candidate(kept["srcset"])
        if "src" not in kept:
            return False
        kept.setdefault("alt", "")
        if "|" in kept["alt"]:
            _parse_size_suffix(kept)
        if "sizes" not in kept and _BY_WIDTH.search(kept.get("srcset", "")):
            kept["sizes"] = "100vw"
        if not (self.found.image or kept["src"].startswith("data:")):
            self.found.image = unescape(kept["src"])
            self.found.image_alt = " ".join(unescape(kept["alt"]).split())
        return True


def _parse_size_suffix(kept: dict[str, str]) -> None:
    """Move an Obsidian size suffix of `alt` (`|300`, `|300x200`) to width and height."""
    text, _, last = kept["alt"].rpartition("|")
    size = _SIZE.fullmatch(last)
    if size:
        kept["alt"] = text.strip()
        for name, value in zip(("width", "height"), size.groups(), strict=True):
            if value:
                kept.setdefault(name, value)


_SIZE = re.compile(r"\s*+(\d{1,4})(?:x(\d{1,4}))?\s*+")
_LAZY = frozenset(("audio", "img", "source", "video"))
_COMPLETED_TAGS = frozenset(("a", "audio", "img", "input", "source", "track", "video"))
_BY_WIDTH = re.compile(r"\dw\b")
_VALUE_PATTERNS = {
    "align": _SIDE,
    "colspan": _NUMBER,
    "dir": re.compile(r"ltr|rtl|auto", re.IGNORECASE),
    "height": _NUMBER,
    "referrerpolicy": re.compile(r"no-referrer|origin|same-origin"),
    "rowspan": _NUMBER,
    "scope": re.compile(r"row|col|rowgroup|colgroup", re.IGNORECASE),
    "span": _NUMBER,
    "start": _INTEGER,
    "width": _NUMBER,
}


def _resolve_lazy_sources(given: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Replace `src` and `srcset` with their lazy-loading attributes, if those are usable."""
    known = dict(given)
    source, srcset = images.get_lazy_source(known), images.get_lazy_srcset(known)
    if not (source and urls.normalize_url(source)[0]) and not (
        srcset and urls.normalize_srcset(srcset)
    ):
        return given
    # Drop both originals: the one without a lazy value would still show the placeholder.
    shown = {key: value for key, value in (("src", source), ("srcset", srcset)) if value}
    return {**shown, **{key: known[key] for key in known if key not in ("src", "srcset")}}.items()


def _keep_id(ids: set[str], match: re.Match[str]) -> str:
    """Drop an id of an SVG or MathML element if it is already used."""
    if match[2] in ids:
        return match[1]
    ids.add(match[2])
    return match[0]


def _foreign_attribute(element: str, name: str, value: str) -> str | None:
    """Filter an attribute of an SVG or MathML element: it must not fetch or run anything."""
    if element not in FOREIGN_ELEMENTS:
        return value
    value = strip_invalid_characters(value)
    if "<" in value or ">" in value or has_stashed_tag(value):
        return None
    if name.endswith("href"):
        return value if value.startswith("#") else None
    return value if "url(" not in value.lower() or _OWN_PAINT.fullmatch(value) else None


def _escape_angle_brackets(value: str) -> str:
    """Escape "<" and ">" in an attribute value."""
    return value.replace("<", "&lt;").replace(">", "&gt;")


def _align(name: str, kept: dict[str, str]) -> None:
    """Replace the obsolete `align` attribute with a class (images) or a style."""
    side = kept.pop("align").lower()
    if name == "img":
        kept["class"] = f"{kept.get('class', '')} align-{side}".strip()
    else:
        kept.setdefault("style", f"text-align: {side}")
