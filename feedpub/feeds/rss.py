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
from feedpub.feeds.addresses import MEDIA_TYPES, absolute, address, scheme
from feedpub.feeds.credits import email, language, people
from feedpub.feeds.generator import (
    ATOM,
    DC,
    ITUNES,
    MEDIA,
    UNWRITTEN,
    ChannelLinks,
    Cutter,
    ItemDates,
    Link,
    Namespaces,
    channel,
    entry,
    extend,
    join,
)
from feedpub.model import Author, Enclosure, Feed, Post

_CONTENT = "http://purl.org/rss/1.0/modules/content/"


class Rss:
    """Writes RSS documents for one site."""

    name = "rss"

    def __init__(self, config: Config) -> None:
        self._config = config
        self._scheme = scheme(config)
        self._namespaces = {"dc": DC, "media": MEDIA}
        if config.feeds.podcast:
            self._namespaces["itunes"] = ITUNES
        self._cutter = Cutter({**self._namespaces, "atom": ATOM, "content": _CONTENT})

    def entry(self, post: Post, html: str) -> bytes:
        """Give a post's `item`, the same in every feed that holds it.

        Raises ValueError for a character that XML cannot hold.
        """
        made = entry(post)
        made.link(href=post.url)
        if post.summary:
            made.summary(escape(post.summary, quote=False))
        if self._config.feeds.content == "full":
            made.content(html)
        made.category([{"term": tag.label, "scheme": self._scheme} for tag in post.tags])
        made.register_extension("dc", DcEntryExtension)
        made.dc.dc_creator([each.name for each in people(self._config, post.authors)])
        if language(post.language):
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
        extend(made, feedpub=ItemDates(post))
        if self._config.feeds.podcast and podcast.audio(post):
            podcast.item(made, post)
        return self._cutter.cut(made.rss_entry())

    def document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Give the whole document. Raises ValueError as `entry` does."""
        config = self._config
        own = Link("self", address(config, feed, "rss"), MEDIA_TYPES["rss"])
        made = channel(feed.title, (own, Link("alternate", feed.url)), UNWRITTEN)
        made.description(feed.description.strip() or feed.title)
        made.language(language(feed.language) or None)
        made.rights(config.site.rights or None)
        made.managingEditor(_editor(people(config, feed.authors)))
        if config.site.logo:
            made.image(absolute(config, config.site.logo))
        hubs = tuple(Link("hub", hub) for hub in config.feeds.hubs)
        extend(
            made,
            namespaces=Namespaces(self._namespaces),
            feedpub=ChannelLinks(hubs, feed.updated),
        )
        if config.feeds.podcast and any(podcast.audio(post) for post in feed.posts):
            podcast.show(made, config, config.feeds.podcast, feed)
        return join(made.rss_str(), b"</channel></rss>", entries)

    def _enclosures(self, post: Post) -> tuple[Enclosure, ...]:
        """Give a post's enclosures, in a podcast its episode first.

        RSS has room for one (RSS Profile, "item/enclosure"); the rest become `media:content`.
        """
        if not self._config.feeds.podcast:
            return post.enclosures
        return tuple(sorted(post.enclosures, key=lambda each: not podcast.sounds(each)))


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
    address = email(authors[0])
    return f"{address} ({authors[0].name})" if address else None
