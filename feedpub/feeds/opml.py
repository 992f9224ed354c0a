"""Write one OPML 2.0 file that lists every feed, for import into feed readers."""

from collections.abc import Sequence

from lxml import etree

from feedpub.config.schema import Config
from feedpub.feeds.jsonfeed import get_valid_email
from feedpub.feeds.urls import build_feed_url
from feedpub.models.content import Feed
from feedpub.models.text import strip_invalid_characters

_FORMATS = ("atom", "rss", "json")  # the most expressive format first
_VERSIONS = {"rss": "RSS2"}  # OPML 2.0 defines versions for RSS only
_GROUPS = {
    "digest": "Newsletters",
    "extra": "More",
    "tag": "Tags",
    "category": "Categories",
    "author": "Authors",
    "language": "Languages",
}


def render_opml(config: Config, feeds: Sequence[Feed]) -> bytes:
    """Return an outline of all feeds: the site's at the top level, the others grouped by kind.

    Each feed appears once, in the first available of Atom, RSS and JSON. Archives are left out,
    because they no longer change.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = strip_invalid_characters(config.site.title)
    author = config.site.author
    if author:
        etree.SubElement(head, "ownerName").text = strip_invalid_characters(author.name)
        if get_valid_email(author):
            etree.SubElement(head, "ownerEmail").text = strip_invalid_characters(author.email)
    body = etree.SubElement(root, "body")
    _outlines(body, config, [feed for feed in feeds if feed.kind == "site"])
    for kind, title in _GROUPS.items():
        members = [feed for feed in feeds if feed.kind == kind]
        if members:
            _outlines(etree.SubElement(body, "outline", text=title), config, members)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _outlines(parent: etree._Element, config: Config, feeds: Sequence[Feed]) -> None:
    """Add an outline for each feed that has a format."""
    for feed in feeds:
        fmt = next((each for each in _FORMATS if each in feed.formats), "")
        if not fmt:
            continue
        attributes = {
            "type": "rss",  # OPML uses this for every format
            "text": strip_invalid_characters(feed.title),
            "title": strip_invalid_characters(feed.title),
            "xmlUrl": build_feed_url(config, feed, fmt),
            "htmlUrl": feed.url,
            "description": strip_invalid_characters(feed.description),
            "language": feed.language,
            "version": _VERSIONS.get(fmt, ""),
        }
        etree.SubElement(
            parent, "outline", {name: value for name, value in attributes.items() if value}
        )
