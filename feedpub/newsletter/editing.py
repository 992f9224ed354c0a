"""The posts of a site and its readers → an issue: who gets what, and what it says."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from feedpub import digests, files, links, site
from feedpub.config import Digest
from feedpub.digests import Composer, Following, Recognised
from feedpub.files import Memory
from feedpub.mailing import ACTIVE, Content, Subscriber
from feedpub.message import Reader, fill
from feedpub.model import Body, Html, Post
from feedpub.newsletter import recalling
from feedpub.newsletter.choosing import Chooser
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.selections import Selections
from feedpub.publish.building import reading_version
from feedpub.publish.clock import newest, refuse_to_mail
from feedpub.publish.making import look, plan
from feedpub.publish.request import Progress, Request

Result = TypeVar("Result")

_SHOWN = 5  # posts of an example where none is new
_ANY_AGE = 36_500  # days


@dataclass(frozen=True, slots=True)
class Edition:
    """What an issue would be if it went out now."""

    subject: str  # of the message with all its posts, to nobody, in the site's language
    intro: str  # the words before the posts, likewise, as safe HTML
    selections: Selections
    audience: tuple[tuple[int, str], ...]  # subscriber, key of the selection


class Editor:
    """Makes the issues of one site as it is now."""

    def __init__(
        self,
        desk: Desk,
        recognised: Recognised,
        html: Html,
        composer: Composer,
        progress: Progress,
    ) -> None:
        self._desk = desk
        self._recognised = recognised
        self._posts = recognised.posts
        self._html = html
        self._composer = composer
        self._progress = progress

    def learn(self) -> None:
        """Remember the posts there are, so that they are known again wherever they move."""
        learnt, forgotten = self._recognised.learnt, self._recognised.forgotten
        if learnt or forgotten:
            self._desk.store.know(learnt, forgotten)

    def wanted(self, digest: Digest, now: datetime) -> tuple[Post, ...]:
        """Give all that a digest has not mailed and should, oldest first."""
        store, people = self._desk.store, self._desk.config.authors
        mailed, last = store.mailed(digest.name), store.look(digest.name)
        return digests.wanted(digest, self._posts, mailed, now, last, people)

    def fresh(self, digest: Digest, now: datetime) -> tuple[Post, ...]:
        """Give the posts a digest has for its next issue, newest first; () where too few."""
        return digests.fresh(digest, self.wanted(digest, now))

    def published(self, now: datetime) -> tuple[str, ...]:
        """Give the ids of all posts there are, which count as mailed when a digest starts."""
        return tuple(post.id for post in self._posts if post.published <= now)

    def titles(self) -> dict[str, str]:
        """Give the title of each post, by its id."""
        return {post.id: post.title for post in self._posts}

    def edition(self, digest: Digest, slot: datetime, posts: tuple[Post, ...]) -> Edition:
        """Choose for every active reader, and write each message that any of them gets."""
        url = site.issue_address(self._desk.config, digest.name, slot)
        chooser = Chooser(self._desk, self._posts, digest, slot, posts)
        written = Selections()
        audience: list[tuple[int, str]] = []
        for reader in self._desk.store.all(ACTIVE):
            theirs = chooser.of(reader)
            if theirs:
                language = self.language(reader)
                write = partial(self.content, digest, slot, theirs, url, language)
                audience.append((reader.id, written.key(theirs, language, write)))
                self._progress("choosing", len(audience), 0)
        language = self._desk.config.site.language
        shown = digests.in_one_language(posts, language)
        whole = fill(self.content(digest, slot, shown, url, language), Reader("", ""))
        intro = self._composer.intro(digest, shown, slot, url, language)
        return Edition(whole.subject, intro, written, tuple(audience))

    def example(self, digest: Digest, now: datetime, reader: Subscriber | None) -> tuple[Post, ...]:
        """Give the posts that a reader would get now, or all that are new where it is None.

        Where that is nothing, the newest that they follow stand in; () where there is none.
        """
        home = self._desk.config.site.language
        new = self.fresh(digest, now)
        if reader is not None:
            new = Chooser(self._desk, self._posts, digest, now, new).of(reader)
        if new:
            return digests.in_one_language(new, home) if reader is None else new
        ever = replace(digest, max_age=_ANY_AGE)
        known = digests.wanted(ever, self._posts, (), now, people=self._desk.config.authors)[::-1]
        if reader is None:
            return digests.in_one_language(known, home)[:_SHOWN]
        return digests.select(known, reader, (), home)[:_SHOWN]

    def language(self, reader: Subscriber) -> str:
        """Give the language that a reader is written to in."""
        return reader.language or self._desk.config.site.language

    def content(
        self, digest: Digest, slot: datetime, posts: tuple[Post, ...], url: str, language: str
    ) -> Content:
        """Write the message of these posts; `url` is where it can be read on the web."""
        return self._composer.content(digest, posts, slot, url, self._html, language)


def edited(request: Request, desk: Desk, work: Callable[[Editor, Following], Result]) -> Result:
    """Read the site, and do some work with who makes its issues and who tells what readers follow.

    What was remembered of the site and is damaged is read again, and the work begins anew. No
    build goes on meanwhile; one that does is waited for. Raises FeedpubError where the clock is
    behind what was published.
    """
    where = desk.where
    waiting = partial(request.progress, "waiting for a build to end", 0, 0)
    with files.locked(where.memory, waiting):
        return files.sound(where.memory, partial(_edited, request, desk, work))


def _edited(request: Request, desk: Desk, work: Callable[[Editor, Following], Result]) -> Result:
    where = desk.where
    memory = Memory(where.memory, reading_version(files.code(), desk.config))
    templates = look(where, files.texts(where.templates))
    published = files.publications(where.output)
    refuse_to_mail(request.now, newest(published))
    entries = files.scan(where.content, follow_links=where.config.content.follow_links)
    making = plan(request, where, entries, memory, published=published)
    with closing(memory.bodies()) as bodies:

        def html(post: Post) -> str:
            return links.fill(Body.loads(bodies(post.body)), post.links)

        def written(post: Post) -> str:
            return links.fill(Body.loads(bodies(post.body)), ())

        known = desk.store.known()
        recognised = digests.recognise(making.library.posts, known, written, request.now)
        composer = Composer(desk.config, templates)
        editor = Editor(desk, recognised, html, composer, request.progress)
        return work(editor, recalling.known(memory, templates, making.library))
