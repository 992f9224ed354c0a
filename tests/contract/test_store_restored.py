"""What a database knows of itself, of who left, and of what is known to have gone out."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from mailings import ACCEPTED, LATER, LEASE, NOW, Place, planned, settled, with_readers

import feedpub.store
from feedpub.store import FORGOTTEN, Outside, Plan, Store, StoreUnavailable
from feedpub.store.privacy import hashed
from feedpub.store.rows import message_key

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
    outside = Outside(notes.note_sent, notes.note_departures)
    store = feedpub.store.open(place.url, place.folder, outside=outside)
    yield store
    store.close()


def key(digest: str, reader: int) -> str:
    """Give the key of a delivery of an issue of now."""
    return message_key(digest, NOW, NOW, reader)


def test_each_release_of_messages_counts(noting: Store, notes: Notes) -> None:
    """Outside it is written once it is committed, and before anything is sent."""
    ids = with_readers(noting, 3)
    before = noting.position()
    issue = planned(noting, ids, "one")
    first, second, third = noting.claim("w", 9, LEASE, NOW)
    noting.doubt("w", [first.id, second.id], NOW)

    assert not before.is_begun
    assert (True, before.sent + 1) == (noting.position().is_begun, noting.position().sent)

    noting.doubt("w", [third.id], NOW, settled([first, second], "accepted", ACCEPTED))
    assert frozenset() == noting.doubt("other", [third.id], NOW)

    assert [before.sent + 1, before.sent + 2] == notes.sent

    noting.settle("w", settled([third], "accepted", ACCEPTED), NOW)
    noting.finish(issue.id, NOW)

    assert before.sent + 2 == noting.position().sent


def test_nothing_is_sent_where_that_cannot_be_written(noting: Store, notes: Notes) -> None:
    """It may be asked for again, and is granted then."""
    planned(noting, with_readers(noting, 1), "one")
    (one,) = noting.claim("w", 9, LEASE, NOW)
    notes.is_full = True
    with pytest.raises(StoreUnavailable, match="sent: No space left on device"):
        noting.doubt("w", [one.id], NOW)
    notes.is_full = False

    assert frozenset({one.id}) == noting.doubt("w", [one.id], NOW)


def test_a_database_goes_on_from_a_number(noting: Store) -> None:
    """The next release of messages counts from there; a smaller one is no matter."""
    noting.catch_up(1_000, "nonce", NOW)
    noting.catch_up(10, "nonce", NOW)

    assert ("nonce", 1_000) == (noting.position().nonce, noting.position().sent)

    planned(noting, with_readers(noting, 1), "one")
    (one,) = noting.claim("w", 9, LEASE, NOW)
    noting.doubt("w", [one.id], NOW)

    assert 1_001 == noting.position().sent


def test_who_leaves_is_written_down_and_nothing_happens_where_that_cannot_be(
    noting: Store, notes: Notes
) -> None:
    """In the same moment as it is committed."""
    first, second, *_ = with_readers(noting, 2)
    notes.departed.clear()
    notes.is_full = True
    with pytest.raises(StoreUnavailable):
        noting.change(first, "unsubscribed", NOW)
    notes.is_full = False

    one = noting.get(first)
    assert one is not None
    assert "active" == one.state

    noting.change(first, "complained", NOW)
    noting.change(first, "complained", NOW)
    noting.bounced(second, hard=False, limit=3, now=NOW)
    noting.bounced(second, hard=True, limit=3, now=NOW)
    noting.remove(second)

    assert [
        ("reader0@example.org", "complained"),
        ("reader1@example.org", "bounced"),
        ("reader1@example.org", "removed"),
    ] == notes.departed
    assert 3 == noting.position().departures


def test_departures_are_replayed_once(store: Store) -> None:
    """Up to the length of the log; another log is read whole."""
    first, second, third, _ = with_readers(store, 4)
    states = {
        hashed("reader0@example.org", SALT): "unsubscribed",
        hashed("reader1@example.org", SALT): "removed",
        hashed("reader2@example.org", SALT): FORGOTTEN,
        hashed("reader3@example.org", SALT): "active",
        hashed("nobody@example.org", SALT): FORGOTTEN,
    }

    def hashes(address: str) -> list[bytes]:
        return [hashed(address, b"older"), hashed(address, SALT)]

    gone = store.replay(states, hashes, SALT, "log", 500, LATER)

    assert [first, second, third] == [each.id for each in gone]
    assert [("active", 1), ("unsubscribed", 1)] == [each for each in store.counts() if each[1]]
    assert store.is_forgotten("reader2@example.org")
    assert store.is_forgotten("nobody@example.org")
    assert not store.is_forgotten("reader1@example.org")
    again = {hashed("reader3@example.org", SALT): "bounced"}
    assert () == store.replay(again, hashes, SALT, "log", 500, LATER)
    assert 1 == len(store.replay(again, hashes, SALT, "other", 20, LATER))
    assert {("reader0@example.org", "unsubscribed"), ("reader3@example.org", "bounced")} == set(
        store.departed()
    )
    assert 2 == len(tuple(store.forgotten_hashes()))
    store.begin_log("third", 7)
    assert ("third", 7) == (store.position().log, store.position().departures)


def test_what_went_out_is_settled(store: Store) -> None:
    """Whatever became of it here, unless that is known; the others are sent."""
    ids = with_readers(store, 5)
    issue = planned(store, ids, "one")
    claimed = store.claim("w", 3, LEASE, NOW)
    store.doubt("w", [claimed[0].id, claimed[2].id], NOW)
    store.settle("w", settled(claimed[2:], "failed"), NOW)
    out = {each.key for each in claimed} | {"f" * 24}
    found = store.settle_sent(out, LATER)

    assert (2, frozenset(each.key for each in claimed)) == (found.settled, found.matched)
    tally = store.tally(issue.id)
    assert (2, 1, 2) == (tally.accepted, tally.failed, tally.waiting)
    assert set(ids[3:]) == {each.subscriber.id for each in store.claim("v", 9, LEASE, LATER)}


def test_an_issue_that_was_lost_is_recorded(store: Store) -> None:
    """Who had it does not get its posts again; where all had it they count as mailed."""
    ann, bob, _ = with_readers(store, 3)
    plan = Plan("weekly", NOW, POSTS, "News", NOW)
    out = {key("weekly", ann), key("weekly", bob), key("daily", ann)}
    found = store.record_sent(plan, 3, out, LATER)

    assert {key("weekly", ann), key("weekly", bob)} == found
    assert frozenset() == store.record_sent(plan, 3, out, LATER)
    assert frozenset() == store.record_sent(Plan("monthly", NOW, POSTS, "", NOW), 3, out, LATER)
    assert frozenset() == store.mailed("weekly")
    assert {(each, post) for each in (ann, bob) for post in POSTS} == set(store.received(POSTS))
    store.looked("weekly", [], NOW)
    look = store.look("weekly")
    assert look is not None
    assert set(POSTS) == look.waiting

    store.record_sent(Plan("daily", NOW, POSTS, "News", NOW), 1, out, LATER)

    assert set(POSTS) == store.mailed("daily")
    assert [("done", POSTS), ("done", POSTS)] == [(one.state, one.posts) for one in store.issues()]


def test_a_lost_issue_whose_posts_were_mailed_lets_none_wait(store: Store) -> None:
    """Those in the ledger are done with."""
    (ann,) = with_readers(store, 1)
    store.plan("weekly", NOW - DAY, POSTS, "News", [], [], NOW - DAY)
    store.record_sent(Plan("weekly", NOW, POSTS, "", NOW), 2, {key("weekly", ann)}, LATER)
    store.looked("weekly", [], NOW)
    look = store.look("weekly")

    assert look is not None
    assert frozenset() == look.waiting


def test_posts_can_count_as_mailed(store: Store) -> None:
    """In a digest that has begun, or not; nobody is mailed for it."""
    store.count_as_mailed("weekly", NOW, POSTS, "why", NOW)
    store.count_as_mailed("weekly", LATER, ["three"], "why", LATER)
    store.count_as_mailed("weekly", LATER, [], "why", LATER)

    assert {*POSTS, "three"} == store.mailed("weekly")
    assert {("skipped", "why")} == {(each.state, each.reason) for each in store.issues()}
