"""Build an issue from the site's posts and the subscribers: who gets which posts, in which message.

`run_with_builder` reads the site and calls a function with an `IssueBuilder`. `load_describer` uses
what the last build saved instead, so that planned mail is sent even if the content folder is
missing or a template is broken.
"""

import marshal
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import TypeVar

from feedpub.app import BuildRequest, NewsletterContext, ProgressCallback
from feedpub.config.schema import DigestConfig
from feedpub.content.library import Library, link_index, translations
from feedpub.delivery.headers import Recipient
from feedpub.delivery.merge_tags import substitute_tags
from feedpub.errors import TemplateError
from feedpub.files import cache, lock, packaged, scanner
from feedpub.files.cache import BuildCache
from feedpub.models.content import Body, HtmlRenderer, Post
from feedpub.models.newsletter import ACTIVE, MessageContent, Subscriber, Variant
from feedpub.newsletter import rename_detection, selection
from feedpub.newsletter.compose import Composer
from feedpub.newsletter.rename_detection import MatchedPosts
from feedpub.newsletter.selector import PostSelector
from feedpub.site import archive
from feedpub.site.builder import compute_cache_version
from feedpub.site.clock_check import check_clock_for_issue, find_latest_date
from feedpub.site.describe import FilterDescriber, FilterNames
from feedpub.site.pipeline import load_templates, prepare_site
from feedpub.site.templates import Templates


def build_describer(memory: BuildCache, templates: Templates, library: Library) -> FilterDescriber:
    """Return a describer of subscription filters for a site just read, and save its names."""
    names = FilterNames.from_library(library)
    if memory.load_names() != (names.tags, names.authors):
        memory.save_names(names.tags, names.authors)
    return FilterDescriber(templates, names)


def load_describer(newsletter: NewsletterContext) -> FilterDescriber:
    """Return a describer of subscription filters, using the names saved by the last build.

    Tags and authors without a saved name appear as their slugs. If the site's templates cannot be
    used, the built-in ones are.
    """
    where = newsletter.paths
    try:
        templates = load_templates(where, packaged.read_templates(where.templates))
    except (TemplateError, OSError):
        templates = load_templates(where, {})
    return FilterDescriber(templates, FilterNames(*BuildCache(where.cache, "").load_names()))


_FAST = 1  # zlib level: a fifth of the size, in a fifth of a millisecond


class VariantStore:
    """The variants of one issue, in the order in which they were first requested.

    Ten thousand variants are hundreds of megabytes of text, so they are kept compressed.
    """

    def __init__(self) -> None:
        self._variants: dict[str, tuple[tuple[str, ...], bytes]] = {}
        self._largest_size = 0
        self.largest_key = ""
        """The key of the variant with the largest message, "" if there is none."""

    def get_or_create(
        self, posts: Sequence[Post], language: str, write: Callable[[], MessageContent]
    ) -> str:
        """Return the key of a variant; the same posts in the same language share one.

        `write` composes the message if the variant does not exist yet.
        """
        ids = tuple(post.id for post in posts)
        key = blake2b("\n".join((language, *ids)).encode(), digest_size=12).hexdigest()
        if key not in self._variants:
            content = write()
            self._variants[key] = ids, zlib.compress(marshal.dumps(astuple(content)), _FAST)
            size = len(content.html) + len(content.text)
            if size > self._largest_size:
                self._largest_size, self.largest_key = size, key
        return key

    def get_content(self, key: str) -> MessageContent:
        """Return the message of a variant."""
        return MessageContent(*marshal.loads(zlib.decompress(self._variants[key][1])))  # noqa: S302 - ours

    def __iter__(self) -> Iterator[Variant]:
        """Iterate over the variants."""
        return (
            Variant(key, posts, self.get_content(key)) for key, (posts, _) in self._variants.items()
        )

    def __len__(self) -> int:
        return len(self._variants)


Result = TypeVar("Result")

_SHOWN = 5  # posts in an example if none is new
_ANY_AGE = 36_500  # days


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """An issue as it would go out now."""

    subject: str  # of the message with all posts, in the site's language
    intro: str  # the text before the posts, in the site's language, as safe HTML
    variants: VariantStore
    audience: tuple[tuple[int, str], ...]  # subscriber id, variant key


class IssueBuilder:
    """Builds issues from one reading of the site."""

    def __init__(
        self,
        newsletter: NewsletterContext,
        recognised: MatchedPosts,
        html: HtmlRenderer,
        composer: Composer,
        progress: ProgressCallback,
    ) -> None:
        self._newsletter = newsletter
        self._matched = recognised
        self._posts = recognised.posts
        self._html = html
        self._composer = composer
        self._progress = progress

    def remember_posts(self) -> None:
        """Save the posts seen now, so that they are recognised if they move."""
        learnt, forgotten = self._matched.changed, self._matched.removed
        if learnt or forgotten:
            self._newsletter.store.save_seen_posts(learnt, forgotten)

    def find_pending_posts(self, digest: DigestConfig, now: datetime) -> tuple[Post, ...]:
        """Return the posts that a digest should mail and has not, oldest first."""
        store, people = self._newsletter.store, self._newsletter.config.authors
        mailed, last = store.list_mailed_posts(digest.name), store.load_snapshot(digest.name)
        return selection.find_pending_posts(digest, self._posts, mailed, now, last, people)

    def select_new_posts(self, digest: DigestConfig, now: datetime) -> tuple[Post, ...]:
        """Return the posts of a digest's next issue, newest first; () if there are too few."""
        return selection.select_new_posts(digest, self.find_pending_posts(digest, now))

    def find_published_ids(self, now: datetime) -> tuple[str, ...]:
        """Return the ids of all published posts, which count as mailed when a digest starts."""
        return tuple(post.id for post in self._posts if post.published <= now)

    def get_titles(self) -> dict[str, str]:
        """Return the title of each post by id."""
        return {post.id: post.title for post in self._posts}

    def build_draft(
        self, digest: DigestConfig, slot: datetime, posts: tuple[Post, ...]
    ) -> IssueDraft:
        """Select the posts of every active subscriber, and compose each variant they need."""
        url = archive.build_issue_url(self._newsletter.config, digest.name, slot)
        chooser = PostSelector(self._newsletter, self._posts, digest, slot, posts)
        written = VariantStore()
        audience: list[tuple[int, str]] = []
        for reader in self._newsletter.store.iter_subscribers(ACTIVE):
            theirs = chooser.select_posts(reader)
            if theirs:
                language = self.get_language(reader)
                write = partial(self.compose_content, digest, slot, theirs, url, language)
                audience.append((reader.id, written.get_or_create(theirs, language, write)))
                self._progress("choosing", len(audience), 0)
        language = self._newsletter.config.site.language
        shown = translations.pick_translations(posts, language)
        whole = substitute_tags(
            self.compose_content(digest, slot, shown, url, language), Recipient("", "")
        )
        intro = self._composer.render_intro(digest, shown, slot, url, language)
        return IssueDraft(whole.subject, intro, written, tuple(audience))

    def select_example_posts(
        self, digest: DigestConfig, now: datetime, reader: Subscriber | None
    ) -> tuple[Post, ...]:
        """Return the posts a subscriber would get now, or all new posts if `reader` is None.

        If there are none, return the newest ones that match the subscriber's filter; () if none do.
        """
        home = self._newsletter.config.site.language
        new = self.select_new_posts(digest, now)
        if reader is not None:
            new = PostSelector(self._newsletter, self._posts, digest, now, new).select_posts(reader)
        if new:
            return translations.pick_translations(new, home) if reader is None else new
        ever = replace(digest, max_age=_ANY_AGE)
        known = selection.find_pending_posts(
            ever, self._posts, (), now, people=self._newsletter.config.authors
        )[::-1]
        if reader is None:
            return translations.pick_translations(known, home)[:_SHOWN]
        return selection.select_followed_posts(known, reader, (), home)[:_SHOWN]

    def get_language(self, reader: Subscriber) -> str:
        """Return the language in which a subscriber is mailed."""
        return reader.language or self._newsletter.config.site.language

    def compose_content(
        self, digest: DigestConfig, slot: datetime, posts: tuple[Post, ...], url: str, language: str
    ) -> MessageContent:
        """Compose the message with these posts; `url` is the issue's URL on the web."""
        return self._composer.compose_issue(digest, posts, slot, url, self._html, language)


def run_with_builder(
    request: BuildRequest,
    newsletter: NewsletterContext,
    work: Callable[[IssueBuilder, FilterDescriber], Result],
) -> Result:
    """Read the site, and call `work` with an IssueBuilder and a FilterDescriber.

    If the build cache is corrupt, it is dropped and `work` is called again. Builds are locked out
    meanwhile, and a running one is waited for. Raises FeedpubError if the clock is behind the
    latest publication date.
    """
    where = newsletter.paths
    waiting = partial(request.progress, "waiting for a build to end", 0, 0)
    with lock.lock_folder(where.cache, waiting):
        return cache.retry_on_corrupt_cache(
            where.cache, partial(_run_with_builder, request, newsletter, work)
        )


def _run_with_builder(
    request: BuildRequest,
    newsletter: NewsletterContext,
    work: Callable[[IssueBuilder, FilterDescriber], Result],
) -> Result:
    where = newsletter.paths
    memory = BuildCache(
        where.cache, compute_cache_version(packaged.compute_program_digest(), newsletter.config)
    )
    templates = load_templates(where, packaged.read_templates(where.templates))
    published = scanner.read_publications(where.output)
    check_clock_for_issue(request.now, find_latest_date(published))
    entries = scanner.scan(where.content, follow_links=where.config.content.follow_links)
    making = prepare_site(request, where, entries, memory, published=published)
    with closing(memory.open_bodies()) as bodies:

        def html(post: Post) -> str:
            return link_index.substitute_urls(Body.loads(bodies(post.body_key)), post.links)

        def written(post: Post) -> str:
            return link_index.substitute_urls(Body.loads(bodies(post.body_key)), ())

        known = newsletter.store.load_seen_posts()
        recognised = rename_detection.match_renamed(
            making.library.posts, known, written, request.now
        )
        composer = Composer(newsletter.config, templates)
        builder = IssueBuilder(newsletter, recognised, html, composer, request.progress)
        return work(builder, build_describer(memory, templates, making.library))
