"""SIGTERM, SIGINT and SIGHUP → a word to the main loop.

A handler may have interrupted whoever holds a lock, in the same thread: it takes none. It sets
plain attributes, and puts into a queue that allows for that.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM)


class Stop(Event):
    """The end: a handler announces it; whoever asks next whether it has come wakes who waits."""

    announced = False

    def is_set(self) -> bool:
        """Tell whether it has come."""
        if self.announced:
            self.set()
        return super().is_set()


@dataclass(slots=True)
class Signals:
    """What somebody asked for; the first two methods are for handlers, too."""

    stop: Stop = field(default_factory=Stop)
    reload: bool = False
    _woken: "SimpleQueue[None]" = field(default_factory=SimpleQueue)

    def end(self) -> None:
        """Ask it to stop."""
        self.stop.announced = True
        self._woken.put(None)

    def renew(self) -> None:
        """Ask it to read its configuration again."""
        self.reload = True
        self._woken.put(None)

    def wait(self, seconds: float) -> None:
        """Wait until something was asked for, but no longer."""
        with suppress(Empty):
            self._woken.get(timeout=seconds)


@contextmanager
def heeded() -> Iterator[Signals]:
    """Give what the signals of this process ask for; a second one to stop ends it at once."""
    signals = Signals()
    before = {each: signal.getsignal(each) for each in (*_STOPS, signal.SIGHUP)}

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in _STOPS:
            signal.signal(each, signal.SIG_DFL)
        signals.end()

    def renew(number: int, frame: FrameType | None) -> None:
        del number, frame
        signals.renew()

    for each in _STOPS:
        signal.signal(each, stop)
    signal.signal(signal.SIGHUP, renew)
    try:
        yield signals
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
