"""What becomes of deliveries, told by many threads → the store, in as few commits as will do."""

from collections.abc import Callable
from threading import Condition
from typing import TypeVar

from feedpub.mailing import Settled
from feedpub.newsletter.posting.times import Clock
from feedpub.store import Store, StoreError, StoreUnavailable

PATIENCE = 120.0
"""Seconds to wait for a database that is away: servers wait 300 for the rest of a message."""

_FIRST, _LONGEST = 0.05, 5.0  # seconds between two tries

Answer = TypeVar("Answer")


class NotOursError(Exception):
    """A delivery was taken from us, cancelled, or its reader left, just before it was sent."""


def patiently(
    call: Callable[[], Answer], sleep: Callable[[float], object], patience: float = PATIENCE
) -> Answer:
    """Call until the database is there; at last raise what it raises (StoreUnavailable).

    Args:
        call: What may be called again although it was done and only the answer got lost.
        sleep: Waits for so many seconds.
        patience: Seconds to wait in all.
    """
    pause = _FIRST
    while True:
        try:
            return call()
        except StoreUnavailable:
            if patience <= 0:
                raise
        sleep(min(pause, patience))
        patience -= pause
        pause = min(pause * 2, _LONGEST)


class Recorder:
    """Writes to the store in a thread of its own, always all that has come together.

    The disk is slow to promise that it keeps something, and promises many things in the time of
    one. What a connection tells is written before what it asks later: so no more deliveries are
    in doubt at any time than there are connections.
    """

    def __init__(
        self, store: Store, worker: str, now: Clock, sleep: Callable[[float], object]
    ) -> None:
        self._store = store
        self._worker = worker
        self._now = now
        self._sleep = sleep
        self._changed = Condition()
        self._settled: list[Settled] = []
        self._told = self._written = 0  # outcomes
        self._asked: list[int] = []
        self._answers: dict[int, bool] = {}
        self._ending = False
        self._ended = False

    def settle(self, settled: Settled) -> None:
        """Have an outcome written, soon. Raises StoreError where nothing can be written."""
        with self._changed:
            self._expect()
            self._settled.append(settled)
            self._told += 1
            self._changed.notify_all()

    def doubt(self, delivery: int) -> None:
        """Record that a delivery may be sent from now on; it is on the disk when this returns.

        Raises:
            NotOursError: It must not be sent.
            StoreError: Nothing can be written.
        """
        with self._changed:
            self._expect()
            self._asked.append(delivery)
            self._changed.notify_all()
            self._changed.wait_for(lambda: delivery in self._answers or self._ended)
            if delivery not in self._answers:
                self._expect()
            if not self._answers.pop(delivery):
                raise NotOursError

    def wait(self) -> None:
        """Wait until all outcomes told so far are on the disk, or nothing can be written."""
        with self._changed:
            told = self._told
            self._changed.wait_for(lambda: self._written >= told or self._ended)

    def end(self) -> None:
        """Write what is left, and let `run` return; nothing may be told or asked any more."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def run(self) -> None:
        """Write until the end. Raises StoreError where the store cannot be written."""
        try:
            while self._write():
                pass
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _write(self) -> bool:
        """Wait for something to write, and write it; False where there will be nothing."""
        with self._changed:
            self._changed.wait_for(lambda: self._settled or self._asked or self._ending)
            settled, self._settled = self._settled, []
            asked, self._asked = self._asked, []
        if not (settled or asked):
            return False
        now = self._now()
        if settled:
            patiently(lambda: self._store.settle(self._worker, settled, now), self._sleep)
            with self._changed:
                self._written += len(settled)
                self._changed.notify_all()
        if asked:
            granted = patiently(lambda: self._store.doubt(self._worker, asked, now), self._sleep)
            with self._changed:
                self._answers.update({each: each in granted for each in asked})
                self._changed.notify_all()
        return True

    def _expect(self) -> None:
        if self._ended:
            raise StoreError("what became of messages cannot be recorded any more")
