"""What strangers can make happen does not fill the disk."""

import io
from datetime import timedelta

from daemons import Clock
from folders import NOW

from feedpub.daemon.failure_log import MAX_LINES_PER_HOUR, RateLimitedLog
from feedpub.models.log import EventLogger


def test_some_lines_an_hour_are_enough() -> None:
    """How many there were is told once it happens again."""
    clock, stream = Clock(NOW), io.StringIO()
    seldom = RateLimitedLog("notice refused", EventLogger(stream, clock, human=True), clock)
    for number in range(MAX_LINES_PER_HOUR + 5):
        seldom.info(why=f"no key {number}")

    assert MAX_LINES_PER_HOUR == stream.getvalue().count("notice refused  why: no key")

    for _ in range(2):
        clock.at += timedelta(hours=1)
        seldom.info(why="later")

    assert 1 == stream.getvalue().count("more of this: notice refused  number: 5")
    assert 2 == stream.getvalue().count("why: later")
