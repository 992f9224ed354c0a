"""SIGTERM, SIGINT and SIGHUP → a word to the main loop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Signals:
    """What somebody asked for."""

    stop: Event = field(default_factory=Event)
    reload: Event = field(default_factory=Event)
    woken: Event = field(default_factory=Event)  # there is something to look at

    def end(self) -> None:
        """Ask it to stop."""
        self.stop.set()
        self.woken.set()

    def renew(self) -> None:
        """Ask it to read its configuration again."""
        self.reload.set()
        self.woken.set()


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
