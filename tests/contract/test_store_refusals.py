"""What servers refused because of the sender. The same on both databases."""

from datetime import timedelta

from mailings import NOW

from feedpub.models.newsletter import SenderRefusal
from feedpub.storage import Store

DAY = timedelta(days=1)


def test_refusals_are_grouped_by_domain_and_words(store: Store) -> None:
    """The most frequent first, with the last time."""
    for number, domain, text in ((1, "a.example", "550 no"), (2, "b.example", "550 no")):
        store.record_refusal(number, domain, text, NOW)
    store.record_refusal(3, "b.example", "550 no", NOW + DAY / 2)

    assert (
        SenderRefusal("b.example", "550 no", 2, NOW + DAY / 2),
        SenderRefusal("a.example", "550 no", 1, NOW),
    ) == store.list_refusals(NOW)
    assert 3 == store.count_refusals(NOW)
    assert 1 == store.count_refusals(NOW + DAY / 3)
    assert () == store.list_refusals(NOW + DAY)


def test_of_one_reader_and_day_one_counts(store: Store) -> None:
    """A notice may be read again after a crash; the next day's is another."""
    at = [NOW, NOW, NOW + DAY / 2, NOW + DAY]

    assert [True, False, False, True] == [
        store.record_refusal(1, "a.example", "550 no", each) for each in at
    ]


def test_of_one_relay_and_day_one_counts(store: Store) -> None:
    """It refuses us whoever the message is for, again and again."""
    names = ["a.example:25", "a.example:25", "b.example:25"]

    assert [True, False, True] == [store.record_refusal(0, each, "550 no", NOW) for each in names]


def test_what_is_old_is_forgotten(store: Store) -> None:
    """After a month, when the next one comes."""
    store.record_refusal(1, "a.example", "550 no", NOW)
    store.record_refusal(2, "a.example", "550 no", NOW + 31 * DAY)

    assert 1 == store.count_refusals(NOW)
