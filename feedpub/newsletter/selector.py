"""What is new in a digest, and what went out before → the posts that one reader gets."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property

from feedpub.app import NewsletterContext
from feedpub.config.schema import DigestConfig
from feedpub.models.content import Post
from feedpub.models.newsletter import DELAYED_CADENCES, MAX_CLOCK_SKEW, Issue, Subscriber
from feedpub.newsletter.selection import GRACE_PERIOD, LOOKBACK, CadenceSelector

_NOTHING: frozenset[str] = frozenset()


class PostSelector:
    """Chooses for each reader of one issue; nobody gets a post that they had in any issue.

    What waits for those who want mail less often, or did until just now, is looked up when the
    first of them comes: most newsletters have none.
    """

    def __init__(
        self,
        desk: NewsletterContext,
        posts: Sequence[Post],
        digest: DigestConfig,
        slot: datetime,
        new: tuple[Post, ...],
    ) -> None:
        self._newsletter = desk
        self._posts = posts
        self._digest = digest
        self._slot = slot
        self._new = new
        self._groups: dict[str, set[str]] = {}
        for post in posts:
            if post.translation_group:
                self._groups.setdefault(post.translation_group, set()).add(post.id)
        self._cadence_selector = self._build_cadence_selector(())
        self._received = self._find_received(new)

    def select_posts(self, reader: Subscriber) -> tuple[Post, ...]:
        """Give the posts of a reader, newest first; () where none, or not yet."""
        if reader.cadence not in DELAYED_CADENCES and (
            not reader.delayed_until or reader.delayed_until < self._recent_since
        ):
            return self._cadence_selector.select_posts(
                reader, None, self._received.get(reader.id, _NOTHING)
            )
        choices, last, received = self._delayed
        return choices.select_posts(reader, last.get(reader.id), received.get(reader.id, _NOTHING))

    @cached_property
    def _sent_issues(self) -> tuple[Issue, ...]:
        """What this digest has mailed, newest first.

        What a clock that ran ahead has planned went to all who were waiting: it is no matter here.
        """
        issues = self._newsletter.store.list_issues(self._digest.name)
        until = self._slot + MAX_CLOCK_SKEW
        return tuple(
            each
            for each in issues
            if each.posts and each.state != "cancelled" and each.slot <= until
        )

    @cached_property
    def _recent_since(self) -> datetime:
        """From when on who wanted mail less often has had no issue since."""
        return (self._sent_issues[0].slot if self._sent_issues else self._slot) - GRACE_PERIOD

    @cached_property
    def _delayed(self) -> "_DelayedSelection":
        """What this digest mailed of late: the posts, and to whom when.

        Between a reader's day and the next issue nothing goes out, however long that is: what
        waits for them went out at most BACK before the newest issue there is.
        """
        store, lately = self._newsletter.store, self._recent_since
        since = lately + GRACE_PERIOD - LOOKBACK
        known = {post.id: post for post in self._posts if post.in_digests}
        earlier = [
            (issue.slot, known[identity])
            for issue in self._sent_issues
            if issue.slot > since
            for identity in issue.posts
            if identity in known
        ]
        asked = (*self._new, *(post for _, post in earlier))
        received = self._find_received(asked, lately)
        last = dict(
            store.list_last_mailed(self._digest.name, since, self._slot + MAX_CLOCK_SKEW, lately)
        )
        return self._build_cadence_selector(earlier), last, received

    def _build_cadence_selector(self, earlier: Iterable[tuple[datetime, Post]]) -> CadenceSelector:
        zone, language = (
            self._newsletter.get_timezone(self._digest),
            self._newsletter.config.site.language,
        )
        return CadenceSelector(self._slot, zone, self._new, earlier, language)

    def _find_received(
        self, posts: Iterable[Post], waited: datetime | None = None
    ) -> dict[int, set[str]]:
        """Give which of these posts each reader was sent, or is to be sent, in any issue.

        Who had one had its translations. With `waited` only of those for whom posts wait, or did
        until that time or later.
        """
        alike = {
            each: group
            for post in posts
            for group in (self._groups.get(post.translation_group, {post.id}),)
            for each in (post.id, *group)
        }
        received: dict[int, set[str]] = {}
        for reader, post in self._newsletter.store.list_received_posts(tuple(alike), waited):
            received.setdefault(reader, set()).update(alike[post])
        return received


_DelayedSelection = tuple[CadenceSelector, dict[int, datetime], dict[int, set[str]]]
"""For readers who want mail less often: the choices, when they were last mailed, and what."""
