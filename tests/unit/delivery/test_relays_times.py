"""A clock that goes on from a moment."""

import time
from datetime import timedelta

from mailings import NOW

from feedpub.delivery.relays import build_clock


def test_a_clock_goes_on() -> None:
    """From the moment it was given, as fast as time does."""
    now = build_clock(NOW)
    first = now()
    time.sleep(0.02)

    assert NOW <= first
    assert timedelta(seconds=0.02) <= now() - first < timedelta(seconds=60)
