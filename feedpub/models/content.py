"""The values that flow through a build.

A SourceFile is parsed into a ParsedPost, which is resolved into a Post; posts make up each Feed
and Page, and those are rendered as OutputFiles.

Every value is frozen and complete. Times are aware and in UTC. URLs are absolute and
percent-encoded (RFC 3986) unless a field says otherwise; paths use `/` and are relative.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

POST, PAGE = "post", "page"
"""Kinds of content. Posts appear in feeds, lists and digests; pages, such as About, do not."""

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The publication date of an undated page; never displayed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem to fix, printed in the form compilers use: `path:line: message`."""

    path: str
    line: int  # 1-based; 0 if no line applies
    message: str
    left_out: bool = False  # the problem keeps the file from being published

    def __str__(self) -> str:
        """Return `path:line: message`, which editors and CI systems recognise."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The bytes of one content file."""

    path: str  # below the content folder
    data: bytes
    digest: str  # of data


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a post; in a ParsedPost only what the file says, with an empty `slug`."""

    name: str
    email: str = ""
    url: str = ""
    bio: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag or category: its most used spelling and its slug."""

    label: str
    slug: str


@dataclass(frozen=True, slots=True)
class Image:
    """The main image of a post."""

    url: str  # as written in a ParsedPost, absolute in a Post
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file attached to a post: an episode, a video, a PDF (RSS 2.0; RFC 4287, 4.2.7.2)."""

    url: str  # as written in a ParsedPost, absolute in a Post
    media_type: str = ""  # "" in a ParsedPost if not given
    length: int = 0  # octets; 0 if unknown
    title: str = ""
    duration: int = 0  # seconds; 0 if not given


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page's `menu:` front matter."""

    label: str = ""  # "" for the page's title
    weight: int = 0  # sorted ascending; 0, the default, sorts last


@dataclass(frozen=True, slots=True)
class MenuLink:
    """A link in the site's menu."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A relative URL in a post, as written, with its line."""

    target: str  # e.g. "cat.png", "../other.md#part", "#fn:1", "/about/"
    line: int  # 1-based line in the file; 0 if unknown


@dataclass(frozen=True, slots=True)
class Body:
    """A post's sanitised HTML, split at its relative URLs.

    A relative URL can be resolved only once the post has its own URL and all files are known.
    Until `link_index.substitute_urls` resolves it, each URL is a piece of its own: there is no
    placeholder in the HTML, so no author can forge one.
    """

    pieces: tuple[str, ...] = ("",)  # HTML, target, HTML, target, ..., HTML; targets unescaped

    def dumps(self) -> str:
        """Serialise the body to a text that `loads` accepts."""
        return json.dumps(self.pieces, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> "Body":
        """Return the body serialised by `dumps`."""
        return cls(tuple(json.loads(text)))


PRIVATE = "private"
"""Visibility of a post that is not published: no page, not in any feed or digest."""

UNLISTED = "unlisted"
"""Visibility of a post that has a page, but is in no list, feed, sitemap or digest."""


@dataclass(frozen=True, slots=True)
class ParsedPost:
    """The content of one file, parsed without looking at other files, the clock or the disk."""

    path: str  # of the SourceFile
    digest: str  # of the SourceFile
    title: str  # plain text, never empty
    published: datetime
    offset: int | None = None  # UTC offset of `published` as written, in minutes; None if none
    updated: datetime | None = None
    id: str = ""  # "" if the file gives none
    slug: str = ""  # as given; "" to derive it from the title or the file name
    stem: str = ""  # the slug from the file name: "hello" for 2025-01-30-hello.md
    permalink: str = ""  # as given: a URL or path, may contain placeholders such as {year}
    authors: tuple[Author, ...] = ()  # names as written; PostResolver looks up keys of `authors:`
    tags: tuple[str, ...] = ()  # as written, including categories
    categories: tuple[str, ...] = ()
    summary: str = ""  # plain text
    language: str = ""  # BCP 47; "" for the site's language
    translation_key: str = ""  # as given; posts with the same key are translations of each other
    translation_of: tuple[Reference, ...] = ()  # the original post, as given
    image: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    canonical_url: str = ""
    aliases: tuple[str, ...] = ()  # alternative names for wiki links
    redirect_from: tuple[Reference, ...] = ()  # old URLs, as written
    redirect_to: tuple[Reference, ...] = ()  # at most one URL the page redirects to
    draft: bool = False
    expires: datetime | None = None
    in_digests: bool = True  # False for `digest: false`: published, never mailed
    visibility: str = ""  # PRIVATE, UNLISTED or "" for public
    minutes: int = 1  # reading time
    references: tuple[Reference, ...] = ()  # each relative URL in the HTML, once
    problems: tuple[Problem, ...] = ()  # warnings; the post is still published
    notes: tuple[Problem, ...] = ()  # content lost in rendering; listed by `feedpub check`
    kind: str = POST
    menu: MenuEntry | None = None  # only for a page in the menu
    address_line: int = 0  # of the key that sets the URL; 0 if the file name does
    id_line: int = 0  # of the key that sets the id
    spaced_tags_line: int = 0  # of tags that look space-separated


@dataclass(frozen=True, slots=True)
class Translation:
    """One language version of a post."""

    language: str  # BCP 47
    url: str


@dataclass(frozen=True, slots=True)
class Post:
    """A post with its URL and id assigned and every reference resolved."""

    id: str
    path: str  # of the SourceFile
    slug: str
    url: str
    output_path: str  # the page's file below the output folder; "" if hosted elsewhere
    title: str
    published: datetime
    updated: datetime  # not before `published`
    authors: tuple[Author, ...]
    tags: tuple[Tag, ...]
    categories: tuple[Tag, ...]
    summary: str
    language: str
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    canonical_url: str  # the post's own URL if none is given
    in_digests: bool
    minutes: int
    draft: bool  # True only in a preview
    body_key: str  # digest of the SourceFile; the key of its HTML
    links: tuple[tuple[str, str], ...]  # each reference's target with its absolute URL
    cache_key: str  # digest of everything visible of this post, including its HTML
    kind: str = POST
    menu: MenuEntry | None = None
    unlisted: bool = False  # it has a page that the site does not link to
    translations: tuple[Translation, ...] = ()  # including itself, the original first; or empty
    redirect_url: str = ""  # URL its page redirects to; "" to show the post

    @property
    def translation_group(self) -> str:
        """A key shared by a post and its translations only; "" if it has none."""
        return self.translations[0].url if self.translations else ""


HtmlRenderer = Callable[[Post], str]
"""Return a post's complete HTML, sanitised and with absolute URLs."""


@dataclass(frozen=True, slots=True)
class Publication:
    """The URL and id a post was first published under, kept even if another post claims them."""

    path: str  # of the SourceFile
    location: str  # its page below the output folder, or its URL if hosted elsewhere
    requested: str  # the URL it asked for, and the setting that asked
    id: str
    requested_id: str
    publish_date: datetime | None  # its date, if past at the time; None if published ahead of it
    fingerprint: str = ""  # of title and date; recognises a renamed file
    former_paths: tuple[str, ...] = ()  # earlier URLs of the post


@dataclass(frozen=True, slots=True)
class Redirect:
    """A page that redirects to another URL."""

    path: str  # below the output folder
    url: str
    target: str  # a URL
    title: str  # of the target post
    source: str  # path of its SourceFile
    unlisted: bool = False  # the site does not link to the post


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of posts, independent of its format."""

    kind: str  # site, tag, author, language, category, extra, digest or archive
    name: str  # as displayed: "All posts", a tag's label, an author's name
    title: str  # of the feed itself: the site's title, or "Site: tag"
    id: str  # a tag: URI (RFC 4151); never changes
    folder: str  # below the output folder: "" or "tags/python/"
    stem: str  # "" for rss.xml, atom.xml, feed.json; "archive-3" for archive-3.xml (Atom only)
    url: str  # the page it belongs to
    description: str
    language: str
    posts: tuple[Post, ...]  # newest first, already limited
    total: int  # posts before the limit
    updated: datetime  # the latest `updated` of its posts
    formats: tuple[str, ...]  # any of rss, atom, json
    authors: tuple[Author, ...] = ()  # for an author feed the author, else the site's if given
    current_folder: str = ""  # for an archive document: the folder of its current feed
    older: str = ""  # URL of the previous archive document (RFC 5005)
    newer: str = ""  # URL of the next archive document


@dataclass(frozen=True, slots=True)
class Pagination:
    """The position of a page in a paginated list."""

    number: int  # 1-based
    total: int
    newer: str  # URL, "" on the first page
    older: str  # URL, "" on the last page


@dataclass(frozen=True, slots=True)
class TaxonomyTerm:
    """One tag or author, as listed on the index page of its taxonomy."""

    name: str
    url: str  # of its page
    total: int  # posts
    newest: datetime  # publication date of the latest post


@dataclass(frozen=True, slots=True)
class ArchivedIssue:
    """An issue of a digest, as shown on the site."""

    digest: str  # the digest's title
    subject: str
    slot: datetime  # the scheduled time
    url: str  # of its page
    total: int  # posts
    intro: str = ""  # safe HTML
    archive: str = ""  # URL of the digest's issue list


@dataclass(frozen=True, slots=True)
class SignupOptions:
    """The choices offered by the newsletter sign-up form."""

    tags: tuple[Tag, ...]
    authors: tuple[Author, ...]
    languages: tuple[str, ...]  # the site's language first
    confirms: bool  # whether a confirmation message is sent (double opt-in)
    action: str = ""  # where the form is posted, if not on the site's host


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site: its template and what the template shows."""

    path: str  # below the output folder
    template: str  # home.html, post.html, tag.html, author.html, tags.html, ...
    url: str
    title: str
    description: str
    language: str
    # The page's own feeds first, then the site's. Their posts, total and updated are blanked: if
    # other posts were visible here, a change to any of them would rebuild this page.
    feeds: tuple[Feed, ...]
    posts: tuple[Post, ...] = ()
    post: Post | None = None
    newer: Post | None = None
    older: Post | None = None
    tag: Tag | None = None
    author: Author | None = None
    pager: Pagination | None = None
    listing: tuple[Feed, ...] = ()  # every feed, for the Subscribe page
    groups: tuple[TaxonomyTerm, ...] = ()  # for the index pages of tags and authors
    issue: ArchivedIssue | None = None  # the issue that `posts` belong to
    issues: tuple[ArchivedIssue, ...] = ()  # a digest's archive, newest first
    signup: SignupOptions | None = None  # set if the page has a sign-up form
    menu: tuple[MenuLink, ...] = ()  # the site's menu


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A generated file to publish.

    `cache_key` is the digest of everything it is made from; `render` is called only if the key
    differs from the one last written.
    """

    path: str  # below the output folder
    cache_key: str
    render: Callable[[], bytes]
    inputs: object = None  # the Feed, Page, ... it is rendered from, for comparison


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file to copy unchanged."""

    path: str  # below the output folder
    cache_key: str
    source: str  # below the content folder


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build changed in the output folder; paths are relative to it and sorted."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    unreadable: tuple[tuple[str, str], ...] = ()  # source of a static file, and the reason
    killed: tuple[tuple[str, int], ...] = ()  # output being written, and the signal
