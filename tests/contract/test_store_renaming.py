"""A digest under another name: all that is known of it goes on there."""

from datetime import timedelta

from mailings import LEASE, NOW, planned, with_readers

from feedpub.mailing import Look
from feedpub.store import Store

NEXT = NOW + timedelta(days=7)


def test_what_is_known_of_a_digest_has_its_new_name(store: Store) -> None:
    """Issues, ledger, and what waits; of one that nothing is known of nothing changes."""
    planned(store, with_readers(store, 1), "one")
    store.looked("weekly", ["two"], NOW)

    assert store.rename_digest("weekly", "news")
    assert not store.rename_digest("weekly", "news")
    assert frozenset({"one"}) == store.mailed("news")
    assert Look(NOW, frozenset({"two"})) == store.look("news")
    assert NOW == store.last_slot("news", NOW)
    assert store.look("weekly") is None
    assert (frozenset(), None) == (store.mailed("weekly"), store.last_slot("weekly", NOW))
    (issue,) = store.issues()
    assert ("news", "weekly") == (issue.digest, issue.origin)


def test_messages_have_the_ids_that_they_had(store: Store) -> None:
    """However often the digest is renamed: a copy that is sent again is known for one."""
    planned(store, with_readers(store, 2), "one")
    first, second = store.claim("w", 9, LEASE, NOW)
    store.release("w")
    store.rename_digest("weekly", "news")
    store.rename_digest("news", "letter")
    claimed = store.claim("v", 9, LEASE, NOW)

    assert [first.key, second.key] == [each.key for each in claimed]
    assert 2 == store.settle_sent({first.key, second.key}, NOW).settled
    assert [("letter", "weekly")] == [(each.digest, each.origin) for each in store.issues()]


def test_what_a_digest_has_by_its_new_name_stays(store: Store) -> None:
    """Where both have an issue of one slot, each keeps its own."""
    planned(store, [], "one", "both")
    planned(store, [], "two", slot=NEXT)
    planned(store, [], "three", "both", digest="news")
    store.looked("weekly", ["x"], NEXT)
    store.looked("news", ["x", "y"], NOW)

    assert store.rename_digest("weekly", "news")
    assert not store.rename_digest("weekly", "news")
    assert {"one", "both", "two", "three"} == store.mailed("news")
    assert Look(NOW, frozenset({"x", "y"})) == store.look("news")
    assert {("weekly", NOW), ("news", NOW), ("news", NEXT)} == {
        (each.digest, each.slot) for each in store.issues()
    }
