"""Tests of RSS 2.0, as lxml and feedparser read it."""

from dataclasses import replace

import feedparser
import made
import pytest
from lxml import etree

from feedpub.config.schema import Config, FeedsConfig
from feedpub.feeds.feedgen_adapter import DC_NS, MEDIA_NS
from feedpub.feeds.rss import RssFormat
from feedpub.models.content import Author, Enclosure, Feed, Image, Post


def document(feed: Feed, config: Config | None = None, html: str = "<p>x</p>") -> bytes:
    """Give a feed in RSS."""
    rss = RssFormat(config or made.config())
    return rss.render_document(feed, [rss.render_entry(post, html) for post in feed.posts])


def item(post: Post, config: Config | None = None) -> etree._Element:
    """Give a post's item."""
    found = etree.fromstring(document(made.feed([post]), config)).find("channel/item")
    assert found is not None
    return found


def test_channel() -> None:
    """A channel says what, where, in which language, by whom and when."""
    config = made.config()
    config = replace(config, site=replace(config.site, rights="© Ann", logo="logo.png"))
    channel = etree.fromstring(document(made.feed(language="fr"), config))[0]

    assert "Example" == channel.findtext("title")
    assert "https://example.org/" == channel.findtext("link")
    assert "An example." == channel.findtext("description")
    assert "fr" == channel.findtext("language")
    assert "© Ann" == channel.findtext("copyright")
    assert "feedpub" == channel.findtext("generator")
    assert "ann@example.org (Ann Lee)" == channel.findtext("managingEditor")
    assert ["https://example.org/logo.png", "Example", "https://example.org/"] == [
        channel.findtext(f"image/{each}") for each in ("url", "title", "link")
    ]


def test_channel_says_only_what_is_known() -> None:
    """What RSS requires is there in any case; the rest only where it is known."""
    feed = made.feed([], description=" ", language="", authors=(Author("Bob"),))
    channel = etree.fromstring(document(feed))[0]

    assert "Example" == channel.findtext("description")
    assert ["title", "link", "description", "link", "docs", "generator", "lastBuildDate"] == [
        etree.QName(each).localname for each in channel
    ]


def test_item() -> None:
    """An item has its post's id, times, authors, whole content and summary."""
    post = made.post(authors=(made.ANN, made.BOB))
    (read,) = feedparser.parse(document(made.feed([post]))).entries

    assert "tag:example.org,2024:hello.md" == read.id
    assert not read.guidislink
    assert "https://example.org/posts/hello/" == read.link
    assert "Thu, 30 Jan 2025 09:00:00 +0000" == read.published
    assert "2025-02-01T12:30:00+00:00" == read.updated
    assert ["Ann Lee", "Bob"] == [each.name for each in read.authors]
    assert ["<p>x</p>"] == [each.value for each in read.content]
    assert "What it is about." == read.summary


def test_unchanged_post() -> None:
    """A post that was never changed has one date."""
    post = made.post(updated=made.PUBLISHED)

    assert b"atom:updated" not in document(made.feed([post]))


@pytest.mark.parametrize(
    "title",
    [
        "AT&T",
        "a < b",
        "a<b and c>d",
        "The <code> element",
        "&amp; literal",
        "Tom &amp; <b>Jerry</b>",
        "]]>",
        "\"quoted\" and 'quoted'",
        "人工智能",
    ],
)
def test_title_is_plain_text(title: str) -> None:
    """A title is escaped once, so that it is read as the author meant it."""
    data = document(made.feed([made.post(title=title)], title=title))

    assert title == etree.fromstring(data).findtext("channel/item/title")
    assert title == feedparser.parse(data).entries[0].title
    assert title == feedparser.parse(data).feed.title


def test_summary_is_escaped_as_html() -> None:
    """A description is HTML in every reader, so plain text is made HTML first."""
    found = item(made.post(summary="AT&T: a < b, <code>"))

    assert "AT&amp;T: a &lt; b, &lt;code&gt;" == found.findtext("description")


def test_summary_alone() -> None:
    """`feeds.content: summary` keeps the content out."""
    data = document(made.feed(), made.config(feeds=FeedsConfig(content="summary")))

    assert b"&lt;p&gt;" not in data
    assert "What it is about." == feedparser.parse(data).entries[0].summary


def test_content_without_summary() -> None:
    """Without a summary the content is the description."""
    assert "<p>x</p>" == item(made.post(summary="")).findtext("description")


def test_tags() -> None:
    """A category is the tag's label, in this site's domain."""
    found = item(made.post(tags=made.tags("C", "C++", "C#", "人工智能"))).findall("category")

    assert ["C", "C++", "C#", "人工智能"] == [each.text for each in found]
    assert {"https://example.org/tags/"} == {each.get("domain") for each in found}


def test_language() -> None:
    """Each item says its language, and nothing where it is not known."""
    assert "fr" == item(made.post(language="fr")).findtext(f"{{{DC_NS}}}language")
    assert item(made.post(language="")).find(f"{{{DC_NS}}}language") is None


def test_media() -> None:
    """The picture and the enclosures after the first are there by Media RSS."""
    post = made.post(
        image=Image("https://example.org/a.png"),
        enclosures=(
            Enclosure("https://example.org/1"),
            Enclosure("https://example.org/2.mp4", "video/mp4", 7, duration=60),
            Enclosure("https://example.org/3"),
        ),
    )
    found = item(post)
    enclosure, thumbnail = found.find("enclosure"), found.find(f"{{{MEDIA_NS}}}thumbnail")

    assert enclosure is not None
    assert {
        "url": "https://example.org/1",
        "length": "0",
        "type": "application/octet-stream",
    } == dict(enclosure.items())
    assert thumbnail is not None
    assert "https://example.org/a.png" == thumbnail.get("url")
    assert [
        {"url": "https://example.org/a.png", "medium": "image"},
        {
            "url": "https://example.org/2.mp4",
            "fileSize": "7",
            "type": "video/mp4",
            "duration": "60",
        },
        {"url": "https://example.org/3"},
    ] == [dict(each.items()) for each in found.findall(f"{{{MEDIA_NS}}}content")]


def test_items_inherit_their_prefixes() -> None:
    """An item declares no namespace: its document has, once."""
    data = RssFormat(made.config()).render_entry(
        made.post(image=Image("https://example.org/a.png")), "<p>"
    )

    assert data.startswith(b"<item><title>")
    assert b"xmlns" not in data
