"""What became of an issue for one reader or another."""

from mailings import LEASE, NOW, planned, reader, sent, settled, with_readers

from feedpub.models.newsletter import SendResult
from feedpub.storage import Store

NOBODY = SendResult("failed", 550, "5.1.1", "no such user", "mx.example.org")


def test_who_did_not_get_an_issue_is_known(store: Store) -> None:
    """By address, with the words of the server; as many as are asked for."""
    issue = planned(store, with_readers(store, 3), "one")
    first, second, third = store.claim_deliveries("w", 3, LEASE, NOW)
    store.record_results("w", settled([first, third], "failed", NOBODY), NOW)
    sent(store, "w", [second])
    found = store.list_delivery_statuses(issue.id, ("failed", "doubt"), 9)

    assert ["reader0@example.org", "reader2@example.org"] == [each.address for each in found]
    assert (issue.id, "weekly", NOW, NOBODY) == (
        found[0].issue,
        found[0].digest,
        found[0].at,
        found[0].result,
    )
    assert 1 == len(store.list_delivery_statuses(issue.id, ("failed",), 1))
    assert () == store.list_delivery_statuses(issue.id, ("doubt",), 9)


def test_what_became_of_the_last_mail_to_somebody_is_known(store: Store) -> None:
    """Of the newest issue that was for them; nothing, where none was."""
    ids = with_readers(store, 1)
    planned(store, ids, "one")
    store.record_results(
        "w", settled(store.claim_deliveries("w", 1, LEASE, NOW), "failed", NOBODY), NOW
    )
    found = store.get_last_delivery_status(ids[0])

    assert found is not None
    assert NOBODY == found.result

    other = planned(store, ids, "two", digest="daily")
    found = store.get_last_delivery_status(ids[0])

    assert found is not None
    assert (other.id, "planned") == (found.issue, found.result.kind)
    assert None is store.get_last_delivery_status(
        store.add_subscriber(reader("new@example.org"), NOW).id
    )
