"""Many readers at once: all or nothing, each merged as one alone would be."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mailings import LATER, NOW, reader, whole, with_readers

from feedpub.models.address import InvalidValueError
from feedpub.models.newsletter import SUBSCRIBER_STATES, Subscriber, SubscriptionFilter
from feedpub.storage import Store
from feedpub.storage.errors import AddressForgottenError
from feedpub.storage.imports import ImportCounts

readers = st.builds(
    replace,
    st.builds(
        reader,
        st.sampled_from(["a@example.org", "A@example.org", "b@example.org", "gone@example.org"]),
        st.sampled_from(SUBSCRIBER_STATES),
        st.sampled_from(["", "Ann"]),
    ),
    language=st.sampled_from(["", "de"]),
    cadence=st.sampled_from(["digest", "daily"]),
    fields=st.sampled_from([(), (("city", "Ulm"),)]),
    follows=st.sampled_from(
        [SubscriptionFilter(), SubscriptionFilter(everything=False, tags=("c",))]
    ),
    changed=st.sampled_from([None, LATER]),
)


def test_everybody_new_is_added_in_order(store: Store) -> None:
    """The rows come out as they went in, with ids in the order of the file."""
    found = [whole(), *(reader(f"r{each}@example.org") for each in range(5_000))]

    assert ImportCounts(5_001, 0, 0, 0) == store.import_subscribers(found, NOW)

    expected = [replace(each, id=0, changed=each.changed or NOW) for each in found]
    assert expected == [replace(each, id=0) for each in store.iter_subscribers()]


def test_an_import_counts_what_it_does(store: Store) -> None:
    """New, changed, as they were, and not taken back; the sum is the number of rows."""
    with_readers(store, 3)
    left = store.add_subscriber(reader("left@example.org", "unsubscribed"), NOW)
    store.forget_address("forgotten@example.org", b"salt")
    found = [
        reader("reader0@example.org"),
        reader("reader1@example.org", name="Bob"),
        reader("Reader2@example.org", state="complained"),
        reader("left@example.org", name="Back"),
        reader("forgotten@example.org"),
        reader("new@example.org"),
        reader("NEW@example.org"),
    ]

    assert ImportCounts(added=1, updated=2, unchanged=2, held=2) == store.import_subscribers(
        found, NOW
    )
    assert left == store.get_subscriber(left.id)
    assert store.find_subscriber("forgotten@example.org") is None


def test_a_second_import_changes_nothing(store: Store) -> None:
    """Who left is among those that are as they were."""
    found = [whole(), reader("ann@example.org", "unsubscribed")]
    store.import_subscribers(found, NOW)
    before = tuple(store.iter_subscribers())

    assert ImportCounts(0, 0, 2, 0) == store.import_subscribers(found, NOW)
    assert before == tuple(store.iter_subscribers())


def test_a_dry_run_counts_and_writes_nothing(store: Store) -> None:
    """What it says is what the import then does."""
    with_readers(store, 1)
    found = [reader("reader0@example.org", name="Ann"), reader("new@example.org")]

    assert ImportCounts(1, 1, 0, 0) == store.import_subscribers(found, NOW, dry=True)
    assert [""] == [each.name for each in store.iter_subscribers()]
    assert ImportCounts(1, 1, 0, 0) == store.import_subscribers(found, NOW)


def test_an_import_of_nobody_is_one(store: Store) -> None:
    """An empty file adds nobody."""
    assert ImportCounts(0, 0, 0, 0) == store.import_subscribers([], NOW)


def test_nothing_is_half_done(store: Store) -> None:
    """What goes wrong after thousands of rows leaves none, and the next import works."""

    def broken() -> Iterator[Subscriber]:
        yield from (reader(f"r{each}@example.org") for each in range(5_000))
        yield reader("no address")

    with pytest.raises(InvalidValueError):
        store.import_subscribers(broken(), NOW)

    assert () == tuple(store.iter_subscribers())
    assert ImportCounts(1, 0, 0, 0) == store.import_subscribers([reader()], NOW)


def test_others_write_while_a_file_is_read(store: Store) -> None:
    """A slow file holds nobody up; and who confirms meanwhile stays confirmed."""
    number = store.add_subscriber(reader(state="pending"), NOW).id

    def slow() -> Iterator[Subscriber]:
        yield replace(reader(state="pending"), name="Ann")
        store.change_state(number, "active", LATER)
        store.add_subscriber(reader("bob@example.org"), NOW)
        yield reader("cid@example.org")

    store.import_subscribers(slow(), NOW)

    expected = replace(reader(name="Ann"), id=number, changed=LATER)
    assert expected == store.get_subscriber(number)
    assert ["ann", "bob", "cid"] == [
        each.address.split("@")[0] for each in store.iter_subscribers()
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(readers, max_size=6))
def test_many_at_once_are_as_one_after_the_other(store: Store, found: list[Subscriber]) -> None:
    """An import leaves what `add` would, called for each row; whatever the rows."""
    for each in tuple(store.iter_subscribers()):
        store.remove_subscriber(each.id)
    store.forget_address("gone@example.org", b"salt")
    for each in found:
        if not store.is_forgotten(each.address):
            store.add_subscriber(each, each.changed or each.consent.at)
        else:
            with pytest.raises(AddressForgottenError):
                store.add_subscriber(each, NOW)
    expected = [replace(each, id=0) for each in store.iter_subscribers()]
    for each in tuple(store.iter_subscribers()):
        store.remove_subscriber(each.id)

    counted = store.import_subscribers(found, NOW)

    assert expected == [replace(each, id=0) for each in store.iter_subscribers()]
    assert len(found) == counted.added + counted.updated + counted.unchanged + counted.held
    assert len(expected) == counted.added
