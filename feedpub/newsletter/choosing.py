"""What is new in a digest, and what went out before → the posts that one reader gets."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property

from feedpub.config import Digest
from feedpub.digests import BACK, LATE, Choices
from feedpub.mailing import AHEAD, SELDOM, Issue, Subscriber
from feedpub.model import Post
from feedpub.newsletter.desk import Desk

_NOTHING: frozenset[str] = frozenset()


class Chooser:
    """Chooses for each reader of one issue; nobody gets a post that they had in any issue.

    What waits for those who want mail less often, or did until just now, is looked up when the
    first of them comes: most newsletters have none.
    """

    def __init__(
        self,
        desk: Desk,
        posts: Sequence[Post],
        digest: Digest,
        slot: datetime,
        new: tuple[Post, ...],
    ) -> None:
        self._desk = desk
        self._posts = posts
        self._digest = digest
        self._slot = slot
        self._new = new
        self._groups: dict[str, set[str]] = {}
        for post in posts:
            if post.group:
                self._groups.setdefault(post.group, set()).add(post.id)
        self._choices = self._prepared(())
        self._received = self._had(new)

    def of(self, reader: Subscriber) -> tuple[Post, ...]:
        """Give the posts of a reader, newest first; () where none, or not yet."""
        if reader.cadence not in SELDOM and (not reader.waited or reader.waited < self._lately):
            return self._choices.of(reader, None, self._received.get(reader.id, _NOTHING))
        choices, last, received = self._seldom
        return choices.of(reader, last.get(reader.id), received.get(reader.id, _NOTHING))

    @cached_property
    def _out(self) -> tuple[Issue, ...]:
        """What this digest has mailed, newest first.

        What a clock that ran ahead has planned went to all who were waiting: it is no matter here.
        """
        issues = self._desk.store.issues(self._digest.name)
        until = self._slot + AHEAD
        return tuple(
            each
            for each in issues
            if each.posts and each.state != "cancelled" and each.slot <= until
        )

    @cached_property
    def _lately(self) -> datetime:
        """From when on who wanted mail less often has had no issue since."""
        return (self._out[0].slot if self._out else self._slot) - LATE

    @cached_property
    def _seldom(self) -> "_Seldom":
        """What this digest mailed of late: the posts, and to whom when.

        Between a reader's day and the next issue nothing goes out, however long that is: what
        waits for them went out at most BACK before the newest issue there is.
        """
        store, lately = self._desk.store, self._lately
        since = lately + LATE - BACK
        known = {post.id: post for post in self._posts if post.mailed}
        earlier = [
            (issue.slot, known[identity])
            for issue in self._out
            if issue.slot > since
            for identity in issue.posts
            if identity in known
        ]
        asked = (*self._new, *(post for _, post in earlier))
        received = self._had(asked, lately)
        last = dict(store.last_mailed(self._digest.name, since, self._slot + AHEAD, lately))
        return self._prepared(earlier), last, received

    def _prepared(self, earlier: Iterable[tuple[datetime, Post]]) -> Choices:
        zone, language = self._desk.zone(self._digest), self._desk.config.site.language
        return Choices(self._slot, zone, self._new, earlier, language)

    def _had(self, posts: Iterable[Post], waited: datetime | None = None) -> dict[int, set[str]]:
        """Give which of these posts each reader was sent, or is to be sent, in any issue.

        Who had one had its translations. With `waited` only of those for whom posts wait, or did
        until that time or later.
        """
        alike = {
            each: group
            for post in posts
            for group in (self._groups.get(post.group, {post.id}),)
            for each in (post.id, *group)
        }
        received: dict[int, set[str]] = {}
        for reader, post in self._desk.store.received(tuple(alike), waited):
            received.setdefault(reader, set()).update(alike[post])
        return received


_Seldom = tuple[Choices, dict[int, datetime], dict[int, set[str]]]
"""For readers who want mail less often: the choices, when they were last mailed, and what."""
