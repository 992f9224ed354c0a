"""A feed and its posts → RSS 2.0, with Dublin Core, Media RSS, `content:encoded` and iTunes.

A title is escaped once, as the RSS Profile recommends: `AT&amp;T`, `a &lt; b`. Twice would show
`&lt;code&gt;` to the many readers that take titles for plain text, feedparser among them; those
that take them for HTML show a title right unless it looks like a tag they know. A description is
HTML in every reader, so a summary, which is plain text, is escaped as HTML first.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from feedgen.ext.dc import DcEntryExtension
from feedgen.ext.media import MediaEntryExtension

from feedpub.config.schema import Config
from feedpub.feeds import podcast
from feedpub.feeds.addresses import MEDIA_TYPES, build_category_scheme, build_feed_url, resolve_url
from feedpub.feeds.credits import get_authors, get_valid_email, get_valid_language
from feedpub.feeds.generator import (
    ATOM_NS,
    DC_NS,
    ITUNES_NS,
    MEDIA_NS,
    NO_TIMESTAMP,
    AtomLink,
    ChannelLinks,
    EntrySerializer,
    ItemDates,
    Namespaces,
    assemble_document,
    build_channel,
    build_entry,
    register_extensions,
)
from feedpub.model import Author, Enclosure, Feed, Post

_CONTENT = "http://purl.org/rss/1.0/modules/content/"


class RssFormat:
    """Writes RSS documents for one site."""

    name = "rss"

    def __init__(self, config: Config) -> None:
        self._config = config
        self._scheme = build_category_scheme(config)
        self._namespaces = {"dc": DC_NS, "media": MEDIA_NS}
        if config.feeds.podcast:
            self._namespaces["itunes"] = ITUNES_NS
        self._cutter = EntrySerializer({**self._namespaces, "atom": ATOM_NS, "content": _CONTENT})

    def render_entry(self, post: Post, html: str) -> bytes:
        """Give a post's `item`, the same in every feed that holds it.

        Raises ValueError for a character that XML cannot hold.
        """
        made = build_entry(post)
        made.link(href=post.url)
        if post.summary:
            made.summary(escape(post.summary, quote=False))
        if self._config.feeds.content == "full":
            made.content(html)
        made.category([{"term": tag.label, "scheme": self._scheme} for tag in post.tags])
        made.register_extension("dc", DcEntryExtension)
        made.dc.dc_creator([each.name for each in get_authors(self._config, post.authors)])
        if get_valid_language(post.language):
            made.dc.dc_language(post.language)
        enclosures = self._enclosures(post)
        for each in enclosures[:1]:
            made.enclosure(each.url, each.length, each.media_type or "application/octet-stream")
        media = [*_images(post), *_media(enclosures[1:])]
        if media:
            made.register_extension("media", MediaEntryExtension)
            made.media.content(media)
        if post.image:
            made.media.thumbnail({"url": post.image.url, "group": None})
        register_extensions(made, feedpub=ItemDates(post))
        if self._config.feeds.podcast and podcast.is_episode(post):
            podcast.add_episode(made, post)
        return self._cutter.serialize(made.rss_entry())

    def render_document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Give the whole document. Raises ValueError as `entry` does."""
        config = self._config
        own = AtomLink("self", build_feed_url(config, feed, "rss"), MEDIA_TYPES["rss"])
        made = build_channel(feed.title, (own, AtomLink("alternate", feed.url)), NO_TIMESTAMP)
        made.description(feed.description.strip() or feed.title)
        made.language(get_valid_language(feed.language) or None)
        made.rights(config.site.rights or None)
        made.managingEditor(_editor(get_authors(config, feed.authors)))
        if config.site.logo:
            made.image(resolve_url(config, config.site.logo))
        hubs = tuple(AtomLink("hub", hub) for hub in config.feeds.hubs)
        register_extensions(
            made,
            namespaces=Namespaces(self._namespaces),
            feedpub=ChannelLinks(hubs, feed.updated),
        )
        if config.feeds.podcast and any(podcast.is_episode(post) for post in feed.posts):
            podcast.add_show(made, config, config.feeds.podcast, feed)
        return assemble_document(made.rss_str(), b"</channel></rss>", entries)

    def _enclosures(self, post: Post) -> tuple[Enclosure, ...]:
        """Give a post's enclosures, in a podcast its episode first.

        RSS has room for one (RSS Profile, "item/enclosure"); the rest become `media:content`.
        """
        if not self._config.feeds.podcast:
            return post.enclosures
        return tuple(sorted(post.enclosures, key=lambda each: not podcast.is_audio(each)))


def _images(post: Post) -> Iterator[dict[str, str | None]]:
    """Give the post's picture as `media:content`."""
    if post.image:
        yield {"url": post.image.url, "medium": "image", "group": None}


def _media(enclosures: Iterable[Enclosure]) -> Iterator[dict[str, str | None]]:
    """Give enclosures as `media:content`; what is not known is left out."""
    for each in enclosures:
        yield {
            "url": each.url,
            "type": each.media_type or None,
            "fileSize": str(each.length) if each.length else None,
            "duration": str(each.duration) if each.duration else None,
            "group": None,
        }


def _editor(authors: Sequence[Author]) -> str | None:
    """Give the first author as RSS wants a person, `ann@example.org (Ann)`, if that can be."""
    address = get_valid_email(authors[0])
    return f"{address} ({authors[0].name})" if address else None
