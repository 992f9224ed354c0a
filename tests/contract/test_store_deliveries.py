"""The outbox: claimed by one, in doubt before the final dot, settled once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from threading import Barrier, Thread

import pytest
from mailings import ACCEPTED, LATER, LEASE, NOW, Place, planned, sent, settled, with_readers
from sqlalchemy import Connection

from feedpub.models.newsletter import Delivery, DeliveryUpdate, SendResult
from feedpub.storage import Store
from feedpub.storage.database import Database
from feedpub.storage.errors import StoreUnavailable

BUSY = SendResult("deferred", 451, "4.7.1", "come back later")
OFFLINE = SendResult("offline", text="no route to host")
NEXT = NOW + timedelta(days=7)


def test_what_is_claimed_is_whole(store: Store) -> None:
    """The reader, the selection, and a key that is the same at every attempt and no other's."""
    ids = with_readers(store, 2)
    issue = planned(store, ids, "one")

    claimed = store.claim_deliveries("w", 9, LEASE, NOW)

    assert [store.get_subscriber(each) for each in ids] == [each.subscriber for each in claimed]
    assert {(issue.id, "all", 0)} == {(each.issue, each.variant, each.attempts) for each in claimed}
    assert 2 == len({each.key for each in claimed})
    assert claimed == store.claim_deliveries("v", 9, LEASE, LATER)


def test_a_claim_is_one_workers_until_the_lease_ends(store: Store) -> None:
    """Nobody else gets it before; then anybody does, and the first may not send it any more."""
    planned(store, with_readers(store, 3), "one")
    mine = store.claim_deliveries("w", 2, LEASE, NOW)

    assert 1 == len(store.claim_deliveries("v", 9, LEASE, NOW))
    assert LATER == store.get_next_due()
    assert () == store.claim_deliveries("v", 9, LEASE, LATER - timedelta(microseconds=1))
    assert {each.id for each in mine} < {
        each.id for each in store.claim_deliveries("v", 9, LEASE, LATER)
    }
    assert frozenset() == store.mark_in_doubt("w", [each.id for each in mine], LATER)


def test_who_has_claimed_anything_is_known(store: Store) -> None:
    """As long as it is neither given back nor in doubt."""
    planned(store, with_readers(store, 3), "one")
    (first,) = store.claim_deliveries("w", 1, LEASE, NOW)
    store.claim_deliveries("v", 9, LEASE, NOW)

    assert {"w", "v"} == store.list_delivery_workers()

    store.mark_in_doubt("w", [first.id], NOW)
    store.release_deliveries("v")

    assert frozenset() == store.list_delivery_workers()


def test_a_late_answer_changes_nothing(store: Store) -> None:
    """A worker whose lease has ended cannot settle what another one has."""
    issue = planned(store, with_readers(store, 1), "one")
    late = store.claim_deliveries("w", 9, LEASE, NOW)
    sent(store, "v", store.claim_deliveries("v", 9, LEASE, LATER), LATER)

    store.record_results("w", settled(late, "deferred", BUSY), LATER)

    assert 1 == store.get_issue_stats(issue.id).accepted


def test_a_late_answer_takes_nothing_from_who_has_it(store: Store) -> None:
    """Nor while the other is sending it: what is in doubt by one is not deferred by another."""
    issue = planned(store, with_readers(store, 2), "one")
    late = store.claim_deliveries("w", 9, LEASE, NOW)
    first, second = store.claim_deliveries("v", 9, LEASE, LATER)
    store.mark_in_doubt("v", [first.id], LATER)

    store.record_results("w", settled(late, "deferred", BUSY), LATER)

    assert (1, 1) == (
        store.get_issue_stats(issue.id).doubt,
        store.get_issue_stats(issue.id).waiting,
    )
    assert {second.id} == store.mark_in_doubt("v", [second.id], LATER)


def test_a_lease_that_ended_unnoticed_is_as_good_as_new(store: Store) -> None:
    """Where nobody has claimed it since, its worker may go on."""
    issue = planned(store, with_readers(store, 1), "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)

    sent(store, "w", claimed, LATER)

    assert 1 == store.get_issue_stats(issue.id).accepted


def test_what_is_in_doubt_is_not_claimed(store: Store) -> None:
    """Not after the lease, and not by its own worker; only an answer changes it."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)

    assert {first.id} == store.mark_in_doubt("w", [first.id], NOW)
    assert (second,) == store.claim_deliveries("v", 9, LEASE, LATER)
    assert 1 == store.get_issue_stats(issue.id).doubt

    store.record_results("w", settled([first]), LATER)

    assert (1, 0) == (
        store.get_issue_stats(issue.id).accepted,
        store.get_issue_stats(issue.id).doubt,
    )


def test_a_doubt_is_granted_once(store: Store) -> None:
    """Not to a second thread of the same worker, which claimed it anew when the lease had ended."""
    planned(store, with_readers(store, 1), "one")
    (claimed,) = store.claim_deliveries("w", 9, LEASE, NOW)

    assert (claimed,) == store.claim_deliveries("w", 9, LEASE, LATER)
    assert frozenset() == store.mark_in_doubt("v", [claimed.id], LATER)
    assert {claimed.id} == store.mark_in_doubt("w", [claimed.id], LATER)
    assert frozenset() == store.mark_in_doubt("w", [claimed.id], LATER)

    store.record_results("w", settled([claimed], "doubt", SendResult("doubt")), LATER)

    assert frozenset() == store.mark_in_doubt("w", [claimed.id], LATER)


class Cut(Database):
    """A database whose connection breaks after a commit, before the answer; once."""

    breaks = False

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Commit, and lose the answer."""
        with super().begin_write() as connection:
            yield connection
        if self.breaks:
            self.breaks = False
            raise StoreUnavailable("cut")


def test_a_doubt_whose_answer_was_lost_is_granted_again(place: Place) -> None:
    """Nobody can have sent it: it is not lost, and still granted to one alone."""
    database = Cut(place.url, place.folder)
    store = Store(database)
    planned(store, with_readers(store, 1), "one")
    (claimed,) = store.claim_deliveries("w", 9, LEASE, NOW)
    database.breaks = True
    with pytest.raises(StoreUnavailable, match="cut"):
        store.mark_in_doubt("w", [claimed.id], NOW)

    assert () == store.claim_deliveries("v", 9, LEASE, LATER)
    assert {claimed.id} == store.mark_in_doubt("w", [claimed.id], NOW)
    assert frozenset() == store.mark_in_doubt("w", [claimed.id], NOW)

    store.close()


def test_what_is_settled_with_a_doubt_is_settled_first(store: Store) -> None:
    """One commit for both; asked for again after its answer got lost, it changes nothing."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [first.id], NOW)

    granted = store.mark_in_doubt("w", [second.id], NOW, settled([first]))
    again = store.mark_in_doubt("w", [second.id], NOW, settled([first], "failed"))

    assert (frozenset([second.id]), frozenset()) == (granted, again)
    assert (1, 1, 0) == (
        store.get_issue_stats(issue.id).accepted,
        store.get_issue_stats(issue.id).doubt,
        store.get_issue_stats(issue.id).failed,
    )


@pytest.mark.parametrize("turn", ["pause", "cancel"])
def test_what_was_claimed_before_a_stop_is_not_sent(store: Store, turn: str) -> None:
    """A pause takes effect at the next final dot, not after all that was claimed."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [first.id], NOW)
    if turn == "pause":
        store.pause_issue(issue.id)
    else:
        store.cancel_issue(issue.id, NOW)

    assert not store.mark_in_doubt("w", [second.id], NOW)

    sent(store, "w", [first])
    tally = store.get_issue_stats(issue.id)

    assert (1, 0) == (tally.accepted, tally.doubt)
    assert 1 == (tally.waiting if turn == "pause" else tally.suppressed)


@pytest.mark.parametrize("state", ["deferred", "planned"])
def test_what_is_put_off_after_a_cancel_is_suppressed(store: Store, state: str) -> None:
    """Or it would wait for ever: the server said "later" while somebody cancelled the issue."""
    issue = planned(store, with_readers(store, 3), "one")
    first, second, third = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [first.id, second.id], NOW)
    store.cancel_issue(issue.id, NOW)

    store.record_results("w", settled([first], state, BUSY), NOW)
    store.record_results("w", settled([second, third]), NOW)

    tally = store.get_issue_stats(issue.id)
    assert (0, 0) == (tally.deferred, tally.waiting)
    assert (1, 2) == (tally.accepted, tally.suppressed)
    assert (("cancelled", 2),) == tally.reasons


def test_threads_put_in_doubt_at_the_same_time(store: Store) -> None:
    """Each is given its own, and nothing of what another worker has."""
    planned(store, with_readers(store, 24), "one")
    mine, others = (
        store.claim_deliveries("w", 12, LEASE, NOW),
        store.claim_deliveries("v", 12, LEASE, NOW),
    )
    barrier = Barrier(24)
    granted: dict[int, frozenset[int]] = {}

    def ask(worker: str, number: int) -> None:
        barrier.wait()
        granted[number] = store.mark_in_doubt(worker, [number], NOW)

    pairs = chain((("w", each.id) for each in mine), (("w", each.id) for each in others))
    threads = [Thread(target=ask, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    right = {each.id: frozenset([each.id]) for each in mine}
    wrong = {each.id: frozenset[int]() for each in others}
    assert right | wrong == granted


@pytest.mark.parametrize("state", ["pending", "unsubscribed", "bounced", "complained"])
def test_nothing_goes_to_who_is_not_active(store: Store, state: str) -> None:
    """It is suppressed by the next claim, with their state as the reason."""
    issue = planned(store, with_readers(store, 2, state), "one")

    assert () == store.claim_deliveries("w", 9, LEASE, NOW)
    tally = store.get_issue_stats(issue.id)
    assert (2, 2, ((state, 2),)) == (tally.audience, tally.suppressed, tally.reasons)


def test_who_left_does_not_hide_who_is_due(store: Store) -> None:
    """A claim that finds only people who left goes on looking."""
    ids = with_readers(store, 5)
    planned(store, ids, "one")
    for each in ids[:4]:
        store.change_state(each, "unsubscribed", NOW)

    assert ids[4:] == [each.subscriber.id for each in store.claim_deliveries("w", 2, LEASE, NOW)]


def test_who_leaves_in_the_middle_is_not_mailed(store: Store) -> None:
    """Claimed already, it may still not be sent; and the next claim suppresses it."""
    ids = with_readers(store, 3)
    issue = planned(store, ids, "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)
    store.change_state(ids[0], "unsubscribed", NOW)
    store.remove_subscriber(ids[1])

    assert {claimed[2].id} == store.mark_in_doubt("w", [each.id for each in claimed], NOW)
    assert () == store.claim_deliveries("v", 9, LEASE, LATER)
    assert 2 == store.get_issue_stats(issue.id).suppressed


def test_what_is_deferred_comes_back_at_its_time(store: Store) -> None:
    """With one attempt more, and the reason told meanwhile."""
    issue = planned(store, with_readers(store, 1), "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)
    store.record_results("w", [DeliveryUpdate(claimed[0].id, "deferred", BUSY, LATER)], NOW)

    assert LATER == store.get_next_due()
    assert () == store.claim_deliveries("w", 9, LEASE, LATER - timedelta(microseconds=1))
    tally = store.get_issue_stats(issue.id)
    assert (1, (("451 4.7.1", 1),)) == (tally.deferred, tally.reasons)
    assert (replace(claimed[0], attempts=1),) == store.claim_deliveries("w", 9, LEASE, LATER)


def test_what_is_deferred_without_a_time_is_due(store: Store) -> None:
    """It may be claimed at once."""
    planned(store, with_readers(store, 1), "one")
    store.record_results(
        "w", settled(store.claim_deliveries("w", 9, LEASE, NOW), "deferred", BUSY), NOW
    )

    assert 1 == len(store.claim_deliveries("w", 9, LEASE, NOW))


def test_what_is_given_back_cost_no_attempt(store: Store) -> None:
    """No connection: it waits, planned as before, until the time that was said."""
    issue = planned(store, with_readers(store, 1), "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)

    store.record_results("w", [DeliveryUpdate(claimed[0].id, "planned", OFFLINE, LATER)], NOW)

    assert 1 == store.get_issue_stats(issue.id).waiting
    assert () == store.claim_deliveries("w", 9, LEASE, NOW)
    assert claimed == store.claim_deliveries("w", 9, LEASE, LATER)


@pytest.mark.parametrize("state", ["deferred", "planned"])
def test_what_was_on_its_way_when_its_issue_was_cancelled_is_not_tried_again(
    store: Store, state: str
) -> None:
    """The server said "later", and there is no later: everybody is counted all the same."""
    issue = planned(store, with_readers(store, 2), "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [each.id for each in claimed], NOW)
    store.cancel_issue(issue.id, NOW)

    store.record_results("w", [*settled(claimed[:1]), *settled(claimed[1:], state, BUSY)], NOW)

    tally = store.get_issue_stats(issue.id)
    assert (1, 1, 0) == (tally.accepted, tally.suppressed, tally.deferred + tally.waiting)
    assert ((("cancelled", 1),), ()) == (tally.reasons, store.claim_deliveries("v", 9, LEASE, NEXT))


def test_a_dead_address_ends_its_reader(store: Store) -> None:
    """Whose other deliveries then are suppressed; who left before is as they were."""
    ids = with_readers(store, 2)
    planned(store, ids, "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)
    other = planned(store, ids, "two", slot=NEXT)
    store.change_state(ids[1], "complained", NOW)
    for each in claimed:
        store.record_bounce(each.subscriber.id, hard=True, limit=1, now=LATER)

    states = [(each.state, each.changed) for each in store.iter_subscribers()]
    assert [("bounced", LATER), ("complained", NOW)] == states
    assert () == store.claim_deliveries("w", 9, LEASE, NEXT)
    assert 2 == store.get_issue_stats(other.id).suppressed


def test_a_worker_gives_back_what_it_has(store: Store) -> None:
    """At once claimable by others, but for what is in doubt; attempts made stay counted."""
    issue = planned(store, with_readers(store, 4), "one")
    claimed = store.claim_deliveries("w", 3, LEASE, NOW)
    store.record_results("w", settled(claimed[:1], "deferred", BUSY), NOW)
    again = store.claim_deliveries("w", 1, LEASE, NOW)
    store.mark_in_doubt("w", [claimed[1].id], NOW)
    other = store.claim_deliveries("v", 9, LEASE, NOW)

    assert 2 == store.release_deliveries("w")
    assert 0 == store.release_deliveries("w")
    tally = store.get_issue_stats(issue.id)
    assert 1 == tally.doubt
    assert 4 == len({each.id for each in (*claimed, *again, *other)})
    assert 2 == len(store.claim_deliveries("x", 9, LEASE, NOW))


def test_nothing_settled_is_nothing(store: Store) -> None:
    """No answers, no change."""
    store.record_results("w", [], NOW)

    assert store.get_next_due() is None


def test_a_settled_delivery_is_settled_once(store: Store) -> None:
    """Said again, since the answer got lost, it counts no second attempt."""
    planned(store, with_readers(store, 1), "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)
    for _ in range(2):
        store.record_results("w", [DeliveryUpdate(claimed[0].id, "deferred", BUSY, LATER)], NOW)

    assert [1] == [each.attempts for each in store.claim_deliveries("w", 9, LEASE, LATER)]


def test_a_small_issue_does_not_wait_for_a_large_one(store: Store) -> None:
    """Each digest that goes out has its share of a claim."""
    ids = with_readers(store, 6)
    large = planned(store, ids, "one")
    small = planned(store, ids[:2], "two", digest="daily", slot=NEXT)

    issues = [each.issue for each in store.claim_deliveries("w", 4, LEASE, NEXT)]

    assert [large.id, large.id, small.id, small.id] == issues
    assert [large.id] == [each.issue for each in store.claim_deliveries("w", 1, LEASE, NEXT)]


def test_no_issue_overtakes_an_earlier_one_of_its_digest(store: Store) -> None:
    """Whoever waits for the first issue gets the second one after it; nobody else has to wait."""
    ids = with_readers(store, 3)
    first = planned(store, ids[:2], "one")
    second = planned(store, ids, "two", slot=NEXT)

    begun = store.claim_deliveries("killed", 9, LEASE, NEXT)
    nothing = store.claim_deliveries("next", 9, LEASE, NEXT)

    assert [(first.id, ids[0]), (first.id, ids[1]), (second.id, ids[2])] == to_whom(begun)
    assert () == nothing
    assert NEXT + LEASE == store.get_next_due()

    sent(store, "killed", begun[:1], NEXT)

    assert [(second.id, ids[0])] == to_whom(store.claim_deliveries("next", 9, LEASE, NEXT))

    store.release_deliveries("killed")

    assert [(first.id, ids[1]), (second.id, ids[2])] == to_whom(
        store.claim_deliveries("next", 9, LEASE, NEXT)
    )


def test_what_was_deferred_holds_up_no_later_issue(store: Store) -> None:
    """A mailbox that is busy for days gets what came meanwhile as soon as it takes mail."""
    ids = with_readers(store, 1)
    planned(store, ids, "one")
    second = planned(store, ids, "two", slot=NEXT)
    store.record_results(
        "w", settled(store.claim_deliveries("w", 9, LEASE, NOW), "deferred", BUSY), LATER
    )

    assert (second.id, ids[0]) in to_whom(store.claim_deliveries("w", 9, LEASE, NEXT))


def test_an_answer_is_kept(store: Store) -> None:
    """An accepted delivery has no reason; it counts."""
    issue = planned(store, with_readers(store, 1), "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [claimed[0].id], NOW)
    store.record_results("w", settled(claimed, "accepted", ACCEPTED), NOW)

    tally = store.get_issue_stats(issue.id)
    assert (1, 1, ()) == (tally.audience, tally.accepted, tally.reasons)


def to_whom(claimed: Sequence[Delivery]) -> list[tuple[int, int]]:
    """Return the issue and the reader of each delivery."""
    return [(each.issue, each.subscriber.id) for each in claimed]
