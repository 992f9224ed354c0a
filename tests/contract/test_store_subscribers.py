"""Readers in the store: one person, one row; who left stays away; who is forgotten is gone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from mailings import LATER, LEASE, NOW, planned, reader, settled, whole, with_readers

from feedpub.mailing import CADENCES, SELDOM, STATES, Consent, Follows, Outcome, Subscriber
from feedpub.roster import Faulty
from feedpub.store import ForgottenError, Store

NEXT = LATER + timedelta(days=7)
HELD = ["unsubscribed", "bounced", "complained", "suppressed"]


def test_a_reader_comes_back_whole(store: Store) -> None:
    """Every field is kept as it was, and the store gives the id."""
    added = store.add(whole(), NOW)

    assert 0 < added.id
    assert replace(whole(), id=added.id) == added
    assert added == store.get(added.id)
    assert added == store.find("änn@xn--exmple-cua.org")


def test_nobody_is_found_where_nobody_is(store: Store) -> None:
    """An address and an id that are not there give None."""
    assert store.find("ann@example.org") is None
    assert store.get(7) is None


def test_what_is_no_address_is_told(store: Store) -> None:
    """Nothing can be added or looked for under what is no address."""
    for asked in (store.find, store.is_forgotten, lambda text: store.add(reader(text), NOW)):
        with pytest.raises(Faulty, match="no e-mail address"):
            asked("ann")


def test_one_person_is_one_row(store: Store) -> None:
    """Another spelling of an address is the same person; what is new about them is taken."""
    first = store.add(reader("Ann@Example.org", "pending"), NOW)
    again = Consent(LATER, "form", "192.0.2.1")

    second = store.add(
        replace(reader("ann@EXAMPLE.org", "active", "Ann"), consent=again, cadence="daily"), LATER
    )

    expected = replace(
        first, state="active", name="Ann", cadence="daily", consent=again, changed=LATER
    )
    assert expected == second
    assert (second,) == tuple(store.all())


def test_what_is_not_said_changes_nothing(store: Store) -> None:
    """A bare address leaves the name, the fields, the tags and the consent of an active reader."""
    first = store.add(replace(whole(), state="active"), NOW)

    assert first == store.add(reader(whole().address), LATER)
    assert first == store.add(reader(whole().address, "pending"), LATER)


@pytest.mark.parametrize("state", HELD)
def test_who_left_does_not_come_back(store: Store, state: str) -> None:
    """Added again, as active, they are as they were."""
    held = store.add(reader(state=state), NOW)

    assert held == store.add(reader(name="Ann"), LATER)


@pytest.mark.parametrize("state", HELD)
def test_who_left_elsewhere_leaves_here(store: Store, state: str) -> None:
    """A state that ends it is taken over from what is added."""
    active = store.add(reader(), NOW)

    assert replace(active, state=state, changed=LATER) == store.add(reader(state=state), LATER)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_only_somebody_pending_becomes_active(store: Store, before: str, after: str) -> None:
    """An old link to confirm brings nobody back; anybody can leave."""
    number = store.add(reader(state=before), NOW).id
    allowed = after in HELD or before == after or (before, after) == ("pending", "active")

    changed = store.change(number, after, LATER)

    assert changed is not None
    assert (after if allowed else before) == changed.state
    assert (LATER if allowed and before != after else NOW) == changed.changed


def test_a_reader_says_what_they_want(store: Store) -> None:
    """What is followed, how often and in which language are set together, back to nothing too."""
    added = store.add(whole(), NOW)

    preferred = store.prefer(added.id, Follows(), "each", "", NOW)

    wanted = replace(added, follows=Follows(), cadence="each", language="", waited=NOW)
    assert wanted == preferred
    assert preferred == store.get(added.id)


@pytest.mark.parametrize("after", CADENCES)
@pytest.mark.parametrize("before", CADENCES)
def test_until_when_posts_waited_is_kept(store: Store, before: str, after: str) -> None:
    """Where somebody wants mail as it goes out from now on: chosen, added and imported alike."""
    sooner = before in SELDOM and after not in SELDOM
    people = [replace(reader(f"{each}@example.org"), cadence=before) for each in range(3)]
    numbers = [store.add(each, NOW).id for each in people]
    store.prefer(numbers[0], Follows(), after, "", LATER)
    store.add(replace(people[1], cadence=after), LATER)
    store.import_([replace(people[2], cadence=after)] * 2, LATER)

    # To be added at the cadence "digest" says nothing.
    expected = [LATER if sooner and way in after else None for way in ("", "each", "each")]
    assert expected == [each.waited for each in store.all()]

    store.prefer(numbers[0], Follows(), "monthly", "", NEXT)
    store.prefer(numbers[0], Follows(), "weekly", "", NEXT)

    assert expected == [each.waited for each in store.all()]


def test_no_post_has_waited_for_who_is_new(store: Store) -> None:
    """However often a list has them."""
    often = [replace(reader(), cadence=each) for each in ("weekly", "each")]
    store.import_(often, LATER)
    store.add(replace(reader("bob@example.org"), cadence="each"), LATER)

    assert [("each", None)] * 2 == [(each.cadence, each.waited) for each in store.all()]


def test_nobody_is_changed_where_nobody_is(store: Store) -> None:
    """Every change of a reader who is not there gives None."""
    assert store.change(7, "active", NOW) is None
    assert store.prefer(7, Follows(), "each", "", NOW) is None
    assert not store.remove(7)


def test_all_are_read_in_batches(store: Store) -> None:
    """Whatever the size of a batch, everybody comes once, by id; or those in a state."""
    ids = with_readers(store, 7)
    store.change(ids[3], "unsubscribed", NOW)
    for batch in (1, 2, 3, 7, 100):
        assert ids == [each.id for each in store.all(batch=batch)]
        assert ids[:3] + ids[4:] == [each.id for each in store.all("active", batch)]


def test_readers_are_counted_by_state(store: Store) -> None:
    """Every state is told, with the zeros."""
    with_readers(store, 2)
    store.add(reader("pen@example.org", "pending"), NOW)

    assert (("pending", 1), ("active", 2)) == store.counts()[:2]
    assert tuple((state, 0) for state in HELD) == store.counts()[2:]


def test_whoever_is_removed_may_come_again(store: Store) -> None:
    """Another row, another id: an old token does not mean the new one."""
    first = store.add(reader(), NOW)

    assert store.remove(first.id)
    assert store.find("ann@example.org") is None
    assert first.id < store.add(reader(), NOW).id


def test_whoever_is_forgotten_does_not_come_again(store: Store) -> None:
    """Neither by being added nor by an import, under any spelling; a new salt changes nothing."""
    store.add(reader(), NOW)

    assert store.forget("Ann@example.org", b"salt")
    assert not store.forget("ann@example.org", b"another")
    assert not store.forget("bob@example.org", b"another")
    assert store.is_forgotten("ANN@example.org")
    assert not store.is_forgotten("cid@example.org")
    assert () == tuple(store.all())
    for address in ("ann@EXAMPLE.org", "bob@example.org"):
        with pytest.raises(ForgottenError, match="asked to be forgotten"):
            store.add(reader(address), NOW)


def test_what_a_server_said_of_them_is_forgotten_too(store: Store) -> None:
    """The deliveries stay in the sums, without the words that name the address."""
    number = store.add(reader(), NOW).id
    issue = planned(store, [number], "one")
    claimed = store.claim("w", 9, LEASE, NOW)
    refused = Outcome("failed", 550, "5.1.1", "<ann@example.org>: no such user")
    store.settle("w", settled(claimed, "failed", refused), NOW)
    before = store.tally(issue.id)

    store.forget("ann@example.org", b"salt")

    assert before == store.tally(issue.id)
    assert 1 == before.failed


def test_a_time_is_kept_to_the_microsecond(store: Store) -> None:
    """A time of another zone is the same moment."""
    exact = NOW + timedelta(microseconds=1)
    added = store.add(Subscriber(0, "ann@example.org", Consent(exact, "form")), exact)

    assert (exact, exact) == (added.changed, added.consent.at)
