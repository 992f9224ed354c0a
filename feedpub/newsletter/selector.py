"""Select each subscriber's posts for an issue, using what the database knows they received.

`PostSelector` feeds `feedpub.newsletter.selection` from the database.
"""

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
    """Selects posts for each subscriber of one issue, never one they received in any issue.

    Earlier posts, needed for slower cadences and recent changes of cadence, are loaded for the
    first subscriber who needs them: most newsletters have none.
    """

    def __init__(
        self,
        newsletter: NewsletterContext,
        posts: Sequence[Post],
        digest: DigestConfig,
        slot: datetime,
        new: tuple[Post, ...],
    ) -> None:
        self._newsletter = newsletter
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
        """Return a subscriber's posts, newest first; () if there are none or none are due."""
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
        """The issues of this digest, newest first.

        Issues planned by a clock that was far ahead are left out: they went to everybody who was
        waiting.
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
        """Subscribers who changed to a faster cadence after this time have had no issue since."""
        return (self._sent_issues[0].slot if self._sent_issues else self._slot) - GRACE_PERIOD

    @cached_property
    def _delayed(self) -> "_DelayedSelection":
        """The recently sent posts of this digest, and who was mailed which of them and when.

        Between a subscriber's due day and the next issue nothing is sent, however long that is. So
        what waits for them was sent at most LOOKBACK before the newest issue.
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
        """Return which of these posts each subscriber was sent, or will be, in any issue.

        Having received a post counts as having received its translations. With `waited`, look only
        at subscribers for whom posts wait, or did until that time or later.
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
"""For slower cadences: the selector, the last slot and the received posts by subscriber id."""
