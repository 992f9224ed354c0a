"""Pass signals to the main loop, and notify systemd of the daemon's state (sd_notify(3)).

A signal handler may interrupt its own thread while that holds a lock, so handlers take none: they
set plain attributes and use a SimpleQueue, whose put() is reentrant.
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
    """A stop flag that is safe to set in a signal handler.

    The handler sets `is_requested`; the next is_set() call then wakes the waiters.
    """

    is_requested = False

    def is_set(self) -> bool:
        """Return whether a stop was requested, and if so wake all waiters."""
        if self.is_requested:
            self.set()
        return super().is_set()


@dataclass(slots=True)
class Signals:
    """What signals asked for; the request methods are safe in signal handlers."""

    stop: StopEvent = field(default_factory=StopEvent)
    reload_requested: bool = False
    _wakeups: "SimpleQueue[None]" = field(default_factory=SimpleQueue)

    def request_stop(self) -> None:
        """Ask the daemon to stop."""
        self.stop.is_requested = True
        self._wakeups.put(None)

    def request_reload(self) -> None:
        """Ask the daemon to reload its configuration."""
        self.reload_requested = True
        self._wakeups.put(None)

    def wait(self, seconds: float) -> None:
        """Wait for a request, at most this many seconds."""
        with suppress(Empty):
            self._wakeups.get(timeout=seconds)


@contextmanager
def handle_signals() -> Iterator[Signals]:
    """Install signal handlers and yield their requests; a second stop signal kills the process."""
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
    """Notifies the service manager; does nothing without NOTIFY_SOCKET."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        meant = environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        every = environ.get("WATCHDOG_USEC", "") if meant else ""
        self._watchdog_interval = int(every) / _MICROSECONDS / 2 if every.isdecimal() else 0.0
        self._last_ping = 0.0

    def notify_ready(self) -> None:
        """Report that the daemon is ready, with its current configuration."""
        self._send("READY=1")

    def notify_reloading(self) -> None:
        """Report that the configuration is being reloaded; `notify_ready` ends this."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def notify_stopping(self) -> None:
        """Report that the daemon is stopping."""
        self._send("STOPPING=1")

    def notify_status(self, text: str) -> None:
        """Report in one line what is being done."""
        self._send(f"STATUS={' '.join(text.split())}")

    def ping_watchdog(self) -> None:
        """Ping the watchdog at half its interval. Call this often."""
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
            except OSError:  # no listener; a missing ping makes systemd restart the daemon
                return
