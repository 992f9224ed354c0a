"""A feed and its posts → JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

A post's or a feed's authors → the people a feed names, of whom there is always one.
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
    """Give the authors; where nobody is named the site's; where it has none the site itself.

    Atom wants an author for each entry (RFC 4287 section 4.1.1), and readers of the other
    formats are glad of one.
    """
    return authors or (config.site.author or Author(config.site.title),)


def get_valid_email(author: Author) -> str:
    """Give an author's address if it is one, or ""."""
    return author.email if _EMAIL.fullmatch(author.email) else ""


def get_valid_language(tag: str) -> str:
    """Give a language tag if it has the form of one (BCP 47), or ""."""
    return tag if _LANGUAGE.fullmatch(tag) else ""


_VERSION = "https://jsonfeed.org/version/1.1"


class JsonFeedFormat:
    """Writes JSON Feed documents for one site."""

    name = "json"

    def __init__(self, config: Config) -> None:
        self._config = config

    def render_entry(self, post: Post, html: str) -> bytes:
        """Give a post's item, the same in every feed that holds it.

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
                # An item must have one of the two, though it be empty.
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
        """Give the whole document, an item a line. Raises ValueError as `entry` does."""
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
    """Give JSON in UTF-8, in the order given, without what has no value."""
    kept = {
        name: value
        for name, value in fields.items()
        if value or name in ("title", "content_html", "content_text")
    }
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def _authors(authors: Iterable[Author]) -> list[dict[str, str]]:
    """Give people by name and home page; a feed for machines need not spread e-mail addresses."""
    return [
        {"name": each.name, "url": each.url} if each.url else {"name": each.name}
        for each in authors
    ]


def _attachment(enclosure: Enclosure) -> dict[str, str | int]:
    """Give an enclosure; what is not known is left out."""
    fields: dict[str, str | int] = {
        "url": enclosure.url,
        "mime_type": enclosure.media_type or "application/octet-stream",
        "title": enclosure.title,
        "size_in_bytes": enclosure.length,
        "duration_in_seconds": enclosure.duration,
    }
    return {name: value for name, value in fields.items() if value}
