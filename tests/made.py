"""Whole values for tests, made of good defaults and the few fields a test is about.

    post(title="AT&T", tags=tags("C", "C++"))

Everything is deterministic; nothing here reads the disk or the clock.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any

from feedpub.config.schema import Config, SiteConfig
from feedpub.models.content import Author, Body, Feed, ParsedPost, Post, Tag

# ruff: noqa: ANN401 - the fields of four types have many types; `replace` knows them


ANN = Author("Ann Lee", "ann@example.org", "https://ann.example/", slug="ann-lee")
BOB = Author("Bob", slug="bob")
SITE = "https://example.org/"
PUBLISHED = datetime(2025, 1, 30, 9, 0, tzinfo=UTC)
UPDATED = datetime(2025, 2, 1, 12, 30, tzinfo=UTC)


def marked(body: Body) -> str:
    """Give a body's HTML with its targets, escaped, in brackets that no URL has: ⟦cat.png⟧."""
    parts = list(body.pieces)
    parts[1::2] = [f"⟦{escape(target)}⟧" for target in parts[1::2]]
    return "".join(parts)


def tags(*labels: str) -> tuple[Tag, ...]:
    """Give tags of these labels, with slugs that are different where the labels are."""
    return tuple(Tag(label, "-".join(f"{ord(each):x}" for each in label)) for label in labels)


def post(**changes: Any) -> Post:
    """Give a post: published, two tags, one author, on https://example.org/.

    `slug` alone changes id, path, url, output, body and key with it.
    """
    slug = changes.get("slug", "hello")
    whole = Post(
        id=f"tag:example.org,2024:{slug}.md",
        path=f"{slug}.md",
        slug=slug,
        url=f"{SITE}posts/{slug}/",
        output_path=f"posts/{slug}/index.html",
        title="Hello",
        published=PUBLISHED,
        updated=UPDATED,
        authors=(ANN,),
        tags=(Tag("Python", "python"), Tag("Web feeds", "web-feeds")),
        categories=(),
        summary="What it is about.",
        language="en",
        image=None,
        enclosures=(),
        canonical_url=f"{SITE}posts/{slug}/",
        in_digests=True,
        minutes=1,
        draft=False,
        body_key=f"body-{slug}",
        links=(),
        cache_key=f"key-{slug}",
    )
    return replace(whole, **changes)


def feed(posts: Iterable[Post] | None = None, **changes: Any) -> Feed:
    """Give the site's feed of one post, in all three formats."""
    whole = Feed(
        kind="site",
        name="All posts",
        title="Example",
        id="tag:example.org,2024:feed",
        folder="",
        stem="",
        url=SITE,
        description="An example.",
        language="en",
        posts=(post(),) if posts is None else tuple(posts),
        total=1,
        updated=UPDATED,
        formats=("rss", "atom", "json"),
    )
    return replace(whole, total=len(whole.posts), **changes)


def config(**changes: Any) -> Config:
    """Give the configuration of https://example.org/; `changes` are sections."""
    site = SiteConfig("Example", SITE, description="An example.", author=ANN)
    return replace(Config(site), **changes)


def manuscript(**changes: Any) -> ParsedPost:
    """Give what hello.md says: a title, a date, two tags and an author."""
    stem = changes.get("stem", "hello")
    whole = ParsedPost(
        path=f"{stem}.md",
        digest=f"digest-{stem}",
        title="Hello",
        published=PUBLISHED,
        stem=stem,
        authors=(Author("Ann Lee"),),
        tags=("Python", "Web feeds"),
        summary="What it is about.",
    )
    return replace(whole, **changes)
