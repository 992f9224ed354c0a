"""Ctrl-C and SIGTERM → a word to those who work: finish what is in hand, and stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that is set by Ctrl-C and SIGTERM; a second signal does what it always did.

    In another thread than the main one, which signals never reach, the event is never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def halt(number: int, frame: FrameType | None) -> None:
        del number, frame
        restore()
        stop.set()

    for each in _SIGNALS:
        signal.signal(each, halt)
    try:
        yield stop
    finally:
        restore()
