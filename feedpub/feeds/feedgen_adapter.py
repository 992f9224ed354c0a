"""Build feed elements with feedgen and work around its bugs; used by `atom` and `rss`.

The bugs of feedgen 1.0.0, and what works around each, using only its extension API and values
that it accepts. Each line has a test in tests/unit/feeds/test_feedgen_adapter.py.

    an Atom entry's links lose rel, type and length            EntryLinks
    rel="canonical" is refused for an entry                    EntryLinks
    an alternate in another language becomes the RSS
      item's link                                              written in Atom only
    an RSS item gets the last of its enclosures                rss passes only one
    an RSS channel's link is the last link() of all            build_channel: alternate last
    an RSS channel has no link but self: hubs are lost         ChannelLinks
    an author without e-mail is lost in RSS, and several
      make the item invalid                                    rss uses feedgen's dc extension
    type="CDATA" is invalid in Atom                            atom uses type="html"
    `updated` and lastBuildDate default to now                 always set; NoTimestamp in RSS
    RSS dates change the locale of the process                 NoTimestamp, ItemDates, ChannelLinks
    add_entry puts the newest post last                        assemble_document
    podcast images must end in .jpg or .png or are dropped
      silently; `explicit` cannot be true or false             rss.Show, rss.Episode
    a character XML cannot hold stops the whole feed           renderer sanitizes the post
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Protocol

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from feedpub.models.content import Post

ATOM_NS = "http://www.w3.org/2005/Atom"
DC_NS = "http://purl.org/dc/elements/1.1/"
HISTORY_NS = "http://purl.org/syndication/history/1.0"
ITUNES_NS = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA_NS = "http://search.yahoo.com/mrss/"
GENERATOR_NAME = "feedpub"  # no version, or every upgrade would change every feed

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Extension(Protocol):
    """The interface that feedgen expects of an extension; entries never call `extend_ns`."""

    def extend_ns(self) -> dict[str, str]:
        """Return the namespace prefixes that the document declares."""

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Change an Atom feed or entry built by feedgen."""

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Change an RSS item or document (its first child is the channel)."""


class NullExtension:
    """An extension that changes nothing; base class of the others."""

    def extend_ns(self) -> dict[str, str]:
        """Declare no prefixes."""
        return {}

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Return the element unchanged."""
        return element

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Return the element unchanged."""
        return element


class NoTimestamp(datetime):
    """A datetime that is false, so that feedgen accepts it but writes no date.

    feedgen formats RSS dates by way of `locale.setlocale`, which affects the whole process.
    `ChannelLinks` and `ItemDates` write the real dates instead.
    """

    def __bool__(self) -> bool:
        return False


NO_TIMESTAMP = NoTimestamp(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AtomLink:
    """An atom:link (RFC 4287 section 4.2.7)."""

    rel: str
    href: str
    type: str = ""
    length: str = ""
    title: str = ""
    hreflang: str = ""

    def to_attributes(self) -> dict[str, str]:
        """Return the attributes that have a value, in the order they are written."""
        pairs = (
            ("href", self.href),
            ("rel", self.rel),
            ("type", self.type),
            ("hreflang", self.hreflang),
            ("length", self.length),
            ("title", self.title),
        )
        return {name: value for name, value in pairs if value}


class Namespaces(NullExtension):
    """Declares prefixes on the root element, so that entries need not repeat them."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = dict(prefixes)

    def extend_ns(self) -> dict[str, str]:
        """Return the prefixes."""
        return self._prefixes


class EntryLinks(NullExtension):
    """Writes an Atom entry's language and its complete links in place of feedgen's."""

    def __init__(self, links: Iterable[AtomLink], language: str) -> None:
        self._links = tuple(links)
        self._language = language

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Complete the links feedgen has written and append those it refuses."""
        made = element.findall("link")
        for link, node in zip(self._links, made, strict=False):
            for name, value in link.to_attributes().items():
                node.set(name, value)
        for link in self._links[len(made) :]:
            etree.SubElement(element, "link", link.to_attributes())
        if self._language:
            element.set(_LANG, self._language)
        return element


class FeedHistory(NullExtension):
    """Marks an Atom document as an archive (RFC 5005 section 4)."""

    def extend_ns(self) -> dict[str, str]:
        """Declare the namespace of RFC 5005."""
        return {"fh": HISTORY_NS}

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Add `fh:archive`."""
        etree.SubElement(element, f"{{{HISTORY_NS}}}archive")
        return element


class ChannelLinks(NullExtension):
    """Adds `lastBuildDate`, and the links that feedgen leaves out, to an RSS channel."""

    def __init__(self, links: Iterable[AtomLink], updated: datetime) -> None:
        self._links = tuple(links)
        self._updated = updated

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Add `lastBuildDate` and each link as an atom:link."""
        channel = element[0]
        etree.SubElement(channel, "lastBuildDate").text = format_datetime(self._updated)
        for link in self._links:
            etree.SubElement(channel, f"{{{ATOM_NS}}}link", link.to_attributes())
        return element


class ItemDates(NullExtension):
    """Writes an RSS item's dates without changing the locale."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Add `pubDate` (RFC 822) and, where the post was changed later, `atom:updated`."""
        post = self._post
        etree.SubElement(element, "pubDate").text = format_datetime(post.published)
        if post.updated != post.published:
            etree.SubElement(element, f"{{{ATOM_NS}}}updated").text = post.updated.isoformat()
        return element


class EntrySerializer:
    """Serializes an entry for a document that declares the entry's namespace prefixes."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = dict(namespaces)
        self._start = len(etree.tostring(self._root())) - 1  # "<x …/>" without its slash

    def serialize(self, element: etree._Element) -> bytes:
        """Return the element as UTF-8, without the inherited declarations."""
        root = self._root()
        root.append(element)
        return etree.tostring(root, encoding="UTF-8")[self._start : -len("</x>")]

    def _root(self) -> etree._Element:
        return etree.Element("x", nsmap=self._namespaces)


def register_extensions(target: Any, **extensions: Extension) -> None:  # noqa: ANN401 - feedgen is untyped
    """Register extension instances with feedgen's feed or entry, in order."""
    for name, extension in extensions.items():
        # feedgen instantiates extensions by calling a class; this callable returns ours.
        target.register_extension(name, lambda extension=extension: extension)


def build_entry(post: Post) -> FeedEntry:
    """Return an entry with what Atom and RSS share: id and title."""
    made = FeedEntry()
    made.id(post.id)
    made.title(post.title or post.slug)  # feedgen refuses an entry without one
    return made


def build_channel(title: str, links: Iterable[AtomLink], updated: datetime) -> FeedGenerator:
    """Return a feed without entries. The last link becomes the RSS channel's `link`."""
    made = FeedGenerator()
    made.title(title)
    made.updated(updated)
    made.generator(GENERATOR_NAME)
    for link in links:
        made.link(link.to_attributes())
    return made


def assemble_document(document: bytes, end: bytes, entries: Iterable[bytes]) -> bytes:
    """Insert entries, one per line, before the closing tags of an empty document."""
    head = document.removesuffix(end)
    return b"\n".join((head, *entries, end + b"\n"))
