"""Which relays are not used for a while. The same on both databases."""

from datetime import timedelta

from mailings import NOW

from feedpub.models.newsletter import RelaySuspension
from feedpub.storage import Store

HOUR = timedelta(hours=1)
SLOW = RelaySuspension("b.example:25", NOW + HOUR, "454 too busy")
OVER = RelaySuspension("a.example:25", NOW + 2 * HOUR, "550 5.4.5 over the quota")


def test_no_relay_is_suspended_at_first(store: Store) -> None:
    """All are used."""

    assert () == store.list_suspensions(NOW)


def test_relays_are_suspended_until_a_time(store: Store) -> None:
    """Each for itself, in the order of their names."""
    for each in (SLOW, OVER):
        store.suspend_relay(each)

    assert (OVER, SLOW) == store.list_suspensions(NOW)
    assert (OVER,) == store.list_suspensions(NOW + HOUR)
    assert () == store.list_suspensions(NOW + 2 * HOUR)


def test_what_was_said_last_counts(store: Store) -> None:
    """A relay is there once, with the latest time and reason, be it sooner or later."""
    later = RelaySuspension(SLOW.relay, NOW + 3 * HOUR, "550 no")
    for each in (SLOW, later):
        store.suspend_relay(each)

    assert (later,) == store.list_suspensions(NOW)

    store.suspend_relay(SLOW)

    assert (SLOW,) == store.list_suspensions(NOW)


def test_a_clock_that_ran_ahead_suspends_no_relay_for_ever(store: Store) -> None:
    """A suspension of years was made by such a clock."""
    store.suspend_relay(RelaySuspension(SLOW.relay, NOW + timedelta(days=400), "550 no"))

    assert () == store.list_suspensions(NOW)


def test_all_relays_can_be_used_again(store: Store) -> None:
    """At once, whatever was said; they may be suspended again."""
    for each in (SLOW, OVER):
        store.suspend_relay(each)

    store.clear_suspensions()

    assert () == store.list_suspensions(NOW)

    store.suspend_relay(OVER)

    assert (OVER,) == store.list_suspensions(NOW)
