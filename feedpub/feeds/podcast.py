"""`feeds.podcast` and posts with audio → the `itunes:*` elements that directories ask for."""

from typing import Any

from feedgen.ext.podcast import PodcastExtension
from feedgen.ext.podcast_entry import PodcastEntryExtension
from lxml import etree

from feedpub.config.schema import Config, PodcastConfig
from feedpub.feeds.addresses import resolve_url
from feedpub.feeds.credits import get_authors, get_valid_email
from feedpub.feeds.generator import ITUNES_NS, NullExtension, register_extensions
from feedpub.model import Enclosure, Feed, Post

# ruff: noqa: ANN401 - feedgen has no types


def is_audio(enclosure: Enclosure) -> bool:
    """Tell whether an enclosure is audio."""
    return enclosure.media_type.startswith("audio/")


def is_episode(post: Post) -> bool:
    """Tell whether a post carries audio, and so is an episode."""
    return any(is_audio(each) for each in post.enclosures)


class Show(NullExtension):
    """Writes what feedgen's podcast extension refuses: `explicit` as true or false, any image.

    It knows yes, no and clean, which Apple gave up, and drops an image silently unless its URL
    ends in .jpg or .png.
    """

    def __init__(self, image: str, *, explicit: bool) -> None:
        self._image = image
        self._explicit = explicit

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Add both to the channel."""
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
        """Add it to the item."""
        etree.SubElement(element, f"{{{ITUNES_NS}}}image", href=self._image)
        return element


def add_show(made: Any, config: Config, podcast: PodcastConfig, feed: Feed) -> None:
    """Add to feedgen's feed what the show says of itself."""
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
    """Add to feedgen's entry what an episode says of itself.

    Not its author, title and summary again: Apple reads RSS's own, and readers that know both
    (feedparser is one) would show each twice.
    """
    made.register_extension("podcast", PodcastEntryExtension, atom=False)
    duration = next(each.duration for each in post.enclosures if is_audio(each))
    if duration:
        made.podcast.itunes_duration(duration)
    if post.image:
        register_extensions(made, episode=Episode(post.image.url))
