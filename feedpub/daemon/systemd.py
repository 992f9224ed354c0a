"""What happens to the daemon → what systemd is told of it (sd_notify(3)); nothing elsewhere."""

import os
import socket
import time
from collections.abc import Mapping

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
