"""What workers that died left in doubt: settled by whoever comes later, sent again or not."""

from datetime import timedelta

from mailings import LATER, LEASE, NOW, planned, sent, settled, with_readers

from feedpub.models.newsletter import DeliveryUpdate, SendResult
from feedpub.storage import Store
from feedpub.storage.schema import EPOCH

FULL = SendResult("deferred", 451, "4.3.0", "no space", "mx.example.org")
MOMENT = timedelta(microseconds=1)
YEARS = NOW + timedelta(days=2_000)


def test_it_is_sent_again_where_that_is_wanted(store: Store) -> None:
    """Under the same key, and counted as an attempt; only once it is old enough."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("dead", 9, LEASE, NOW)
    store.mark_in_doubt("dead", [first.id], NOW)
    store.mark_in_doubt("dead", [second.id], NOW + MOMENT)

    assert 0 == store.resolve_abandoned(NOW, LATER, resend=True)
    assert 1 == store.resolve_abandoned(NOW + MOMENT, LATER, resend=True)

    (again,) = store.claim_deliveries("w", 9, LEASE, LATER)
    assert (first.id, first.key, 1) == (again.id, again.key, again.attempts)
    assert 1 == store.get_issue_stats(issue.id).doubt


def test_it_stays_in_doubt_else(store: Store) -> None:
    """Nobody waits for its worker any more: the issue may end."""
    issue = planned(store, with_readers(store, 1), "one")
    (one,) = store.claim_deliveries("dead", 9, LEASE, NOW)
    store.mark_in_doubt("dead", [one.id], NOW)

    assert not store.finish_issue(issue.id, LATER)
    assert 1 == store.resolve_abandoned(LATER, LATER, resend=False)
    assert 0 == store.resolve_abandoned(LATER + MOMENT, LATER, resend=True)
    assert store.finish_issue(issue.id, LATER)
    assert 1 == store.get_issue_stats(issue.id).doubt


def test_a_worker_that_was_taken_for_dead_changes_nothing(store: Store) -> None:
    """What it tells at last comes too late."""
    issue = planned(store, with_readers(store, 1), "one")
    (one,) = store.claim_deliveries("slow", 9, LEASE, NOW)
    store.mark_in_doubt("slow", [one.id], NOW)
    store.resolve_abandoned(LATER, LATER, resend=False)

    store.record_results("slow", settled([one]), LATER)

    assert (0, 1) == (
        store.get_issue_stats(issue.id).accepted,
        store.get_issue_stats(issue.id).doubt,
    )


def test_an_issue_is_not_done_while_a_server_thinks(store: Store) -> None:
    """What is put off after the final dot, when others found nothing left to send, is not lost."""
    issue = planned(store, with_readers(store, 1), "one")
    (one,) = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [one.id], NOW)
    store.finish_issue(issue.id, NOW)
    store.record_results("w", settled([one], "deferred", FULL), NOW)

    (again,) = store.claim_deliveries("v", 9, LEASE, LATER)
    assert one.id == again.id


def test_what_was_settled_or_ended_is_left_alone(store: Store) -> None:
    """A doubt that a worker recorded itself is for the publisher; a cancelled issue has ended."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [first.id, second.id], NOW)
    store.record_results("w", settled([first], "doubt"), NOW)
    store.cancel_issue(issue.id, NOW)

    assert 0 == store.resolve_abandoned(LATER, LATER, resend=True)
    assert 2 == store.get_issue_stats(issue.id).doubt


def test_what_is_left_to_do_is_known_until_it_is_done(store: Store) -> None:
    """A doubt that nobody settled since it began; an issue with nothing unsent since ever."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("dead", 9, LEASE, NOW)

    assert store.find_oldest_unresolved() is None

    store.mark_in_doubt("dead", [first.id], NOW)
    store.mark_in_doubt("dead", [second.id], LATER)

    assert NOW == store.find_oldest_unresolved()

    store.resolve_abandoned(LATER, LATER, resend=True)

    assert LATER == store.find_oldest_unresolved()

    store.record_results("dead", settled([second]), LATER)

    assert store.find_oldest_unresolved() is None

    sent(store, "w", store.claim_deliveries("w", 9, LEASE, LATER), LATER)

    assert EPOCH == store.find_oldest_unresolved()

    store.finish_issue(issue.id, LATER)

    assert store.find_oldest_unresolved() is None


def test_a_paused_issue_leaves_nothing_to_do(store: Store) -> None:
    """It is looked after once it is resumed; another one is before."""
    paused = planned(store, with_readers(store, 1), "one")
    store.mark_in_doubt(
        "dead", [each.id for each in store.claim_deliveries("dead", 9, LEASE, NOW)], NOW
    )
    store.pause_issue(paused.id)

    assert store.find_oldest_unresolved() is None

    planned(store, [], "two", digest="daily")

    assert EPOCH == store.find_oldest_unresolved()


def test_what_a_clock_that_ran_ahead_left_in_doubt_is_settled(store: Store) -> None:
    """Its times may be years away, and nobody waits for these."""
    planned(store, with_readers(store, 1), "one")
    (one,) = store.claim_deliveries("dead", 9, LEASE, YEARS)
    store.mark_in_doubt("dead", [one.id], YEARS)

    assert 1 == store.resolve_abandoned(NOW, NOW, resend=True)
    assert NOW == store.get_next_due()


def test_what_a_clock_that_ran_ahead_put_off_is_due(store: Store) -> None:
    """What it planned, deferred and claimed; what waits for a few hours goes on waiting."""
    planned(store, with_readers(store, 3), "one")
    first, second, third = store.claim_deliveries("w", 9, LEASE, YEARS)
    hours = NOW + timedelta(hours=6)
    store.record_results(
        "w",
        [
            DeliveryUpdate(first.id, "deferred", FULL, YEARS),
            DeliveryUpdate(second.id, "deferred", FULL, hours),
        ],
        NOW,
    )

    assert 2 == store.fix_clock_skew(NOW)
    assert {first.id, third.id} == {each.id for each in store.claim_deliveries("v", 9, LEASE, NOW)}
    assert frozenset() == store.mark_in_doubt("w", [third.id], NOW)
    assert 0 == store.fix_clock_skew(NOW)
