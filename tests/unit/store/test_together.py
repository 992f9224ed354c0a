"""Threads that wait for the same disk share one commit."""

from collections.abc import Sequence
from threading import Event, Thread
from time import sleep

import pytest
from mailings import NOW

from feedpub.store import StoreUnavailable
from feedpub.store.together import Request, Together


def request(number: int) -> Request:
    """Give what one thread asks for."""
    return Request("w", (number,), NOW)


class Disk:
    """A slow disk: the first commit takes until it is told to go on."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sizes: list[int] = []
        self.begun, self.goes_on = Event(), Event()
        self.error = error

    def commit(self, group: Sequence[Request]) -> None:
        """Commit a group, or fail at the first one."""
        self.sizes.append(len(group))
        self.begun.set()
        self.goes_on.wait(30)
        error, self.error = self.error, None
        if error:
            raise error
        for each in group:
            each.granted = frozenset(each.ids)


def asked_meanwhile(together: Together, disk: Disk, number: int) -> tuple[list[int], list[str]]:
    """Ask once, and by other threads while that is being committed; give answers and errors."""
    granted: list[int] = []
    errors: list[str] = []

    def ask(which: int) -> None:
        try:
            granted.extend(together.ask(request(which)))
        except (StoreUnavailable, ZeroDivisionError) as error:
            errors.append(str(error))

    threads = [Thread(target=ask, args=(each,)) for each in range(number + 1)]
    threads[0].start()
    disk.begun.wait(30)
    for thread in threads[1:]:
        thread.start()
    while len(together._waiting) < number:
        sleep(0.001)
    disk.goes_on.set()
    for thread in threads:
        thread.join(30)
    return sorted(granted), errors


def test_who_comes_meanwhile_shares_the_next_commit() -> None:
    """Eleven ask, and the disk works twice."""
    disk = Disk()

    assert (list(range(11)), []) == asked_meanwhile(Together(disk.commit), disk, 10)
    assert [1, 10] == disk.sizes


def test_one_alone_waits_for_nobody() -> None:
    """It commits by itself."""
    disk = Disk()
    disk.goes_on.set()

    assert frozenset([7]) == Together(disk.commit).ask(request(7))


def test_an_error_is_told_to_all_it_concerns() -> None:
    """And to nobody else: the next commit is a new one."""
    disk = Disk(StoreUnavailable("away"))

    assert (list(range(1, 6)), ["away"]) == asked_meanwhile(Together(disk.commit), disk, 5)


def test_a_bug_leaves_nobody_waiting() -> None:
    """Whoever met it is told; the others commit for themselves."""
    disk = Disk(ZeroDivisionError("bug"))

    assert (list(range(1, 6)), ["bug"]) == asked_meanwhile(Together(disk.commit), disk, 5)


def test_an_error_is_raised_as_what_it_is() -> None:
    """Of the same kind, with the same words."""
    disk = Disk(StoreUnavailable("away"))
    disk.goes_on.set()

    with pytest.raises(StoreUnavailable, match="away"):
        Together(disk.commit).ask(request(1))
