"""The posts of a site and its readers → an issue: who gets what, and what it says.

What was last read of a site → what its readers are told they follow, whatever it is like now.

Mail that is planned goes out also where the content folder is away or a template is broken.

Posts and a language → a selection, written once however many get it, and kept small.
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
    """Give who tells what is followed of a site that was just read; its names are remembered."""
    names = FilterNames.from_library(library)
    if memory.load_names() != (names.tags, names.authors):
        memory.save_names(names.tags, names.authors)
    return FilterDescriber(templates, names)


def load_describer(desk: NewsletterContext) -> FilterDescriber:
    """Give who tells what is followed of a site as it was last read.

    Tags and authors that nobody remembers have their slugs, and templates that cannot be used are
    those of feedpub.
    """
    where = desk.paths
    try:
        templates = load_templates(where, packaged.read_templates(where.templates))
    except (TemplateError, OSError):
        templates = load_templates(where, {})
    return FilterDescriber(templates, FilterNames(*BuildCache(where.cache, "").load_names()))


_FAST = 1  # of zlib's levels: a fifth of the octets, in a fifth of a millisecond


class VariantStore:
    """The selections of one issue, in the order they were first asked for.

    Ten thousand of them are hundreds of megabytes as text; they are kept compressed.
    """

    def __init__(self) -> None:
        self._variants: dict[str, tuple[tuple[str, ...], bytes]] = {}
        self._largest_size = 0
        self.largest_key = ""
        """The key of the one whose message is the largest; "" where there is none."""

    def get_or_create(
        self, posts: Sequence[Post], language: str, write: Callable[[], MessageContent]
    ) -> str:
        """Give the key of a selection: the same posts in the same language are one.

        `write` is called where it is not there yet.
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
        """Give what the message of a selection says."""
        return MessageContent(*marshal.loads(zlib.decompress(self._variants[key][1])))  # noqa: S302 - ours

    def __iter__(self) -> Iterator[Variant]:
        """Give each selection."""
        return (
            Variant(key, posts, self.get_content(key)) for key, (posts, _) in self._variants.items()
        )

    def __len__(self) -> int:
        return len(self._variants)


Result = TypeVar("Result")

_SHOWN = 5  # posts of an example where none is new
_ANY_AGE = 36_500  # days


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """What an issue would be if it went out now."""

    subject: str  # of the message with all its posts, to nobody, in the site's language
    intro: str  # the words before the posts, likewise, as safe HTML
    variants: VariantStore
    audience: tuple[tuple[int, str], ...]  # subscriber, key of the selection


class IssueBuilder:
    """Makes the issues of one site as it is now."""

    def __init__(
        self,
        desk: NewsletterContext,
        recognised: MatchedPosts,
        html: HtmlRenderer,
        composer: Composer,
        progress: ProgressCallback,
    ) -> None:
        self._newsletter = desk
        self._matched = recognised
        self._posts = recognised.posts
        self._html = html
        self._composer = composer
        self._progress = progress

    def remember_posts(self) -> None:
        """Remember the posts there are, so that they are known again wherever they move."""
        learnt, forgotten = self._matched.changed, self._matched.removed
        if learnt or forgotten:
            self._newsletter.store.save_seen_posts(learnt, forgotten)

    def find_pending_posts(self, digest: DigestConfig, now: datetime) -> tuple[Post, ...]:
        """Give all that a digest has not mailed and should, oldest first."""
        store, people = self._newsletter.store, self._newsletter.config.authors
        mailed, last = store.list_mailed_posts(digest.name), store.load_snapshot(digest.name)
        return selection.find_pending_posts(digest, self._posts, mailed, now, last, people)

    def select_new_posts(self, digest: DigestConfig, now: datetime) -> tuple[Post, ...]:
        """Give the posts a digest has for its next issue, newest first; () where too few."""
        return selection.select_new_posts(digest, self.find_pending_posts(digest, now))

    def find_published_ids(self, now: datetime) -> tuple[str, ...]:
        """Give the ids of all posts there are, which count as mailed when a digest starts."""
        return tuple(post.id for post in self._posts if post.published <= now)

    def get_titles(self) -> dict[str, str]:
        """Give the title of each post, by its id."""
        return {post.id: post.title for post in self._posts}

    def build_draft(
        self, digest: DigestConfig, slot: datetime, posts: tuple[Post, ...]
    ) -> IssueDraft:
        """Choose for every active reader, and write each message that any of them gets."""
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
        """Give the posts that a reader would get now, or all that are new where it is None.

        Where that is nothing, the newest that they follow stand in; () where there is none.
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
        """Give the language that a reader is written to in."""
        return reader.language or self._newsletter.config.site.language

    def compose_content(
        self, digest: DigestConfig, slot: datetime, posts: tuple[Post, ...], url: str, language: str
    ) -> MessageContent:
        """Write the message of these posts; `url` is where it can be read on the web."""
        return self._composer.compose_issue(digest, posts, slot, url, self._html, language)


def run_with_builder(
    request: BuildRequest,
    desk: NewsletterContext,
    work: Callable[[IssueBuilder, FilterDescriber], Result],
) -> Result:
    """Read the site, and do some work with who makes its issues and who tells what readers follow.

    What was remembered of the site and is damaged is read again, and the work begins anew. No
    build goes on meanwhile; one that does is waited for. Raises FeedpubError where the clock is
    behind what was published.
    """
    where = desk.paths
    waiting = partial(request.progress, "waiting for a build to end", 0, 0)
    with lock.lock_folder(where.cache, waiting):
        return cache.retry_on_corrupt_cache(
            where.cache, partial(_run_with_builder, request, desk, work)
        )


def _run_with_builder(
    request: BuildRequest,
    desk: NewsletterContext,
    work: Callable[[IssueBuilder, FilterDescriber], Result],
) -> Result:
    where = desk.paths
    memory = BuildCache(
        where.cache, compute_cache_version(packaged.compute_program_digest(), desk.config)
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

        known = desk.store.load_seen_posts()
        recognised = rename_detection.match_renamed(
            making.library.posts, known, written, request.now
        )
        composer = Composer(desk.config, templates)
        editor = IssueBuilder(desk, recognised, html, composer, request.progress)
        return work(editor, build_describer(memory, templates, making.library))
