"""Tests of Atom 1.0, as lxml and feedparser read it."""

from dataclasses import replace

import feedparser
import made
from lxml import etree

from feedpub.config.schema import Config, FeedsConfig
from feedpub.feeds.atom import AtomFormat
from feedpub.feeds.feedgen_adapter import ATOM_NS, HISTORY_NS, MEDIA_NS
from feedpub.models.content import Author, Enclosure, Feed, Image, Post

_A = f"{{{ATOM_NS}}}"


def document(feed: Feed, config: Config | None = None, html: str = "<p>x</p>") -> bytes:
    """Give a feed in Atom."""
    atom = AtomFormat(config or made.config())
    return atom.render_document(feed, [atom.render_entry(post, html) for post in feed.posts])


def entry(post: Post, config: Config | None = None) -> etree._Element:
    """Give a post's entry."""
    found = etree.fromstring(document(made.feed([post]), config)).find(f"{_A}entry")
    assert found is not None
    return found


def links(feed: Feed, config: Config | None = None) -> list[tuple[str | None, str | None]]:
    """Give rel and href of a feed's links."""
    root = etree.fromstring(document(feed, config))
    return [(link.get("rel"), link.get("href")) for link in root.findall(f"{_A}link")]


def test_feed() -> None:
    """A feed says who, what, where and when."""
    config = made.config()
    config = replace(
        config, site=replace(config.site, rights="© Ann", icon="icon.png", logo="/logo.png")
    )
    feed = feedparser.parse(document(made.feed(language="zh-Hant"), config)).feed

    assert "tag:example.org,2024:feed" == feed.id
    assert "Example" == feed.title
    assert "An example." == feed.subtitle
    assert "zh-Hant" == feed.language
    assert "© Ann" == feed.rights
    assert "https://example.org/icon.png" == feed.icon
    assert "https://example.org/logo.png" == feed.logo
    assert "feedpub" == feed.generator
    assert "2025-02-01T12:30:00+00:00" == feed.updated
    assert [{"name": "Ann Lee", "email": "ann@example.org", "href": "https://ann.example/"}] == (
        feed.authors
    )


def test_feed_says_only_what_is_known() -> None:
    """What the configuration leaves empty is not written."""
    root = etree.fromstring(document(made.feed(description="", language="??")))

    assert ["id", "title", "updated", "author", "link", "link", "generator", "entry"] == [
        etree.QName(each).localname for each in root
    ]
    assert {} == dict(root.items())


def test_links() -> None:
    """A feed names itself, its hubs, the archive before it and its page."""
    config = made.config(feeds=FeedsConfig(hubs=("https://hub.example/",)))
    feed = made.feed(older="https://example.org/archive-2.xml")

    assert [
        ("self", "https://example.org/atom.xml"),
        ("hub", "https://hub.example/"),
        ("prev-archive", "https://example.org/archive-2.xml"),
        ("alternate", "https://example.org/"),
    ] == links(feed, config)


def test_archive() -> None:
    """An archive says that it is one, and names its feed and its neighbours (RFC 5005)."""
    config = made.config(feeds=FeedsConfig(hubs=("https://hub.example/",)))
    feed = made.feed(
        kind="archive",
        stem="archive-2",
        older="https://example.org/archive-1.xml",
        newer="https://example.org/archive-3.xml",
    )

    assert [
        ("self", "https://example.org/archive-2.xml"),
        ("current", "https://example.org/atom.xml"),
        ("prev-archive", "https://example.org/archive-1.xml"),
        ("next-archive", "https://example.org/archive-3.xml"),
        ("alternate", "https://example.org/"),
    ] == links(feed, config)
    assert etree.fromstring(document(feed)).find(f"{{{HISTORY_NS}}}archive") is not None


def test_a_feed_is_no_archive() -> None:
    """What is followed does not say that it is an archive."""
    assert HISTORY_NS.encode() not in document(made.feed())


def test_entry() -> None:
    """An entry has its post's id, times, authors, whole content and summary."""
    post = made.post(authors=(made.ANN, made.BOB))
    (read,) = feedparser.parse(document(made.feed([post]))).entries

    assert "tag:example.org,2024:hello.md" == read.id
    assert "https://example.org/posts/hello/" == read.link
    assert "2025-01-30T09:00:00+00:00" == read.published
    assert "2025-02-01T12:30:00+00:00" == read.updated
    assert ["Ann Lee", "Bob"] == [each.name for each in read.authors]
    assert "<p>x</p>" == read.content[0].value
    assert "What it is about." == read.summary


def test_summary_alone() -> None:
    """`feeds.content: summary` keeps the content out."""
    (read,) = feedparser.parse(
        document(made.feed(), made.config(feeds=FeedsConfig(content="summary")))
    ).entries

    assert "What it is about." == read.summary
    assert "content" not in read


def test_empty_post() -> None:
    """A post with neither text nor summary is an entry all the same."""
    data = document(made.feed([made.post(summary="")]), html="")

    assert b'<content type="html"/>' in data
    assert b"<summary" not in data


def test_tags() -> None:
    """A category's term and label are the tag's label, in this site's scheme."""
    found = entry(made.post(tags=made.tags("C", "C++", "C#", "人工智能"))).findall(f"{_A}category")

    assert ["C", "C++", "C#", "人工智能"] == [each.get("term") for each in found]
    assert ["C", "C++", "C#", "人工智能"] == [each.get("label") for each in found]
    assert {"https://example.org/tags/"} == {each.get("scheme") for each in found}


def test_language() -> None:
    """Each entry says its language, and nothing where it is not known."""
    lang = "{http://www.w3.org/XML/1998/namespace}lang"

    assert "fr" == entry(made.post(language="fr")).get(lang)
    assert lang not in entry(made.post(language="")).attrib


def test_image() -> None:
    """The picture is there for readers that show one (Media RSS)."""
    found = entry(made.post(image=Image("https://example.org/a.png", "A")))
    content, thumbnail = (
        found.find(f"{{{MEDIA_NS}}}content"),
        found.find(f"{{{MEDIA_NS}}}thumbnail"),
    )

    assert content is not None
    assert thumbnail is not None
    assert {"url": "https://example.org/a.png", "medium": "image"} == dict(content.items())
    assert {"url": "https://example.org/a.png"} == dict(thumbnail.items())


def test_enclosure_of_unknown_kind() -> None:
    """A link to a file always has a type and a length."""
    post = made.post(enclosures=(Enclosure("https://example.org/x"),))
    link = entry(post).findall(f"{_A}link")[1]

    assert ("application/octet-stream", "0") == (link.get("type"), link.get("length"))


def test_person_without_a_proper_address() -> None:
    """What is no e-mail address is left out, and the person stays."""
    found = entry(made.post(authors=(Author("Ann", "at home"),))).find(f"{_A}author")

    assert found is not None
    assert ["name"] == [etree.QName(each).localname for each in found]


def test_entries_inherit_their_prefixes() -> None:
    """An entry declares no namespace: its document has, once."""
    atom = AtomFormat(made.config())
    data = atom.render_entry(made.post(image=Image("https://example.org/a.png")), "")

    assert data.startswith(b'<entry xml:lang="en"><id>')
    assert b"xmlns" not in data
