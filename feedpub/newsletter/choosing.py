"""What is new in a digest, and what went out before → the posts that one reader gets."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from feedpub.config import Digest
from feedpub.digests import Choices
from feedpub.mailing import Subscriber
from feedpub.model import Post
from feedpub.newsletter.desk import Desk

_BACK = timedelta(days=32)
"""How far back readers who want mail monthly may have posts waiting."""

_AS_IT_GOES = ("digest", "each")
"""The cadences of readers for whom no post waits."""

_NOTHING: frozenset[str] = frozenset()


class Chooser:
    """Chooses for each reader of one issue; nobody gets a post that they had in any issue.

    What waits for those who want mail less often is looked up when the first of them comes: most
    newsletters have none.
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
        self._choices = self._prepared(())
        self._received = self._had(post.id for post in new)
        self._seldom: _Seldom | None = None

    def of(self, reader: Subscriber) -> tuple[Post, ...]:
        """Give the posts of a reader, newest first; () where none, or not yet."""
        if reader.cadence in _AS_IT_GOES:
            return self._choices.of(reader, None, self._received.get(reader.id, _NOTHING))
        if self._seldom is None:
            self._seldom = self._looked_up()
        choices, last, received = self._seldom
        return choices.of(reader, last.get(reader.id), received.get(reader.id, _NOTHING))

    def _looked_up(self) -> "_Seldom":
        """Find what this digest mailed of late: the posts, and to whom when."""
        store, name, since = self._desk.store, self._digest.name, self._slot - _BACK
        known = {post.id: post for post in self._posts if post.mailed}
        earlier = [
            (issue.slot, known[identity])
            for issue in store.issues(name)
            if issue.slot > since and issue.state != "cancelled"
            for identity in issue.posts
            if identity in known
        ]
        received = self._had(post.id for post in (*self._new, *(post for _, post in earlier)))
        return self._prepared(earlier), dict(store.last_mailed(name, since)), received

    def _prepared(self, earlier: Iterable[tuple[datetime, Post]]) -> Choices:
        return Choices(self._slot, self._desk.zone(self._digest), self._new, earlier)

    def _had(self, posts: Iterable[str]) -> dict[int, set[str]]:
        """Give which of these posts each reader was sent, or is to be sent, in any issue."""
        received: dict[int, set[str]] = {}
        for reader, post in self._desk.store.received(tuple(posts)):
            received.setdefault(reader, set()).add(post)
        return received


_Seldom = tuple[Choices, dict[int, datetime], dict[int, set[str]]]
"""For readers who want mail less often: the choices, when they were last mailed, and what."""
