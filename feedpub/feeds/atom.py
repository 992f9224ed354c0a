"""A feed and its posts → Atom 1.0 (RFC 4287)."""

from collections.abc import Iterable, Iterator, Sequence

from feedgen.ext.media import MediaEntryExtension

from feedpub.config.schema import Config
from feedpub.feeds.addresses import MEDIA_TYPES, absolute, address, current, scheme
from feedpub.feeds.credits import email, language, people
from feedpub.feeds.generator import (
    MEDIA,
    Cutter,
    EntryLinks,
    FeedHistory,
    Link,
    Namespaces,
    channel,
    entry,
    extend,
    join,
)
from feedpub.model import Author, Enclosure, Feed, Post

_NAMESPACES = {"media": MEDIA}


class Atom:
    """Writes Atom documents for one site."""

    name = "atom"

    def __init__(self, config: Config) -> None:
        self._config = config
        self._scheme = scheme(config)
        self._cutter = Cutter(_NAMESPACES)

    def entry(self, post: Post, html: str) -> bytes:
        """Give a post's `entry`, the same in every feed that holds it.

        Raises ValueError for a character that XML cannot hold.
        """
        links = tuple(_links(post))
        made = entry(post)
        made.updated(post.updated)
        made.published(post.published)
        made.author(_persons(people(self._config, post.authors)))
        for link in links:
            if link.rel != "canonical" and not link.hreflang:  # EntryLinks adds these
                made.link(link.attributes())
        if self._config.feeds.content == "full":
            made.content(html, type="html")
        if post.summary:
            made.summary(post.summary)
        made.category(
            [{"term": tag.label, "scheme": self._scheme, "label": tag.label} for tag in post.tags]
        )
        if post.image:
            made.register_extension("media", MediaEntryExtension)
            made.media.content({"url": post.image.url, "medium": "image", "group": None})
            made.media.thumbnail({"url": post.image.url, "group": None})
        extend(made, feedpub=EntryLinks(links, language(post.language)))
        return self._cutter.cut(made.atom_entry())

    def document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Give the whole document. Raises ValueError as `entry` does."""
        config = self._config
        made = channel(feed.title, self._feed_links(feed), feed.updated)
        made.id(feed.id)
        made.author(_persons(people(config, feed.authors)))
        made.subtitle(feed.description or None)
        made.language(language(feed.language) or None)
        made.rights(config.site.rights or None)
        made.icon(absolute(config, config.site.icon) or None)
        made.logo(absolute(config, config.site.logo) or None)
        extend(made, feedpub=Namespaces(_NAMESPACES))
        if feed.kind == "archive":
            extend(made, history=FeedHistory())
        return join(made.atom_str(), b"</feed>", entries)

    def _feed_links(self, feed: Feed) -> Iterator[Link]:
        """Give self, hubs, what RFC 5005 asks for, and the page."""
        kind = MEDIA_TYPES["atom"]
        yield Link("self", address(self._config, feed, "atom"), kind)
        for hub in self._config.feeds.hubs if feed.kind != "archive" else ():
            yield Link("hub", hub)
        if feed.kind == "archive":
            yield Link("current", current(self._config, feed), kind)
        if feed.older:
            yield Link("prev-archive", feed.older, kind)
        if feed.newer:
            yield Link("next-archive", feed.newer, kind)
        yield Link("alternate", feed.url, "text/html")


def _links(post: Post) -> Iterator[Link]:
    """Give an entry's links: the page, what goes with it, its translations, where it was first.

    No two of them are alternates of the same type and language (RFC 4287 section 4.1.2).
    """
    yield Link("alternate", post.url, "text/html")
    for enclosure in post.enclosures:
        yield _enclosure(enclosure)
    for each in post.translations:
        if each.url != post.url and (tag := language(each.language)):
            yield Link("alternate", each.url, "text/html", hreflang=tag)
    if post.canonical_url not in ("", post.url):
        yield Link("canonical", post.canonical_url)


def _enclosure(enclosure: Enclosure) -> Link:
    """Give a link to a file; its length is a hint, so 0 stands where nobody knows it."""
    return Link(
        "enclosure",
        enclosure.url,
        enclosure.media_type or "application/octet-stream",
        str(enclosure.length),
        enclosure.title,
    )


def _persons(authors: Iterable[Author]) -> list[dict[str, str]]:
    """Give authors as feedgen wants them."""
    return [{"name": each.name, "email": email(each), "uri": each.url} for each in authors]
