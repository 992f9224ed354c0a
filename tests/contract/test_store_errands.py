"""What others are to be told, kept by the database."""

from datetime import timedelta

from mailings import LATER, NOW, planned, sent, with_readers

from feedpub.models.webhooks import COMMAND, HUB, URL, WebhookDelivery
from feedpub.storage import Store

FEED, OTHER = "https://example.org/rss.xml", "https://example.org/atom.xml"
PING = WebhookDelivery(HUB, "https://hub.example/", FEED)
SECOND = timedelta(seconds=1)


def test_what_is_asked_for_is_due_at_once(store: Store) -> None:
    """In the order it came."""
    store.enqueue_webhooks([PING], NOW)
    store.enqueue_webhooks([WebhookDelivery(HUB, PING.target, OTHER)], NOW + SECOND)

    assert [FEED, OTHER] == [each.topic for each in store.find_due_webhooks(LATER, 10)]
    assert [FEED] == [each.topic for each in store.find_due_webhooks(LATER, 1)]
    assert [FEED] == [each.topic for each in store.find_due_webhooks(NOW, 10)]
    assert NOW == store.get_next_webhook_time()
    assert 2 == store.count_pending_webhooks()


def test_nothing_waits_in_the_beginning(store: Store) -> None:
    """Nor after nothing was asked for."""
    store.enqueue_webhooks([], NOW)
    store.enqueue_unique_webhooks([], NOW)

    assert () == store.find_due_webhooks(NOW, 10)
    assert store.get_next_webhook_time() is None
    assert 0 == store.count_pending_webhooks()


def test_several_changes_are_told_once(store: Store) -> None:
    """One feed, one hub, one ping."""
    store.enqueue_webhooks([PING], NOW)
    store.enqueue_webhooks([PING], NOW)

    (errand,) = store.find_due_webhooks(NOW, 10)
    assert 2 == errand.version


def test_what_was_told_is_not_due(store: Store) -> None:
    """Until it is asked for again."""
    store.enqueue_webhooks([PING], NOW)
    (errand,) = store.find_due_webhooks(NOW, 10)
    store.complete_webhook(errand, NOW, "202")

    assert () == store.find_due_webhooks(LATER, 10)

    store.enqueue_webhooks([PING], LATER)

    assert [FEED] == [each.topic for each in store.find_due_webhooks(LATER, 10)]


def test_a_change_while_it_is_told_is_told_too(store: Store) -> None:
    """The hub may have fetched the feed before."""
    store.enqueue_webhooks([PING], NOW)
    (errand,) = store.find_due_webhooks(NOW, 10)
    store.enqueue_webhooks([PING], NOW)
    store.complete_webhook(errand, NOW, "202")

    assert [2] == [each.version for each in store.find_due_webhooks(NOW, 10)]

    store.reschedule_webhook(errand, LATER, NOW, "late", others=False)

    assert [0] == [each.attempts for each in store.find_due_webhooks(NOW, 10)]


def test_what_is_postponed_is_due_later(store: Store) -> None:
    """And it is known how often it was tried; asked for again, it is due at once."""
    store.enqueue_webhooks([PING], NOW)
    (errand,) = store.find_due_webhooks(NOW, 10)
    store.reschedule_webhook(errand, LATER, NOW, "500", others=False)

    assert () == store.find_due_webhooks(NOW, 10)
    assert LATER == store.get_next_webhook_time()
    assert [1] == [each.attempts for each in store.find_due_webhooks(LATER, 10)]

    store.enqueue_webhooks([PING], NOW)

    assert [0] == [each.attempts for each in store.find_due_webhooks(NOW, 10)]


def test_where_nobody_answers_all_that_is_for_them_waits(store: Store) -> None:
    """But nothing that is for others; none counts an attempt but the one, which is last then."""
    store.enqueue_webhooks(
        [
            PING,
            WebhookDelivery(HUB, PING.target, OTHER),
            WebhookDelivery(HUB, "https://two/", FEED),
        ],
        NOW,
    )
    first, *_ = store.find_due_webhooks(NOW, 10)
    store.reschedule_webhook(first, LATER, NOW, "refused", others=True)

    assert ["https://two/"] == [each.target for each in store.find_due_webhooks(NOW, 10)]
    assert [0, 1] == [
        each.attempts for each in store.find_due_webhooks(LATER, 10) if each.target == PING.target
    ]


def test_what_happened_once_is_told_once(store: Store) -> None:
    """Asked again, before or after, nothing changes."""
    event = WebhookDelivery(URL, "https://hook.example/", "issue 1", "{}")
    store.enqueue_unique_webhooks([event], NOW)
    store.enqueue_unique_webhooks([event], LATER)
    (errand,) = store.find_due_webhooks(NOW, 10)
    store.complete_webhook(errand, NOW, "200")
    store.enqueue_unique_webhooks([event], LATER)

    assert "{}" == errand.body
    assert () == store.find_due_webhooks(LATER, 10)


def test_what_nobody_wants_any_more_is_forgotten(store: Store) -> None:
    """A hub that left the configuration, and what was done long ago."""
    event, gone = (
        WebhookDelivery(URL, "https://hook/", "issue 1"),
        WebhookDelivery(COMMAND, "bin/tell", "x"),
    )
    store.enqueue_webhooks([event, gone, PING], NOW)
    store.complete_webhook(store.find_due_webhooks(NOW, 1)[0], NOW, "200")
    keep = [(HUB, PING.target), (URL, event.target)]

    store.purge_webhooks(keep, NOW)

    assert [FEED] == [each.topic for each in store.find_due_webhooks(NOW, 10)]

    store.enqueue_unique_webhooks([event], LATER)  # done, and known

    assert [FEED] == [each.topic for each in store.find_due_webhooks(LATER, 10)]

    store.purge_webhooks(keep, LATER)
    store.enqueue_unique_webhooks([event], LATER)  # no more

    assert [FEED, "issue 1"] == [each.topic for each in store.find_due_webhooks(LATER, 10)]


def test_what_hubs_were_told_of_stays_known(store: Store) -> None:
    """For as long as there is the hub."""
    store.enqueue_webhooks([WebhookDelivery(HUB, PING.target, FEED, "digest")], NOW)
    store.complete_webhook(store.find_due_webhooks(NOW, 1)[0], NOW, "202")
    store.purge_webhooks([(HUB, PING.target)], LATER)

    assert {(PING.target, FEED): "digest"} == store.load_last_payloads(HUB)
    assert {} == store.load_last_payloads(URL)

    store.purge_webhooks([], LATER)

    assert {} == store.load_last_payloads(HUB)


def test_issues_that_went_out_are_known(store: Store) -> None:
    """Those that are done, and since when."""
    issue = planned(store, with_readers(store, 2), "one")
    other = planned(store, [], "two", slot=LATER)
    sent(store, "w", store.claim_deliveries("w", 10, timedelta(minutes=5), NOW))

    assert () == store.list_completed_issues(NOW)

    store.finish_issue(issue.id, NOW)
    store.pause_issue(other.id)

    assert [issue.id] == [each.id for each in store.list_completed_issues(NOW)]
    assert () == store.list_completed_issues(LATER)
