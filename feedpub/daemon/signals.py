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


class StopEvent(Event):
    """The end: a handler announces it; whoever asks next whether it has come wakes who waits."""

    is_requested = False

    def is_set(self) -> bool:
        """Tell whether it has come."""
        if self.is_requested:
            self.set()
        return super().is_set()


@dataclass(slots=True)
class Signals:
    """What somebody asked for; the first two methods are for handlers, too."""

    stop: StopEvent = field(default_factory=StopEvent)
    reload_requested: bool = False
    _wakeups: "SimpleQueue[None]" = field(default_factory=SimpleQueue)

    def request_stop(self) -> None:
        """Ask it to stop."""
        self.stop.is_requested = True
        self._wakeups.put(None)

    def request_reload(self) -> None:
        """Ask it to read its configuration again."""
        self.reload_requested = True
        self._wakeups.put(None)

    def wait(self, seconds: float) -> None:
        """Wait until something was asked for, but no longer."""
        with suppress(Empty):
            self._wakeups.get(timeout=seconds)


@contextmanager
def handle_signals() -> Iterator[Signals]:
    """Give what the signals of this process ask for; a second one to stop ends it at once."""
    signals = Signals()
    before = {each: signal.getsignal(each) for each in (*_STOPS, signal.SIGHUP)}

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in _STOPS:
            signal.signal(each, signal.SIG_DFL)
        signals.request_stop()

    def renew(number: int, frame: FrameType | None) -> None:
        del number, frame
        signals.request_reload()

    for each in _STOPS:
        signal.signal(each, stop)
    signal.signal(signal.SIGHUP, renew)
    try:
        yield signals
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
