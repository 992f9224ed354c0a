"""A folder that is watched by a thread, and what it told.

with watched(folder, events=True) as seen:
    (folder / "a.md").write_text("Text.")
    seen.wait_for("a.md")
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from feedpub.files.watch import (
    ChangeBatch,
    EventSource,
    Watcher,
    WatchOptions,
    WatchStatus,
    open_event_source,
)

PATIENCE = 60.0  # seconds: the machine may be busy
SWEEP = 0.1


def wait_until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)


@dataclass
class Seen:
    """What a watcher told."""

    batches: list[ChangeBatch] = field(default_factory=list)
    notes: list[WatchStatus] = field(default_factory=list)

    def names(self) -> set[str]:
        """Give the names of all files that were told of."""
        return {os.path.basename(path) for each in self.batches for path in each.paths}  # noqa: PTH119

    def wait_for(self, name: str) -> None:
        """Wait until a file is told of."""
        wait_until(lambda: name in self.names(), f"{name} in {self.names()}")

    def wait_for_batch(self, before: int) -> None:
        """Wait for more batches than there were."""
        wait_until(lambda: len(self.batches) > before, "a batch")

    def wait_for_note(self, true: Callable[[WatchStatus], object]) -> None:
        """Wait until it watches in some way."""
        wait_until(lambda: self.notes and true(self.notes[-1]), f"{self.notes[-1:]}")


def manner(*, events: bool = True, patience: float = PATIENCE, again: float = 600) -> WatchOptions:
    """Watch in this way, and sweep often; with events, never after the first time."""
    return WatchOptions(
        use_events=events,
        sweep_interval=3600 if events else SWEEP,
        slow_after=patience,
        retry_events_after=again,
    )


@contextmanager
def watching(
    folders: Sequence[Path],
    how: WatchOptions,
    open_eyes: Callable[[Sequence[str]], EventSource] = open_event_source,
) -> Iterator[Seen]:
    """Watch folders until the end; by then it has told of all that was there before."""
    seen, stop = Seen(), threading.Event()
    watcher = Watcher(folders, seen.batches.append, seen.notes.append, how, open_eyes)
    thread = threading.Thread(target=watcher.run, args=(stop,))
    thread.start()
    try:
        seen.wait_for_batch(0)
        yield seen
    finally:
        stop.set()
        thread.join(PATIENCE)

    assert not thread.is_alive()


@contextmanager
def watched(folder: Path, *, events: bool) -> Iterator[Seen]:
    """Watch one folder, by events alone or by sweeps alone."""
    with watching([folder], manner(events=events)) as seen:
        yield seen
