"""Tests of podcasts, as directories read them."""

from dataclasses import replace

import feedparser
import made
import pytest
from feedgen.ext.podcast import PodcastExtension
from feedgen.ext.podcast_entry import PodcastEntryExtension
from lxml import etree

from feedpub.config.schema import Config, FeedsConfig, PodcastConfig
from feedpub.feeds.feedgen_adapter import ITUNES_NS
from feedpub.feeds.renderer import FeedRenderer
from feedpub.models.content import Author, Enclosure, Image, Post

_I = f"{{{ITUNES_NS}}}"
_PDF = Enclosure("https://example.org/notes.pdf", "application/pdf", 3)
_MP3 = Enclosure("https://example.org/1.mp3", "audio/mpeg", 5, duration=61)
_SHOW = PodcastConfig(
    "Arts > Books", "cover.webp", summary="All of it.", explicit=True, type="serial"
)


def config(podcast: PodcastConfig | None = _SHOW) -> Config:
    """Give a configuration with a podcast."""
    return made.config(feeds=FeedsConfig(podcast=podcast))


def channel(post: Post, of: Config | None = None) -> etree._Element:
    """Give the channel of a feed with one post."""
    return etree.fromstring(
        FeedRenderer(of or config(), lambda _: "").render_rss(made.feed([post]))
    )[0]


def test_show() -> None:
    """A feed with audio says what directories ask for."""
    found = channel(made.post(enclosures=(_MP3,)))
    image = found.find(f"{_I}image")

    assert "Ann Lee" == found.findtext(f"{_I}author")
    assert "All of it." == found.findtext(f"{_I}summary")
    assert "serial" == found.findtext(f"{_I}type")
    assert "true" == found.findtext(f"{_I}explicit")
    assert "ann@example.org" == found.findtext(f"{_I}owner/{_I}email")
    assert ["Arts", "Books"] == [each.get("text") for each in found.iter(f"{_I}category")]
    assert image is not None
    assert "https://example.org/cover.webp" == image.get("href")


def test_show_of_somebody_else() -> None:
    """Author and owner may be others than the site's; an owner without e-mail is none."""
    show = PodcastConfig("Technology", "https://cdn.example/a.png", "The Team", Author("Bob"))
    found = channel(made.post(enclosures=(_MP3,)), config(show))

    assert "The Team" == found.findtext(f"{_I}author")
    assert found.find(f"{_I}owner") is None
    assert found.find(f"{_I}summary") is None
    assert "false" == found.findtext(f"{_I}explicit")
    assert ["Technology"] == [each.get("text") for each in found.iter(f"{_I}category")]


def test_episode() -> None:
    """An episode is the first audio of a post, whatever else goes with it."""
    post = made.post(enclosures=(_PDF, _MP3), image=Image("https://example.org/a.webp"))
    found = channel(post).find("item")

    assert found is not None
    assert ["https://example.org/1.mp3"] == [each.get("url") for each in found.iter("enclosure")]
    assert "61" == found.findtext(f"{_I}duration")
    assert ["https://example.org/a.webp"] == [
        each.get("href") for each in found.findall(f"{_I}image")
    ]


def test_episode_says_only_what_is_known() -> None:
    """Neither duration nor picture is made up."""
    post = made.post(enclosures=(replace(_MP3, duration=0),))

    assert [] == list(channel(post).iterfind(f"item/{_I}*"))


def test_feed_without_audio() -> None:
    """A feed whose posts have no audio is no podcast."""
    assert [] == list(channel(made.post(enclosures=(_PDF,))).iter(f"{_I}*"))


def test_audio_without_a_podcast() -> None:
    """Audio alone makes no podcast: `feeds.podcast` says it is one."""
    found = channel(made.post(enclosures=(_PDF, _MP3)), config(None))

    assert [] == list(found.iter(f"{_I}*"))
    assert ["https://example.org/notes.pdf"] == [
        each.get("url") for each in found.iter("enclosure")
    ]


def test_nothing_is_read_twice() -> None:
    """Readers that know both vocabularies show authors, content and title once."""
    data = FeedRenderer(config(), lambda _: "<p>x</p>").render_rss(
        made.feed([made.post(enclosures=(_MP3,))])
    )
    (read,) = feedparser.parse(data).entries

    assert ["Ann Lee"] == [each.name for each in read.authors]
    assert ["<p>x</p>"] == [each.value for each in read.content]
    assert "What it is about." == read.summary


def test_feedgen_drops_images() -> None:
    """Feedgen forgets a show's image that is not named .jpg or .png, and refuses an episode's."""
    show, episode = PodcastExtension(), PodcastEntryExtension()
    show.itunes_image("https://example.org/cover.webp")

    assert show.itunes_image() is None
    with pytest.raises(ValueError, match="png or jpg"):
        episode.itunes_image("https://example.org/cover.webp")


def test_feedgen_refuses_true() -> None:
    """Feedgen knows the words for `explicit` that Apple gave up."""
    with pytest.raises(ValueError, match="explicit"):
        PodcastExtension().itunes_explicit("true")
