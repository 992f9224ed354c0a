"""Which feeds there are, and what is in them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import Config, ExtraFeedConfig, FeedsConfig, PagesConfig
from feedpub.content import library
from feedpub.content.library import Library
from feedpub.models.content import Author, Feed, ParsedPost
from feedpub.site.feeds import EPOCH, FeedSet, build_feeds

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALL_KINDS = ("site", "tags", "authors", "languages", "categories")


def posts(count: int) -> list[ParsedPost]:
    """Give so many posts, a day apart, named 1, 2, 3, oldest first."""
    start = NOW - timedelta(days=count + 1)
    return [
        made.manuscript(stem=str(number), published=start + timedelta(days=number))
        for number in range(1, count + 1)
    ]


def shelved(manuscripts: Iterable[ParsedPost], config: Config | None = None) -> Library:
    """Give the library of these manuscripts."""
    return library.build_library(config or made.config(), manuscripts, {}, NOW)


def subscribed(*manuscripts: ParsedPost, **sections: Any) -> FeedSet:  # noqa: ANN401
    """Give the feeds of these manuscripts; sections of the config may be given."""
    config = made.config(**sections)
    return build_feeds(config, shelved(manuscripts, config))


def slugs(feed: Feed) -> list[str]:
    """Name the posts of a feed."""
    return [post.slug for post in feed.posts]


def test_the_feed_of_the_site() -> None:
    """It holds the newest posts, and says of itself what the config says of the site."""
    config = made.config()
    (feed,) = subscribed(*posts(3), feeds=FeedsConfig(limit=2)).site

    assert ["3", "2"] == slugs(feed)
    assert feed == Feed(
        kind="site",
        name="Example",
        title="Example",
        id="tag:example.org,2026:feeds/site",
        folder="",
        stem="",
        url=made.SITE,
        description=config.site.description,
        language="en",
        posts=feed.posts,
        total=3,
        updated=feed.posts[0].updated,
        formats=("rss", "atom", "json"),
        authors=(made.ANN,),
    )


def test_a_limit_of_nothing_is_none() -> None:
    """`limit: 0` puts every post into a feed."""
    (feed,) = subscribed(*posts(30), feeds=FeedsConfig(limit=0)).site

    assert 30 == len(feed.posts)


def test_a_feed_is_as_new_as_its_newest_change() -> None:
    """An old post that was updated counts; so nothing depends on the clock."""
    old, new = posts(2)
    (feed,) = subscribed(replace(old, updated=NOW), new).site

    assert NOW == feed.updated


def test_a_site_without_posts_has_a_feed() -> None:
    """It is empty, and always says the same."""
    (feed,) = subscribed().site

    assert ((), 0, EPOCH) == (feed.posts, feed.total, feed.updated)


def test_a_site_without_author_or_description() -> None:
    """A feed must have a description, so its title stands for one."""
    config = made.config()
    config = replace(config, site=replace(config.site, author=None, description=""))
    (feed,) = build_feeds(config, shelved([])).site

    assert ((), "Example") == (feed.authors, feed.description)


def test_feeds_of_tags_and_authors() -> None:
    """Each has the folder of its page, and all of its posts."""
    one, other = posts(2)
    found = subscribed(replace(one, tags=("人工智能",)), replace(other, authors=(Author("Bob"),)))
    tags = [(feed.kind, feed.name, feed.folder, feed.url, slugs(feed)) for feed in found.tags]
    ann, bob = found.authors

    quoted = "%E4%BA%BA%E5%B7%A5%E6%99%BA%E8%83%BD"
    assert [
        ("tag", "Python", "tags/python/", f"{made.SITE}tags/python/", ["2"]),
        ("tag", "Web feeds", "tags/web-feeds/", f"{made.SITE}tags/web-feeds/", ["2"]),
        ("tag", "人工智能", "tags/人工智能/", f"{made.SITE}tags/{quoted}/", ["1"]),
    ] == tags
    assert (replace(made.ANN, slug="ann-lee"),) == ann.authors
    assert ("author", "Example: Bob", (Author("Bob", slug="bob"),), ["2"]) == (
        bob.kind, bob.title, bob.authors, slugs(bob),
    )  # fmt: skip
    assert f"tag:example.org,2026:feeds/tag/{quoted}" == found.tags[2].id


def test_feeds_of_categories_and_languages() -> None:
    """They are there when asked for; a language's feed is in that language."""
    one, other = posts(2)
    manuscripts = (replace(one, categories=("News",)), replace(other, language="de-AT"))
    found = subscribed(*manuscripts, feeds=FeedsConfig(kinds=("categories", "languages")))

    assert [("category", "categories/news/", ["1"], "en")] == [
        (feed.kind, feed.folder, slugs(feed), feed.language) for feed in found.categories
    ]
    assert [("de-AT", "languages/de-at/", ["2"]), ("en", "languages/en/", ["1"])] == [
        (feed.language, feed.folder, slugs(feed)) for feed in found.languages
    ]
    assert {made.SITE} == {feed.url for feed in found.list_feeds()}
    assert () == found.site + found.tags + found.authors


def test_without_pages_a_feed_belongs_to_the_site() -> None:
    """There is no page of a tag to lead to."""
    found = subscribed(*posts(1), pages=PagesConfig(enabled=False))

    assert {made.SITE} == {feed.url for feed in found.list_feeds()}


@pytest.mark.parametrize(("least", "expected"), [(1, 6), (2, 6), (3, 1)])
def test_min_posts(least: int, expected: int) -> None:
    """What has too few posts gets no feed; the site always does."""
    manuscripts = [replace(each, categories=("News",)) for each in posts(2)]
    found = subscribed(*manuscripts, feeds=FeedsConfig(kinds=ALL_KINDS, min_posts=least))

    assert expected == len(found.list_feeds())


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"tags": ("PYTHON", "c")}, ["2", "1"]),
        ({"tags": ("News",)}, ["3"]),
        ({"authors": ("BOB",)}, ["2"]),
        ({"authors": ("b",)}, ["2"]),
        ({"languages": ("de",)}, ["3", "2"]),
        ({"languages": ("DE-at",)}, ["3"]),
        ({"languages": ("d",)}, []),
        ({"tags": ("python",), "authors": ("Bob",)}, ["2"]),
        ({"tags": ("python",), "authors": ("Bob",), "languages": ("en",)}, []),
        ({"tags": ("none",)}, []),
    ],
)
def test_combinations(wanted: dict[str, Any], expected: list[str]) -> None:
    """An extra feed has the posts that have one of each that it names."""
    one, two, three = posts(3)
    found = subscribed(
        replace(one, tags=("Python",)),
        replace(two, tags=("python",), authors=(Author("b"),), language="de"),
        replace(three, tags=("C++",), categories=("news",), language="de-AT"),
        authors=(("b", Author("Bob")),),
        feeds=FeedsConfig(extra=(replace(ExtraFeedConfig("Mine & Yours"), **wanted),)),
    )

    assert [("extra", "Mine & Yours", "feeds/mine-yours/", expected)] == [
        (feed.kind, feed.name, feed.folder, slugs(feed)) for feed in found.extra
    ]


def test_extra_feeds_of_one_name() -> None:
    """Each has a folder of its own, and a title may be given."""
    extra = (ExtraFeedConfig("x", title="First", tags=("a",)), ExtraFeedConfig("X", tags=("b",)))
    found = subscribed(feeds=FeedsConfig(extra=extra))

    assert [("First", "feeds/x/"), ("X", "feeds/x-2/")] == [
        (feed.name, feed.folder) for feed in found.extra
    ]


def test_archives() -> None:
    """All posts but the newest few are in full documents, each naming the one before it."""
    found = subscribed(*posts(7), feeds=FeedsConfig(archive=True, limit=3))

    assert [["3", "2", "1"], ["6", "5", "4"]] == [slugs(feed) for feed in found.archives]
    assert ["archive-1", "archive-2"] == [feed.stem for feed in found.archives]
    assert ["", f"{made.SITE}archive-1.xml"] == [feed.older for feed in found.archives]
    assert {("archive", ("atom",), made.SITE)} == {
        (feed.kind, feed.formats, feed.url) for feed in found.archives
    }
    assert (f"{made.SITE}archive-2.xml", ["7", "6", "5"]) == (
        found.site[0].older,
        slugs(found.site[0]),
    )
    assert found.site[0].id == found.archives[0].id
    assert not any(feed in found.list_feeds() for feed in found.archives)


@pytest.mark.parametrize(
    "feeds",
    [
        {"archive": False},
        {"limit": 0},
        {"formats": ("rss", "json")},
        {"kinds": ("tags",)},
        {"limit": 50},
    ],
)
def test_no_archives(feeds: dict[str, Any]) -> None:
    """They need a limit that is passed, and the site's feed in Atom."""
    found = subscribed(*posts(7), feeds=replace(FeedsConfig(archive=True, limit=3), **feeds))

    assert () == found.archives
    assert not any(feed.older for feed in found.site)


@given(st.integers(0, 12), st.integers(1, 4))
def test_an_archive_never_changes(count: int, size: int) -> None:
    """Once it is there, no newer post changes it; feed and archives hold every post."""
    manuscripts, feeds = posts(count + 1), FeedsConfig(archive=True, limit=size)
    before = subscribed(*manuscripts[:-1], feeds=feeds)
    after = subscribed(*manuscripts, feeds=feeds)
    held = [slug for feed in (*after.site, *after.archives) for slug in slugs(feed)]

    assert before.archives == after.archives[: len(before.archives)]
    assert {one.stem for one in manuscripts} == set(held)
    assert all(size == len(feed.posts) for feed in after.archives)


TAGS = st.lists(st.sampled_from(["C", "c", "C++", "C#", "page", "é", "É", "é!"]), max_size=3)


@given(st.lists(TAGS, max_size=5), st.lists(st.sampled_from(["a", "A", "a!"]), max_size=3))
def test_no_two_feeds_in_one_folder(tags: list[list[str]], extra: list[str]) -> None:
    """Every feed has a folder and an id of its own."""
    manuscripts = [
        replace(each, tags=tuple(some), categories=tuple(some[:1]))
        for each, some in zip(posts(len(tags)), tags, strict=True)
    ]
    combinations = tuple(ExtraFeedConfig(name, tags=("C",)) for name in extra)
    feeds = FeedsConfig(kinds=ALL_KINDS, extra=combinations)
    found = subscribed(*manuscripts, feeds=feeds).list_feeds()

    assert len(found) == len({feed.folder for feed in found}) == len({feed.id for feed in found})
