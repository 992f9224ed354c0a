"""The site's addresses and a post's HTML → what pages show of them: links, names, figures."""

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
    href: str  # the URL as a link


class LinkBuilder:
    """The addresses of one site."""

    def __init__(self, home: str, address: Callable[[Feed, str], str]) -> None:
        self._home = home
        self._address = address
        self._root = urlsplit(home).path
        self._origin = len(home) - len(self._root)

    def href(self, url: str) -> str:
        """Give an address without scheme and host where it is of this site, for a preview."""
        return url[self._origin :] if url.startswith(self._home) else url

    def below(self, path: str) -> str:
        """Give the link to a path below the site's address."""
        return self._root + path

    def absolute(self, path: str) -> str:
        """Give the address of a path below the site's; a whole URL stays as it is."""
        return urljoin(self._home, path)

    def tag_page(self, tag: Tag) -> str:
        """Give the link to a tag's page."""
        return f"{self._root}tags/{_quoted(tag.slug)}/"

    def author_page(self, author: Author) -> str:
        """Give the link to an author's page."""
        return f"{self._root}authors/{_quoted(author.slug)}/"

    def documents(self, feed: Feed) -> list[FeedLink]:
        """Give the formats of a feed, in the order of the configuration."""
        return [self._document(feed, form) for form in feed.formats]

    def site_feed_links(self, feeds: Iterable[Feed]) -> list[FeedLink]:
        """Give the formats of the whole site's feed, where it is among these."""
        return [each for feed in feeds if feed.kind == "site" for each in self.documents(feed)]

    def alternates(self, feeds: Sequence[Feed]) -> Markup:
        """Give the `<link>`s by which readers discover feeds, those of a page among them.

        The first feed and the whole site's come in all formats, the others in one: a reader
        shows them all, and a person has to choose. Made here and not in a template, for this
        is the greater part of most pages' heads.
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
        # All that is from outside was escaped.
        return Markup("\n".join(lines))  # noqa: S704

    def _document(self, feed: Feed, form: str) -> FeedLink:
        url = self._address(feed, form)
        return FeedLink(*_FORMATS[form], url, self.href(url))

    def subscription(self, feed: Feed) -> str:
        """Give the link to a feed's place on the Subscribe page."""
        return f"{self._root}subscribe/#{_quoted(feed_anchor(feed))}"

    def contains_image(self, html: str, image: Image) -> bool:
        """Tell whether a picture is in the HTML already."""
        return str(escape(self.href(image.url))) in html or str(escape(image.url)) in html


def _quoted(path: str) -> str:
    return path if _QUOTED.match(path) else quote(path)


def feed_anchor(feed: Feed) -> str:
    """Give the id of a feed's place on the Subscribe page."""
    return f"{feed.folder}{feed.stem}".strip("/") or "all"


def prepare_for_page(html: str, title: str) -> str:
    """Fit a post's HTML to a page that shows its title above it.

    A heading that says the title again goes, the others follow the page's h1 without leaving a
    level out, and tables can scroll.
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
    """Take the heading that says the title again from a post's HTML: readers show it above.

    Where there is nothing else, it stays.
    """
    opening = _find_title_heading(html, title)
    rest = html[opening.end() :].lstrip() if opening else ""
    return rest or html


def _find_title_heading(html: str, title: str) -> re.Match[str] | None:
    """Find the heading that opens a post and says its title again."""
    opening = _OPENING.match(html)
    return opening if opening and _same_words(extract_text(opening[3]), title) else None


def convert_inline_styles(html: str) -> str:
    """Say in `data-align` what a post's HTML says in `style`, which pages forbid (their CSP).

    Nothing but the alignment of a text is ever said there: `markup` has seen to that.
    """
    return _STYLED.sub(r'\1 data-align="\2"', html) if ' style="' in html else html


def _renumber_headings(html: str) -> str:
    """Give headings the level of their place in the outline: 2, then one deeper at a time."""
    above: list[int] = []  # the levels, as written, of the headings that this one stands under

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
    """Give a number of octets as people read it: 48 kB, 1.2 MB."""
    if octets < _KILO:
        return f"{octets}\u00a0B"
    amount = octets / _KILO
    for unit in ("kB", "MB"):
        if amount < _KILO - 0.5:
            return f"{amount:.3g}\u00a0{unit}"
        amount /= _KILO
    return f"{amount:.1f}\u00a0GB"


def duration(seconds: int) -> str:
    """Give a length of time as players show it: 4:05, 1:02:03."""
    minutes, rest = divmod(seconds, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def file_name(url: str) -> str:
    """Return the file name at the end of a URL, in one line, or the URL where it has none."""
    # What is encoded may be anything, NUL too, which no document can hold.
    return one_line(strip_invalid_characters(unquote(urlsplit(url).path.rpartition("/")[2]))) or url
