"""Links, HTML adjustments and formatting for page templates."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from markupsafe import Markup, escape

from feedpub.models.content import Author, Feed, Image, Tag
from feedpub.models.text import extract_text, one_line, quote, strip_invalid_characters

_FORMATS = {
    "rss": ("RSS", "application/rss+xml"),
    "atom": ("Atom", "application/atom+xml"),
    "json": ("JSON Feed", "application/feed+json"),
}

_OPENING = re.compile(r"\s*<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_ID = re.compile(r"""\sid=(?:"[^"]*"|'[^']*')""")
_HEADING = re.compile(r"<(/?)h([1-6])(?=[\s>])")
_STYLED = re.compile(r'(<[a-z][a-z0-9]*(?: [a-z][a-z-]*="[^"<>]*")*?) style="text-align: ([a-z]+)"')
_TABLE = re.compile(r"<table(?=[\s>])")
_QUOTED = re.compile(r"[a-z0-9/-]+\Z")  # nothing to quote, as in most slugs

_DEEPEST = 6
_KILO = 1000
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class FeedLink:
    """One format of a feed, as pages link to it."""

    label: str
    media_type: str
    url: str
    href: str  # the URL as shown in links, without scheme and host on this site


class LinkBuilder:
    """Builds the links and URLs of one site."""

    def __init__(self, home: str, address: Callable[[Feed, str], str]) -> None:
        self._home = home
        self._address = address
        self._root = urlsplit(home).path
        self._origin = len(home) - len(self._root)

    def href(self, url: str) -> str:
        """Return a URL without scheme and host if it is on this site, so that previews work."""
        return url[self._origin :] if url.startswith(self._home) else url

    def below(self, path: str) -> str:
        """Return the link to a path below the site URL."""
        return self._root + path

    def absolute(self, path: str) -> str:
        """Return the URL of a path below the site URL; an absolute URL is unchanged."""
        return urljoin(self._home, path)

    def tag_page(self, tag: Tag) -> str:
        """Return the link to a tag's page."""
        return f"{self._root}tags/{_quoted(tag.slug)}/"

    def author_page(self, author: Author) -> str:
        """Return the link to an author's page."""
        return f"{self._root}authors/{_quoted(author.slug)}/"

    def documents(self, feed: Feed) -> list[FeedLink]:
        """Return the formats of a feed, in configuration order."""
        return [self._document(feed, form) for form in feed.formats]

    def site_feed_links(self, feeds: Iterable[Feed]) -> list[FeedLink]:
        """Return the formats of the site feed, if it is among these feeds."""
        return [each for feed in feeds if feed.kind == "site" for each in self.documents(feed)]

    def alternates(self, feeds: Sequence[Feed]) -> Markup:
        """Return the `<link>` elements for feed autodiscovery.

        The first feed and the site feed are listed in all formats, the others in one, since feed
        readers show every entry for the user to choose from. Built here rather than in a template
        for speed: it is most of the head of most pages.
        """
        lines = []
        for feed in feeds:
            title = escape(feed.title)
            formats = feed.formats if feed is feeds[0] or feed.kind == "site" else feed.formats[:1]
            for form in formats:
                label, media_type = _FORMATS[form]
                href = escape(self.href(self._address(feed, form)))
                lines.append(
                    f'<link rel="alternate" type="{media_type}" title="{title} ({label})"'
                    f' href="{href}">'
                )
        # Safe: every inserted value is escaped.
        return Markup("\n".join(lines))  # noqa: S704

    def _document(self, feed: Feed, form: str) -> FeedLink:
        url = self._address(feed, form)
        return FeedLink(*_FORMATS[form], url, self.href(url))

    def subscription(self, feed: Feed) -> str:
        """Return the link to a feed's entry on the Subscribe page."""
        return f"{self._root}subscribe/#{_quoted(feed_anchor(feed))}"

    def contains_image(self, html: str, image: Image) -> bool:
        """Return whether an image is already in the HTML."""
        return str(escape(self.href(image.url))) in html or str(escape(image.url)) in html


def _quoted(path: str) -> str:
    return path if _QUOTED.match(path) else quote(path)


def feed_anchor(feed: Feed) -> str:
    """Return the id of a feed's entry on the Subscribe page."""
    return f"{feed.folder}{feed.stem}".strip("/") or "all"


def prepare_for_page(html: str, title: str) -> str:
    """Adapt a post's HTML to a page that shows its title above it.

    An opening heading that repeats the title is removed, the other headings are renumbered below
    the page's h1 without gaps, and tables become scrollable.
    """
    opening = _find_title_heading(html, title)
    if opening:
        named = _ID.search(opening[2])
        html = (f"<span{named[0]}></span>" if named else "") + html[opening.end() :]
    if "</h" in html:
        html = _renumber_headings(html)
    if "<table" in html:
        html = _TABLE.sub('<div class="scroll"><table', html).replace("</table>", "</table></div>")
    return html


def strip_title_heading(html: str, title: str) -> str:
    """Remove an opening heading that repeats the title, which feed readers already show.

    The HTML is unchanged if nothing else would be left.
    """
    opening = _find_title_heading(html, title)
    rest = html[opening.end() :].lstrip() if opening else ""
    return rest or html


def _find_title_heading(html: str, title: str) -> re.Match[str] | None:
    """Find an opening heading that repeats the title."""
    opening = _OPENING.match(html)
    return opening if opening and _same_words(extract_text(opening[3]), title) else None


def convert_inline_styles(html: str) -> str:
    """Replace `style` with `data-align`, since the Content-Security-Policy forbids inline styles.

    Sanitized HTML has no inline style other than text alignment.
    """
    return _STYLED.sub(r'\1 data-align="\2"', html) if ' style="' in html else html


def _renumber_headings(html: str) -> str:
    """Give headings the level of their place in the outline: h2, then one deeper at a time."""
    above: list[int] = []  # levels, as written, of the enclosing headings

    def placed(tag: re.Match[str]) -> str:
        written = int(tag[2])
        if not tag[1]:
            while above and above[-1] >= written:
                above.pop()
            above.append(written)
        return f"<{tag[1]}h{min(len(above) + 1, _DEEPEST)}"

    return _HEADING.sub(placed, html)


def _same_words(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def size(octets: int) -> str:
    """Return a size in bytes for people: 48 kB, 1.2 MB."""
    if octets < _KILO:
        return f"{octets}\u00a0B"
    amount = octets / _KILO
    for unit in ("kB", "MB"):
        if amount < _KILO - 0.5:
            return f"{amount:.3g}\u00a0{unit}"
        amount /= _KILO
    return f"{amount:.1f}\u00a0GB"


def duration(seconds: int) -> str:
    """Return a duration as media players show it: 4:05, 1:02:03."""
    minutes, rest = divmod(seconds, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def file_name(url: str) -> str:
    """Return the file name at the end of a URL, on one line, or the URL if there is none."""
    # Decoded text may contain NUL and other characters that HTML and XML do not allow.
    return one_line(strip_invalid_characters(unquote(urlsplit(url).path.rpartition("/")[2]))) or url
