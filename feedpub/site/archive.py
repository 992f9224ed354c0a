"""The web archive of digests: which issues are shown, their URLs and their feed entries.

An issue's URL is known before its page is built, since its messages contain it, and does not
change when the digest is renamed. It contains the scheduled time in UTC.

Enter at `build_archives`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from html import escape

from feedpub.config.schema import Config, DigestConfig
from feedpub.content.library import Library
from feedpub.content.library.post_ids import build_tag_uri, strip_authority
from feedpub.content.library.translations import pick_translations
from feedpub.models.content import ArchivedIssue, Post
from feedpub.models.newsletter import Issue
from feedpub.models.text import quote, shorten, slugify
from feedpub.site.i18n import direction

ARCHIVE_FOLDER = "digests/"
"""The folder of all archives, below the output folder."""
_CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class IssuePage:
    """An issue with those of its posts that are still published."""

    folder: str  # of its page, below the output folder
    issue: ArchivedIssue
    posts: tuple[Post, ...]  # in the order of the issue
    is_listed: bool  # False: the page exists, but nothing links to it

    @property
    def summary(self) -> str:
        """The titles of the posts, shortened."""
        return shorten(" · ".join(post.title for post in self.posts))


@dataclass(frozen=True, slots=True)
class DigestArchive:
    """A digest with its issues."""

    name: str  # display name
    slug: str
    folder: str  # of its archive, below the output folder
    issues: tuple[IssuePage, ...]  # newest first

    @property
    def listed_issues(self) -> tuple[IssuePage, ...]:
        """The issues that the archive page and the feed list."""
        return tuple(each for each in self.issues if each.is_listed)


def build_archive_url(config: Config, digest: str) -> str:
    """Return the archive URL of a digest, by name, or "" for a site without pages."""
    return config.site.url + quote(_folder(digest)) if config.pages.enabled else ""


def build_issue_url(config: Config, digest: str, slot: datetime) -> str:
    """Return the URL of an issue's page, or "" for a site without pages.

    `digest` is its name in the configuration, `slot` the scheduled time, which must be aware. The
    page exists once the issue is planned and the site has been built.
    """
    return (
        f"{build_archive_url(config, digest)}{_slot_folder(slot)}/" if config.pages.enabled else ""
    )


def build_archives(
    config: Config, library: Library, issues: Iterable[Issue]
) -> tuple[DigestArchive, ...]:
    """Return every configured digest with its issues, none for a site without pages.

    A digest without issues still has an archive and a feed, since people may already subscribe.
    Skipped issues, and those of digests no longer configured, are left out.
    """
    if not config.pages.enabled:
        return ()
    told: dict[str, list[Issue]] = {each.name: [] for each in config.digests}
    for issue in sorted(issues, key=lambda each: each.slot, reverse=True):
        if issue.posts and issue.digest in told:
            told[issue.digest].append(issue)
    known = {strip_authority(post.id): post for post in library.posts} if any(told.values()) else {}
    return tuple(
        DigestArchive(
            name=_name(digest),
            slug=slugify(digest.name),
            folder=_folder(digest.name),
            issues=tuple(_edition(config, digest, each, known) for each in told[digest.name]),
        )
        for digest in config.digests
    )


def build_feed_entry(config: Config, edition: IssuePage) -> Post:
    """Return an issue as a feed entry; its body key is its folder, see `render_entry_html`."""
    issued = edition.issue
    key = blake2b(
        "\x1f".join([repr(issued), *(post.cache_key for post in edition.posts)]).encode(
            errors="replace"
        ),
        digest_size=16,
    ).hexdigest()
    return Post(
        id=build_tag_uri(config, edition.folder.removesuffix("/")),
        path="",
        slug=edition.folder.split("/")[-2],
        url=issued.url,
        output_path="",
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
        in_digests=False,
        minutes=1,
        draft=False,
        body_key=edition.folder,
        links=(),
        cache_key=key,
    )


def render_entry_html(edition: IssuePage, language: str) -> str:
    """Return the content of an issue as HTML: each post's linked title and its summary."""
    return "\n".join(_render_post(post, language) for post in edition.posts)


def _render_post(post: Post, language: str) -> str:
    tongue = ""
    if post.language != language:
        tongue = f' lang="{escape(post.language)}" dir="{direction(post.language)}"'
    title = f'<h2{tongue}><a href="{escape(post.url)}">{escape(post.title)}</a></h2>'
    return f"{title}\n<p{tongue}>{escape(post.summary)}</p>" if post.summary else title


def _edition(
    config: Config, digest: DigestConfig, issue: Issue, known: Mapping[str, Post]
) -> IssuePage:
    found = (known.get(strip_authority(each)) for each in issue.posts)
    mailed = (each for each in found if each is not None)
    posts = pick_translations(mailed, config.site.language)
    issued = ArchivedIssue(
        digest=_name(digest),
        subject=issue.subject,
        slot=issue.slot,
        url=build_issue_url(config, issue.original_digest, issue.slot),
        total=len(posts),
        archive=build_archive_url(config, digest.name),
        intro=issue.intro,
    )
    # Messages contain the URL that was current when they were written.
    folder = f"{_folder(issue.original_digest)}{_slot_folder(issue.slot)}/"
    return IssuePage(folder, issued, posts, bool(posts) and issue.state != _CANCELLED)


def _name(digest: DigestConfig) -> str:
    return digest.title or digest.name


def _folder(digest: str) -> str:
    return f"{ARCHIVE_FOLDER}{slugify(digest)}/"


def _slot_folder(slot: datetime) -> str:
    """Return the folder name of an issue: 2025-01-30-0800, plus seconds and fractions if not 0."""
    return f"{slot.astimezone(UTC):%Y-%m-%d-%H%M%S%f}".removesuffix("000000").removesuffix("00")
