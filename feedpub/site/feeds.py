"""Define the feeds of a site, and the choices on its sign-up form.

Enter at `build_feeds` and `build_signup_options`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from feedpub.config.schema import Config, ExtraFeedConfig
from feedpub.content.library import Library
from feedpub.content.library.post_ids import build_tag_uri
from feedpub.content.library.taxonomy import normalize_name
from feedpub.feeds import urls
from feedpub.models.content import Feed, Post, SignupOptions, Tag
from feedpub.models.text import make_unique_slug, quote, slugify
from feedpub.site.archive import DigestArchive, build_feed_entry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The update time of a feed without posts; arbitrary, but it must not change between builds."""

FEED_FOLDERS = {
    "tag": "tags/",
    "author": "authors/",
    "category": "categories/",
    "language": "languages/",
    "extra": "feeds/",
    "digest": "digests/",
}
"""The folder of each kind of feed; the site feed is in the output folder itself."""


@dataclass(frozen=True, slots=True)
class FeedSet:
    """All feeds of a site, by kind."""

    site: tuple[Feed, ...]  # one, or none if not in `feeds.kinds`
    tags: tuple[Feed, ...]
    authors: tuple[Feed, ...]
    categories: tuple[Feed, ...]
    languages: tuple[Feed, ...]
    extra: tuple[Feed, ...]
    digests: tuple[Feed, ...]  # one for each digest, with issues as entries
    archives: tuple[Feed, ...]  # archives of the site's Atom feed (RFC 5005), oldest first

    def list_feeds(self) -> tuple[Feed, ...]:
        """Return every feed except the archives, which are not for subscribing."""
        return (
            *self.site,
            *self.digests,
            *self.extra,
            *self.languages,
            *self.categories,
            *self.tags,
            *self.authors,
        )


def build_feeds(config: Config, library: Library, digests: Iterable[DigestArchive] = ()) -> FeedSet:
    """Return the feeds of the site, each with its posts or, for `digests`, its issues."""
    make = _FeedBuilder(config)
    archives = tuple(make.archives(library.posts))
    return FeedSet(
        site=tuple(make.site(library.posts, archives)),
        tags=tuple(make.terms("tag", "tags", library.tags)),
        authors=tuple(make.authors(library)),
        categories=tuple(make.terms("category", "categories", library.categories)),
        languages=tuple(make.languages(library)),
        extra=tuple(make.extra_feeds(library)),
        digests=tuple(make.digests(digests)),
        archives=archives,
    )


class _FeedBuilder:
    """Builds the feeds of one site."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._kinds = config.feeds.kinds
        self._least = config.feeds.min_posts

    def site(self, posts: Sequence[Post], archives: Sequence[Feed]) -> Iterator[Feed]:
        """Yield the feed of all posts."""
        if "site" in self._kinds:
            feed = self._feed("site", self._config.site.title, "", posts)
            older = urls.build_feed_url(self._config, archives[-1], "atom") if archives else ""
            yield replace(feed, older=older)

    def terms(
        self, kind: str, kinds: str, groups: Iterable[tuple[Tag, tuple[Post, ...]]]
    ) -> Iterator[Feed]:
        """Yield the feeds of tags or categories."""
        for tag, posts in groups:
            if kinds in self._kinds and len(posts) >= self._least:
                yield self._feed(kind, tag.label, tag.slug, posts)

    def authors(self, library: Library) -> Iterator[Feed]:
        """Yield the feed of every author."""
        for author, posts in library.authors:
            if "authors" in self._kinds and len(posts) >= self._least:
                feed = self._feed("author", author.name, author.slug, posts)
                yield replace(feed, authors=(author,))

    def languages(self, library: Library) -> Iterator[Feed]:
        """Yield the feed of every language."""
        for name, posts in library.languages:
            if "languages" in self._kinds and len(posts) >= self._least:
                yield replace(self._feed("language", name, slugify(name), posts), language=name)

    def extra_feeds(self, library: Library) -> Iterator[Feed]:
        """Yield the configured extra feeds, even empty ones, since their URLs have subscribers."""
        taken: set[str] = set()
        for wanted in self._config.feeds.extra:
            choice = _FeedFilter(self._config, library, wanted)
            posts = [post for post in library.posts if choice.matches(post)]
            slug = make_unique_slug(slugify(wanted.name), taken)
            yield self._feed("extra", wanted.title or wanted.name, slug, posts)

    def digests(self, digests: Iterable[DigestArchive]) -> Iterator[Feed]:
        """Yield the feed of every digest, with issues as entries."""
        for each in digests:
            listed = each.listed_issues
            latest = listed[: self._config.feeds.limit or None]
            entries = [build_feed_entry(self._config, edition) for edition in latest]
            feed = self._feed("digest", each.name, each.slug, entries)
            yield replace(feed, total=len(listed))

    def archives(self, posts: Sequence[Post]) -> Iterator[Feed]:
        """Divide all posts, oldest first, into archive documents (RFC 5005 section 4).

        Only full archives are written, and none links to the next, so that an archive never changes
        once written. The remaining posts are in the feed itself.
        """
        size = self._config.feeds.limit
        wanted = self._config.feeds.archive and "site" in self._kinds
        if not (wanted and size and "atom" in self._config.feeds.formats):
            return
        older = ""
        for number in range(1, len(posts) // size + 1):
            end = len(posts) - (number - 1) * size
            whole = self._feed("site", self._config.site.title, "", posts[end - size : end])
            feed = replace(
                whole, kind="archive", stem=f"archive-{number}", formats=("atom",), older=older
            )
            older = urls.build_feed_url(self._config, feed, "atom")
            yield feed

    def _feed(self, kind: str, name: str, slug: str, posts: Sequence[Post]) -> Feed:
        """Return a feed of these posts, which are sorted newest first."""
        config, site = self._config, self._config.site
        limited = tuple(posts[: config.feeds.limit] if config.feeds.limit else posts)
        folder = f"{FEED_FOLDERS[kind]}{slug}/" if slug else ""
        paged = config.pages.enabled and kind in ("tag", "author", "digest")
        return Feed(
            kind=kind,
            name=name,
            title=f"{site.title}: {name}" if slug else site.title,
            id=build_tag_uri(config, f"feeds/{kind}/{slug}" if slug else f"feeds/{kind}"),
            folder=folder,
            stem="",
            url=site.url + quote(folder) if paged else site.url,
            description=site.description or site.title,
            language=site.language,
            posts=limited,
            total=len(posts),
            updated=max((post.updated for post in limited), default=EPOCH),
            formats=config.feeds.formats,
            authors=(site.author,) if site.author else (),
        )


class _FeedFilter:
    """Selects the posts of an extra feed."""

    def __init__(self, config: Config, library: Library, wanted: ExtraFeedConfig) -> None:
        tags = {normalize_name(tag) for tag in wanted.tags}
        people = {normalize_name(key): author.name for key, author in config.authors}
        authors = {
            normalize_name(people.get(normalize_name(name), name)) for name in wanted.authors
        }
        self._wanted = wanted
        self._tags = {
            tag.slug
            for tag, _ in (*library.tags, *library.categories)
            if normalize_name(tag.label) in tags
        }
        self._authors = {
            author.slug for author, _ in library.authors if normalize_name(author.name) in authors
        }
        self._languages = {
            language
            for language, _ in library.languages
            if any(_matches_language(language, each) for each in wanted.languages)
        }

    def matches(self, post: Post) -> bool:
        """Return whether a post matches the tags, the authors and the languages, where given."""
        wanted = self._wanted
        return (
            (
                not wanted.tags
                or any(each.slug in self._tags for each in (*post.tags, *post.categories))
            )
            and (not wanted.authors or any(each.slug in self._authors for each in post.authors))
            and (not wanted.languages or post.language in self._languages)
        )


def _matches_language(language: str, wanted: str) -> bool:
    """Return whether a language matches a range: "de" matches "de-AT" (RFC 4647 section 3.3.1)."""
    return f"{language}-".casefold().startswith(f"{wanted}-".casefold())


def build_signup_options(config: Config, library: Library) -> SignupOptions:
    """Return the tags and authors to choose from, sorted by name, and the languages of the site."""
    own = config.site.language
    others = (language for language, _ in library.languages)
    return SignupOptions(
        tags=tuple(tag for tag, _ in library.tags),
        authors=tuple(author for author, _ in library.authors),
        languages=tuple(dict.fromkeys((own, *others))),
        confirms=config.subscribers.double_opt_in,
        action=f"{config.readers_url}subscribe" if config.subscribers.host else "",
    )
