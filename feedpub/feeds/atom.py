"""Write Atom 1.0 feeds (RFC 4287) and archives of them (RFC 5005); see `AtomFormat`."""

from collections.abc import Iterable, Iterator, Sequence

from feedgen.ext.media import MediaEntryExtension

from feedpub.config.schema import Config
from feedpub.feeds.feedgen_adapter import (
    MEDIA_NS,
    AtomLink,
    EntryLinks,
    EntrySerializer,
    FeedHistory,
    Namespaces,
    assemble_document,
    build_channel,
    build_entry,
    register_extensions,
)
from feedpub.feeds.jsonfeed import get_authors, get_valid_email, get_valid_language
from feedpub.feeds.urls import (
    MEDIA_TYPES,
    build_category_scheme,
    build_current_url,
    build_feed_url,
    resolve_url,
)
from feedpub.models.content import Author, Enclosure, Feed, Post

_NAMESPACES = {"media": MEDIA_NS}


class AtomFormat:
    """The Atom 1.0 format of one site."""

    name = "atom"

    def __init__(self, config: Config) -> None:
        self._config = config
        self._scheme = build_category_scheme(config)
        self._cutter = EntrySerializer(_NAMESPACES)

    def render_entry(self, post: Post, html: str) -> bytes:
        """Return the `entry` element of a post. Every feed that holds the post shares it.

        Raises ValueError for a character that XML cannot hold.
        """
        links = tuple(_links(post))
        made = build_entry(post)
        made.updated(post.updated)
        made.published(post.published)
        made.author(_persons(get_authors(self._config, post.authors)))
        for link in links:
            if link.rel != "canonical" and not link.hreflang:  # EntryLinks adds these
                made.link(link.to_attributes())
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
        register_extensions(made, feedpub=EntryLinks(links, get_valid_language(post.language)))
        return self._cutter.serialize(made.atom_entry())

    def render_document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Return the whole document. Raises ValueError as `render_entry` does."""
        config = self._config
        made = build_channel(feed.title, self._feed_links(feed), feed.updated)
        made.id(feed.id)
        made.author(_persons(get_authors(config, feed.authors)))
        made.subtitle(feed.description or None)
        made.language(get_valid_language(feed.language) or None)
        made.rights(config.site.rights or None)
        made.icon(resolve_url(config, config.site.icon) or None)
        made.logo(resolve_url(config, config.site.logo) or None)
        register_extensions(made, feedpub=Namespaces(_NAMESPACES))
        if feed.kind == "archive":
            register_extensions(made, history=FeedHistory())
        return assemble_document(made.atom_str(), b"</feed>", entries)

    def _feed_links(self, feed: Feed) -> Iterator[AtomLink]:
        """Yield the self, hub, archive (RFC 5005) and alternate links of a feed."""
        kind = MEDIA_TYPES["atom"]
        yield AtomLink("self", build_feed_url(self._config, feed, "atom"), kind)
        for hub in self._config.feeds.hubs if feed.kind != "archive" else ():
            yield AtomLink("hub", hub)
        if feed.kind == "archive":
            yield AtomLink("current", build_current_url(self._config, feed), kind)
        if feed.older:
            yield AtomLink("prev-archive", feed.older, kind)
        if feed.newer:
            yield AtomLink("next-archive", feed.newer, kind)
        yield AtomLink("alternate", feed.url, "text/html")


def _links(post: Post) -> Iterator[AtomLink]:
    """Yield an entry's links: its page, enclosures, translations and canonical URL.

    No two alternates share both type and language (RFC 4287 section 4.1.2). Some feed readers take
    the first alternate for the page and others the last, so both point to the post itself.
    """
    yield AtomLink("alternate", post.url, "text/html")
    for enclosure in post.enclosures:
        yield _enclosure(enclosure)
    for each in sorted(post.translations, key=lambda one: one.url == post.url):
        if tag := get_valid_language(each.language):
            yield AtomLink("alternate", each.url, "text/html", hreflang=tag)
    if post.canonical_url not in ("", post.url):
        yield AtomLink("canonical", post.canonical_url)


def _enclosure(enclosure: Enclosure) -> AtomLink:
    """Return an enclosure link. The length is only a hint, so 0 stands for unknown."""
    return AtomLink(
        "enclosure",
        enclosure.url,
        enclosure.media_type or "application/octet-stream",
        str(enclosure.length),
        enclosure.title,
    )


def _persons(authors: Iterable[Author]) -> list[dict[str, str]]:
    """Return authors in the form that feedgen expects."""
    return [
        {"name": each.name, "email": get_valid_email(each), "uri": each.url} for each in authors
    ]
