"""What is counted day by day."""

from datetime import date, timedelta

from mailings import NOW, planned, reader, sent, with_readers

from feedpub.models.newsletter import SignupRequest
from feedpub.models.signup import SignupLimits
from feedpub.models.stats import FeedHits
from feedpub.storage import Store

TODAY = NOW.date()
DAY = timedelta(days=1)
RSS = FeedHits(TODAY.isoformat(), "rss.xml", "Feedly", 32, 5)


def test_visits_add_up(store: Store) -> None:
    """The requests; of readers the most that was told."""
    store.record_feed_hits([])
    store.record_feed_hits([RSS, FeedHits(RSS.day, "atom.xml", "newsboat", 0, 1)])
    store.record_feed_hits([FeedHits(RSS.day, "rss.xml", "Feedly", 30, 2)])
    store.record_feed_hits([FeedHits(RSS.day, "rss.xml", "Feedly", 33, 1)])

    assert (
        FeedHits(RSS.day, "atom.xml", "newsboat", 0, 1),
        FeedHits(RSS.day, "rss.xml", "Feedly", 33, 8),
    ) == store.list_feed_hits(TODAY)
    assert () == store.list_feed_hits(TODAY + DAY)


def test_the_list_is_counted_once_a_day(store: Store) -> None:
    """As it was when it was last counted."""
    store.record_subscriber_counts(TODAY - DAY, TODAY - 9 * DAY)
    with_readers(store, 2)
    store.add_subscriber(reader("pending@example.org", "pending"), NOW)
    store.record_subscriber_counts(TODAY, TODAY - 9 * DAY)
    store.add_subscriber(reader("one@example.org"), NOW)
    store.record_subscriber_counts(TODAY, TODAY - 9 * DAY)

    assert {(TODAY - DAY).isoformat(): 0, TODAY.isoformat(): 3} == store.list_active_counts(
        TODAY - DAY
    )
    assert {TODAY.isoformat(): 3} == store.list_active_counts(TODAY)


def test_what_is_old_is_forgotten(store: Store) -> None:
    """Of feeds and of the list."""
    store.record_feed_hits([RSS])
    store.record_subscriber_counts(TODAY, TODAY)

    store.record_subscriber_counts(TODAY + DAY, TODAY + DAY)

    assert () == store.list_feed_hits(TODAY)
    assert [(TODAY + DAY).isoformat()] == list(store.list_active_counts(TODAY))


def test_the_list_remembers_when_people_came_and_left(store: Store) -> None:
    """Those who never confirmed were never on it."""
    first, _ = with_readers(store, 2)
    store.add_subscriber(reader("pending@example.org", "pending"), NOW)
    store.change_state(first, "unsubscribed", NOW + 3 * DAY)
    today = (TODAY - date(1970, 1, 1)).days

    assert {today: 2, today + 3: -1} == store.compute_daily_growth()


def test_deliveries_are_counted_until_an_issue_ends(store: Store) -> None:
    """By state; those of issues that ended are told elsewhere."""
    done = planned(store, with_readers(store, 3), "one")
    assert (("planned", 3),) == store.count_open_deliveries()

    sent(store, "w", store.claim_deliveries("w", 2, DAY, NOW))
    assert (("accepted", 2), ("planned", 1)) == store.count_open_deliveries()

    sent(store, "w", store.claim_deliveries("w", 2, DAY, NOW))
    store.finish_issue(done.id, NOW)
    assert () == store.count_open_deliveries()


def test_who_was_not_answered_is_counted(store: Store) -> None:
    """And since when the first of them waits, though somebody else asked before."""
    limits, salt = SignupLimits(), b"s" * 32

    assert (0, None) == store.count_pending_signups()

    for day, name in enumerate(("ann", "bob", "eve")):
        store.record_signup(
            SignupRequest(f"{name}@example.org"), salt, bytes([day]), limits, NOW + day * DAY
        )
        if name == "ann":
            found = store.claim_signup("w", limits, NOW)
            assert found
            store.mark_confirmation_sent(found)

    assert (2, NOW + DAY) == store.count_pending_signups()
