"""Which posts go out, and who gets them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import DigestConfig
from feedpub.models.content import Author, Post, Tag
from feedpub.models.newsletter import (
    CADENCES,
    DELAYED_CADENCES,
    Consent,
    Snapshot,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.newsletter.selection import (
    LOOKBACK,
    CadenceSelector,
    find_pending_posts,
    is_due,
    select_followed_posts,
    select_new_posts,
)

NOW = datetime(2025, 2, 3, 8, tzinfo=UTC)
WEEKLY = DigestConfig("weekly")
PYTHON = Tag("Python", "python")


def post(number: int, **changes: object) -> Post:
    """Give a post that is so many days old."""
    values = {"slug": f"p{number}", "published": NOW - timedelta(days=number)}
    return made.post(**(values | changes))


def reader(**changes: object) -> Subscriber:
    """Give a reader who agreed to be mailed long ago."""
    consent = Consent(datetime(2020, 1, 1, tzinfo=UTC), "form")
    values = {"id": 1, "address": "ann@example.org", "consent": consent}
    return Subscriber(**(values | changes))  # type: ignore[arg-type]


def slugs(posts: Sequence[Post]) -> list[str]:
    """Give the slugs of posts, in order."""
    return [each.slug for each in posts]


def test_new_is_what_is_not_in_the_ledger() -> None:
    """A post that was mailed is not new, though it was edited; one that was dated back is."""
    mailed = {post(3).id}
    posts = (post(1), post(3, title="Edited", cache_key="other"), post(20))

    assert ["p20", "p1"] == slugs(find_pending_posts(WEEKLY, posts, mailed, NOW))


@pytest.mark.parametrize(
    "changes",
    [
        {"in_digests": False},
        {"draft": True},
        {"published": NOW + timedelta(seconds=1)},
        {"published": NOW - timedelta(days=30, seconds=1)},
    ],
)
def test_what_is_not_mailed(changes: dict[str, object]) -> None:
    """Not mailed is what its author kept back, what is a draft, yet to come, or old."""
    assert () == find_pending_posts(WEEKLY, (post(1, **changes),), (), NOW)


def test_the_edges_of_time() -> None:
    """A post is new from the second it is published until it is `max_age` days old."""
    posts = (post(0), post(30))

    assert ["p30", "p0"] == slugs(find_pending_posts(WEEKLY, posts, (), NOW))
    assert ["p0"] == slugs(find_pending_posts(DigestConfig("w", max_age=1), posts, (), NOW))


def test_age_counts_from_the_last_look() -> None:
    """What came since is never too old, however long that is; what was seen then waits."""
    last = Snapshot(NOW - timedelta(days=31), frozenset({post(80).id, post(90).id}))
    posts = [post(age) for age in (1, 30, 31, 61, 62, 80)]

    assert ["p80", "p61", "p31", "p30", "p1"] == slugs(
        find_pending_posts(WEEKLY, posts, (), NOW, last)
    )
    assert ["p80"] == slugs(
        find_pending_posts(WEEKLY, posts, {each.id for each in posts[:5]}, NOW, last)
    )


def test_a_clock_that_was_ahead_makes_nothing_too_old() -> None:
    """The last look seems to be in the future then."""
    last = Snapshot(NOW + timedelta(days=400), frozenset())

    assert ["p30"] == slugs(find_pending_posts(WEEKLY, [post(30), post(31)], (), NOW, last))


@given(
    st.lists(st.integers(0, 300), unique=True, max_size=40),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([1, 7, 31, 62]),
)
def test_whatever_the_schedule_nothing_that_is_published_is_lost(
    ages: list[int], least: int, more: int, step: int
) -> None:
    """Each post goes out once, or waits for others at the end; most often many slots later."""
    digest = DigestConfig("w", min_posts=least, max_posts=least + more)
    posts = [post(age, published=NOW - timedelta(days=age, hours=1)) for age in ages]
    mailed: list[str] = []
    last = Snapshot(NOW - timedelta(days=301), frozenset())
    for days in range(300, -1, -step):
        at = NOW - timedelta(days=days)
        there = [each for each in posts if each.published <= at]
        new = find_pending_posts(digest, there, mailed, at, last)
        last = Snapshot(at, frozenset(each.id for each in new))
        mailed += [each.id for each in select_new_posts(digest, new)]

    assert len(set(mailed)) == len(mailed)
    waiting = {each.id for each in posts if each.published <= last.at} - set(mailed)
    assert waiting <= last.waiting


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        (DigestConfig("w"), True),
        (DigestConfig("w", tags=("PYTHON ",)), True),
        (DigestConfig("w", tags=("web-feeds",)), True),
        (DigestConfig("w", tags=("howto",)), True),
        (DigestConfig("w", tags=("Rust",)), False),
        (DigestConfig("w", authors=("ann  LEE",)), True),
        (DigestConfig("w", authors=("ann-lee",)), True),
        (DigestConfig("w", authors=("chief",)), True),
        (DigestConfig("w", authors=("Bob",)), False),
        (DigestConfig("w", languages=("de",)), True),
        (DigestConfig("w", languages=("DE-at",)), True),
        (DigestConfig("w", languages=("en", "d")), False),
        (DigestConfig("w", tags=("Python",), authors=("Bob",)), False),
        (DigestConfig("w", tags=("Python",), authors=("Ann Lee",), languages=("de",)), True),
    ],
)
def test_what_a_digest_asks_for(digest: DigestConfig, expected: bool) -> None:
    """Tags go by label or slug, categories too; authors by name, key or slug; languages widely."""
    whole = post(1, language="de-AT", categories=(Tag("How-to", "howto"),))
    people = (("chief", made.ANN),)

    assert expected == bool(find_pending_posts(digest, (whole,), (), NOW, people=people))


def test_too_few_and_too_many() -> None:
    """Fewer than `min_posts` wait; of more than `max_posts` the newest do."""
    posts = [post(number) for number in (1, 2, 3, 4)]

    new = find_pending_posts(WEEKLY, posts, (), NOW)

    assert () == select_new_posts(DigestConfig("w", min_posts=5), new)
    assert ["p3", "p4"] == slugs(select_new_posts(DigestConfig("w", max_posts=2), new))
    assert ["p1", "p2"] == slugs(select_new_posts(DigestConfig("w", max_posts=2), new[2:]))


@given(st.lists(st.integers(0, 40), unique=True), st.integers(1, 9), st.integers(1, 9))
def test_every_post_goes_out_once(ages: list[int], least: int, most: int) -> None:
    """However an issue is limited, each new post is in one of them, and in one only."""
    digest = DigestConfig("w", min_posts=1, max_posts=most)
    posts = [post(age) for age in ages]
    mailed: list[str] = []
    while chosen := select_new_posts(digest, find_pending_posts(digest, posts, mailed, NOW)):
        mailed += [each.id for each in chosen]
        assert sorted(chosen, key=lambda each: each.published, reverse=True) == list(chosen)

    assert sorted(
        each.id for each in posts if each.published >= NOW - timedelta(days=30)
    ) == sorted(mailed)
    few = select_new_posts(
        DigestConfig("w", min_posts=least), find_pending_posts(digest, posts, (), NOW)
    )
    assert not few or len(few) >= least


@pytest.mark.parametrize(
    ("follows", "expected"),
    [
        (SubscriptionFilter(), ["a", "b", "c"]),
        (SubscriptionFilter(everything=False), []),
        (SubscriptionFilter(everything=False, tags=("python",)), ["a", "b"]),
        (SubscriptionFilter(everything=False, authors=("bob",)), ["b", "c"]),
        (SubscriptionFilter(everything=False, tags=("howto",), authors=("bob",)), ["b", "c"]),
    ],
)
def test_readers_get_what_they_follow(follows: SubscriptionFilter, expected: list[str]) -> None:
    """Everything, or what has one of their tags or is by one of their authors."""
    posts = (
        made.post(slug="a", tags=(PYTHON,)),
        made.post(slug="b", tags=(PYTHON,), authors=(made.ANN, made.BOB)),
        made.post(slug="c", tags=(), categories=(Tag("How-to", "howto"),), authors=(made.BOB,)),
    )

    assert expected == slugs(select_followed_posts(posts, reader(follows=follows)))
    assert (
        expected
        == slugs(CadenceSelector(NOW, "UTC", posts).select_posts(reader(follows=follows), None))[
            ::-1
        ]
    )


def test_no_post_twice() -> None:
    """What a reader has had, from whichever digest, they do not get again."""
    posts = (post(1), post(2))

    assert ["p2"] == slugs(select_followed_posts(posts, reader(), {post(1).id}))
    assert ["p2"] == slugs(
        CadenceSelector(NOW, "UTC", posts).select_posts(reader(), NOW, {post(1).id})
    )


@pytest.mark.parametrize(
    ("cadence", "last", "slot", "expected"),
    [
        ("daily", "2025-02-02T20:00", "2025-02-03T08:00", True),
        ("daily", "2025-02-03T00:30", "2025-02-03T08:00", False),
        ("daily", "2025-02-02T22:30", "2025-02-03T08:00", True),
        ("daily", "2025-02-02T23:30", "2025-02-03T08:00", False),  # half past midnight in Berlin
        ("weekly", "2025-01-27T09:00", "2025-02-03T08:00", True),
        ("weekly", "2025-01-28T07:00", "2025-02-03T08:00", False),
        ("monthly", "2025-01-03T08:00", "2025-02-03T08:00", True),
        ("monthly", "2025-01-04T08:00", "2025-02-03T08:00", False),
        ("monthly", "2025-01-31T08:00", "2025-02-28T08:00", True),
        ("monthly", "2024-12-15T08:00", "2025-01-14T08:00", False),
        ("monthly", "2024-12-15T08:00", "2025-01-15T08:00", True),
        ("digest", "2025-02-03T07:59", "2025-02-03T08:00", True),
        ("each", "2025-02-03T07:59", "2025-02-03T08:00", True),
        ("hourly", "2025-02-03T07:59", "2025-02-03T08:00", True),
    ],
)
def test_when_a_reader_is_due(cadence: str, last: str, slot: str, expected: bool) -> None:
    """Days are those of the digest's zone, and the time of day does not count."""
    then, now = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (last, slot))

    assert expected == is_due(cadence, then, now, "Europe/Berlin")
    assert is_due(cadence, None, now, "Europe/Berlin")


def test_who_is_mailed_less_often_misses_nothing() -> None:
    """A weekly reader of a daily digest gets what went out on the days between, each post once."""
    days = [NOW + timedelta(days=number) for number in range(15)]
    posts = [made.post(slug=f"d{number}", published=day) for number, day in enumerate(days)]
    weekly = reader(cadence="weekly", consent=Consent(days[0] - timedelta(hours=1), "form"))
    got: list[str] = []
    last = None
    sizes = []
    for number, day in enumerate(days):
        earlier = list(zip(days[:number], posts[:number], strict=True))
        chosen = CadenceSelector(day, "UTC", (posts[number],), earlier).select_posts(
            weekly, last, got
        )
        if chosen:
            last = day
            sizes.append(len(chosen))
            got += [each.id for each in chosen]

    assert [1, 7, 7] == sizes
    assert sorted(each.id for each in posts) == sorted(got)


@given(st.lists(st.tuples(st.sampled_from(CADENCES), st.integers(0, 2)), min_size=1, max_size=70))
def test_whoever_changes_their_mind_misses_nothing(days: list[tuple[str, int]]) -> None:
    """However often they want mail, and however rarely it goes out: in the end all is theirs."""
    one = reader(consent=Consent(NOW - timedelta(hours=1), "form"))
    earlier: list[tuple[datetime, Post]] = []
    got: list[str] = []
    last: datetime | None = None
    for number, (cadence, posts) in enumerate([*days, ("digest", 1)]):
        day = NOW + number * timedelta(days=1)
        if cadence not in DELAYED_CADENCES and one.cadence in DELAYED_CADENCES:
            one = replace(one, delayed_until=day - timedelta(hours=1))
        one = replace(one, cadence=cadence)
        new = [made.post(slug=f"{number}-{each}", published=day) for each in range(posts)]
        if new:
            since = max((slot for slot, _ in earlier), default=day) - LOOKBACK
            known = [(slot, each) for slot, each in earlier if slot > since]
            chosen = CadenceSelector(day, "UTC", new, known).select_posts(one, last, got)
            last = day if chosen else last
            got += [each.id for each in chosen]
        earlier += [(day, each) for each in new]

    assert sorted(each.id for _, each in earlier) == sorted(got)


def test_who_comes_later_gets_no_backlog() -> None:
    """What went out before a reader agreed is not theirs, nor what the digest's own readers got."""
    earlier = [(NOW - timedelta(days=days), post(days)) for days in (1, 3)]
    choices = CadenceSelector(NOW, "UTC", (post(0),), earlier)
    new = Consent(NOW - timedelta(days=2), "form")

    assert ["p0", "p1"] == slugs(choices.select_posts(reader(cadence="monthly", consent=new), None))
    assert ["p0"] == slugs(choices.select_posts(reader(cadence="daily"), NOW - timedelta(days=1)))
    assert ["p0"] == slugs(choices.select_posts(reader(), None))


def test_people_by_key() -> None:
    """A digest may name a person by the key of the configuration, and that name wins."""
    digest = DigestConfig("w", authors=("bob",))
    people = (("bob", Author("Ann Lee")),)

    assert ["p1"] == slugs(find_pending_posts(digest, (post(1),), (), NOW, people=people))
