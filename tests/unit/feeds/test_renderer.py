"""Tests of feeds as a whole: for any post, all three formats say the same."""

import json
import locale
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.entities import entitydefs
from pathlib import Path
from typing import Any

import feedparser
import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from feedpub.config.schema import Config, FeedsConfig
from feedpub.feeds.renderer import FeedRenderer, sanitize_value
from feedpub.models.content import Author, Enclosure, Feed, Image, Post
from feedpub.models.text import strip_invalid_characters

ROOT = Path(__file__).parents[3]


class Bodies:
    """The HTML of posts, and how often it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, post: Post) -> str:
        """Give the HTML of a post."""
        self.asked.append(post.slug)
        return f"<p>{post.slug}</p>"


def renderer(html: str = "<p>x</p>", config: Config | None = None, **options: Any) -> FeedRenderer:  # noqa: ANN401 - options of the renderer
    """Give a renderer for posts that all say the same."""
    return FeedRenderer(config or made.config(), lambda _: html, **options)


def all_of(render: FeedRenderer, feed: Feed) -> tuple[bytes, bytes, bytes]:
    """Give a feed in all three formats."""
    return render.render_rss(feed), render.render_atom(feed), render.render_json(feed)


def test_html_is_asked_for_once() -> None:
    """However many feeds and formats a post is in, its HTML is read once."""
    html = Bodies()
    render = FeedRenderer(made.config(), html)
    posts = [made.post(slug=slug) for slug in "abc"]
    for feed in (made.feed(posts), made.feed(posts[1:], folder="tags/c/")):
        all_of(render, feed)

    assert ["a", "b", "c"] == html.asked


def test_only_what_is_configured_is_made() -> None:
    """A format nobody wants costs nothing, until somebody asks for it."""
    html = Bodies()
    render = FeedRenderer(made.config(feeds=FeedsConfig(formats=("json",))), html)
    render.render_json(made.feed())
    render.render_atom(made.feed())
    render.render_json(made.feed())

    assert ["hello", "hello"] == html.asked


def test_archives_are_in_atom() -> None:
    """With archives Atom is made along with the other formats."""
    html = Bodies()
    render = FeedRenderer(made.config(feeds=FeedsConfig(formats=("json",), archive=True)), html)
    render.render_json(made.feed())
    render.render_atom(made.feed(kind="archive", stem="archive-1"))

    assert ["hello"] == html.asked


@pytest.mark.parametrize("kept", [0, 2500, 5000])
def test_what_is_kept_is_never_seen(kept: int) -> None:
    """With little room, or none, the bytes are the same."""
    posts = [made.post(slug=slug) for slug in "abcde"]
    feeds = [made.feed(posts), made.feed(posts[2:]), made.feed(posts[:3])]
    html = Bodies()
    narrow = FeedRenderer(made.config(), html, kept)
    ample = FeedRenderer(made.config(), Bodies())

    assert [all_of(ample, feed) for feed in feeds] == [all_of(narrow, feed) for feed in feeds]
    assert len(html.asked) > len(posts)


def test_what_was_used_last_is_kept() -> None:
    """What makes room is what was longest unused."""
    html = Bodies()
    a, b, c = (made.post(slug=slug) for slug in "abc")
    size = len(all_of(FeedRenderer(made.config(), Bodies()), made.feed([a]))[2])
    render = FeedRenderer(made.config(feeds=FeedsConfig(formats=("json",))), html, size * 2)
    for post in (a, b, a, c, a):
        render.render_json(made.feed([post]))

    assert ["a", "b", "c"] == html.asked


def test_a_changed_post_is_made_again() -> None:
    """A post's key is all that can be seen of it."""
    render = renderer()
    render.render_rss(made.feed())
    changed = made.feed([made.post(title="Changed", cache_key="other")])

    assert b"<title>Changed</title>" in render.render_rss(changed)


def test_same_post_same_bytes_in_every_feed() -> None:
    """A post is the same in every feed that holds it, its id above all."""
    render = renderer()
    site = render.render_atom(made.feed())
    tag = render.render_atom(made.feed(kind="tag", folder="tags/python/", language="fr"))
    entry = site[site.index(b"<entry") : site.index(b"</entry>")]

    assert entry in tag


def test_a_posts_author_may_be_the_sites() -> None:
    """A post without authors is by the site's author, in all three formats."""
    rss, atom, data = all_of(renderer(), made.feed([made.post(authors=())]))

    assert "Ann Lee" == feedparser.parse(rss).entries[0].author
    assert "Ann Lee" == feedparser.parse(atom).entries[0].author_detail.name
    assert "Ann Lee" == json.loads(data)["items"][0]["authors"][0]["name"]


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({"title": "a\x08b"}, "title", "ab"),
        ({"title": "AT&T"}, "title", "AT&T"),
        ({"title": "a < b"}, "title", "a < b"),
        ({"title": "The <code> element"}, "title", "The <code> element"),
        ({"tags": made.tags("C", "C++", "C#")}, "tags", ["C", "C++", "C#"]),
        ({"tags": made.tags("人工智能")}, "tags", ["人工智能"]),
    ],
)
def test_nasty_posts(changes: dict[str, Any], name: str, expected: object) -> None:
    """What breaks other generators is read back from all three formats."""
    config = made.config()
    config = sanitize_value(replace(config, site=replace(config.site, title="A & B")))
    # What is read is cleaned, so this is what reaches a feed.
    post = sanitize_value(made.post(**changes))
    rss, atom, data = all_of(renderer(config=config), made.feed([post], title="A & B"))

    assert [expected] * 2 == [read_back(each)[0][name] for each in (rss, atom)]
    assert expected == json.loads(data)["items"][0][name]
    assert ["A & B"] * 2 == [feedparser.parse(each).feed.title for each in (rss, atom)]
    assert "A & B" == json.loads(data)["title"]


def test_a_lone_surrogate_stops_no_json() -> None:
    """What UTF-8 cannot hold is removed, should it ever come so far."""
    feed = made.feed([made.post(title="a\ud800b")], title="c\ud800d")
    data = json.loads(renderer("\ud800<p>").render_json(feed))

    assert "cd" == data["title"]
    assert ("ab", "<p>") == (data["items"][0]["title"], data["items"][0]["content_html"])


def read_back(data: bytes) -> list[dict[str, object]]:
    """Give what feedparser reads, as JSON Feed would name it."""
    parsed = feedparser.parse(data)
    assert not parsed.bozo
    return [
        {
            "id": entry.id,
            "url": entry.link,
            "title": entry.title,
            "published": moment(entry.published_parsed),
            "authors": [each.name for each in entry.authors],
            "tags": [each.term for each in entry.get("tags", ())],
        }
        for entry in parsed.entries
    ]


def moment(parts: tuple[int, ...]) -> datetime:
    """Give the time feedparser read."""
    year, month, day, hour, minute, second = parts[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def unambiguous(text: str) -> bool:
    """Tell whether feedparser takes a text for what it is.

    It takes for HTML what has a closing tag or an entity that HTML knows, and for wrongly
    decoded UTF-8 what could be: guesses about other people's feeds.
    """
    try:
        guess = text.encode("latin-1").decode()
    except UnicodeError:
        guess = text
    known = any(f"&{name};" in text for name in entitydefs)
    return guess == text and not known and "</" not in text and "&#" not in text


TEXTS = (
    st.text(min_size=1, max_size=40)
    .map(lambda text: strip_invalid_characters(text).strip())
    .filter(bool)
)
NAMES = TEXTS.filter(unambiguous).filter(lambda text: "@" not in text)
TIMES = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
IMAGES = st.none() | st.builds(Image, st.just("https://example.org/a.png"), TEXTS)
ENCLOSURES = st.builds(
    Enclosure,
    st.just("https://example.org/a.mp3"),
    st.sampled_from(["audio/mpeg", "application/pdf", ""]),
    st.integers(0, 10**12),
    TEXTS,
    st.integers(0, 10**6),
)


@st.composite
def posts(draw: st.DrawFn, titles: st.SearchStrategy[str] = TEXTS) -> Post:
    """Make any post."""
    published = draw(TIMES)
    slug = draw(st.uuids()).hex
    return made.post(
        slug=slug,
        title=draw(titles),
        published=published,
        updated=published + timedelta(seconds=draw(st.integers(0, 10**8))),
        authors=tuple(
            Author(name, draw(st.sampled_from(["", "a@example.org", "nowhere"])))
            for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
        ),
        tags=made.tags(*draw(st.lists(NAMES, max_size=4, unique=True))),
        summary=draw(st.text().map(strip_invalid_characters)),
        language=draw(st.sampled_from(["", "en", "zh-Hant", "x y"])),
        image=draw(IMAGES),
        enclosures=tuple(draw(st.lists(ENCLOSURES, max_size=2))),
    )


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.lists(posts(TEXTS.filter(unambiguous)), max_size=3),
    st.text().map(strip_invalid_characters),
    st.sampled_from(["full", "summary"]),
)
@example([made.post(title="a < b & <c>", tags=made.tags("C++", "a&b"))], "]]>", "full")
def test_all_formats_say_the_same(posts: list[Post], html: str, content: str) -> None:
    """Any posts are read back from RSS and Atom as JSON has them."""
    config = made.config(feeds=FeedsConfig(content=content))
    rss, atom, data = all_of(renderer(html, config), made.feed(posts))
    expected: list[dict[str, object]] = [
        {
            "id": post.id,
            "url": post.url,
            "title": post.title,
            "published": post.published,
            "authors": [author.name for author in post.authors],
            "tags": [tag.label for tag in post.tags],
        }
        for post in posts
    ]
    items = [
        {
            "id": item["id"],
            "url": item["url"],
            "title": item["title"],
            "published": datetime.fromisoformat(item["date_published"]),
            "authors": [author["name"] for author in item["authors"]],
            "tags": item.get("tags", []),
        }
        for item in json.loads(data)["items"]
    ]

    assert expected == items
    assert expected == read_back(atom)
    assert expected == read_back(rss)


@settings(deadline=None)  # a busy machine is no fault
@given(posts(), st.text())
def test_any_title_is_in_the_xml(post: Post, html: str) -> None:
    """Even a title that a reader could take for HTML is there as it was written."""
    rss, atom, _ = all_of(renderer(html), made.feed([post]))
    a = "{http://www.w3.org/2005/Atom}"

    assert post.title == etree.fromstring(rss).findtext("channel/item/title")
    assert post.title == etree.fromstring(atom).findtext(f"{a}entry/{a}title")
    assert strip_invalid_characters(html) == strip_invalid_characters(
        etree.fromstring(atom).findtext(f"{a}entry/{a}content") or ""
    )


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(posts(), max_size=3, unique_by=lambda post: post.cache_key))
def test_same_input_same_bytes(posts: list[Post]) -> None:
    """Rendering is a function: another renderer gives the same bytes."""
    feed = made.feed(posts)

    assert all_of(renderer(), feed) == all_of(renderer(), feed)


PROGRAM = """
import sys, locale, made
from feedpub.feeds.renderer import FeedRenderer
locale.setlocale(locale.LC_ALL, "")
render = FeedRenderer(made.config(), lambda _: "<p>x</p>")
sys.stdout.buffer.write(render.render_rss(made.feed()) + render.render_atom(made.feed()))
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"},
    ],
)
def test_same_bytes_everywhere(environment: dict[str, str]) -> None:
    """Time zone, locale and hash seed change nothing."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        check=True,
        env={**os.environ, **environment, "PYTHONPATH": path},
    )

    assert renderer().render_rss(made.feed()) + renderer().render_atom(made.feed()) == done.stdout


def test_the_locale_of_the_process_stays() -> None:
    """Rendering leaves the process as it was."""
    before = locale.setlocale(locale.LC_ALL)
    all_of(renderer(), made.feed())

    assert before == locale.setlocale(locale.LC_ALL)


def test_fit_cleans_every_text() -> None:
    """However deep a text is, it is cleaned; what is no text stays."""
    post = made.post(title="a\x00", tags=made.tags("b\ufdd0"), minutes=3)
    cleaned = sanitize_value(post)

    assert ("a", "b", 3) == (cleaned.title, cleaned.tags[0].label, cleaned.minutes)
    assert post.published == cleaned.published
