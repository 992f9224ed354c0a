"""Many readers at once: all or nothing, each merged as one alone would be."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mailings import LATER, NOW, reader, whole, with_readers

from feedpub.mailing import STATES, Follows, Subscriber
from feedpub.roster import Faulty
from feedpub.store import ForgottenError, Imported, Store

readers = st.builds(
    replace,
    st.builds(
        reader,
        st.sampled_from(["a@example.org", "A@example.org", "b@example.org", "gone@example.org"]),
        st.sampled_from(STATES),
        st.sampled_from(["", "Ann"]),
    ),
    language=st.sampled_from(["", "de"]),
    cadence=st.sampled_from(["digest", "daily"]),
    fields=st.sampled_from([(), (("city", "Ulm"),)]),
    follows=st.sampled_from([Follows(), Follows(everything=False, tags=("c",))]),
    changed=st.sampled_from([None, LATER]),
)


def test_everybody_new_is_added_in_order(store: Store) -> None:
    """The rows come out as they went in, with ids in the order of the file."""
    found = [whole(), *(reader(f"r{each}@example.org") for each in range(5_000))]

    assert Imported(5_001, 0, 0, 0) == store.import_(found, NOW)

    expected = [replace(each, id=0, changed=each.changed or NOW) for each in found]
    assert expected == [replace(each, id=0) for each in store.all()]


def test_an_import_counts_what_it_does(store: Store) -> None:
    """New, changed, as they were, and not taken back; the sum is the number of rows."""
    with_readers(store, 3)
    left = store.add(reader("left@example.org", "unsubscribed"), NOW)
    store.forget("forgotten@example.org", b"salt")
    found = [
        reader("reader0@example.org"),
        reader("reader1@example.org", name="Bob"),
        reader("Reader2@example.org", state="complained"),
        reader("left@example.org", name="Back"),
        reader("forgotten@example.org"),
        reader("new@example.org"),
        reader("NEW@example.org"),
    ]

    assert Imported(added=1, updated=2, unchanged=2, held=2) == store.import_(found, NOW)
    assert left == store.get(left.id)
    assert store.find("forgotten@example.org") is None


def test_a_second_import_changes_nothing(store: Store) -> None:
    """Who left is among those that are as they were."""
    found = [whole(), reader("ann@example.org", "unsubscribed")]
    store.import_(found, NOW)
    before = tuple(store.all())

    assert Imported(0, 0, 2, 0) == store.import_(found, NOW)
    assert before == tuple(store.all())


def test_a_dry_run_counts_and_writes_nothing(store: Store) -> None:
    """What it says is what the import then does."""
    with_readers(store, 1)
    found = [reader("reader0@example.org", name="Ann"), reader("new@example.org")]

    assert Imported(1, 1, 0, 0) == store.import_(found, NOW, dry=True)
    assert [""] == [each.name for each in store.all()]
    assert Imported(1, 1, 0, 0) == store.import_(found, NOW)


def test_an_import_of_nobody_is_one(store: Store) -> None:
    """An empty file adds nobody."""
    assert Imported(0, 0, 0, 0) == store.import_([], NOW)


def test_nothing_is_half_done(store: Store) -> None:
    """What goes wrong after thousands of rows leaves none, and the next import works."""

    def broken() -> Iterator[Subscriber]:
        yield from (reader(f"r{each}@example.org") for each in range(5_000))
        yield reader("no address")

    with pytest.raises(Faulty):
        store.import_(broken(), NOW)

    assert () == tuple(store.all())
    assert Imported(1, 0, 0, 0) == store.import_([reader()], NOW)


def test_others_write_while_a_file_is_read(store: Store) -> None:
    """A slow file holds nobody up; and who confirms meanwhile stays confirmed."""
    number = store.add(reader(state="pending"), NOW).id

    def slow() -> Iterator[Subscriber]:
        yield replace(reader(state="pending"), name="Ann")
        store.change(number, "active", LATER)
        store.add(reader("bob@example.org"), NOW)
        yield reader("cid@example.org")

    store.import_(slow(), NOW)

    expected = replace(reader(name="Ann"), id=number, changed=LATER)
    assert expected == store.get(number)
    assert ["ann", "bob", "cid"] == [each.address.split("@")[0] for each in store.all()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(readers, max_size=6))
def test_many_at_once_are_as_one_after_the_other(store: Store, found: list[Subscriber]) -> None:
    """An import leaves what `add` would, called for each row; whatever the rows."""
    for each in tuple(store.all()):
        store.remove(each.id)
    store.forget("gone@example.org", b"salt")
    for each in found:
        if not store.is_forgotten(each.address):
            store.add(each, each.changed or each.consent.at)
        else:
            with pytest.raises(ForgottenError):
                store.add(each, NOW)
    expected = [replace(each, id=0) for each in store.all()]
    for each in tuple(store.all()):
        store.remove(each.id)

    counted = store.import_(found, NOW)

    assert expected == [replace(each, id=0) for each in store.all()]
    assert len(found) == counted.added + counted.updated + counted.unchanged + counted.held
    assert len(expected) == counted.added
