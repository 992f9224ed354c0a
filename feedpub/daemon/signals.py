"""SIGTERM, SIGINT and SIGHUP → a word to the main loop.

A handler may have interrupted whoever holds a lock, in the same thread: it takes none. It sets
plain attributes, and puts into a queue that allows for that.

What happens to the daemon → what systemd is told of it (sd_notify(3)); nothing elsewhere.
"""

import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
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


_MICROSECONDS = 1_000_000


class SystemdNotifier:
    """Tells the manager that started us how we are."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        meant = environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        every = environ.get("WATCHDOG_USEC", "") if meant else ""
        self._watchdog_interval = int(every) / _MICROSECONDS / 2 if every.isdecimal() else 0.0
        self._last_ping = 0.0

    def notify_ready(self) -> None:
        """Say that all works, with the configuration as it is now."""
        self._send("READY=1")

    def notify_reloading(self) -> None:
        """Say that the configuration is being read; `ready` says that it was."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def notify_stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def notify_status(self, text: str) -> None:
        """Say in one line what is being done."""
        self._send(f"STATUS={' '.join(text.split())}")

    def ping_watchdog(self) -> None:
        """Say that we are alive, as often as the watchdog wants it. To be called often."""
        if (
            self._watchdog_interval
            and time.monotonic() - self._last_ping >= self._watchdog_interval
        ):
            self._last_ping = time.monotonic()
            self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
            try:
                wire.sendto("\n".join(lines).encode(), self._address)
            except OSError:  # nobody listens: systemd will ask for us, if it is there
                return
