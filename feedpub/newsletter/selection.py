"""The posts there are → what goes out in a digest, to whom, and what it says.

A digest, the posts there are and a reader → the posts that this reader gets this time.
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
"""How long before the newest issue posts may have gone out that wait for a monthly reader."""

GRACE_PERIOD = timedelta(minutes=5)
"""How long after its time a wish may be written down, and an issue be chosen without it."""

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
    """Give all the posts that a digest has not mailed and should, oldest first.

    New is a post whose id is not among `mailed`, the digest's ledger: one that was edited, renamed
    or tagged anew is not, one that was dated back is. It is published by `now`, not kept from mail
    by its author, and is what the digest asks for. It is at most `max_age` days old: not today,
    but when the digest last looked, or it would be too old by the day of a monthly issue; and what
    was found in the `last` look waits as long as it must. `people` are those of the configuration,
    whom a digest may name by key. A post whose translation was mailed is not new.
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
    """Give what goes out of what is `wanted`, newest first; () where that is too few.

    Of more than `max_posts` the oldest go first: the others wait, and none is lost. A post and its
    translations count as one, and go out together.
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
    """Give those of `posts`, in their order, that a reader follows and has not had yet.

    `received` are the ids of posts that were already sent or planned for them, in any issue. Of a
    post and its translations, of which they follow one, they get that in their language, which is
    `language` where they have not said; and none where they had one.
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
    """Tell whether a reader who wants mail at this cadence may have some at `slot`.

    `last` is the slot of the digest that they were last mailed, None where there was none. The
    days between count as a calendar in the digest's `zone` does, whatever the time of day: a day
    for daily, seven for weekly, the same day of the next month (or its last) for monthly. "digest"
    and "each" are always due: the digest's own schedule is as often as it gets.
    """
    if last is None or cadence not in _STEPS:
        return True
    place = ZoneInfo(zone)
    return slot.astimezone(place).date() >= _STEPS[cadence](last.astimezone(place).date())


class CadenceSelector:
    """What each reader gets of one going out of one digest.

    Who wants mail as often as the digest goes out gets what is new. Who wants it less often gets,
    when their day has come, that and all that went out since they were last mailed by this digest
    or, if later, agreed to be mailed: no post is missed for having come on another's day. Nor is
    one missed by who wanted it less often until just now: with the next issue they get what had
    gone out by then.
    """

    def __init__(
        self,
        slot: datetime,
        zone: str,
        new: Sequence[Post],
        earlier: Iterable[tuple[datetime, Post]] = (),
        language: str = "",
    ) -> None:
        """Take the slot, the zone that its days are counted in, and the posts.

        `new` is what `fresh` gave. `earlier` are posts that went out with earlier slots of the
        same digest, each with its slot: those from BACK before the newest serve every cadence.
        `language` is that of readers who have not said theirs.
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
        """Give the posts for a reader, newest first; () where none, or not yet.

        `last` is the newest slot of this digest with which they were mailed; it and earlier posts
        only matter for cadences in days, weeks and months. `received` is as in `select`.
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
        """Give what went out while it was not their day."""
        until = _get_waiting_until(subscriber)
        if not self._earlier or until < self._newest:
            return []
        since = max(filter(None, (last, subscriber.consent.at)))
        return [post for slot, post in self._earlier if since < slot <= until]


class _DigestFilter:
    """Which posts a digest is made of."""

    def __init__(self, digest: DigestConfig, people: Sequence[tuple[str, Author]]) -> None:
        keys = {normalize_name(key): author.name for key, author in people}
        self._tags = frozenset(normalize_name(tag) for tag in digest.tags)
        self._authors = frozenset(
            normalize_name(keys.get(normalize_name(name), name)) for name in digest.authors
        )
        self._languages = digest.languages

    def matches(self, post: Post) -> bool:
        """Tell whether a post has one of the tags, one of the authors and one of the languages."""
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
    """Give names and slugs in the form in which they are compared."""
    return (normalize_name(name) for pair in pairs for name in pair)


def _matches_language(language: str, wanted: str) -> bool:
    """Tell whether a language is one asked for: "de-AT" is "de" (RFC 4647 section 3.3.1)."""
    return f"{language}-".casefold().startswith(f"{wanted}-".casefold())


def _is_followed(post: Post, follows: SubscriptionFilter) -> bool:
    return (
        follows.everything
        or any(each.slug in follows.tags for each in (*post.tags, *post.categories))
        or any(each.slug in follows.authors for each in post.authors)
    )


def _get_waiting_until(subscriber: Subscriber) -> datetime:
    """Give until when posts wait, or waited, for a reader."""
    if subscriber.cadence in _STEPS:
        return datetime.max.replace(tzinfo=UTC)
    return (
        datetime.min.replace(tzinfo=UTC)
        if not subscriber.delayed_until
        else subscriber.delayed_until + GRACE_PERIOD
    )


def _place(post: Post) -> tuple[datetime, str]:
    """Give what orders posts, as the library does."""
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
