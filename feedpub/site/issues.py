"""The issues that went out of digests → what the site shows of each, and where it is.

An address is known before its page is made, since the messages of the issue name it, and stays
also where the digest has another name now: the time in it is that of the slot, in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from html import escape

from feedpub.config import Config, Digest
from feedpub.digests import in_one_language
from feedpub.library import Library
from feedpub.library.identity import specific, tag_uri
from feedpub.mailing import Issue
from feedpub.model import Issued, Post
from feedpub.slugs import quote, slugify
from feedpub.text import shorten
from feedpub.words import direction

ISSUES = "digests/"
"""The folder of the archives, below the site."""
_CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Edition:
    """An issue, and those of its posts that are still published."""

    folder: str  # of its page, below the output folder
    issued: Issued
    posts: tuple[Post, ...]  # as they stood in the issue
    listed: bool  # False: who has the address sees the page, and nothing leads there

    @property
    def summary(self) -> str:
        """Tell the titles of the posts."""
        return shorten(" · ".join(post.title for post in self.posts))


@dataclass(frozen=True, slots=True)
class Series:
    """A digest, and what went out of it."""

    name: str  # what people call it
    slug: str
    folder: str  # of its archive, below the output folder
    editions: tuple[Edition, ...]  # newest first

    @property
    def listed(self) -> tuple[Edition, ...]:
        """Give the issues that the archive and the feed tell of."""
        return tuple(each for each in self.editions if each.listed)


def digest_address(config: Config, digest: str) -> str:
    """Give the URL of the archive of the digest with this name, "" for a site without pages."""
    return config.site.url + quote(_folder(digest)) if config.pages.enabled else ""


def issue_address(config: Config, digest: str, slot: datetime) -> str:
    """Give the URL of the page of an issue, "" for a site without pages.

    `digest` is its name in the configuration, `slot` the aware time that the issue is for. The
    page is there once the issue is planned and the site is built.
    """
    return f"{digest_address(config, digest)}{_place(slot)}/" if config.pages.enabled else ""


def series(config: Config, library: Library, issues: Iterable[Issue]) -> tuple[Series, ...]:
    """Give every digest of the configuration with its issues, none for a site without pages.

    Where nothing went out yet a digest has its archive and its feed all the same: readers may
    follow them. What was skipped is passed over, and so are digests that are there no more.
    """
    if not config.pages.enabled:
        return ()
    told: dict[str, list[Issue]] = {each.name: [] for each in config.digests}
    for issue in sorted(issues, key=lambda each: each.slot, reverse=True):
        if issue.posts and issue.digest in told:
            told[issue.digest].append(issue)
    known = {specific(post.id): post for post in library.posts} if any(told.values()) else {}
    return tuple(
        Series(
            name=_name(digest),
            slug=slugify(digest.name),
            folder=_folder(digest.name),
            editions=tuple(_edition(config, digest, each, known) for each in told[digest.name]),
        )
        for digest in config.digests
    )


def entry(config: Config, edition: Edition) -> Post:
    """Give an issue as what feeds are made of; its body is its folder, its HTML `contents`."""
    issued = edition.issued
    key = blake2b(
        "\x1f".join([repr(issued), *(post.key for post in edition.posts)]).encode(errors="replace"),
        digest_size=16,
    ).hexdigest()
    return Post(
        id=tag_uri(config, edition.folder.removesuffix("/")),
        path="",
        slug=edition.folder.split("/")[-2],
        url=issued.url,
        output="",
        title=issued.subject,
        published=issued.slot,
        updated=issued.slot,
        authors=(),
        tags=(),
        categories=(),
        summary=edition.summary,
        language=config.site.language,
        image=None,
        enclosures=(),
        canonical_url=issued.url,
        mailed=False,
        minutes=1,
        draft=False,
        body=edition.folder,
        links=(),
        key=key,
    )


def contents(edition: Edition, language: str) -> str:
    """Give what an issue holds as HTML: each post's title, which leads to it, and its summary."""
    return "\n".join(_told(post, language) for post in edition.posts)


def _told(post: Post, language: str) -> str:
    tongue = ""
    if post.language != language:
        tongue = f' lang="{escape(post.language)}" dir="{direction(post.language)}"'
    title = f'<h2{tongue}><a href="{escape(post.url)}">{escape(post.title)}</a></h2>'
    return f"{title}\n<p{tongue}>{escape(post.summary)}</p>" if post.summary else title


def _edition(config: Config, digest: Digest, issue: Issue, known: Mapping[str, Post]) -> Edition:
    found = (known.get(specific(each)) for each in issue.posts)
    mailed = (each for each in found if each is not None)
    posts = in_one_language(mailed, config.site.language)
    issued = Issued(
        digest=_name(digest),
        subject=issue.subject,
        slot=issue.slot,
        url=issue_address(config, issue.origin, issue.slot),
        total=len(posts),
        archive=digest_address(config, digest.name),
        intro=issue.intro,
    )
    # Messages lead to the address that it had when they were written.
    folder = f"{_folder(issue.origin)}{_place(issue.slot)}/"
    return Edition(folder, issued, posts, bool(posts) and issue.state != _CANCELLED)


def _name(digest: Digest) -> str:
    return digest.title or digest.name


def _folder(digest: str) -> str:
    return f"{ISSUES}{slugify(digest)}/"


def _place(slot: datetime) -> str:
    """Name the folder of an issue: 2025-01-30-0800, with as much more as the time has."""
    return f"{slot.astimezone(UTC):%Y-%m-%d-%H%M%S%f}".removesuffix("000000").removesuffix("00")
