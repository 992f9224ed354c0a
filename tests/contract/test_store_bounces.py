"""Mail that came back: when a reader is mailed no more. The same on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from mailings import LATER, LEASE, NOW, planned, reader, sent, settled

from feedpub.models.newsletter import SendResult
from feedpub.storage import Store

DAY = timedelta(days=1)
LONG = 5 + 2 / 24  # days: who tries for five of them looks every few hours whether they are over


def soft(store: Store, number: int, *days: float, limit: int = 3) -> list[tuple[str, int]]:
    """Let mail come back softly after so many days; give how it is with the reader each time."""
    found = [
        store.record_bounce(
            number, hard=False, limit=limit, now=NOW + 99 * DAY, at=NOW + each * DAY
        )
        for each in days
    ]
    return [(each.state, each.soft_bounces) for each in found if each]


def mailed(store: Store, number: int, day: float) -> None:
    """Let a message be accepted after so many days."""
    at = NOW + day * DAY
    planned(store, [number], f"post of {day}", slot=at)
    sent(store, f"w{day}", store.claim_deliveries(f"w{day}", 9, LEASE, at), at)


def test_a_hard_bounce_ends_it_at_once(store: Store) -> None:
    """Nothing is sent any more."""
    number = store.add_subscriber(reader(), NOW).id

    bounced = store.record_bounce(number, hard=True, limit=3, now=LATER)

    assert bounced == replace(reader(), id=number, state="bounced", changed=LATER)


def test_soft_bounces_end_it_when_there_are_enough(store: Store) -> None:
    """They are counted, and the last one ends it; what comes later changes nothing."""
    number = store.add_subscriber(reader(), NOW).id
    found = [store.record_bounce(number, hard=False, limit=3, now=NOW + n * DAY) for n in range(4)]

    states = [(each.state, each.soft_bounces, each.changed) for each in found if each]
    ended = ("bounced", 3, NOW + 2 * DAY)
    assert [("active", 1, NOW), ("active", 2, NOW), ended, ended] == states


def test_of_one_day_one_counts(store: Store) -> None:
    """Digests of each post would else end it within a day; what is older counts neither."""
    number = store.add_subscriber(reader(), NOW).id

    assert [("active", 1)] * 3 == soft(store, number, 0, 0.1, 0.8)
    assert [("active", 2)] * 2 == soft(store, number, 0.9, 0.2)


def test_time_alone_forgets_nothing(store: Store) -> None:
    """A monthly digest that comes back each time, after days of trying, comes back in a row."""
    number = store.add_subscriber(reader(), NOW).id
    states = []
    for month in range(3):
        mailed(store, number, 30 * month)
        states += soft(store, number, 30 * month + LONG)

    assert [("active", 1), ("active", 2), ("bounced", 3)] == states


def test_a_server_that_is_away_is_given_up(store: Store) -> None:
    """Of a weekly digest too, each issue of which comes back before the next one can have."""
    number = store.add_subscriber(reader(), NOW).id
    states = []
    for week in range(3):
        mailed(store, number, 7 * week)
        states += soft(store, number, 7 * week + LONG)

    assert [("active", 1), ("active", 2), ("bounced", 3)] == states


@pytest.mark.parametrize("every", [0.25, 1, 7])
def test_a_mailbox_that_is_full_for_good_is_given_up(store: Store, every: float) -> None:
    """However often it is mailed: what was accepted came back, some at once, some after days."""
    number = store.add_subscriber(reader(), NOW).id
    for at in range(5):
        mailed(store, number, every * at)
        soft(store, number, every * at + (LONG if at % 2 else 0.01), limit=9)
    after = 5 * every + 5

    assert soft(store, number, after, limit=2)[0][0] == "bounced"


@pytest.mark.parametrize(("day", "expected"), [(0.5, 2), (3, 1), (9, 2)])
def test_a_message_that_got_through_begins_a_new_row(
    store: Store, day: float, expected: int
) -> None:
    """It was accepted after the day of the bounce, and so long ago that it would have come back."""
    number = store.add_subscriber(reader(), NOW).id
    soft(store, number, 0)
    mailed(store, number, day)

    assert [("active", expected)] == soft(store, number, 12)


def test_what_was_not_accepted_got_nowhere(store: Store) -> None:
    """Nor does it matter what others were sent."""
    number, other = (
        store.add_subscriber(reader(), NOW).id,
        store.add_subscriber(reader("bob@example.org"), NOW).id,
    )
    soft(store, number, 0)
    planned(store, [number], "one", slot=NOW + 3 * DAY)
    claimed = store.claim_deliveries("w", 9, LEASE, NOW + 3 * DAY)
    refused = settled(claimed, "failed", SendResult("failed", 550, "5.7.1", "no"))
    store.record_results("w", refused, NOW + 3 * DAY)
    mailed(store, other, 4)

    assert [("active", 2)] == soft(store, number, 12)


def test_who_complained_does_not_become_somebody_who_bounced(store: Store) -> None:
    """A late bounce changes nothing about somebody who left before."""
    complained = store.add_subscriber(reader(state="complained"), NOW)

    for hard in (True, False):
        assert complained == store.record_bounce(complained.id, hard=hard, limit=1, now=LATER)


def test_nobody_bounces_where_nobody_is(store: Store) -> None:
    """None is given."""
    assert store.record_bounce(7, hard=True, limit=3, now=NOW) is None
