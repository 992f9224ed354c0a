"""What a database knows of itself, of who left, and of what is known to have gone out."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from mailings import ACCEPTED, LATER, LEASE, NOW, Place, planned, settled, with_readers

from feedpub import storage
from feedpub.storage import Store
from feedpub.storage.database import RecoveryLog
from feedpub.storage.errors import StoreUnavailable
from feedpub.storage.planning import IssuePlan
from feedpub.storage.restore_check import FORGOTTEN
from feedpub.storage.rows import hash_address, make_message_key

DAY = timedelta(days=1)
SALT = b"salt"
POSTS = ("one", "two")


class Notes:
    """What the store has written outside."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.departed: list[tuple[str, str]] = []
        self.is_full = False

    def note_sent(self, number: int) -> None:
        """Write a number."""
        self._check()
        self.sent.append(number)

    def note_departures(self, departed: Sequence[tuple[str, str]]) -> int:
        """Write who left."""
        self._check()
        self.departed += departed
        return len(self.departed)

    def _check(self) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device", "sent")


@pytest.fixture
def notes() -> Notes:
    """Give what is written outside."""
    return Notes()


@pytest.fixture
def noting(place: Place, notes: Notes) -> Iterator[Store]:
    """Give a store that writes outside."""
    outside = RecoveryLog(notes.note_sent, notes.note_departures)
    store = storage.open_store(place.url, place.folder, outside=outside)
    yield store
    store.close()


def key(digest: str, reader: int) -> str:
    """Give the key of a delivery of an issue of now."""
    return make_message_key(digest, NOW, NOW, reader)


def test_each_release_of_messages_counts(noting: Store, notes: Notes) -> None:
    """Outside it is written once it is committed, and before anything is sent."""
    ids = with_readers(noting, 3)
    before = noting.get_position()
    issue = planned(noting, ids, "one")
    first, second, third = noting.claim_deliveries("w", 9, LEASE, NOW)
    noting.mark_in_doubt("w", [first.id, second.id], NOW)

    assert not before.has_issues
    assert (True, before.sent_batches + 1) == (
        noting.get_position().has_issues,
        noting.get_position().sent_batches,
    )

    noting.mark_in_doubt("w", [third.id], NOW, settled([first, second], "accepted", ACCEPTED))
    assert frozenset() == noting.mark_in_doubt("other", [third.id], NOW)

    assert [before.sent_batches + 1, before.sent_batches + 2] == notes.sent

    noting.record_results("w", settled([third], "accepted", ACCEPTED), NOW)
    noting.finish_issue(issue.id, NOW)

    assert before.sent_batches + 2 == noting.get_position().sent_batches


def test_nothing_is_sent_where_that_cannot_be_written(noting: Store, notes: Notes) -> None:
    """It may be asked for again, and is granted then."""
    planned(noting, with_readers(noting, 1), "one")
    (one,) = noting.claim_deliveries("w", 9, LEASE, NOW)
    notes.is_full = True
    with pytest.raises(StoreUnavailable, match="sent: No space left on device"):
        noting.mark_in_doubt("w", [one.id], NOW)
    notes.is_full = False

    assert frozenset({one.id}) == noting.mark_in_doubt("w", [one.id], NOW)


def test_a_database_goes_on_from_a_number(noting: Store) -> None:
    """The next release of messages counts from there; a smaller one is no matter."""
    noting.advance_position(1_000, "nonce", NOW)
    noting.advance_position(10, "nonce", NOW)

    assert ("nonce", 1_000) == (noting.get_position().nonce, noting.get_position().sent_batches)

    planned(noting, with_readers(noting, 1), "one")
    (one,) = noting.claim_deliveries("w", 9, LEASE, NOW)
    noting.mark_in_doubt("w", [one.id], NOW)

    assert 1_001 == noting.get_position().sent_batches


def test_who_leaves_is_written_down_and_nothing_happens_where_that_cannot_be(
    noting: Store, notes: Notes
) -> None:
    """In the same moment as it is committed."""
    first, second, *_ = with_readers(noting, 2)
    notes.departed.clear()
    notes.is_full = True
    with pytest.raises(StoreUnavailable):
        noting.change_state(first, "unsubscribed", NOW)
    notes.is_full = False

    one = noting.get_subscriber(first)
    assert one is not None
    assert "active" == one.state

    noting.change_state(first, "complained", NOW)
    noting.change_state(first, "complained", NOW)
    noting.record_bounce(second, hard=False, limit=3, now=NOW)
    noting.record_bounce(second, hard=True, limit=3, now=NOW)
    noting.remove_subscriber(second)

    assert [
        ("reader0@example.org", "complained"),
        ("reader1@example.org", "bounced"),
        ("reader1@example.org", "removed"),
    ] == notes.departed
    assert 3 == noting.get_position().log_offset


def test_departures_are_replayed_once(store: Store) -> None:
    """Up to the length of the log; another log is read whole."""
    first, second, third, _ = with_readers(store, 4)
    states = {
        hash_address("reader0@example.org", SALT): "unsubscribed",
        hash_address("reader1@example.org", SALT): "removed",
        hash_address("reader2@example.org", SALT): FORGOTTEN,
        hash_address("reader3@example.org", SALT): "active",
        hash_address("nobody@example.org", SALT): FORGOTTEN,
    }

    def hashes(address: str) -> list[bytes]:
        return [hash_address(address, b"older"), hash_address(address, SALT)]

    gone = store.replay_log(states, hashes, SALT, "log", 500, LATER)

    assert [first, second, third] == [each.id for each in gone]
    assert [("active", 1), ("unsubscribed", 1)] == [
        each for each in store.count_by_state() if each[1]
    ]
    assert store.is_forgotten("reader2@example.org")
    assert store.is_forgotten("nobody@example.org")
    assert not store.is_forgotten("reader1@example.org")
    again = {hash_address("reader3@example.org", SALT): "bounced"}
    assert () == store.replay_log(again, hashes, SALT, "log", 500, LATER)
    assert 1 == len(store.replay_log(again, hashes, SALT, "other", 20, LATER))
    assert {("reader0@example.org", "unsubscribed"), ("reader3@example.org", "bounced")} == set(
        store.list_suppressed()
    )
    assert 2 == len(tuple(store.list_forgotten_hashes()))
    store.reset_log("third", 7)
    assert ("third", 7) == (store.get_position().log, store.get_position().log_offset)


def test_what_went_out_is_settled(store: Store) -> None:
    """Whatever became of it here, unless that is known; the others are sent."""
    ids = with_readers(store, 5)
    issue = planned(store, ids, "one")
    claimed = store.claim_deliveries("w", 3, LEASE, NOW)
    store.mark_in_doubt("w", [claimed[0].id, claimed[2].id], NOW)
    store.record_results("w", settled(claimed[2:], "failed"), NOW)
    out = {each.key for each in claimed} | {"f" * 24}
    found = store.reconcile_sent(out, LATER)

    assert (2, frozenset(each.key for each in claimed)) == (found.settled, found.matched)
    tally = store.get_issue_stats(issue.id)
    assert (2, 1, 2) == (tally.accepted, tally.failed, tally.waiting)
    assert set(ids[3:]) == {
        each.subscriber.id for each in store.claim_deliveries("v", 9, LEASE, LATER)
    }


def test_an_issue_that_was_lost_is_recorded(store: Store) -> None:
    """Who had it does not get its posts again; where all had it they count as mailed."""
    ann, bob, _ = with_readers(store, 3)
    plan = IssuePlan("weekly", NOW, POSTS, "News", NOW)
    out = {key("weekly", ann), key("weekly", bob), key("daily", ann)}
    found = store.restore_issue(plan, 3, out, LATER)

    assert {key("weekly", ann), key("weekly", bob)} == found
    assert frozenset() == store.restore_issue(plan, 3, out, LATER)
    assert frozenset() == store.restore_issue(
        IssuePlan("monthly", NOW, POSTS, "", NOW), 3, out, LATER
    )
    assert frozenset() == store.list_mailed_posts("weekly")
    assert {(each, post) for each in (ann, bob) for post in POSTS} == set(
        store.list_received_posts(POSTS)
    )
    store.save_snapshot("weekly", [], NOW)
    look = store.load_snapshot("weekly")
    assert look is not None
    assert set(POSTS) == look.waiting

    store.restore_issue(IssuePlan("daily", NOW, POSTS, "News", NOW), 1, out, LATER)

    assert set(POSTS) == store.list_mailed_posts("daily")
    assert [("done", POSTS), ("done", POSTS)] == [
        (one.state, one.posts) for one in store.list_issues()
    ]


def test_a_lost_issue_whose_posts_were_mailed_lets_none_wait(store: Store) -> None:
    """Those in the ledger are done with."""
    (ann,) = with_readers(store, 1)
    store.plan_issue("weekly", NOW - DAY, POSTS, "News", [], [], NOW - DAY)
    store.restore_issue(IssuePlan("weekly", NOW, POSTS, "", NOW), 2, {key("weekly", ann)}, LATER)
    store.save_snapshot("weekly", [], NOW)
    look = store.load_snapshot("weekly")

    assert look is not None
    assert frozenset() == look.waiting


def test_posts_can_count_as_mailed(store: Store) -> None:
    """In a digest that has begun, or not; nobody is mailed for it."""
    store.mark_as_mailed("weekly", NOW, POSTS, "why", NOW)
    store.mark_as_mailed("weekly", LATER, ["three"], "why", LATER)
    store.mark_as_mailed("weekly", LATER, [], "why", LATER)

    assert {*POSTS, "three"} == store.list_mailed_posts("weekly")
    assert {("skipped", "why")} == {(each.state, each.reason) for each in store.list_issues()}
