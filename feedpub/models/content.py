"""The values that flow through feedpub: files become manuscripts, manuscripts become posts,
posts become feeds and pages.

Every value is frozen and whole. Times are aware and in UTC. URLs are absolute and
percent-encoded (RFC 3986) unless a field says otherwise; paths use `/` and are relative.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

POST, PAGE = "post", "page"
"""Kinds of content: a post is in feeds, lists and mails; a page, such as About, is in none."""

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""When a page without a date was published; nothing shows it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should mend, in the form compilers use: `path:line: message`."""

    path: str
    line: int  # 1-based; 0 where no line can be named
    message: str
    left_out: bool = False  # the file is not published because of it

    def __str__(self) -> str:
        """Give `path:line: message`, as editors and CI systems understand it."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One content file as it lies on disk."""

    path: str  # below the content folder
    data: bytes
    digest: str  # of data


@dataclass(frozen=True, slots=True)
class Author:
    """A person who writes. In a `Manuscript` only what the file says; `slug` is then empty."""

    name: str
    email: str = ""
    url: str = ""
    bio: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A subject: its most used spelling and its place in URLs."""

    label: str
    slug: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that stands for a post."""

    url: str  # a reference (as written) in a Manuscript, absolute in a Post
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a post: an episode, a film, a PDF (RSS 2.0; RFC 4287, 4.2.7.2)."""

    url: str  # a reference (as written) in a Manuscript, absolute in a Post
    media_type: str = ""  # "" in a Manuscript where it was not given
    length: int = 0  # octets; 0 where nobody knows
    title: str = ""
    duration: int = 0  # seconds; 0 where nobody said


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """What a page says of its place in the site's menu."""

    label: str = ""  # the page's title where it is empty
    weight: int = 0  # the lightest come first; 0 where none is given, which comes last


@dataclass(frozen=True, slots=True)
class MenuLink:
    """A link in the site's menu."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A relative URL in a manuscript, as written, and the line it stands on."""

    target: str  # e.g. "cat.png", "../other.md#part", "#fn:1", "/about/"
    line: int  # 1-based line in the file; 0 where unknown


@dataclass(frozen=True, slots=True)
class Body:
    """A post's safe HTML, divided at its relative URLs.

    A relative URL means something only once the post has its own URL and every other file is
    known. Until `links.fill` puts it in, it is a piece of its own: no character in the HTML
    stands for it, so no author can write one that does.
    """

    pieces: tuple[str, ...] = ("",)  # HTML, target, HTML, target, ..., HTML; targets unescaped

    def dumps(self) -> str:
        """Return the body as one text that `loads` reads back."""
        return json.dumps(self.pieces, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> "Body":
        """Return the body that `dumps` wrote."""
        return cls(tuple(json.loads(text)))


PRIVATE = "private"
"""Visibility of a post that nobody may see: it has no page, and is in no feed and no mail."""

UNLISTED = "unlisted"
"""Visibility of a post for those who have its address: a page in no list, feed, sitemap or mail."""


@dataclass(frozen=True, slots=True)
class ParsedPost:
    """What one content file says, read by itself: no other file, no clock, no disk."""

    path: str  # of the Source
    digest: str  # of the Source
    title: str  # plain text, never empty
    published: datetime
    offset: int | None = None  # minutes ahead of UTC that `published` was written with; None: none
    updated: datetime | None = None
    id: str = ""  # "" where the file gives none
    slug: str = ""  # the slug as given, or "" to make one of the title or the file name
    stem: str = ""  # what the file name says the slug is: "hello" of 2025-01-30-hello.md
    permalink: str = ""  # as given: a URL, or a path, perhaps with {year} and other placeholders
    authors: tuple[Author, ...] = ()  # names as written; keys of `authors:` are resolved in library
    tags: tuple[str, ...] = ()  # as written, categories among them
    categories: tuple[str, ...] = ()
    summary: str = ""  # plain text
    language: str = ""  # BCP 47, or "" for the site's
    translation_key: str = ""  # as given; posts that share one are translations of each other
    translation_of: tuple[Reference, ...] = ()  # the post that this is a translation of, as given
    image: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    canonical_url: str = ""
    aliases: tuple[str, ...] = ()  # other names that wiki links call the post by
    redirect_from: tuple[Reference, ...] = ()  # old addresses, as written
    redirect_to: tuple[Reference, ...] = ()  # at most one URL that the page leads on to
    draft: bool = False
    expires: datetime | None = None
    in_digests: bool = True  # False: `digest: false`, published without mailing
    visibility: str = ""  # PRIVATE, UNLISTED or "" for everybody
    minutes: int = 1  # to read
    references: tuple[Reference, ...] = ()  # every relative URL in the HTML, once each
    problems: tuple[Problem, ...] = ()  # warnings: the post is published all the same
    notes: tuple[Problem, ...] = ()  # parts that readers do not get; `check` lists them
    kind: str = POST
    menu: MenuEntry | None = None  # of a page that is in the menu
    address_line: int = 0  # of the key that asks for an address; 0 where the file's name does
    id_line: int = 0  # of the key that gives the id
    spaced_tags_line: int = 0  # of tags that look as if spaces divided them


@dataclass(frozen=True, slots=True)
class Translation:
    """One of the languages that a post can be read in."""

    language: str  # BCP 47
    url: str


@dataclass(frozen=True, slots=True)
class Post:
    """A manuscript in its place in the site, with everything it refers to resolved."""

    id: str
    path: str  # of the Source
    slug: str
    url: str
    output_path: str  # the page's file below the output folder; "" where the page is elsewhere
    title: str
    published: datetime
    updated: datetime  # never before published
    authors: tuple[Author, ...]
    tags: tuple[Tag, ...]
    categories: tuple[Tag, ...]
    summary: str
    language: str
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    canonical_url: str  # the post's url where none is given
    in_digests: bool
    minutes: int
    draft: bool  # only ever True in a preview
    body_key: str  # digest of the Source: the key of its HTML
    links: tuple[tuple[str, str], ...]  # each reference's target and the absolute URL it means
    cache_key: str  # digest of all that can be seen of this post, its HTML included
    kind: str = POST
    menu: MenuEntry | None = None
    unlisted: bool = False  # it has a page, and nothing of the site leads there
    translations: tuple[Translation, ...] = ()  # itself among them, the original first; or none
    redirect_url: str = ""  # URL that its page leads on to; "" where it is shown there

    @property
    def translation_group(self) -> str:
        """What a post shares with its translations, and with no other post; "" without any."""
        return self.translations[0].url if self.translations else ""


HtmlRenderer = Callable[[Post], str]
"""Gives a post's whole HTML, safe and with absolute URLs."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What a post was published as. It keeps that, whoever else comes to ask for the same."""

    path: str  # of its source
    location: str  # its page below the output folder, or its URL where that is elsewhere
    requested: str  # the address that it asked for, and by which words
    id: str
    requested_id: str
    publish_date: (
        datetime | None
    )  # the date that had come by then; None for one published ahead of it
    fingerprint: str = ""  # of its title and date: a renamed file is known by it
    former_paths: tuple[str, ...] = ()  # addresses that it had before


@dataclass(frozen=True, slots=True)
class Redirect:
    """A page that leads on to another one."""

    path: str  # below the output folder
    url: str
    target: str  # a URL
    title: str  # of the post that is meant
    source: str  # path of its Source
    unlisted: bool = False  # nothing of the site names the post


@dataclass(frozen=True, slots=True)
class Feed:
    """A list of posts that can be followed, whichever format it is written in."""

    kind: str  # site, tag, author, language, category, extra, digest or archive
    name: str  # what people call it: "All posts", a tag's label, an author's name
    title: str  # of the feed itself: the site's title, or "Site: tag"
    id: str  # a tag: URI (RFC 4151), the same for ever
    folder: str  # below the output folder: "" or "tags/python/"
    stem: str  # "" for rss.xml, atom.xml, feed.json; "archive-3" for archive-3.xml (Atom only)
    url: str  # the page it belongs to
    description: str
    language: str
    posts: tuple[Post, ...]  # newest first, already limited
    total: int  # of all posts it could hold
    updated: datetime  # the newest `updated` of its posts
    formats: tuple[str, ...]  # of rss, atom, json
    authors: tuple[Author, ...] = ()  # of an author's feed; else the site's author, where given
    current_folder: str = ""  # folder of the feed an archive belongs to, where this is one
    older: str = ""  # URL of the archive that comes before this document (RFC 5005)
    newer: str = ""  # URL of the archive that comes after it


@dataclass(frozen=True, slots=True)
class Pagination:
    """Where a page stands among the pages of one list."""

    number: int  # 1-based
    total: int
    newer: str  # URL, "" on the first page
    older: str  # URL, "" on the last page


@dataclass(frozen=True, slots=True)
class TaxonomyTerm:
    """What a list of tags or authors tells of one of them."""

    name: str
    url: str  # of its page
    total: int  # posts
    newest: datetime  # when the last of them was published


@dataclass(frozen=True, slots=True)
class ArchivedIssue:
    """An issue of a digest, as the site shows it."""

    digest: str  # what readers know the digest by: its title
    subject: str
    slot: datetime  # the time it went out for
    url: str  # of its page
    total: int  # posts
    intro: str = ""  # safe HTML
    archive: str = ""  # URL of the page that lists the issues of the digest


@dataclass(frozen=True, slots=True)
class SignupOptions:
    """What somebody may choose who signs up for the newsletter."""

    tags: tuple[Tag, ...]
    authors: tuple[Author, ...]
    languages: tuple[str, ...]  # the site's first
    confirms: bool  # whether a mail asks them first
    action: str = ""  # the URL that takes the form, where it is not on the site's own host


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site: what it shows, and the template that shows it."""

    path: str  # below the output folder
    template: str  # home.html, post.html, tag.html, author.html, tags.html, ...
    url: str
    title: str
    description: str
    language: str
    # Those that belong to it: its own first, then the site's. They come without posts, total and
    # updated: what another post says must not be seen on this page, which is then not made again.
    feeds: tuple[Feed, ...]
    posts: tuple[Post, ...] = ()
    post: Post | None = None
    newer: Post | None = None
    older: Post | None = None
    tag: Tag | None = None
    author: Author | None = None
    pager: Pagination | None = None
    listing: tuple[Feed, ...] = ()  # the Subscribe page: every feed there is
    groups: tuple[TaxonomyTerm, ...] = ()  # the pages of all tags and of all authors
    issue: ArchivedIssue | None = None  # whose posts these are
    issues: tuple[ArchivedIssue, ...] = ()  # the archive of a digest, newest first
    signup: SignupOptions | None = None  # what may be chosen, where people may sign up on it
    menu: tuple[MenuLink, ...] = ()  # of the whole site


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to be published.

    `key` is the digest of all it is made from; `render` is called only where the key is not
    the one last written.
    """

    path: str  # below the output folder
    cache_key: str
    render: Callable[[], bytes]
    inputs: object = None  # what it is made of, where two may be compared: a Feed, a Page, ...


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file to be published as it is."""

    path: str  # below the output folder
    cache_key: str
    source: str  # below the content folder


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What writing the outputs did to the output folder; paths below it, sorted."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    unreadable: tuple[tuple[str, str], ...] = ()  # source of a copy, and why there is none
    killed: tuple[tuple[str, int], ...] = ()  # while a process wrote it, by which signal
