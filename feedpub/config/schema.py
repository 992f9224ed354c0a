"""What `config.yaml` can say, as frozen values with their defaults.

The first line of a section's docstring and the help of each key are what `feedpub config`
prints; the check of a key is what `load` holds its value against. To add a key or a section is
to add it here: reading, messages and printing follow from the types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from feedpub.config import addresses, checks
from feedpub.config.keys import Key
from feedpub.model import Author


@dataclass(frozen=True, slots=True)
class Site:
    """The site itself; only title and url are required."""

    title: Annotated[str, Key("what the site is called", checks.name)]
    url: Annotated[str, Key("its address, which ends in /", addresses.site_address)]
    description: Annotated[str, Key("one sentence on what it is about")] = ""
    language: Annotated[
        str,
        Key('the language of posts that name none, as in BCP 47: "en", "zh-Hant"', checks.language),
    ] = "en"
    timezone: Annotated[
        str, Key("IANA name; for dates without a zone, and for dates as shown", checks.timezone)
    ] = "UTC"
    author: Annotated[Author | None, Key("for posts that name nobody; a name alone will do")] = None
    authority: Annotated[
        str,
        Key(
            "the host or address that posts' ids begin with (RFC 4151); url's host if empty",
            addresses.authority,
        ),
    ] = ""
    logo: Annotated[
        str,
        Key("a wide picture: a file of the content folder, or a URL", addresses.reference),
    ] = ""
    icon: Annotated[
        str,
        Key("a square picture: a file of the content folder, or a URL", addresses.reference),
    ] = ""
    rights: Annotated[str, Key('who may do what: "© 2025 Ann, CC BY 4.0"')] = ""
    accent: Annotated[str, Key("the one colour of pages and mails, in quotes", checks.accent)] = (
        "#1a5fb4"
    )


@dataclass(frozen=True, slots=True)
class Content:
    """Where posts come from and where they go."""

    folder: Annotated[str, Key("below the folder of this file, or absolute", checks.folder)] = (
        "content"
    )
    permalink: Annotated[
        str, Key("of {year} {month} {day} {slug} {path}; may be a whole URL", checks.permalink)
    ] = "posts/{slug}/"
    ignore: Annotated[
        tuple[str, ...],
        Key('files that are no posts, as in .gitignore: "drafts/", "*.bak.md"', checks.name),
    ] = ()
    tags_split: Annotated[
        str,
        Key(
            "how tags written as one text are divided: comma or space",
            checks.one_of("comma", "space"),
        ),
    ] = "comma"


@dataclass(frozen=True, slots=True)
class Markdown:
    """How Markdown is read."""

    engine: Annotated[
        str, Key("markdown, or comrak (faster)", checks.one_of("markdown", "comrak"))
    ] = "markdown"
    extensions: Annotated[
        tuple[str, ...], Key("more of Python-Markdown's extensions, by name", checks.name)
    ] = ()


@dataclass(frozen=True, slots=True)
class ExtraFeed:
    """A feed of posts that have one of the tags, by one of the authors, in one of the languages."""

    name: Annotated[str, Key("its folder below feeds/", checks.name)]
    title: Annotated[str, Key("what people see; made of the name if empty")] = ""
    tags: Annotated[tuple[str, ...], Key("any of these", checks.name)] = ()
    authors: Annotated[tuple[str, ...], Key("any of these", checks.name)] = ()
    languages: Annotated[tuple[str, ...], Key("any of these", checks.language)] = ()


@dataclass(frozen=True, slots=True)
class Podcast:
    """What podcast directories ask for; feeds with audio carry it."""

    category: Annotated[str, Key('"Technology", or "Arts > Books"', checks.name)]
    image: Annotated[str, Key("square, 1400 to 3000 pixels; a file or a URL", addresses.reference)]
    author: Annotated[str, Key("who speaks")] = ""
    owner: Annotated[Author | None, Key("whom directories write to")] = None
    explicit: Annotated[bool, Key("whether it is for adults only")] = False
    summary: Annotated[str, Key("a few sentences")] = ""
    type: Annotated[
        str, Key("episodic, or serial (oldest first)", checks.one_of("episodic", "serial"))
    ] = "episodic"


@dataclass(frozen=True, slots=True)
class Feeds:
    """Which feeds there are and what is in them."""

    formats: Annotated[
        tuple[str, ...], Key("of rss, atom, json", checks.one_of("rss", "atom", "json"))
    ] = ("rss", "atom", "json")
    kinds: Annotated[
        tuple[str, ...],
        Key(
            "of site, tags, authors, languages, categories",
            checks.one_of("site", "tags", "authors", "languages", "categories"),
        ),
    ] = ("site", "tags", "authors")
    limit: Annotated[int, Key("posts in a feed; 0 for all", least=0)] = 20
    content: Annotated[str, Key("full or summary", checks.one_of("full", "summary"))] = "full"
    min_posts: Annotated[
        int, Key("a tag, author, language or category with fewer gets no feed", least=1)
    ] = 1
    archive: Annotated[bool, Key("RFC 5005 archives of the site's Atom feed")] = False
    hubs: Annotated[
        tuple[str, ...],
        Key(
            "WebSub hubs that tell readers at once; `hub: URL` does too",
            addresses.web_address,
            also="hub",
        ),
    ] = ()
    extra: Annotated[tuple[ExtraFeed, ...], Key("feeds of your own choice")] = ()
    podcast: Annotated[Podcast | None, Key("what podcast directories ask for")] = None


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages; `pages: false` publishes feeds alone."""

    enabled: Annotated[bool, Key("false publishes feeds alone")] = True
    per_page: Annotated[int, Key("posts on one page of a list", least=1)] = 20
    templates: Annotated[
        str, Key("a folder whose files win over the packaged templates, one by one", checks.folder)
    ] = "templates"


@dataclass(frozen=True, slots=True)
class Publishing:
    """Where the site is written."""

    folder: Annotated[str, Key("below the folder of this file, or absolute", checks.folder)] = (
        "public"
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of `config.yaml`."""

    site: Annotated[Site, Key()]
    content: Annotated[Content, Key()] = Content()
    authors: Annotated[
        tuple[tuple[str, Author], ...],
        Key("People, by the key that posts name them by; a name alone will do."),
    ] = ()
    markdown: Annotated[Markdown, Key()] = Markdown()
    feeds: Annotated[Feeds, Key()] = Feeds()
    pages: Annotated[Pages, Key()] = Pages()
    output: Annotated[Publishing, Key()] = Publishing()


FOREIGN: Mapping[type, Mapping[str, Key]] = {
    Author: {
        "name": Key("as readers see it", checks.name),
        "email": Key("", checks.email),
        "url": Key("a page about them", addresses.web_address),
        "bio": Key("a sentence or two"),
    }
}
"""The keys of values that are declared elsewhere; what is not named here cannot be written."""

PLAIN: Mapping[type, str] = {Author: "name", Pages: "enabled"}
"""The key that is meant where a plain value stands for a whole section."""
