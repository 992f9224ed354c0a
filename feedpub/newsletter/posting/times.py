"""The time that a command began → what time it is now; and how long an answer may take."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

Clock = Callable[[], datetime]
IN_DOUBT_TIMEOUT = timedelta(minutes=30)
"""Longer than a server takes to answer, and a worker to record it."""


def build_clock(now: datetime) -> Clock:
    """Give a clock that goes on from `now`, whatever is done to the machine's."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)
