"""feedgen with its faults corrected: parts of a feed → the XML elements feedgen makes of them.

What feedgen 1.0.0 does wrong, and where it is put right, all by its extension API and by values
it accepts. Each line has its test in tests/unit/feeds/test_generator.py.

    an Atom entry's links lose rel, type and length            EntryLinks
    it refuses rel="canonical" for an entry                    EntryLinks
    alternates in other languages are an RSS item's link     atom: left to EntryLinks
    an RSS item has the last of its enclosures                 rss: told of one
    an RSS channel's link is the last link() of all            channel: self first, alternate last
    an RSS channel has no link but self: hubs are lost         ChannelLinks
    an author without e-mail is lost in RSS, and several
      make an invalid item                                     rss: feedgen's dc extension
    type="CDATA" is invalid in Atom                            Atom gets type="html"
    `updated` and lastBuildDate are now, where not given       always given; Unwritten in RSS
    RSS dates set the process's locale, twice each             Unwritten, ItemDates, ChannelLinks
    add_entry puts the newest post last                        entries are joined by renderer
    podcast images must end in .jpg or .png, and are dropped
      silently; `explicit` cannot be true or false             podcast.Show, podcast.Episode
    a character XML cannot hold stops the whole feed           renderer: the post is cleaned
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
GENERATOR_NAME = (
    "feedpub"  # without a version, or every feed would be written anew by every upgrade
)

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Extension(Protocol):
    """What feedgen asks of an extension; for an entry `extend_ns` is never called."""

    def extend_ns(self) -> dict[str, str]:
        """Give the namespace prefixes the document declares."""

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Change an Atom feed or entry that feedgen has made."""

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Change an RSS document (the channel is its first child) or item."""


class NullExtension:
    """An extension that changes nothing: what the others begin with."""

    def extend_ns(self) -> dict[str, str]:
        """Declare nothing."""
        return {}

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Leave it as it is."""
        return element

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Leave it as it is."""
        return element


class NoTimestamp(datetime):
    """A time that feedgen takes and then passes over, because it is false.

    Its RSS dates go through `locale.setlocale`, which is the whole process's. So it is given a
    time it does not write, and an extension writes the real one.
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
        """Give the attributes that have a value, in the order they are written."""
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
    """Declares prefixes at the root, so that no entry need declare them again."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = dict(prefixes)

    def extend_ns(self) -> dict[str, str]:
        """Declare them."""
        return self._prefixes


class EntryLinks(NullExtension):
    """Writes an Atom entry's links whole, in place of feedgen's, and its language."""

    def __init__(self, links: Iterable[AtomLink], language: str) -> None:
        self._links = tuple(links)
        self._language = language

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Give each link its rel, type and length; add those feedgen refuses, which come last."""
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
    """Says that an Atom document is an archive (RFC 5005 section 4)."""

    def extend_ns(self) -> dict[str, str]:
        """Declare the namespace of RFC 5005."""
        return {"fh": HISTORY_NS}

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Add `fh:archive`."""
        etree.SubElement(element, f"{{{HISTORY_NS}}}archive")
        return element


class ChannelLinks(NullExtension):
    """Adds to an RSS channel the links that feedgen leaves out, and its date."""

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
    """Writes an RSS item's dates without touching the locale."""

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
    """Serialises an entry as it stands inside its document, where its prefixes are declared."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = dict(namespaces)
        self._start = len(etree.tostring(self._root())) - 1  # "<x …/>" without its slash

    def serialize(self, element: etree._Element) -> bytes:
        """Give the element's UTF-8, without the declarations it inherits."""
        root = self._root()
        root.append(element)
        return etree.tostring(root, encoding="UTF-8")[self._start : -len("</x>")]

    def _root(self) -> etree._Element:
        return etree.Element("x", nsmap=self._namespaces)


def register_extensions(target: Any, **extensions: Extension) -> None:  # noqa: ANN401 - feedgen has no types
    """Register extensions, made already, with feedgen's feed or entry, in their order."""
    for name, extension in extensions.items():
        # feedgen makes an extension by calling its class; here that gives the one at hand.
        target.register_extension(name, lambda extension=extension: extension)


def build_entry(post: Post) -> FeedEntry:
    """Give an entry that has what Atom and RSS say alike: id and title."""
    made = FeedEntry()
    made.id(post.id)
    made.title(post.title or post.slug)  # feedgen makes no entry without one
    return made


def build_channel(title: str, links: Iterable[AtomLink], updated: datetime) -> FeedGenerator:
    """Give a feed without entries. The last of the links is the RSS channel's own."""
    made = FeedGenerator()
    made.title(title)
    made.updated(updated)
    made.generator(GENERATOR_NAME)
    for link in links:
        made.link(link.to_attributes())
    return made


def assemble_document(document: bytes, end: bytes, entries: Iterable[bytes]) -> bytes:
    """Put entries, one a line, before the tags that end a document without entries."""
    head = document.removesuffix(end)
    return b"\n".join((head, *entries, end + b"\n"))
