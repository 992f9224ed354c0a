"""Write RSS 2.0 with Dublin Core, Media RSS, `content:encoded` and iTunes; see `RssFormat`.

A title is escaped once, as the RSS Profile recommends: `AT&amp;T`, `a &lt; b`. Escaped twice, it
would show `&lt;code&gt;` in the many feed readers that take titles for plain text (feedparser is
one); those that take them for HTML go wrong only where a title looks like a tag they know. A
description is HTML in every feed reader, so a summary, which is plain text, is escaped as HTML
first. Where `feeds.podcast` is set, posts with audio get the `itunes:*` elements that podcast
directories require.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from feedgen.ext.dc import DcEntryExtension
from feedgen.ext.media import MediaEntryExtension
from feedgen.ext.podcast import PodcastExtension
from feedgen.ext.podcast_entry import PodcastEntryExtension
from lxml import etree

from feedpub.config.schema import Config, PodcastConfig
from feedpub.feeds.feedgen_adapter import (
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
    NullExtension,
    assemble_document,
    build_channel,
    build_entry,
    register_extensions,
)
from feedpub.feeds.jsonfeed import get_authors, get_valid_email, get_valid_language
from feedpub.feeds.urls import MEDIA_TYPES, build_category_scheme, build_feed_url, resolve_url
from feedpub.models.content import Author, Enclosure, Feed, Post

# ruff: noqa: ANN401 - feedgen is untyped


def is_audio(enclosure: Enclosure) -> bool:
    """Return whether an enclosure is audio."""
    return enclosure.media_type.startswith("audio/")


def is_episode(post: Post) -> bool:
    """Return whether a post has an audio enclosure and so is a podcast episode."""
    return any(is_audio(each) for each in post.enclosures)


class Show(NullExtension):
    """Writes what feedgen's podcast extension refuses: `explicit` as true or false, and any image.

    feedgen accepts only yes, no and clean, which Apple has dropped, and silently discards an image
    whose URL does not end in .jpg or .png.
    """

    def __init__(self, image: str, *, explicit: bool) -> None:
        self._image = image
        self._explicit = explicit

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Add `itunes:image` and `itunes:explicit` to the channel."""
        channel = element[0]
        etree.SubElement(channel, f"{{{ITUNES_NS}}}image", href=self._image)
        explicit = etree.SubElement(channel, f"{{{ITUNES_NS}}}explicit")
        explicit.text = "true" if self._explicit else "false"
        return element


class Episode(NullExtension):
    """Writes an episode's image, whatever its URL ends in."""

    def __init__(self, image: str) -> None:
        self._image = image

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Add `itunes:image` to the item."""
        etree.SubElement(element, f"{{{ITUNES_NS}}}image", href=self._image)
        return element


def add_show(made: Any, config: Config, podcast: PodcastConfig, feed: Feed) -> None:
    """Add the podcast's own elements to feedgen's feed."""
    made.register_extension("podcast", PodcastExtension, PodcastEntryExtension, atom=False)
    authors = get_authors(config, feed.authors)
    made.podcast.itunes_author(podcast.author or ", ".join(each.name for each in authors))
    category, _, subcategory = (part.strip() for part in podcast.category.partition(">"))
    made.podcast.itunes_category({"cat": category, "sub": subcategory})
    made.podcast.itunes_summary(podcast.summary)
    made.podcast.itunes_type(podcast.type)
    owner = podcast.owner or authors[0]
    if get_valid_email(owner):
        made.podcast.itunes_owner(owner.name, owner.email)
    register_extensions(
        made, show=Show(resolve_url(config, podcast.image), explicit=podcast.explicit)
    )


def add_episode(made: Any, post: Post) -> None:
    """Add an episode's duration and image to feedgen's entry.

    Author, title and summary are not repeated as `itunes:*`: Apple reads RSS's own, and feed
    readers that know both (such as feedparser) would show each twice.
    """
    made.register_extension("podcast", PodcastEntryExtension, atom=False)
    duration = next(each.duration for each in post.enclosures if is_audio(each))
    if duration:
        made.podcast.itunes_duration(duration)
    if post.image:
        register_extensions(made, episode=Episode(post.image.url))


_CONTENT = "http://purl.org/rss/1.0/modules/content/"


class RssFormat:
    """The RSS 2.0 format of one site."""

    name = "rss"

    def __init__(self, config: Config) -> None:
        self._config = config
        self._scheme = build_category_scheme(config)
        self._namespaces = {"dc": DC_NS, "media": MEDIA_NS}
        if config.feeds.podcast:
            self._namespaces["itunes"] = ITUNES_NS
        self._cutter = EntrySerializer({**self._namespaces, "atom": ATOM_NS, "content": _CONTENT})

    def render_entry(self, post: Post, html: str) -> bytes:
        """Return the `item` element of a post. Every feed that holds the post shares it.

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
        if self._config.feeds.podcast and is_episode(post):
            add_episode(made, post)
        return self._cutter.serialize(made.rss_entry())

    def render_document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Return the whole document. Raises ValueError as `render_entry` does."""
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
        if config.feeds.podcast and any(is_episode(post) for post in feed.posts):
            add_show(made, config, config.feeds.podcast, feed)
        return assemble_document(made.rss_str(), b"</channel></rss>", entries)

    def _enclosures(self, post: Post) -> tuple[Enclosure, ...]:
        """Return a post's enclosures; in a podcast the audio comes first.

        An RSS item has room for one (RSS Profile, "item/enclosure"); the rest become
        `media:content`.
        """
        if not self._config.feeds.podcast:
            return post.enclosures
        return tuple(sorted(post.enclosures, key=lambda each: not is_audio(each)))


def _images(post: Post) -> Iterator[dict[str, str | None]]:
    """Yield the post's image as `media:content`."""
    if post.image:
        yield {"url": post.image.url, "medium": "image", "group": None}


def _media(enclosures: Iterable[Enclosure]) -> Iterator[dict[str, str | None]]:
    """Yield enclosures as `media:content`, without fields that are unknown."""
    for each in enclosures:
        yield {
            "url": each.url,
            "type": each.media_type or None,
            "fileSize": str(each.length) if each.length else None,
            "duration": str(each.duration) if each.duration else None,
            "group": None,
        }


def _editor(authors: Sequence[Author]) -> str | None:
    """Return the first author in the form `ann@example.org (Ann)`, or None without an address."""
    address = get_valid_email(authors[0])
    return f"{address} ({authors[0].name})" if address else None
