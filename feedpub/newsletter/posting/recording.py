"""What becomes of deliveries, told by many threads → the store, in as few commits as will do."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TypeVar

from feedpub.mailing import Settled
from feedpub.newsletter.posting.times import Clock
from feedpub.store import Store, StoreError, StoreUnavailable

PATIENCE = 120.0
"""Seconds to wait for a database that is away: servers wait 300 for the rest of a message."""

_FIRST, _LONGEST = 0.05, 5.0  # seconds between two tries
_LITTLE = 0.02  # seconds that an outcome waits for what is asked next
_MOMENT = 0.001  # seconds that a question waits for those of the other connections
_MANY = 100  # written at once
_BROKEN = "what became of messages cannot be recorded any more"

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


@dataclass(frozen=True, slots=True)
class _Question:
    """What a thread waits for: that all it told is on the disk, and whether it may send."""

    delivery: int | None  # that it wants to send; None where it only waits
    answer: "SimpleQueue[bool | None]" = field(default_factory=SimpleQueue)  # None: who knows


_News = Settled | _Question


class Recorder:
    """Writes to the store in a thread of its own, always all that has come together.

    The disk is slow to promise that it keeps something, and promises many things in the time of
    one. What a connection tells is written before what it asks later, or with it: so no more
    deliveries are in doubt at any time than there are connections.
    """

    def __init__(
        self,
        store: Store,
        worker: str,
        now: Clock,
        sleep: Callable[[float], object],
        connections: int = 1,
    ) -> None:
        """Nothing is written yet. So many connections may ask at once."""
        self._store = store
        self._worker = worker
        self._now = now
        self._sleep = sleep
        self._connections = connections
        self._news: SimpleQueue[_News | None] = SimpleQueue()  # None is the last
        self._telling = Lock()  # nothing is told once this has ended:
        self._ended = False

    def settle(self, settled: Settled) -> None:
        """Have an outcome written, soon. Raises StoreError where nothing can be written."""
        self._tell(settled)

    def doubt(self, delivery: int) -> None:
        """Record that a delivery may be sent from now on; it is on the disk when this returns.

        Raises:
            NotOursError: It must not be sent.
            StoreError: Nothing can be written.
        """
        question = _Question(delivery)
        self._tell(question)
        granted = question.answer.get()
        if granted is None:
            raise StoreError(_BROKEN)
        if not granted:
            raise NotOursError

    def wait(self) -> None:
        """Wait until all outcomes told so far are on the disk, or nothing can be written."""
        question = _Question(None)
        with suppress(StoreError):
            self._tell(question)
            question.answer.get()

    def end(self) -> None:
        """Write what is left, and let `run` return; nothing may be told or asked any more."""
        self._news.put(None)

    def run(self) -> None:
        """Write until the end. Raises StoreError where the store cannot be written."""
        goes_on = True
        try:
            while goes_on:
                batch = self._batch()
                goes_on = batch[-1] is not None
                self._write([each for each in batch if each is not None])
        finally:
            with self._telling:
                self._ended = True
            while not self._news.empty():
                _answer(self._news.get(), None)

    def _tell(self, news: _News) -> None:
        """Hand something to whoever writes. Raises StoreError where nobody does any more."""
        with self._telling:
            if self._ended:
                raise StoreError(_BROKEN)
            self._news.put(news)

    def _batch(self) -> list[_News | None]:
        """Wait for something to write, at most `_MANY`.

        Who tells an outcome has something to ask soon, and who asks is seldom alone: those who wait
        a little for each other are all on the disk for the price of one.
        """
        batch = [self._news.get()]
        asked = 0
        while batch[-1] is not None and len(batch) < _MANY:
            asked += isinstance(batch[-1], _Question)
            pause = (_MOMENT if asked < self._connections else 0.0) if asked else _LITTLE
            try:
                batch.append(self._news.get(timeout=pause))
            except Empty:
                break
        return batch

    def _write(self, batch: Sequence[_News]) -> None:
        """Write it, and answer what is asked."""
        settled = [each for each in batch if isinstance(each, Settled)]
        questions = [each for each in batch if isinstance(each, _Question)]
        granted: set[int | None] | None = None
        try:
            granted = set(self._written(settled, [each.delivery for each in questions]))
        finally:
            for each in questions:
                _answer(each, granted)

    def _written(self, settled: Sequence[Settled], asked: Sequence[int | None]) -> Iterable[int]:
        """Write to the store in one transaction; give what may be sent."""
        store, now = self._store, self._now()
        ids = [each for each in asked if each is not None]
        if ids:
            return patiently(lambda: store.doubt(self._worker, ids, now, settled), self._sleep)
        patiently(lambda: store.settle(self._worker, settled, now), self._sleep)
        return ()


def _answer(news: _News | None, granted: set[int | None] | None) -> None:
    """Answer a question: one alone may send, should two have asked for the same."""
    if isinstance(news, _Question):
        news.answer.put(None if granted is None else news.delivery in granted)
        if granted:
            granted.discard(news.delivery)
