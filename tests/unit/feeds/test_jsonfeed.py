"""Tests of JSON Feed 1.1."""

import json
from dataclasses import replace
from typing import Any

import made
import pytest

from feedpub.config.schema import Config, FeedsConfig
from feedpub.feeds.jsonfeed import JsonFeedFormat
from feedpub.models.content import Enclosure, Feed, Image, Post

# ruff: noqa: ANN401 - JSON may be anything


def document(feed: Feed, config: Config | None = None) -> Any:
    """Give a feed in JSON, read back."""
    form = JsonFeedFormat(config or made.config())
    return json.loads(
        form.render_document(feed, [form.render_entry(post, "<p>x</p>") for post in feed.posts])
    )


def item(post: Post, config: Config | None = None) -> Any:
    """Give a post's item."""
    return document(made.feed([post]), config)["items"][0]


def test_feed() -> None:
    """A feed says who, what and where; nothing is escaped."""
    config = made.config(feeds=FeedsConfig(hubs=("https://hub.example/",)))
    config = replace(config, site=replace(config.site, logo="logo.png", icon="icon.png"))
    feed = made.feed([], title="AT&T")

    assert {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "AT&T",
        "home_page_url": "https://example.org/",
        "feed_url": "https://example.org/feed.json",
        "description": "An example.",
        "icon": "https://example.org/logo.png",
        "favicon": "https://example.org/icon.png",
        "authors": [{"name": "Ann Lee", "url": "https://ann.example/"}],
        "language": "en",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [],
    } == document(feed, config)


def test_item() -> None:
    """An item says all that is known of its post."""
    post = made.post(
        title="a < b",
        authors=(made.ANN, made.BOB),
        tags=made.tags("C++", "人工智能"),
        image=Image("https://example.org/a.png"),
        enclosures=(
            Enclosure("https://example.org/1.mp3", "audio/mpeg", 5, "One", 61),
            Enclosure("https://example.org/2"),
        ),
        canonical_url="https://first.example/",
    )

    assert {
        "id": "tag:example.org,2024:hello.md",
        "url": "https://example.org/posts/hello/",
        "external_url": "https://first.example/",
        "title": "a < b",
        "content_html": "<p>x</p>",
        "summary": "What it is about.",
        "image": "https://example.org/a.png",
        "date_published": "2025-01-30T09:00:00+00:00",
        "date_modified": "2025-02-01T12:30:00+00:00",
        "authors": [{"name": "Ann Lee", "url": "https://ann.example/"}, {"name": "Bob"}],
        "tags": ["C++", "人工智能"],
        "language": "en",
        "attachments": [
            {
                "url": "https://example.org/1.mp3",
                "mime_type": "audio/mpeg",
                "title": "One",
                "size_in_bytes": 5,
                "duration_in_seconds": 61,
            },
            {"url": "https://example.org/2", "mime_type": "application/octet-stream"},
        ],
    } == item(post)


def test_item_says_only_what_is_known() -> None:
    """What a post does not have is not there."""
    found = item(made.post(summary="", tags=(), language=""))

    assert [
        "id",
        "url",
        "title",
        "content_html",
        "date_published",
        "date_modified",
        "authors",
    ] == list(found)


@pytest.mark.parametrize("summary", ["What it is about.", ""])
def test_summary_alone(summary: str) -> None:
    """`feeds.content: summary` keeps the content out; a text there must be, though empty."""
    found = item(made.post(summary=summary), made.config(feeds=FeedsConfig(content="summary")))

    assert "content_html" not in found
    assert summary == found["content_text"]


def test_bytes_are_readable() -> None:
    """Every script is written as it is, an item a line."""
    form = JsonFeedFormat(made.config())
    feed = made.feed(title="人工智能")
    data = form.render_document(feed, [form.render_entry(post, "") for post in feed.posts])

    assert "人工智能" in data.decode()
    assert 3 == len(data.splitlines())
