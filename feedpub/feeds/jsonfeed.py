"""Write JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/); see `JsonFeedFormat`.

The helpers for authors, e-mail addresses and language tags serve the other formats too.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from feedpub.config.schema import Config
from feedpub.feeds.urls import build_feed_url, resolve_url
from feedpub.models.content import Author, Enclosure, Feed, Post

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")


def get_authors(config: Config, authors: tuple[Author, ...]) -> tuple[Author, ...]:
    """Return the given authors, else the site's author, else the site's title as an author.

    Atom requires an author for each entry (RFC 4287 section 4.1.1); the other formats follow suit.
    """
    return authors or (config.site.author or Author(config.site.title),)


def get_valid_email(author: Author) -> str:
    """Return an author's e-mail address, or "" if it is not well-formed."""
    return author.email if _EMAIL.fullmatch(author.email) else ""


def get_valid_language(tag: str) -> str:
    """Return a language tag, or "" if it does not have the form of BCP 47."""
    return tag if _LANGUAGE.fullmatch(tag) else ""


_VERSION = "https://jsonfeed.org/version/1.1"


class JsonFeedFormat:
    """The JSON Feed 1.1 format of one site."""

    name = "json"

    def __init__(self, config: Config) -> None:
        self._config = config

    def render_entry(self, post: Post, html: str) -> bytes:
        """Return the item of a post. Every feed that holds the post shares it.

        Raises ValueError for a lone surrogate.
        """
        full = self._config.feeds.content == "full"
        canonical = post.canonical_url
        return _dump(
            {
                "id": post.id,
                "url": post.url,
                "external_url": canonical if canonical != post.url else "",
                "title": post.title or post.slug,
                # An item must have one of the two, even if it is empty.
                **({"content_html": html} if full else {"content_text": post.summary}),
                "summary": post.summary,
                "image": post.image.url if post.image else "",
                "date_published": post.published.isoformat(),
                "date_modified": post.updated.isoformat(),
                "authors": _authors(get_authors(self._config, post.authors)),
                "tags": [tag.label for tag in post.tags],
                "language": post.language,
                "attachments": [_attachment(each) for each in post.enclosures],
            }
        )

    def render_document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Return the whole document, one item per line. Raises ValueError as `render_entry`."""
        config = self._config
        head = _dump(
            {
                "version": _VERSION,
                "title": feed.title,
                "home_page_url": feed.url,
                "feed_url": build_feed_url(config, feed, "json"),
                "description": feed.description,
                "icon": resolve_url(config, config.site.logo),
                "favicon": resolve_url(config, config.site.icon),
                "authors": _authors(get_authors(config, feed.authors)),
                "language": feed.language,
                "hubs": [{"type": "WebSub", "url": hub} for hub in config.feeds.hubs],
            }
        )
        return head[:-1] + b',"items":[\n' + b",\n".join(entries) + b"\n]}\n"


def _dump(fields: Mapping[str, object]) -> bytes:
    """Return JSON in UTF-8, in the given order, without empty fields."""
    kept = {
        name: value
        for name, value in fields.items()
        if value or name in ("title", "content_html", "content_text")
    }
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def _authors(authors: Iterable[Author]) -> list[dict[str, str]]:
    """Return names and home pages; e-mail addresses are left out of a machine-readable feed."""
    return [
        {"name": each.name, "url": each.url} if each.url else {"name": each.name}
        for each in authors
    ]


def _attachment(enclosure: Enclosure) -> dict[str, str | int]:
    """Return an attachment without the fields that are unknown."""
    fields: dict[str, str | int] = {
        "url": enclosure.url,
        "mime_type": enclosure.media_type or "application/octet-stream",
        "title": enclosure.title,
        "size_in_bytes": enclosure.length,
        "duration_in_seconds": enclosure.duration,
    }
    return {name: value for name, value in fields.items() if value}
