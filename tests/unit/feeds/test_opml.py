"""Tests of OPML."""

from dataclasses import replace

import made
from lxml import etree

from feedpub.feeds.opml import render_opml
from feedpub.models.content import Author


def test_outlines() -> None:
    """Each feed is there once, the site's first, the others in a folder for each kind."""
    feeds = (
        made.feed(kind="author", folder="authors/ann/", title="Ann", formats=("rss",)),
        made.feed(kind="tag", folder="tags/人/", title="人", formats=("json",)),
        made.feed(kind="tag", folder="tags/c/", title="C & C", formats=("rss", "atom")),
        made.feed(),
    )
    body = etree.fromstring(render_opml(made.config(), feeds)).find("body")

    assert body is not None
    assert [
        ("Example", "https://example.org/atom.xml", None),
        ("Tags", None, None),
        ("人", "https://example.org/tags/%E4%BA%BA/feed.json", None),
        ("C & C", "https://example.org/tags/c/atom.xml", None),
        ("Authors", None, None),
        ("Ann", "https://example.org/authors/ann/rss.xml", "RSS2"),
    ] == [
        (each.get("text"), each.get("xmlUrl"), each.get("version")) for each in body.iter("outline")
    ]


def test_outline_says_what_the_feed_does() -> None:
    """An outline has what a reader shows before it subscribes."""
    outline = etree.fromstring(render_opml(made.config(), [made.feed()])).find("body/outline")

    assert outline is not None
    assert {
        "type": "rss",
        "text": "Example",
        "title": "Example",
        "xmlUrl": "https://example.org/atom.xml",
        "htmlUrl": "https://example.org/",
        "description": "An example.",
        "language": "en",
    } == dict(outline.items())


def test_archives_are_left_out() -> None:
    """An archive is not followed, nor is a feed in no format."""
    feeds = (made.feed(kind="archive", stem="archive-1"), made.feed(formats=()))

    assert [] == list(etree.fromstring(render_opml(made.config(), feeds)).iter("outline"))


def test_head() -> None:
    """The list says whose it is, as far as that is known."""
    config = made.config()
    bob = replace(config, site=replace(config.site, title="A & B", author=Author("Bob")))
    nobody = replace(config, site=replace(config.site, author=None))

    assert ["Example", "Ann Lee", "ann@example.org"] == [
        each.text for each in etree.fromstring(render_opml(config, ()))[0]
    ]
    assert ["A & B", "Bob"] == [each.text for each in etree.fromstring(render_opml(bob, ()))[0]]
    assert ["Example"] == [each.text for each in etree.fromstring(render_opml(nobody, ()))[0]]


def test_no_character_stops_it() -> None:
    """What XML cannot hold is left out."""
    outline = etree.fromstring(render_opml(made.config(), [made.feed(title="a\x08b")])).find(
        "body/outline"
    )

    assert outline is not None
    assert "ab" == outline.get("text")
