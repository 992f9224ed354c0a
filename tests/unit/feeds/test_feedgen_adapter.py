"""Tests of feedgen: that each of its faults is still there, and is corrected by ours.

The first half of each pair fails when a new feedgen mends a fault: the correction can then go.
"""

import locale
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import made
import pytest
from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from feedpub.config.schema import FeedsConfig
from feedpub.feeds.feedgen_adapter import ATOM_NS, NO_TIMESTAMP, NullExtension, build_entry
from feedpub.feeds.renderer import FeedRenderer
from feedpub.models.content import Enclosure, Feed

# ruff: noqa: ANN401 - feedgen has no types


_A = f"{{{ATOM_NS}}}"
_PDF = Enclosure("https://example.org/a.pdf", "application/pdf", 3, "Paper")
_MP3 = Enclosure("https://example.org/a.mp3", "audio/mpeg", 5)


def bare() -> Any:
    """Give feedgen's own entry, complete."""
    entry = FeedEntry()
    entry.id("tag:x")
    entry.title("x")
    entry.link(href="https://example.org/x/")
    return entry


def bare_feed() -> Any:
    """Give feedgen's own feed, complete."""
    feed = FeedGenerator()
    feed.id("tag:f")
    feed.title("f")
    feed.description("f")
    feed.link(href="https://example.org/")
    return feed


def renderer(**feeds: Any) -> FeedRenderer:
    """Give our renderer, for posts that all say the same."""
    return FeedRenderer(made.config(feeds=FeedsConfig(**feeds)), lambda _: "<p>x</p>")


def parsed(data: bytes) -> etree._Element:
    """Give a document's root."""
    return etree.fromstring(data)


def test_feedgen_drops_what_an_entry_link_says() -> None:
    """Feedgen writes an Atom entry's links with nothing but their href."""
    entry = bare()
    entry.enclosure("https://example.org/a.pdf", 3, "application/pdf")

    assert [["href"], ["href"]] == [
        list(link.attrib) for link in entry.atom_entry().findall("link")
    ]


def test_entry_links_are_whole() -> None:
    """Ours have rel, type and length, and a title where there is one."""
    feed = made.feed([made.post(enclosures=(_PDF, _MP3))])
    root = parsed(renderer().render_atom(feed))

    assert [
        {
            "href": "https://example.org/posts/hello/",
            "rel": "alternate",
            "type": "text/html",
        },
        {
            "href": "https://example.org/a.pdf",
            "rel": "enclosure",
            "type": "application/pdf",
            "length": "3",
            "title": "Paper",
        },
        {
            "href": "https://example.org/a.mp3",
            "rel": "enclosure",
            "type": "audio/mpeg",
            "length": "5",
        },
    ] == [dict(link.items()) for link in root.findall(f"{_A}entry/{_A}link")]


def test_feedgen_refuses_canonical() -> None:
    """Feedgen knows rel="canonical" for feeds, but not for entries."""
    with pytest.raises(ValueError, match="rel"):
        bare().link(href="https://example.org/", rel="canonical")


def test_canonical_is_written() -> None:
    """Where a post was published elsewhere first, its entry says so."""
    feed = made.feed([made.post(canonical_url="https://first.example/", enclosures=(_PDF,))])
    links = parsed(renderer().render_atom(feed)).findall(f"{_A}entry/{_A}link")

    assert [("canonical", "https://first.example/")] == [
        (link.get("rel"), link.get("href")) for link in links[2:]
    ]


def test_feedgen_takes_the_last_enclosure_for_rss() -> None:
    """Feedgen writes the last of several enclosures in RSS."""
    entry = bare()
    entry.enclosure("https://example.org/1.mp3", 1, "audio/mpeg")
    entry.enclosure("https://example.org/2.mp3", 2, "audio/mpeg")

    assert ["https://example.org/2.mp3"] == [
        each.get("url") for each in entry.rss_entry().findall("enclosure")
    ]


def test_rss_has_the_first_enclosure() -> None:
    """Ours writes the first, which the author gave first."""
    root = parsed(renderer().render_rss(made.feed([made.post(enclosures=(_PDF, _MP3))])))

    assert ["https://example.org/a.pdf"] == [
        each.get("url") for each in root.findall("channel/item/enclosure")
    ]


def test_feedgen_takes_the_last_link_for_the_channel() -> None:
    """Feedgen's channel links to itself if `self` comes last."""
    feed = bare_feed()
    feed.link(href="https://example.org/rss.xml", rel="self")

    assert "https://example.org/rss.xml" == parsed(feed.rss_str()).findtext("channel/link")


def test_the_channel_links_to_its_page() -> None:
    """Ours links to the page, and to itself by atom:link."""
    root = parsed(renderer().render_rss(made.feed()))

    assert "https://example.org/" == root.findtext("channel/link")
    assert [("self", "https://example.org/rss.xml")] == [
        (link.get("rel"), link.get("href")) for link in root.findall(f"channel/{_A}link")
    ]


def test_feedgen_loses_hubs_in_rss() -> None:
    """Feedgen writes no link in RSS but `self`."""
    feed = bare_feed()
    feed.link(href="https://hub.example/", rel="hub")
    feed.link(href="https://example.org/", rel="alternate")

    assert b"hub.example" not in feed.rss_str()


def test_hubs_are_in_rss() -> None:
    """Ours names each hub (WebSub section 4)."""
    root = parsed(
        renderer(hubs=("https://a.example/", "https://b.example/")).render_rss(made.feed())
    )

    assert ["https://a.example/", "https://b.example/"] == [
        link.get("href") for link in root.findall(f"channel/{_A}link") if link.get("rel") == "hub"
    ]


def test_feedgen_loses_authors_without_email() -> None:
    """Feedgen leaves an author without e-mail out of RSS, and gives several `author`."""
    entry = bare()
    entry.author([{"name": "Bob"}, {"name": "A", "email": "a@b.c"}, {"name": "D", "email": "d@e"}])

    assert ["a@b.c (A)", "d@e (D)"] == [each.text for each in entry.rss_entry().findall("author")]


def test_every_author_is_in_rss() -> None:
    """Ours names each by dc:creator and none by `author`, which wants one e-mail address."""
    root = parsed(renderer().render_rss(made.feed([made.post(authors=(made.ANN, made.BOB))])))

    assert ["Ann Lee", "Bob"] == [
        each.text for each in root.iter("{http://purl.org/dc/elements/1.1/}creator")
    ]
    assert [] == list(root.iter("author"))


def test_feedgen_writes_cdata_as_a_type() -> None:
    """Feedgen's way to CDATA makes an invalid Atom content."""
    entry = bare()
    entry.content("<p>x</p>", type="CDATA")

    assert "CDATA" == entry.atom_entry().find("content").get("type")


def test_content_is_html() -> None:
    """Ours says type="html", and what was written is what is read."""
    content = parsed(renderer().render_atom(made.feed())).find(f"{_A}entry/{_A}content")

    assert content is not None
    assert ("html", "<p>x</p>") == (content.get("type"), content.text)


def test_feedgen_reads_the_clock() -> None:
    """Feedgen dates what is given no date at the moment it is made."""
    before = datetime.now(UTC)
    made_now = (bare_feed().lastBuildDate(), bare().updated())
    after = datetime.now(UTC)

    assert all(before <= time <= after for time in made_now)


def test_dates_are_the_content_s() -> None:
    """Ours says when the newest post changed, in both formats."""
    ours = renderer()

    assert "2025-02-01T12:30:00+00:00" == parsed(ours.render_atom(made.feed())).findtext(
        f"{_A}updated"
    )
    assert "Sat, 01 Feb 2025 12:30:00 +0000" == parsed(ours.render_rss(made.feed())).findtext(
        "channel/lastBuildDate"
    )


class Witness(datetime):
    """A time that tells which locale it was written in."""

    seen: list[str]

    def strftime(self, format: str, /) -> str:  # noqa: A002 - datetime's own name
        """Write down the locale."""
        self.seen.append(locale.setlocale(locale.LC_ALL))
        return super().strftime(format)


def witness() -> Witness:
    """Give such a time."""
    time = Witness(2025, 1, 30, tzinfo=UTC)
    time.seen = []
    return time


@pytest.fixture(name="utf8")
def _utf8() -> Any:
    """Give the process a locale that is not C."""
    before = locale.setlocale(locale.LC_ALL)
    yield locale.setlocale(locale.LC_ALL, "C.UTF-8")
    locale.setlocale(locale.LC_ALL, before)


def test_feedgen_sets_the_locale(utf8: str) -> None:
    """Feedgen writes an RSS date while the whole process is in locale C."""
    entry = bare()
    time = witness()
    entry.published(time)
    entry.rss_entry()

    assert "C.UTF-8" == utf8
    assert ["C"] == time.seen


def test_the_locale_is_left_alone(utf8: str) -> None:
    """While ours writes a date the locale is what it was."""
    time = witness()
    feed = made.feed([made.post(published=time, updated=time)], updated=time)
    root = parsed(renderer().render_rss(feed))

    assert "C.UTF-8" == utf8
    assert {"C.UTF-8"} == set(time.seen)
    assert "Thu, 30 Jan 2025 00:00:00 +0000" == root.findtext("channel/item/pubDate")


def test_unwritten_is_a_time_feedgen_passes_over() -> None:
    """Feedgen accepts it and writes no date."""
    feed = bare_feed()
    feed.updated(NO_TIMESTAMP)

    assert b"lastBuildDate" not in feed.rss_str()


def test_feedgen_prepends() -> None:
    """Feedgen puts each entry before the last."""
    feed = bare_feed()
    feed.add_entry(bare()).title("one")
    feed.add_entry(bare()).title("two")

    assert ["two", "one"] == [entry.title() for entry in feed.entry()]


def test_posts_stay_in_order() -> None:
    """Ours keeps the order of the feed."""
    feed = made.feed([made.post(slug=slug, title=slug) for slug in "abc"])

    assert ["a", "b", "c"] == [
        each.text for each in parsed(renderer().render_atom(feed)).findall(f"{_A}entry/{_A}title")
    ]


@pytest.mark.parametrize("character", ["\x08", "\ufffe", "\ud800"])
def test_feedgen_stops_at_a_character(character: str) -> None:
    """Feedgen, or lxml in it, raises for what XML cannot hold, whichever entry it is in."""
    entry = bare()
    entry.title(f"a{character}b")

    with pytest.raises(ValueError, match=r"XML|surrogates"):
        entry.rss_entry()


@pytest.mark.parametrize("character", ["\x08", "\ufffe", "\ud800"])
@pytest.mark.parametrize("write", [FeedRenderer.render_rss, FeedRenderer.render_atom])
def test_no_character_stops_a_feed(
    write: Callable[[FeedRenderer, Feed], bytes], character: str
) -> None:
    """Ours loses the character and nothing else, wherever it stands."""
    bad = f"a{character}b"
    config = made.config()
    ours = FeedRenderer(config, lambda _: f"<p>{bad}</p>")
    feed = made.feed([made.post(title=bad, tags=made.tags(bad))], title=bad)
    root = parsed(write(ours, feed))

    assert [] == [text for text in root.itertext() if character in text]
    assert ["ab", "ab"] == [each.text for each in root.iter("title", f"{_A}title")]


def test_a_post_without_a_title_has_its_slug() -> None:
    """Feedgen refuses an entry without a title; no post has none, but none may stop a feed."""
    assert "hello" == build_entry(made.post(title="")).title()


def test_an_extension_changes_nothing_by_itself() -> None:
    """What feedgen calls and an extension does not care for leaves the element as it is."""
    element = etree.Element("entry")
    extension = NullExtension()

    assert {} == extension.extend_ns()
    assert b"<entry/>" == etree.tostring(extension.extend_rss(extension.extend_atom(element)))
