"""Replace embeds with links before HTML is sanitised. Enter at `replace_embeds`.

Feeds and mail run no scripts, so frames, objects and embed scripts become links, and `<noscript>`
is replaced by its content. Content that has no replacement, which the sanitiser will drop, is
reported as a `ContentLoss`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape

from feedpub.content.markup import images, urls
from feedpub.content.markup.allowed_html import (
    ALLOWED_TAGS,
    CLEAN_CONTENT_TAGS,
    MATHML_ELEMENTS,
    SVG_ELEMENTS,
    UNWRAPPED_TAGS,
)
from feedpub.content.markup.embed_scripts import find_embedded_page, is_embed_helper

_ATTRIBUTES = r"((?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)"
_NAME = re.compile(r"</?([A-Za-z][^\s/<>]*+)[^<>]*+(>?)")
_MARKUP = re.compile(
    rf"<(?:(!--)|([A-Za-z][^\s/<>]*+){_ATTRIBUTES}>|/?[A-Za-z][^<>]*+>|(?=/?[A-Za-z]))"
)
_OBJECT = re.compile(r"<object\b((?:(?!</?object\b).)*+)</object\s*>", re.IGNORECASE | re.DOTALL)
_EMBEDDED = re.compile(r"<(embed|param)\b([^<>]*+)", re.IGNORECASE)
_GIVEN = re.compile(r"(?<![\w-])([\w:-]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++)))?")
_FILM = re.compile(
    r"(?:https?:)?//(?:(?:www\.)?youtube(?:-nocookie)?\.com/(?:embed|v)/([\w-]{6,})"
    r"|player\.vimeo\.com/video/(\d+))"
)
_HOST = re.compile(r"(?:https?:)?//(?:www\.)?([^/?#]+)")
_REFUSED = re.compile(
    r"<[A-Za-z][^<>]*?\s(?:href|src)=[\"']?\s*+([A-Za-z][A-Za-z0-9+.-]*+:[^\"'\s<>]*+)"
)
_NOSCRIPT = re.compile(r"<noscript\b[^<>]*+>", re.IGNORECASE)
_NOSCRIPT_TAGS = re.compile(r"</?noscript\b[^<>]*+>", re.IGNORECASE)
_ONE_PICTURE = re.compile(
    rf"\s*(?:<(?:a|picture)\b[^<>]*+>\s*)?(?:<source\b[^<>]*+>\s*)*<img\b{_ATTRIBUTES}>\s*"
    r"(?:</(?:a|picture)\s*>\s*)?",
    re.IGNORECASE,
)
_LAZY = re.compile(r"\sdata-(?:lazy-)?(?:src|srcset|original)\s*=|\ssrc\s*=\s*[\"']?data:")
_NEIGHBOUR = 4000  # longest markup of a lazy image next to `<noscript>`
_SVG_TITLE = re.compile(r"<title\b[^<>]*+>([^<]*+)</title", re.IGNORECASE)
_LONGEST = 80  # characters of a URL shown in a message

# Their content is text up to the end tag, even where it looks like markup.
_RAW_TEXT_TAGS = frozenset(
    ("iframe", "noembed", "noframes", "script", "style", "textarea", "title")
)
_SILENT_SVG_TAGS = frozenset(("desc", "metadata", "style", "title"))  # not reported within SVG
_SVG_NAMES = {name.lower() for name in SVG_ELEMENTS}
_PASSED_TAGS = (ALLOWED_TAGS | UNWRAPPED_TAGS | MATHML_ELEMENTS.keys()) - {
    "audio",
    "img",
    "input",
    "video",
}
_PLAIN = frozenset((name, ">") for name in _PASSED_TAGS - {"math"})
_FRAMES = {"lite-youtube": "https://www.youtube.com/watch?v=", "lite-vimeo": "https://vimeo.com/"}


@dataclass(frozen=True, slots=True)
class ContentLoss:
    """Content that will not be published: a message, and texts to find it by in the Markdown."""

    message: str
    search_texts: tuple[str, ...]


@dataclass(slots=True)
class EmbedResult:
    """HTML with its embeds replaced."""

    html: str
    losses: list[ContentLoss] = field(default_factory=list)
    has_foreign_elements: bool = False  # contains SVG or MathML


def replace_embeds(raw: str) -> EmbedResult:
    """Replace embeds in HTML that is not sanitised yet, and report losses."""
    if _PLAIN.issuperset(_NAME.findall(raw)) and "<!--" not in raw:
        return EmbedResult(raw, _refused_links(raw))
    if _NOSCRIPT.search(raw):
        raw = _unwrap_noscript(raw)
    replacer = _EmbedReplacer(raw)
    html = replacer.run()
    losses = [*replacer.losses, *_refused_links(html)]
    return EmbedResult(html, losses, replacer.is_foreign)


@dataclass(slots=True)
class _EmbedReplacer:
    """A single pass over the tags of one document."""

    raw: str
    losses: list[ContentLoss] = field(default_factory=list)
    is_foreign: bool = False
    _drawing_end: int = -1
    _unclosed: set[str] = field(default_factory=set)  # elements with no end tag ahead
    _handlers: dict[str, Callable[[re.Match[str]], tuple[str | None, int]]] = field(init=False)

    def __post_init__(self) -> None:
        self._handlers = {
            "script": self._script,
            "iframe": self._frame,
            "object": self._object,
            "embed": self._embed,
            "svg": self._drawing,
            "img": self._picture,
            "amp-img": self._amp_picture,
            "input": self._input,
            "audio": self._player,
            "video": self._player,
        }

    def run(self) -> str:
        raw, done, at = self.raw, 0, 0
        parts: list[str] = []
        while (tag := _MARKUP.search(raw, at)) is not None:
            at = tag.end()
            if tag[1]:
                at = _comment_end(raw, at)
                continue
            if not tag[2]:
                if at == tag.start() + 1:  # unclosed: escape it, or it would swallow what follows
                    parts += (raw[done : tag.start()], "&lt;")
                    done = at
                continue
            name = tag[2].lower()
            if name in _PASSED_TAGS:
                self.is_foreign = self.is_foreign or name == "math"
                continue
            written, at = self._replace(name, tag)
            if written is not None:
                parts += (raw[done : tag.start()], written)
                done = at
        return "".join((*parts, raw[done:]))

    def _replace(self, name: str, tag: re.Match[str]) -> tuple[str | None, int]:
        """Return the replacement of an element, or None to keep it, and where to continue."""
        handler = self._handlers.get(name)
        if handler:
            return handler(tag)
        if name in _RAW_TEXT_TAGS:
            return self._raw_text(name, tag)
        is_drawn = tag.start() < self._drawing_end
        if is_drawn and name in _SVG_NAMES:
            return None, tag.end()
        if is_drawn and name not in ("foreignobject", "image"):
            return None, tag.end()
        if is_drawn:
            self._lose(f"<{tag[2]}> inside an SVG is left out", tag)
        elif name in _FRAMES:
            given = parse_attributes(tag[3])
            video = given.get("videoid", "")
            return (_link(_FRAMES[name] + video, given.get("playlabel", "")), tag.end())
        elif name in CLEAN_CONTENT_TAGS or name in ("area", "canvas", "form", "frame"):
            self._lose(f"<{name}> is left out: not supported in feeds and mail", tag)
        else:
            self._lose(
                f"<{tag[2]}> is not an HTML element; only its content is shown; "
                "if it is meant as text, put it in backticks",
                tag,
            )
        return None, tag.end()

    def _raw_text(self, name: str, tag: re.Match[str]) -> tuple[str | None, int]:
        inner, end = self._inside(name, tag)
        if tag.start() < self._drawing_end and name in _SILENT_SVG_TAGS:
            return None, end
        if inner is None:
            self._lose(f"<{name}> is never closed: the tag is left out, what follows is shown", tag)
            return "", end
        if name != "style" and inner.strip():
            self._lose(f"<{name}> is left out with its content", tag)
        return "", end

    def _inside(self, name: str, tag: re.Match[str]) -> tuple[str | None, int]:
        """Return the content of a raw text element, None if unclosed, and where it ends."""
        if tag[3].endswith("/") or name in self._unclosed:
            return ("" if tag[3].endswith("/") else None), tag.end()
        closing = _closing(name).search(self.raw, tag.end())
        if closing is None:
            self._unclosed.add(name)
            return None, tag.end()
        return self.raw[tag.end() : closing.start()], closing.end()

    def _script(self, tag: re.Match[str]) -> tuple[str | None, int]:
        inner, end = self._inside("script", tag)
        if inner is None:
            return self._raw_text("script", tag)
        given = parse_attributes(tag[3])
        source = given.get("src", "")
        page = find_embedded_page(source, given)
        if page:
            return _link(page, given.get("title") or _address(page)), end
        kind = given.get("type", "").lower()
        if kind.startswith("math/tex"):
            sign = "$$" if "display" in kind else "$"
            return escape(f"{sign}{inner}{sign}", quote=False), end
        is_data = "json" in kind or "template" in kind
        if not (is_embed_helper(source) or is_data or not (source or inner.strip())):
            where = f" from {_address(source)}" if source else ""
            self._lose(
                f"a script{where} is left out: feeds and mail cannot run it; link to what it shows",
                tag,
            )
        return "", end

    def _frame(self, tag: re.Match[str]) -> tuple[str | None, int]:
        inner, end = self._inside("iframe", tag)
        given = parse_attributes(tag[3])
        if images.is_invisible(given):
            return "", end
        url = images.get_lazy_source(given) or given.get("src", "")
        if not url or url == "about:blank":
            self._lose("a frame without a URL is left out", tag)
            return "", end
        if inner is None:
            self._lose("<iframe> is never closed; it is now a link, and what follows is shown", tag)
        return _link(url, given.get("title", "")), end

    def _object(self, tag: re.Match[str]) -> tuple[str | None, int]:
        whole = _OBJECT.match(self.raw, tag.start())
        if whole is None:
            return None, tag.end()
        own, _, content = whole[1].partition(">")
        given = parse_attributes(own)
        url = given.get("data", "") or _embedded(content)
        return (_link(url, given.get("title", "")) if url else content), whole.end()

    def _embed(self, tag: re.Match[str]) -> tuple[str | None, int]:
        given = parse_attributes(tag[3])
        url = given.get("src", "")
        return (_link(url, given.get("title", "")) if url else ""), tag.end()

    def _drawing(self, tag: re.Match[str]) -> tuple[str | None, int]:
        """Keep an SVG drawing; copy its `<title>`, which is dropped later, to `aria-label`."""
        if tag.start() < self._drawing_end:
            return None, tag.end()
        self.is_foreign = True
        closing = _closing("svg").search(self.raw, tag.end())
        self._drawing_end = closing.end() if closing else len(self.raw)
        title = _SVG_TITLE.search(self.raw, tag.end(), self._drawing_end)
        if title is None or "aria-label" in tag[3]:
            return None, tag.end()
        label = f' role="img" aria-label="{escape(unescape(title[1]).strip())}"'
        own = tag[3].removesuffix("/")
        return f"<svg{label}{own}>" + ("</svg>" if own != tag[3] else ""), tag.end()

    def _picture(self, tag: re.Match[str]) -> tuple[str | None, int]:
        given = parse_attributes(tag[3])
        source = images.get_lazy_source(given) or given.get("src", "")
        if images.is_invisible(given) or images.get_lazy_srcset(given) or given.get("srcset"):
            return None, tag.end()
        if not urls.normalize_url(escape(source), picture=True)[0]:
            alt, shown = given.get("alt", ""), source[:_LONGEST]
            what = f'image "{alt}"' if alt else "image"
            why = f'URL "{shown}" is not allowed' if shown else "it has no URL"
            self._lose(f"{what} is left out: {why}", tag, source, f"![{alt}")
        return None, tag.end()

    def _amp_picture(self, tag: re.Match[str]) -> tuple[str | None, int]:
        return f"<img{tag[3]}>", tag.end()

    def _input(self, tag: re.Match[str]) -> tuple[str | None, int]:
        kind = parse_attributes(tag[3]).get("type", "").lower()
        if kind not in ("checkbox", "hidden", "submit"):
            self._lose("<input> is left out: not supported in feeds and mail", tag)
        return None, tag.end()

    def _player(self, tag: re.Match[str]) -> tuple[str | None, int]:
        given = parse_attributes(tag[3])
        closing = _closing(tag[2].lower()).search(self.raw, tag.end())
        inner = self.raw[tag.end() : closing.start()] if closing else ""
        if not (given.get("src") or images.get_lazy_source(given) or "<source" in inner.lower()):
            self._lose(f"<{tag[2]}> has no URL: nothing to play", tag)
        return None, tag.end()

    def _lose(self, message: str, tag: re.Match[str], *clues: str) -> None:
        name = f"<{tag[2]}"
        self.losses.append(ContentLoss(message, (tag[0], *filter(None, clues), name)))


def parse_attributes(tag: str) -> dict[str, str]:
    """Parse the attributes of a raw start tag; the first of two equal names wins."""
    given: dict[str, str] = {}
    for name, *values in _GIVEN.findall(tag):
        given.setdefault(name.lower(), unescape("".join(values)).strip())
    return given


def _unwrap_noscript(html: str) -> str:
    """Unwrap `<noscript>`; an image in it replaces the lazily loaded one next to it."""
    parts: list[str] = []
    done = 0
    closing = _closing("noscript")
    while (opening := _NOSCRIPT.search(html, done)) is not None:
        end = closing.search(html, opening.end())
        if end is None:
            break
        before, inner = html[done : opening.start()], html[opening.end() : end.start()]
        done = end.end()
        if _ONE_PICTURE.fullmatch(inner):
            before = before[: _lazy_before(before)]
            done = _lazy_after(html, done)
        parts += (before, inner)
    return _NOSCRIPT_TAGS.sub("", "".join((*parts, html[done:])))


def _lazy_before(html: str) -> int:
    """Return the start of the lazy image that the HTML ends with, else its length."""
    least = max(0, len(html) - _NEIGHBOUR)
    for sign in ("<a ", "<picture", "<img"):
        start = html.rfind(sign, least)
        if start >= 0 and _is_lazy(html[start:]):
            return start
    return len(html)


def _lazy_after(html: str, at: int) -> int:
    """Return the end of the lazy image at an offset, else the offset."""
    found = _ONE_PICTURE.match(html, at, at + _NEIGHBOUR)
    return found.end() if found and _is_lazy(found[0]) else at


def _is_lazy(html: str) -> bool:
    return _ONE_PICTURE.fullmatch(html) is not None and _LAZY.search(html) is not None


def _comment_end(html: str, at: int) -> int:
    if html.startswith((">", "->"), at):
        return at
    end = html.find("-->", at)
    return len(html) if end < 0 else end + len("-->")


_CLOSING: dict[str, re.Pattern[str]] = {
    name: re.compile(rf"</{name}\s*+>", re.IGNORECASE)
    for name in (*_RAW_TEXT_TAGS, "audio", "noscript", "svg", "video")
}


def _closing(name: str) -> re.Pattern[str]:
    return _CLOSING[name]


def _link(url: str, label: str) -> str:
    """Return a paragraph that links to the embedded page, a video by its watch page."""
    film = _FILM.match(url)
    if film:
        known = f"https://www.youtube.com/watch?v={film[1]}"
        url = known if film[1] else f"https://vimeo.com/{film[2]}"
    host = _HOST.match(url)
    label = label or (host[1] if host else url)
    return f'<p><a href="{escape(url)}">{escape(label)}</a></p>'


def _address(url: str) -> str:
    """Return a URL without its scheme, shortened for a message."""
    shown = url.partition("//")[2] if "//" in url else url
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _embedded(content: str) -> str:
    """Return the first URL named by an `<embed>` or `<param>` in an `<object>`, or ""."""
    for tag in _EMBEDDED.finditer(content):
        given = parse_attributes(tag[2])
        url = given.get("src", "")
        if tag[1].lower() == "param" and given.get("name", "").lower() in ("movie", "src"):
            url = given.get("value", "")
        if url:
            return url
    return ""


def _refused_links(html: str) -> list[ContentLoss]:
    """Report links with a refused scheme; only their text will be shown."""
    losses = []
    for found in _REFUSED.finditer(html):
        url = found[1]
        if not urls.is_safe(unescape(url), picture=True) and not found[0].startswith("<img"):
            losses.append(
                ContentLoss(f'the URL "{url[:_LONGEST]}" is left out: it is not allowed', (url,))
            )
    return losses
