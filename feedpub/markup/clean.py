"""HTML as an author, or anybody, wrote it → HTML that is safe in every reader.

nh3 (html5ever) parses, drops what is not listed here, and writes well-formed HTML; one pass
over its tags then does what depends on their values. `references.divide` has the last word.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape

import nh3

from feedpub.markup import excerpt, urls
from feedpub.markup.shortcodes import Shortcodes
from feedpub.text import clean

_GENERIC = {"class", "dir", "id", "lang", "title"}
_CELL = {"align", "colspan", "headers", "rowspan", "style"}
_ATTRIBUTES = {
    "a": {"href", "hreflang", "name", "rel"},
    "audio": {"loop", "muted", "src"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "div": {"align"},
    "img": {
        "align", "alt", "data-src", "height", "hidden", "referrerpolicy", "sizes", "src", "srcset",
        "style", "width",
    },
    "input": {"checked", "type"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "p": {"align", "style"},
    "pre": set[str](),
    "q": {"cite"},
    "source": {"height", "media", "sizes", "src", "srcset", "type", "width"},
    "td": _CELL,
    "th": _CELL | {"abbr", "scope"},
    "time": {"datetime"},
    "track": {"default", "kind", "label", "src", "srclang"},
    "video": {"height", "loop", "muted", "playsinline", "poster", "src", "width"},
}  # fmt: skip
for _heading in ("h1", "h2", "h3", "h4", "h5", "h6"):
    _ATTRIBUTES[_heading] = {"align"}
_TAGS = {
    "abbr", "acronym", "aside", "b", "bdi", "bdo", "br", "caption", "center", "cite", "code", "dd",
    "dfn", "dl", "dt", "em", "figcaption", "figure", "footer", "header", "hr", "i", "kbd", "mark",
    "nav", "picture", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike",
    "strong", "sub", "summary", "sup", "table", "tbody", "tfoot", "thead", "tr", "tt", "u", "ul",
    "var", "wbr", *_ATTRIBUTES,
}  # fmt: skip
# What they hold is not text for readers.
_EMPTIED = {
    "head", "noembed", "noframes", "script", "select", "style", "svg", "template", "textarea",
    "title",
}  # fmt: skip
# Obsolete, or a landmark of the page and not of the post: the Nu HTML checker objects.
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

_TAG = re.compile(
    r"<(?:(a|audio|center|img|input|source|track|video)"
    r'|([a-z][a-z0-9]*)((?: [a-z][a-z-]*="[^"]*")+))>'
)
_ATTRIBUTE = re.compile(r' ([a-z][a-z-]*)="([^"]*)"')
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
_JUDGED = frozenset(("hidden", "style"))  # they only tell whether a picture can be seen
_LINKS = frozenset(("cite", "data-src", "href", "poster", "src"))

_EMBEDS = re.compile(r"<(?:iframe|object|embed)\b", re.IGNORECASE)
_EMBED = re.compile(
    r"<iframe\b([^<>]*)>.*?(?:</iframe\s*>|$)"
    r"|<object\b((?:(?!</?object\b).)*+)</object\s*>|<embed\b([^<>]*)>",
    re.IGNORECASE | re.DOTALL,
)
_EMBEDDED = re.compile(r"<(embed|param)\b([^<>]*+)", re.IGNORECASE)
_GIVEN = re.compile(r"(?<![\w-])([\w-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
_FILM = re.compile(
    r"(?:https?:)?//(?:(?:www\.)?youtube(?:-nocookie)?\.com/(?:embed|v)/([\w-]{6,})"
    r"|player\.vimeo\.com/video/(\d+))"
)
_HOST = re.compile(r"(?:https?:)?//(?:www\.)?([^/?#]+)")


@dataclass(slots=True)
class Cleaned:
    """What one pass over a post's HTML found."""

    html: str = ""
    image: str = ""  # the first, as target or URL
    image_alt: str = ""
    ids: set[str] = field(default_factory=set)


class Cleaner:
    """Makes HTML safe."""

    def __init__(self) -> None:
        self._nh3 = nh3.Cleaner(
            tags=_TAGS,
            clean_content_tags=_EMPTIED,
            attributes={"*": _GENERIC, **_ATTRIBUTES},
            url_schemes=set(urls.SCHEMES),
            link_rel=None,
            strip_comments=False,  # excerpt.divide looks for `more` in them,
        )

    def clean(self, raw: str, shortcodes: Shortcodes) -> Cleaned:
        """Return the safe HTML of `raw`; of its comments `excerpt.MORE` may be left."""
        if _EMBEDS.search(raw):
            raw = _EMBED.sub(_linked, raw)
        # Character references (`&#8;`) have become characters by now.
        html = excerpt.divide(clean(self._nh3.clean(raw)))
        cleaned = Cleaned()
        tags = _Tags(cleaned, shortcodes)
        html = _TAG.sub(tags.tag, html)
        # From here on no attribute holds a "<": what looks like a tag is one.
        html = _RENAME.sub(lambda match: match[1] + _RENAMED[match[2]], html)
        if "<a>" in html:
            html = _BARE_LINK.sub(r"\1", html)
        if "></a>" in html:
            html = _EMPTY_LINK.sub("", html)
        cleaned.html = _EMPTY_PARAGRAPH.sub("", html)
        return cleaned


@dataclass(slots=True)
class _Tags:
    """Settles the attributes of one tag after another."""

    found: Cleaned
    shortcodes: Shortcodes

    def tag(self, match: re.Match[str]) -> str:
        """Write one start tag anew; "" where nothing is left of it."""
        name = match[1] or match[2]
        given = _ATTRIBUTE.findall(match[3]) if match[3] else ()
        if name == "img" and _is_invisible(dict(given)):
            return ""
        kept: dict[str, str] = {}
        for key, value in given:
            settled = self._attribute(name, key, value)
            if settled is not None:
                kept[key] = settled
        if name in _FINISHED and not self._finish(name, kept):
            return ""
        if "align" in kept:
            _align(name, kept)
        if name == "center":
            kept["class"] = f"center {kept.get('class', '')}".strip()
        written = "".join([f' {key}="{value}"' for key, value in kept.items()])
        return f"<{name}{written}>"

    def _attribute(self, name: str, key: str, value: str) -> str | None:
        """Give an attribute's value, escaped; None where it is dropped."""
        form = _FORMS.get(key)
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
        return None if key in _JUDGED else _tagless(value)

    def _link(self, value: str, *, picture: bool = False) -> str:
        if self.shortcodes.held:
            value = self.shortcodes.target(value)
        return urls.settle(value, picture=picture)[0]

    def _srcset(self, value: str) -> str:
        if self.shortcodes.held:
            value = self.shortcodes.target(value)
        return urls.srcset(value)

    def _id(self, value: str) -> str | None:
        """Keep the first of equal ids, free of the white space that an id must not hold."""
        given = _tagless("-".join(value.split()))
        if not given or given in self.found.ids:
            return None
        self.found.ids.add(given)
        return given

    def _finish(self, name: str, kept: dict[str, str]) -> bool:
        """Complete the attributes of tags that need some; False where the tag has to go."""
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
        later = kept.pop("data-src", "")
        if later and kept.get("src", "data:").startswith("data:"):
            kept["src"] = later  # a page's script would have put it there
        if "src" not in kept:
            return False
        kept.setdefault("alt", "")
        if "sizes" not in kept and _BY_WIDTH.search(kept.get("srcset", "")):
            kept["sizes"] = "100vw"
        if not (self.found.image or kept["src"].startswith("data:")):
            self.found.image = unescape(kept["src"])
            self.found.image_alt = " ".join(unescape(kept["alt"]).split())
        return True


_FINISHED = frozenset(("a", "audio", "img", "input", "source", "track", "video"))
_TINY = re.compile(r"\s*0*[01](?:\.\d*+)?\s*(?:px\s*)?\Z", re.IGNORECASE)
_SIZES = frozenset(("height", "max-height", "max-width", "width"))
_HIDING = {"display": ("none",), "visibility": ("hidden", "collapse"), "opacity": ("0", "0%")}
_BY_WIDTH = re.compile(r"\dw\b")
_FORMS = {
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


def _is_invisible(given: Mapping[str, str]) -> bool:
    """Return whether a picture is not meant to be seen: it counts readers."""
    sizes = {key: given[key] for key in ("width", "height") if key in given}
    if "hidden" in given or any(map(_TINY.match, sizes.values())):
        return True
    for declaration in given.get("style", "").lower().split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip(), value.replace("!important", "").strip()
        if value in _HIDING.get(name, ()) or (name in _SIZES and _TINY.match(value)):
            return True
    return False


def _tagless(value: str) -> str:
    """Escape what looks like a tag in an attribute's value."""
    return value.replace("<", "&lt;").replace(">", "&gt;")


def _align(name: str, kept: dict[str, str]) -> None:
    """Say with style or class what the obsolete `align` said."""
    side = kept.pop("align").lower()
    if name == "img":
        kept["class"] = f"{kept.get('class', '')} align-{side}".strip()
    else:
        kept.setdefault("style", f"text-align: {side}")


def _linked(match: re.Match[str]) -> str:
    """Write an embedded document as a paragraph with a link to it."""
    inner = match[1] or match[2] or match[3] or ""
    own, _, content = inner.partition(">")
    given = _attributes(own)
    url = given.get("src") or given.get("data") or next(filter(None, _embedded(content)), "")
    if not url:
        return ""
    film = _FILM.match(url)
    if film:
        known = f"https://www.youtube.com/watch?v={film[1]}"
        url = known if film[1] else f"https://vimeo.com/{film[2]}"
    host = _HOST.match(url)
    label = given.get("title") or (host[1] if host else url)
    return f'<p><a href="{escape(url)}">{escape(label)}</a></p>'


def _embedded(content: str) -> Iterator[str]:
    """Yield the URLs that the elements within an `object` name."""
    for tag in _EMBEDDED.finditer(content):
        given = _attributes(tag[2])
        if tag[1].lower() == "embed":
            yield given.get("src", "")
        elif given.get("name", "").lower() in ("movie", "src"):
            yield given.get("value", "")


def _attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a start tag as it was written, by name; of two the first."""
    given: dict[str, str] = {}
    for name, *values in _GIVEN.findall(tag):
        given.setdefault(name.lower(), unescape("".join(values)).strip())
    return given
