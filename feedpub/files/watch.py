"""Watch folders and report changes, for `feedpub run` and the preview server.

`Watcher.run` is the entry point. Kernel events report changes at once. Regular sweeps compare the
stat data of all files, and find what events miss: on network file systems, or when the kernel has
no watches left. A file that is still being written is held back until it has been quiet for a
while.
"""

import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

from watchfiles._rust_notify import RustNotify

from feedpub.errors import FeedpubError
from feedpub.files import scanner
from feedpub.files.scanner import RACY_WINDOW, FileEntry, is_being_written, racy_until

_STEP = 50  # milliseconds without another change end a batch
_DEBOUNCE = 400  # milliseconds; the longest a batch may take
_FOLDER_CHECK_INTERVAL = 1.0  # seconds between checks that the folders are the same
_SWEEP_SHARE = 200  # sweeps may take up 1/200 of the time
_RECENT = 2.0  # seconds before the last sweep that still count as a recent change
_POLL = 0.05  # seconds between checks of held-back files
_QUIET_PERIOD = 0.3  # seconds without a change until a new file counts as complete
_UNKNOWN_QUIET_PERIOD = 0.5  # if the system cannot say whether it is open for writing
_GROWING_QUIET_PERIOD = 2.0  # if it was seen to grow
_UNSURE = -1  # fingerprint of a file that may change unseen; Python's hash is never -1
# Temporary files of editors and downloads, removed or renamed once the real file is complete.
_TEMPORARY_FILE = re.compile(
    r"\..*|.*~|4913|#.*#|.*___jb_(?:tmp|old)___|.*\.(?:swp|swx|tmp|part|partial|crdownload)"
)


class EventSource(Protocol):
    """A source of file system events."""

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Event, /
    ) -> set[tuple[int, str]] | Literal["signal", "stop", "timeout"]:
        """Wait for changes; return them, or the reason why there are none."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """Changes that are reported together."""

    paths: tuple[str, ...]  # absolute, sorted, unique; of a sweep only recent ones
    source: str  # events, sweep


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """The current state of the watcher."""

    mode: str = "sweep"  # or events
    no_events_reason: str = ""  # why events are unavailable
    missing_folders: tuple[str, ...] = ()  # folders that do not exist
    files_in_progress: frozenset[str] = frozenset()  # held back while being written
    slow_files: tuple[str, ...] = ()  # those held back longer than `slow_after`
    sweeps: int = 0
    sweep_seconds: float = 0.0  # duration of the last sweep
    sweep_interval: float = 0.0  # seconds until the next one


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """Settings of the watcher."""

    use_events: bool = True
    sweep_interval: float = 60.0  # seconds between sweeps, at least
    slow_after: float = 60.0  # seconds until a held-back file is reported as slow
    retry_events_after: float = 600.0  # seconds until unavailable events are tried again
    follow_links: bool = False  # targets of links are found by sweeps only


@dataclass(frozen=True, slots=True)
class _PendingFile:
    """A file held back until it has been quiet long enough."""

    stat_key: tuple[int, ...]  # its stat data at the last check
    changed: float  # monotonic time at which that was first seen
    quiet_period: float  # seconds without a change required
    since: float  # monotonic time at which it was first held back
    source: str  # as in ChangeBatch


def open_event_source(folders: Sequence[str]) -> EventSource:
    """Start watching folders recursively.

    Raises OSError or RuntimeError if the kernel has no more watches.
    """
    return RustNotify(list(folders), False, False, 300, True, False)  # noqa: FBT003 - no keywords


class Watcher:
    """Watches folders, including ones that do not exist yet; `run` needs a thread of its own."""

    def __init__(
        self,
        folders: Sequence[Path],
        tell: Callable[[ChangeBatch], object],
        note: Callable[[WatchStatus], object],
        options: WatchOptions,
        open_source: Callable[[Sequence[str]], EventSource] = open_event_source,
    ) -> None:
        """Set up the watcher without starting it.

        Args:
            folders: The folders to watch recursively; absolute.
            tell: Called with each batch; the first comes as soon as everything is watched.
            note: Called with the status when it changes, and after each sweep.
            options: The settings.
            open_source: Opens an event source.
        """
        self._folders = tuple(folders)
        self._on_batch = tell
        self._on_status = note
        self._options = options
        self._open = open_source
        self._status = WatchStatus()
        self._fingerprints: dict[str, int] = {}  # stat data of each file as last reported
        self._swept = time.time()  # when the last sweep began, seconds since 1970
        self._next = 0.0  # monotonic time of the next sweep
        self._held: dict[str, _PendingFile] = {}
        # Recently reported files: when, and their size then, to notice those that keep growing.
        self._recently_reported: dict[str, tuple[float, int]] = {}

    def run(self, stop: Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            with self._open_events() as event_source:
                self._watch_folders(event_source, stop)

    @contextmanager
    def _open_events(self) -> Iterator[EventSource | None]:
        """Open an event source for the folders that exist, or None if events cannot be used."""
        there = [str(each) for each in self._folders if each.is_dir()]
        away = tuple(str(each) for each in self._folders if str(each) not in there)
        event_source, why = None, ""
        if self._options.use_events and there:
            try:
                event_source = self._open(there)
            except (OSError, RuntimeError) as error:
                why = str(error).partition(" about ")[0].rstrip(".")
        how = "events" if event_source else "sweep"
        self._set_status(
            replace(self._status, mode=how, no_events_reason=why, missing_folders=away)
        )
        try:
            yield event_source
        finally:
            if event_source:
                event_source.close()

    def _watch_folders(self, event_source: EventSource | None, stop: Event) -> None:
        """Report changes until the folders have to be opened again."""
        places, began = self._get_folder_ids(), time.monotonic()
        self._next = 0.0  # sweep at once: changes were missed while not watching
        while not stop.is_set():
            if time.monotonic() >= self._next:
                self._sweep()
            wait = _POLL if self._held else _FOLDER_CHECK_INTERVAL
            if event_source:
                try:
                    found = event_source.watch(_DEBOUNCE, _STEP, round(wait * 1000), stop)
                except (OSError, RuntimeError):
                    return  # the event queue overflowed: start over
                if not isinstance(found, str):
                    self._on_events([path for _, path in found])
            else:
                stop.wait(min(wait, max(self._next - time.monotonic(), 0)))
            self._report_settled()
            tries = (
                self._status.no_events_reason
                and time.monotonic() - began > self._options.retry_events_after
            )
            if tries or places != self._get_folder_ids():
                return

    def _get_folder_ids(self) -> tuple[tuple[int, int] | None, ...]:
        """Return values that change if a folder is replaced or mounted over."""
        return tuple(_place(each) for each in self._folders)

    def _on_events(self, paths: Sequence[str]) -> None:
        """Report events, holding back files that are still being written."""
        meant = [path for path in paths if self._is_relevant(path)]
        if meant:
            every = dict.fromkeys([*meant, *filter(self._is_relevant, _list_files(meant))])
            self._hold(every, "events")
            self._remember(path for path in every if path not in self._held)
            ready = [path for path in meant if path not in self._held]
            if ready:
                self._report(ready, "events")

    def _report(self, paths: Sequence[str], how: str) -> None:
        """Report a batch; the status, updated first, already lists the files being written."""
        now = time.monotonic()
        self._update_pending()
        recent = {
            path: each
            for path, each in self._recently_reported.items()
            if now - each[0] < _GROWING_QUIET_PERIOD
        }
        sizes = ((path, found.st_size) for path in paths if (found := _stat(path)))
        self._recently_reported = recent | {path: (now, size) for path, size in sizes}
        self._on_batch(ChangeBatch(_sort_unique(paths), how))

    def _hold(self, paths: Iterable[str], how: str) -> None:
        """Hold back those of these files that are, or may be, still being written."""
        now = time.monotonic()
        for path in paths:
            found = _stat(path)
            if found is None or not stat.S_ISREG(found.st_mode):
                self._held.pop(path, None)
                continue
            rest = self._get_quiet_period(path, found)
            known = self._held.get(path)
            if known:
                rest = max(rest, known.quiet_period)
            if rest:
                since = known.since if known else now
                self._held[path] = _PendingFile(_facts(found), now, rest, since, how)

    def _get_quiet_period(self, path: str, found: os.stat_result) -> float:
        """Return how long a file must be quiet before it is reported; 0 for at once."""
        written = is_being_written(path)
        if written:
            return _POLL  # counted from when it is closed
        when, size = self._recently_reported.get(path, (0.0, found.st_size))
        if found.st_size > size and time.monotonic() - when < _GROWING_QUIET_PERIOD:
            return _GROWING_QUIET_PERIOD
        if written is None:
            return _UNKNOWN_QUIET_PERIOD
        return _QUIET_PERIOD if path not in self._fingerprints or not found.st_size else 0.0

    def _report_settled(self) -> None:
        """Report the held-back files that have been quiet long enough."""
        now = time.monotonic()
        ready: dict[str, list[str]] = {}
        for path, hold in list(self._held.items()):
            found = _stat(path)
            facts = _facts(found) if found else ()
            written = found and is_being_written(path)
            if written or (found and facts != hold.stat_key):
                grows = facts[0] > hold.stat_key[0] and not written
                rest = _GROWING_QUIET_PERIOD if grows else hold.quiet_period
                self._held[path] = replace(hold, stat_key=facts, changed=now, quiet_period=rest)
            elif not found or now - hold.changed >= hold.quiet_period:
                del self._held[path]
                ready.setdefault(hold.source, []).append(path)
        for how, paths in ready.items():
            self._remember(paths)
            self._report(paths, how)
        self._update_pending()

    def _update_pending(self) -> None:
        """Update the status with the files being written."""
        now = time.monotonic()
        slow = (
            path for path, each in self._held.items() if now - each.since > self._options.slow_after
        )
        self._set_status(
            replace(
                self._status, files_in_progress=frozenset(self._held), slow_files=_sort_unique(slow)
            )
        )

    def _remember(self, paths: Iterable[str]) -> None:
        """Record files as reported, just before reporting, so that a sweep does not repeat them."""
        for path in paths:
            found = _stat(path)
            if found and stat.S_ISREG(found.st_mode):
                times = (found.st_mtime_ns, found.st_ctime_ns)
                seen = FileEntry(path, found.st_size, *times, found.st_ino)
                self._fingerprints[path] = (
                    _UNSURE if _is_racy(seen, time.time_ns()) else _fingerprint(seen)
                )
            else:
                self._fingerprints.pop(path, None)

    def _is_relevant(self, path: str) -> bool:
        """Return whether a path is neither hidden nor temporary."""
        for folder in self._folders:
            below = path.removeprefix(f"{folder}/")
            if below != path:
                return _is_permanent(below)
        return True  # a folder itself

    def _sweep(self) -> None:
        """Compare all files with what was reported, and report the differences."""
        began, wall = time.monotonic(), time.time_ns()
        found = {
            f"{folder}/{entry.path}": entry
            for folder in self._folders
            for entry in self._listed(folder)
        }
        missed = [
            path
            for path, entry in found.items()
            if self._fingerprints.get(path) != _fingerprint(entry)
        ]
        gone = self._fingerprints.keys() - found.keys()
        sure = not any(_is_racy(entry, wall) for entry in found.values())
        took = time.monotonic() - began
        pause = max(self._options.sweep_interval, took * _SWEEP_SHARE)
        fresh = [path for path in missed if self._is_fresh(found[path])]
        self._hold((path for path in fresh if path not in self._held), "sweep")
        if set(missed) - self._held.keys() or gone or not self._status.sweeps:
            self._report([path for path in fresh if path not in self._held], "sweep")
        self._fingerprints = {
            path: _UNSURE if _is_racy(entry, wall) or path in self._held else _fingerprint(entry)
            for path, entry in found.items()
        }
        self._swept = wall / 1e9
        self._next = began + (pause if sure else min(pause, _FOLDER_CHECK_INTERVAL))
        watching = self._status
        self._set_status(
            replace(watching, sweeps=watching.sweeps + 1, sweep_seconds=took, sweep_interval=pause),
            always=True,
        )

    def _listed(self, folder: Path) -> tuple[FileEntry, ...]:
        """List a folder's permanent files; none if it does not exist or cannot be read."""
        try:
            found = scanner.scan(folder, follow_links=self._options.follow_links)
            return tuple(entry for entry in found if _is_permanent(entry.path))
        except (FeedpubError, OSError):
            return ()

    def _is_fresh(self, entry: FileEntry) -> bool:
        """Return whether a file changed since shortly before the last sweep began."""
        return max(entry.modified, entry.changed) / 1e9 > self._swept - _RECENT

    def _set_status(self, watching: WatchStatus, *, always: bool = False) -> None:
        if watching != self._status or always:
            self._status = watching
            self._on_status(watching)


def get_stat_key(path: Path) -> tuple[int, int, int]:
    """Return stat data that changes with the file; zeros if it does not exist."""
    found = _stat(path)
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else (0, 0, 0)


def _list_files(paths: Iterable[str]) -> Iterator[str]:
    """Yield the files in folders: a new folder may have been filled before its watch was added."""
    for path in paths:
        for folder, _, names in os.walk(path):
            yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118 - strings


def _sort_unique(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(paths)))


def _is_permanent(path: str) -> bool:
    """Return whether a relative path is neither hidden nor temporary."""
    *folders, name = path.split("/")
    return not (_TEMPORARY_FILE.fullmatch(name) or any(each.startswith(".") for each in folders))


def _fingerprint(entry: FileEntry) -> int:
    """Return a hash of the stat data; never `_UNSURE`."""
    return hash((entry.size, entry.modified, entry.changed, entry.inode))


def _is_racy(entry: FileEntry, scanned: int) -> bool:
    """Return whether a file may have changed again just after the scan without being noticed."""
    return any(
        when - RACY_WINDOW <= scanned <= racy_until(when, entry.changed)
        for when in (entry.modified, entry.changed)
    )


def _facts(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _place(folder: Path) -> tuple[int, int] | None:
    found = _stat(folder)
    return (found.st_dev, found.st_ino) if found else None


def _stat(path: str | Path) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - accepts strings, too
    except OSError:
        return None
