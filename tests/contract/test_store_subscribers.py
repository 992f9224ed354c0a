"""Readers in the store: one person, one row; who left stays away; who is forgotten is gone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from mailings import LATER, LEASE, NOW, planned, reader, settled, whole, with_readers

from feedpub.models.address import InvalidValueError
from feedpub.models.newsletter import (
    CADENCES,
    DELAYED_CADENCES,
    SUBSCRIBER_STATES,
    Consent,
    SendResult,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.storage import Store
from feedpub.storage.errors import AddressForgottenError

NEXT = LATER + timedelta(days=7)
HELD = ["unsubscribed", "bounced", "complained", "suppressed"]


def test_a_reader_comes_back_whole(store: Store) -> None:
    """Every field is kept as it was, and the store gives the id."""
    added = store.add_subscriber(whole(), NOW)

    assert 0 < added.id
    assert replace(whole(), id=added.id) == added
    assert added == store.get_subscriber(added.id)
    assert added == store.find_subscriber("änn@xn--exmple-cua.org")


def test_nobody_is_found_where_nobody_is(store: Store) -> None:
    """An address and an id that are not there give None."""
    assert store.find_subscriber("ann@example.org") is None
    assert store.get_subscriber(7) is None


def test_what_is_no_address_is_told(store: Store) -> None:
    """Nothing can be added or looked for under what is no address."""
    for asked in (
        store.find_subscriber,
        store.is_forgotten,
        lambda text: store.add_subscriber(reader(text), NOW),
    ):
        with pytest.raises(InvalidValueError, match="not an e-mail address"):
            asked("ann")


def test_one_person_is_one_row(store: Store) -> None:
    """Another spelling of an address is the same person; what is new about them is taken."""
    first = store.add_subscriber(reader("Ann@Example.org", "pending"), NOW)
    again = Consent(LATER, "form", "192.0.2.1")

    second = store.add_subscriber(
        replace(reader("ann@EXAMPLE.org", "active", "Ann"), consent=again, cadence="daily"), LATER
    )

    expected = replace(
        first, state="active", name="Ann", cadence="daily", consent=again, changed=LATER
    )
    assert expected == second
    assert (second,) == tuple(store.iter_subscribers())


def test_what_is_not_said_changes_nothing(store: Store) -> None:
    """A bare address leaves the name, the fields, the tags and the consent of an active reader."""
    first = store.add_subscriber(replace(whole(), state="active"), NOW)

    assert first == store.add_subscriber(reader(whole().address), LATER)
    assert first == store.add_subscriber(reader(whole().address, "pending"), LATER)


@pytest.mark.parametrize("state", HELD)
def test_who_left_does_not_come_back(store: Store, state: str) -> None:
    """Added again, as active, they are as they were."""
    held = store.add_subscriber(reader(state=state), NOW)

    assert held == store.add_subscriber(reader(name="Ann"), LATER)


@pytest.mark.parametrize("state", HELD)
def test_who_left_elsewhere_leaves_here(store: Store, state: str) -> None:
    """A state that ends it is taken over from what is added."""
    active = store.add_subscriber(reader(), NOW)

    assert replace(active, state=state, changed=LATER) == store.add_subscriber(
        reader(state=state), LATER
    )


@pytest.mark.parametrize("before", SUBSCRIBER_STATES)
@pytest.mark.parametrize("after", SUBSCRIBER_STATES)
def test_only_somebody_pending_becomes_active(store: Store, before: str, after: str) -> None:
    """An old link to confirm brings nobody back; anybody can leave."""
    number = store.add_subscriber(reader(state=before), NOW).id
    allowed = after in HELD or before == after or (before, after) == ("pending", "active")

    changed = store.change_state(number, after, LATER)

    assert changed is not None
    assert (after if allowed else before) == changed.state
    assert (LATER if allowed and before != after else NOW) == changed.changed


def test_a_reader_says_what_they_want(store: Store) -> None:
    """What is followed, how often and in which language are set together, back to nothing too."""
    added = store.add_subscriber(whole(), NOW)

    preferred = store.update_preferences(added.id, SubscriptionFilter(), "each", "", NOW)

    wanted = replace(
        added, follows=SubscriptionFilter(), cadence="each", language="", delayed_until=NOW
    )
    assert wanted == preferred
    assert preferred == store.get_subscriber(added.id)


@pytest.mark.parametrize("after", CADENCES)
@pytest.mark.parametrize("before", CADENCES)
def test_until_when_posts_waited_is_kept(store: Store, before: str, after: str) -> None:
    """Where somebody wants mail as it goes out from now on: chosen, added and imported alike."""
    sooner = before in DELAYED_CADENCES and after not in DELAYED_CADENCES
    people = [replace(reader(f"{each}@example.org"), cadence=before) for each in range(3)]
    numbers = [store.add_subscriber(each, NOW).id for each in people]
    store.update_preferences(numbers[0], SubscriptionFilter(), after, "", LATER)
    store.add_subscriber(replace(people[1], cadence=after), LATER)
    store.import_subscribers([replace(people[2], cadence=after)] * 2, LATER)

    # To be added at the cadence "digest" says nothing.
    expected = [LATER if sooner and way in after else None for way in ("", "each", "each")]
    assert expected == [each.delayed_until for each in store.iter_subscribers()]

    store.update_preferences(numbers[0], SubscriptionFilter(), "monthly", "", NEXT)
    store.update_preferences(numbers[0], SubscriptionFilter(), "weekly", "", NEXT)

    assert expected == [each.delayed_until for each in store.iter_subscribers()]


def test_no_post_has_waited_for_who_is_new(store: Store) -> None:
    """However often a list has them."""
    often = [replace(reader(), cadence=each) for each in ("weekly", "each")]
    store.import_subscribers(often, LATER)
    store.add_subscriber(replace(reader("bob@example.org"), cadence="each"), LATER)

    assert [("each", None)] * 2 == [
        (each.cadence, each.delayed_until) for each in store.iter_subscribers()
    ]


def test_nobody_is_changed_where_nobody_is(store: Store) -> None:
    """Every change of a reader who is not there gives None."""
    assert store.change_state(7, "active", NOW) is None
    assert store.update_preferences(7, SubscriptionFilter(), "each", "", NOW) is None
    assert not store.remove_subscriber(7)


def test_all_are_read_in_batches(store: Store) -> None:
    """Whatever the size of a batch, everybody comes once, by id; or those in a state."""
    ids = with_readers(store, 7)
    store.change_state(ids[3], "unsubscribed", NOW)
    for batch in (1, 2, 3, 7, 100):
        assert ids == [each.id for each in store.iter_subscribers(batch=batch)]
        assert ids[:3] + ids[4:] == [each.id for each in store.iter_subscribers("active", batch)]


def test_readers_are_counted_by_state(store: Store) -> None:
    """Every state is told, with the zeros."""
    with_readers(store, 2)
    store.add_subscriber(reader("pen@example.org", "pending"), NOW)

    assert (("pending", 1), ("active", 2)) == store.count_by_state()[:2]
    assert tuple((state, 0) for state in HELD) == store.count_by_state()[2:]


def test_whoever_is_removed_may_come_again(store: Store) -> None:
    """Another row, another id: an old token does not mean the new one."""
    first = store.add_subscriber(reader(), NOW)

    assert store.remove_subscriber(first.id)
    assert store.find_subscriber("ann@example.org") is None
    assert first.id < store.add_subscriber(reader(), NOW).id


def test_whoever_is_forgotten_does_not_come_again(store: Store) -> None:
    """Neither by being added nor by an import, under any spelling; a new salt changes nothing."""
    store.add_subscriber(reader(), NOW)

    assert store.forget_address("Ann@example.org", b"salt")
    assert not store.forget_address("ann@example.org", b"another")
    assert not store.forget_address("bob@example.org", b"another")
    assert store.is_forgotten("ANN@example.org")
    assert not store.is_forgotten("cid@example.org")
    assert () == tuple(store.iter_subscribers())
    for address in ("ann@EXAMPLE.org", "bob@example.org"):
        with pytest.raises(AddressForgottenError, match="asked to be forgotten"):
            store.add_subscriber(reader(address), NOW)


def test_what_a_server_said_of_them_is_forgotten_too(store: Store) -> None:
    """The deliveries stay in the sums, without the words that name the address."""
    number = store.add_subscriber(reader(), NOW).id
    issue = planned(store, [number], "one")
    claimed = store.claim_deliveries("w", 9, LEASE, NOW)
    refused = SendResult("failed", 550, "5.1.1", "<ann@example.org>: no such user")
    store.record_results("w", settled(claimed, "failed", refused), NOW)
    before = store.get_issue_stats(issue.id)

    store.forget_address("ann@example.org", b"salt")

    assert before == store.get_issue_stats(issue.id)
    assert 1 == before.failed


def test_a_time_is_kept_to_the_microsecond(store: Store) -> None:
    """A time of another zone is the same moment."""
    exact = NOW + timedelta(microseconds=1)
    added = store.add_subscriber(Subscriber(0, "ann@example.org", Consent(exact, "form")), exact)

    assert (exact, exact) == (added.changed, added.consent.at)
