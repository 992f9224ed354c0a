"""`feedpub run` in a process of its own, and what it tells; or in this one, by a clock of ours.

with started(home) as daemon:
    daemon.wait("built", posts=3)
"""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from folders import Site as Folder
from watched import wait_until

from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.main import Dependencies, run_daemon
from feedpub.daemon.settings import CurrentSite
from feedpub.daemon.signals import Signals
from feedpub.models.log import EventLogger

Event = Mapping[str, object]


@dataclass
class Told:
    """What a daemon tells, event by event."""

    def text(self) -> str:
        """Give the whole log."""
        raise NotImplementedError

    def events(self, name: str = "", **fields: object) -> list[Event]:
        """Give all events, or those of a name with these fields."""
        lines = self.text().split("\n")[:-1]  # the last one is being written
        found: list[Event] = [json.loads(line) for line in lines]
        return [
            each for each in found if name in {"", each["event"]} and fields.items() <= each.items()
        ]

    def wait(self, name: str, count: int = 1, **fields: object) -> Event:
        """Wait until something has happened so often; give what was told of it last."""

        def happened() -> bool:
            return len(self.events(name, **fields)) >= count

        try:
            wait_until(happened, f"{name} {fields}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None
        return self.events(name, **fields)[-1]


@dataclass
class Process(Told):
    """A daemon in a process of its own."""

    home: Path
    process: "subprocess.Popen[bytes]"

    def text(self) -> str:
        """Give what it wrote to standard output."""
        return (self.home / "run.log").read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal; give its status."""
        self.send(number)
        return self.process.wait(120)


def command(*words: str) -> list[str]:
    """Give what runs feedpub."""
    return [sys.executable, "-m", "feedpub", *words]


@contextmanager
def started(
    home: Path, environ: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> Iterator[Process]:
    """Run `feedpub run` until the end; what it told is in run.log."""
    with (
        (home / "run.log").open("wb") as log,
        (home / "run.err").open("wb") as faults,
        subprocess.Popen(
            [*before, *command("run")],
            cwd=home,
            stdout=log,
            stderr=faults,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Process(home, process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@dataclass
class Clock:
    """A clock that goes on from a time of our choice, and can be set."""

    at: datetime
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """Give the time."""
        return self.at + timedelta(seconds=time.monotonic() - self.began)


@dataclass
class Here(Told):
    """A daemon in a thread of this process."""

    clock: Clock
    signals: Signals = field(default_factory=Signals)
    stream: io.StringIO = field(default_factory=io.StringIO)
    ended: list[tuple[str, ...]] = field(default_factory=list)

    def text(self) -> str:
        """Give what it told."""
        return self.stream.getvalue()


@contextmanager
def here(
    folder: Folder,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    **means: object,
) -> Iterator[Here]:
    """Run a daemon in a thread until the end; `means` are those of `Means`."""
    daemon = Here(clock or Clock(datetime.now(UTC)))
    journal = EventLogger(daemon.stream, daemon.clock, human=False)
    whole = Dependencies(daemon.clock, journal, environ or {}, **means)  # type: ignore[arg-type]
    site = CurrentSite(folder.request(), daemon.signals.stop, daemon.clock)
    thread = threading.Thread(
        target=lambda: daemon.ended.append(run_daemon(site, whole, daemon.signals)), daemon=True
    )
    thread.start()
    try:
        yield daemon
    finally:
        daemon.signals.request_stop()
        thread.join(120)

    assert not thread.is_alive()


def duty(name: str, calls: list[datetime]) -> PeriodicJob:
    """Give a duty that does nothing but remember that it was called."""

    def call(now: datetime) -> None:
        calls.append(now)

    return PeriodicJob(name, call)
