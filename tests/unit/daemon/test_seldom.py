"""What strangers can make happen does not fill the disk."""

import io
from datetime import timedelta

from daemons import Clock
from folders import NOW

from feedpub.daemon import Journal
from feedpub.daemon.seldom import MOST, Seldom


def test_some_lines_an_hour_are_enough() -> None:
    """How many there were is told once it happens again."""
    clock, stream = Clock(NOW), io.StringIO()
    seldom = Seldom("notice refused", Journal(stream, clock, human=True), clock)
    for number in range(MOST + 5):
        seldom.tell(why=f"no key {number}")

    assert MOST == stream.getvalue().count("notice refused  why: no key")

    for _ in range(2):
        clock.at += timedelta(hours=1)
        seldom.tell(why="later")

    assert 1 == stream.getvalue().count("more of this: notice refused  number: 5")
    assert 2 == stream.getvalue().count("why: later")
