"""Select the posts of a digest issue, and from them those for each subscriber.

These are pure functions of posts, digest and subscriber; `feedpub.newsletter.selector` looks up
what they need in the database.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from feedpub.config.schema import DigestConfig
from feedpub.content.library.taxonomy import normalize_name
from feedpub.content.library.translations import pick_translations
from feedpub.models.content import Author, Post
from feedpub.models.newsletter import Snapshot, Subscriber, SubscriptionFilter

LOOKBACK = timedelta(days=32)
"""How far before the newest issue a monthly subscriber's waiting posts were sent, at most."""

GRACE_PERIOD = timedelta(minutes=5)
"""How long after its slot an issue may be planned without a preference change made meanwhile."""

_WEEK = 7
_DECEMBER = 12


def find_pending_posts(
    digest: DigestConfig,
    posts: Iterable[Post],
    mailed: Collection[str],
    now: datetime,
    last: Snapshot | None = None,
    people: Sequence[tuple[str, Author]] = (),
) -> tuple[Post, ...]:
    """Return the posts that a digest should mail and has not, oldest first.

    A post is new if neither its id nor a translation of it is in `mailed`: editing, renaming or
    retagging a mailed post does not make it new, and an unmailed post may have a past date. It must
    be published by `now`, allowed in digests by its author, and match the digest's filter. It must
    be at most `max_age` days old, measured from the digest's `last` snapshot, or it could be too
    old by the day of a monthly issue; a post waiting in that snapshot has no age limit. `people`
    are the configured authors, whom a digest may name by key.
    """
    posts = tuple(posts)
    told = {
        post.translation_group for post in posts if post.translation_group and post.id in mailed
    }
    oldest = min(now, last.at if last else now) - timedelta(days=digest.max_age)
    waiting = last.waiting if last else frozenset()
    asked = _DigestFilter(digest, people)
    new = [
        post
        for post in posts
        if post.in_digests
        and not post.draft
        and post.published <= now
        and (post.published >= oldest or post.id in waiting)
        and post.id not in mailed
        and post.translation_group not in told
        and asked.matches(post)
    ]
    return tuple(sorted(new, key=_place))


def select_new_posts(digest: DigestConfig, new: Sequence[Post]) -> tuple[Post, ...]:
    """Return the posts of the next issue out of the pending ones, newest first; () if too few.

    If there are more than `max_posts`, the oldest go first and the others wait. A post and its
    translations count as one, and are selected together.
    """
    order = dict.fromkeys(map(_group, new))
    chosen = set(list(order)[: digest.max_posts])
    if len(order) < digest.min_posts:
        return ()
    return _newest_first(post for post in new if _group(post) in chosen)


def select_followed_posts(
    posts: Iterable[Post],
    subscriber: Subscriber,
    received: Collection[str] = (),
    language: str = "",
) -> tuple[Post, ...]:
    """Return the posts, in order, that match a subscriber's filter and were not received yet.

    `received` are the ids of posts already sent or planned for the subscriber, in any issue. Of a
    post and its translations, the subscriber gets the one in their language (`language` if they
    have set none), and none if they received one before.
    """
    posts, follows = tuple(posts), subscriber.follows
    had = {
        post.translation_group for post in posts if post.translation_group and post.id in received
    }
    groups = {
        post.translation_group
        for post in posts
        if post.translation_group and _is_followed(post, follows)
    } - had
    followed = (
        post
        for post in posts
        if post.translation_group in groups
        or (not post.translation_group and post.id not in received and _is_followed(post, follows))
    )
    return pick_translations(followed, subscriber.language or language)


def is_due(cadence: str, last: datetime | None, slot: datetime, zone: str) -> bool:
    """Return whether a subscriber with this cadence may be mailed at `slot`.

    `last` is the slot of the digest in which they were last mailed, None if there was none. Days
    are calendar days in the digest's `zone`, whatever the time: one for daily, seven for weekly,
    the same day of the next month (or its last day) for monthly. "digest" and "each" are always
    due, since the digest's own schedule is the limit.
    """
    if last is None or cadence not in _STEPS:
        return True
    place = ZoneInfo(zone)
    return slot.astimezone(place).date() >= _STEPS[cadence](last.astimezone(place).date())


class CadenceSelector:
    """Selects each subscriber's posts for one issue of a digest.

    At the digest's own cadence a subscriber gets the new posts. At a slower one they get, when due,
    also everything sent since this digest last mailed them or, if later, since they gave consent,
    so they miss no post. A subscriber who has just left a slower cadence gets, with the next issue,
    what was sent until then.
    """

    def __init__(
        self,
        slot: datetime,
        zone: str,
        new: Sequence[Post],
        earlier: Iterable[tuple[datetime, Post]] = (),
        language: str = "",
    ) -> None:
        """Set the slot, the zone in which its days are counted, and the posts.

        `new` is the result of `select_new_posts`. `earlier` are posts sent in earlier slots of the
        same digest, each with its slot; those from LOOKBACK before the newest issue suffice for
        every cadence. `language` is for subscribers who have set none.
        """
        self._slot = slot
        self._zone = zone
        self._new = _newest_first(new)
        self._earlier = tuple(earlier)
        self._newest = max((slot for slot, _ in self._earlier), default=slot)
        self._language = language
        self._followed: dict[tuple[SubscriptionFilter, str], tuple[Post, ...]] = {}

    def select_posts(
        self, subscriber: Subscriber, last: datetime | None, received: Collection[str] = ()
    ) -> tuple[Post, ...]:
        """Return a subscriber's posts, newest first; () if there are none or none are due.

        `last` is the newest slot of this digest in which they were mailed. It and the earlier posts
        matter only for cadences in days, weeks and months. `received` is as in
        `select_followed_posts`.
        """
        if not is_due(subscriber.cadence, last, self._slot, self._zone):
            return ()
        waited = self._find_waiting(subscriber, last)
        if waited:
            whole = {post.id: post for post in (*waited, *self._new)}
            posts = _newest_first(whole.values())
            return select_followed_posts(posts, subscriber, received, self._language)
        wanted = subscriber.follows, subscriber.language
        if wanted not in self._followed:
            self._followed[wanted] = select_followed_posts(
                self._new, subscriber, (), self._language
            )
        chosen = self._followed[wanted]
        return tuple(post for post in chosen if post.id not in received) if received else chosen

    def _find_waiting(self, subscriber: Subscriber, last: datetime | None) -> list[Post]:
        """Return the posts sent while the subscriber was not due."""
        until = _get_waiting_until(subscriber)
        if not self._earlier or until < self._newest:
            return []
        since = max(filter(None, (last, subscriber.consent.at)))
        return [post for slot, post in self._earlier if since < slot <= until]


class _DigestFilter:
    """The filter of a digest: tags, authors and languages."""

    def __init__(self, digest: DigestConfig, people: Sequence[tuple[str, Author]]) -> None:
        keys = {normalize_name(key): author.name for key, author in people}
        self._tags = frozenset(normalize_name(tag) for tag in digest.tags)
        self._authors = frozenset(
            normalize_name(keys.get(normalize_name(name), name)) for name in digest.authors
        )
        self._languages = digest.languages

    def matches(self, post: Post) -> bool:
        """Return whether a post matches the filter by tag, by author and by language."""
        tags = _normalize_names((each.label, each.slug) for each in (*post.tags, *post.categories))
        authors = _normalize_names((each.name, each.slug) for each in post.authors)
        return (
            (not self._tags or not self._tags.isdisjoint(tags))
            and (not self._authors or not self._authors.isdisjoint(authors))
            and (
                not self._languages
                or any(_matches_language(post.language, each) for each in self._languages)
            )
        )


def _normalize_names(pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Yield names and slugs in normalised form for comparison."""
    return (normalize_name(name) for pair in pairs for name in pair)


def _matches_language(language: str, wanted: str) -> bool:
    """Return whether a language matches a range: "de-AT" matches "de" (RFC 4647 section 3.3.1)."""
    return f"{language}-".casefold().startswith(f"{wanted}-".casefold())


def _is_followed(post: Post, follows: SubscriptionFilter) -> bool:
    return (
        follows.everything
        or any(each.slug in follows.tags for each in (*post.tags, *post.categories))
        or any(each.slug in follows.authors for each in post.authors)
    )


def _get_waiting_until(subscriber: Subscriber) -> datetime:
    """Return the time until which posts wait, or waited, for a subscriber."""
    if subscriber.cadence in _STEPS:
        return datetime.max.replace(tzinfo=UTC)
    return (
        datetime.min.replace(tzinfo=UTC)
        if not subscriber.delayed_until
        else subscriber.delayed_until + GRACE_PERIOD
    )


def _place(post: Post) -> tuple[datetime, str]:
    """Return the sort key of posts, the same as in the library."""
    return post.published, post.path


def _group(post: Post) -> str:
    return post.translation_group or post.id


def _newest_first(posts: Iterable[Post]) -> tuple[Post, ...]:
    return tuple(sorted(posts, key=_place, reverse=True))


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _next_week(day: date) -> date:
    return day + timedelta(days=_WEEK)


def _next_month(day: date) -> date:
    year, month = (day.year + 1, 1) if day.month == _DECEMBER else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


_STEPS = {"daily": _next_day, "weekly": _next_week, "monthly": _next_month}
