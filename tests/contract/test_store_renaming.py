"""A digest under another name: all that is known of it goes on there."""

from datetime import timedelta

from mailings import LEASE, NOW, planned, with_readers

from feedpub.models.newsletter import Snapshot
from feedpub.storage import Store

NEXT = NOW + timedelta(days=7)


def test_what_is_known_of_a_digest_has_its_new_name(store: Store) -> None:
    """Issues, ledger, and what waits; of one that nothing is known of nothing changes."""
    planned(store, with_readers(store, 1), "one")
    store.save_snapshot("weekly", ["two"], NOW)

    assert store.rename_digest("weekly", "news")
    assert not store.rename_digest("weekly", "news")
    assert frozenset({"one"}) == store.list_mailed_posts("news")
    assert Snapshot(NOW, frozenset({"two"})) == store.load_snapshot("news")
    assert NOW == store.get_last_slot("news", NOW)
    assert store.load_snapshot("weekly") is None
    assert (frozenset(), None) == (
        store.list_mailed_posts("weekly"),
        store.get_last_slot("weekly", NOW),
    )
    (issue,) = store.list_issues()
    assert ("news", "weekly") == (issue.digest, issue.original_digest)


def test_messages_have_the_ids_that_they_had(store: Store) -> None:
    """However often the digest is renamed: a copy that is sent again is known for one."""
    planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    store.release_deliveries("w")
    store.rename_digest("weekly", "news")
    store.rename_digest("news", "letter")
    claimed = store.claim_deliveries("v", 9, LEASE, NOW)

    assert [first.key, second.key] == [each.key for each in claimed]
    assert 2 == store.reconcile_sent({first.key, second.key}, NOW).settled
    assert [("letter", "weekly")] == [
        (each.digest, each.original_digest) for each in store.list_issues()
    ]


def test_what_a_digest_has_by_its_new_name_stays(store: Store) -> None:
    """Where both have an issue of one slot, each keeps its own."""
    planned(store, [], "one", "both")
    planned(store, [], "two", slot=NEXT)
    planned(store, [], "three", "both", digest="news")
    store.save_snapshot("weekly", ["x"], NEXT)
    store.save_snapshot("news", ["x", "y"], NOW)

    assert store.rename_digest("weekly", "news")
    assert not store.rename_digest("weekly", "news")
    assert {"one", "both", "two", "three"} == store.list_mailed_posts("news")
    assert Snapshot(NOW, frozenset({"x", "y"})) == store.load_snapshot("news")
    assert {("weekly", NOW), ("news", NOW), ("news", NEXT)} == {
        (each.digest, each.slot) for each in store.list_issues()
    }
