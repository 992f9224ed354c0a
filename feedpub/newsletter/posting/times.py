"""The time that a command began → what time it is now."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

Clock = Callable[[], datetime]


def clock(now: datetime) -> Clock:
    """Give a clock that goes on from `now`, whatever is done to the machine's."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)
