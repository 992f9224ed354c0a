"""Folders → a word whenever something in them may have changed.

Events tell at once. A regular sweep finds by what the disk tells of each file whatever events
missed: on network file systems, say, or where the kernel has no watch left.
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

_STEP = 50  # milliseconds without another change that end a batch
_DEBOUNCE = 400  # milliseconds that a batch may take
_FOLDER_CHECK_INTERVAL = 1.0  # seconds between two looks at where the folders are
_SWEEP_SHARE = 200  # of the time, a sweep may take one part in so many
_RECENT = 2.0  # seconds around a sweep: a file that changed then may still be being written
_POLL = 0.05  # seconds between two looks at files that are not told of yet
_QUIET_PERIOD = 0.3  # seconds without a change after which a new file is whole
_UNKNOWN_QUIET_PERIOD = (
    0.5  # the same where the system does not tell whether it is open for writing
)
_GROWING_QUIET_PERIOD = 2.0  # the same for one that was seen to grow
_UNSURE = -1  # the mark of a file that may change and look the same; Python's hash is never -1
# What editors and downloads write beside a file, and take away or rename when it is whole.
_TEMPORARY_FILE = re.compile(
    r"\..*|.*~|4913|#.*#|.*___jb_(?:tmp|old)___|.*\.(?:swp|swx|tmp|part|partial|crdownload)"
)


class EventSource(Protocol):
    """What waits for events."""

    def watch(
        self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Event, /
    ) -> set[tuple[int, str]] | Literal["signal", "stop", "timeout"]:
        """Give what changed, or why there is nothing to give."""
        ...

    def close(self) -> None:
        """Watch no more."""
        ...


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """Changes that came together."""

    paths: tuple[str, ...]  # absolute, each once; of a sweep those that tell when they changed
    source: str  # events, sweep


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """How folders are watched at the moment."""

    mode: str = "sweep"  # or events
    no_events_reason: str = ""  # there are no events
    missing_folders: tuple[str, ...] = ()  # folders that are not there
    files_in_progress: frozenset[str] = (
        frozenset()
    )  # files that are being written, and not told of yet
    slow_files: tuple[str, ...] = ()  # those of them that have been for long
    sweeps: int = 0
    sweep_seconds: float = 0.0  # that the last sweep took
    sweep_interval: float = 0.0  # seconds until the next one


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How to watch."""

    use_events: bool = True
    sweep_interval: float = 60.0  # seconds between two sweeps at least
    slow_after: float = 60.0  # seconds until it is noted that a file is being written for long
    retry_events_after: float = 600.0  # seconds until events are tried again that could not be had
    follow_links: bool = False  # of what they lead to, sweeps alone know


@dataclass(frozen=True, slots=True)
class _PendingFile:
    """A file that is not told of before it has rested."""

    stat_key: tuple[int, ...]  # how it was when it was looked at
    changed: float  # on the monotonic clock: when that was seen first
    quiet_period: float  # seconds without a change that are needed
    since: float  # on the monotonic clock
    source: str  # as in Batch


def open_event_source(folders: Sequence[str]) -> EventSource:
    """Begin to watch folders and all below them.

    Raises OSError or RuntimeError where the kernel gives no more watches.
    """
    return RustNotify(list(folders), False, False, 300, True, False)  # noqa: FBT003 - no keywords


class Watcher:
    """Watches folders, whether they are there or not; `run` is for a thread of its own."""

    def __init__(
        self,
        folders: Sequence[Path],
        tell: Callable[[ChangeBatch], object],
        note: Callable[[WatchStatus], object],
        manner: WatchOptions,
        open_eyes: Callable[[Sequence[str]], EventSource] = open_event_source,
    ) -> None:
        """Nothing is watched yet.

        Args:
            folders: That are watched, with all below them; absolute.
            tell: Told of each batch, and of a first one as soon as all is watched.
            note: Told how it watches, whenever that changes and after each sweep.
            manner: How to watch.
            open_eyes: Gives what waits for events.
        """
        self._folders = tuple(folders)
        self._on_batch = tell
        self._on_status = note
        self._options = manner
        self._open = open_eyes
        self._status = WatchStatus()
        self._fingerprints: dict[str, int] = {}  # a mark of each file that was told of as it is
        self._swept = time.time()  # when it began, in seconds since 1970
        self._next = 0.0  # sweep, on the monotonic clock
        self._held: dict[str, _PendingFile] = {}
        # When files were told of a moment ago, and how large they were.
        self._recently_reported: dict[str, tuple[float, int]] = {}

    def run(self, stop: Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            with self._open_events() as eyes:
                self._watch_folders(eyes, stop)

    @contextmanager
    def _open_events(self) -> Iterator[EventSource | None]:
        """Watch the folders that are there, by events where that can be done."""
        there = [str(each) for each in self._folders if each.is_dir()]
        away = tuple(str(each) for each in self._folders if str(each) not in there)
        eyes, why = None, ""
        if self._options.use_events and there:
            try:
                eyes = self._open(there)
            except (OSError, RuntimeError) as error:
                why = str(error).partition(" about ")[0].rstrip(".")
        how = "events" if eyes else "sweep"
        self._set_status(
            replace(self._status, mode=how, no_events_reason=why, missing_folders=away)
        )
        try:
            yield eyes
        finally:
            if eyes:
                eyes.close()

    def _watch_folders(self, eyes: EventSource | None, stop: Event) -> None:
        """Tell of changes until it is time to look anew at where the folders are."""
        places, began = self._get_folder_ids(), time.monotonic()
        self._next = 0.0  # what happened while nobody watched
        while not stop.is_set():
            if time.monotonic() >= self._next:
                self._sweep()
            wait = _POLL if self._held else _FOLDER_CHECK_INTERVAL
            if eyes:
                try:
                    found = eyes.watch(_DEBOUNCE, _STEP, round(wait * 1000), stop)
                except (OSError, RuntimeError):
                    return  # the kernel lost count: begin again
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
        """Give what tells a folder from another that takes its place, or is mounted over it."""
        return tuple(_place(each) for each in self._folders)

    def _on_events(self, paths: Sequence[str]) -> None:
        """Tell of events, but of files that are being written only when they have rested."""
        meant = [path for path in paths if self._is_relevant(path)]
        if meant:
            every = dict.fromkeys([*meant, *filter(self._is_relevant, _list_files(meant))])
            self._hold(every, "events")
            self._remember(path for path in every if path not in self._held)
            ready = [path for path in meant if path not in self._held]
            if ready:
                self._report(ready, "events")

    def _report(self, paths: Sequence[str], how: str) -> None:
        """Tell of changes; who is told knows by then which files are being written."""
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
        """Hold back those of these files that are being written, or may be."""
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
        """Return for how long a file must not change before it is told of; 0 for not at all."""
        written = is_being_written(path)
        if written:
            return _POLL  # after it is closed
        when, size = self._recently_reported.get(path, (0.0, found.st_size))
        if found.st_size > size and time.monotonic() - when < _GROWING_QUIET_PERIOD:
            return _GROWING_QUIET_PERIOD
        if written is None:
            return _UNKNOWN_QUIET_PERIOD
        return _QUIET_PERIOD if path not in self._fingerprints or not found.st_size else 0.0

    def _report_settled(self) -> None:
        """Tell of the files that have rested."""
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
        """Note which files are being written, where that has changed."""
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
        """Keep how files are, just before it is told: a sweep need not tell of them again."""
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
        """Tell whether a path is not that of something hidden or passing."""
        for folder in self._folders:
            below = path.removeprefix(f"{folder}/")
            if below != path:
                return _is_permanent(below)
        return True  # a folder itself

    def _sweep(self) -> None:
        """Tell where anything is not as it was when it was told of."""
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
        """List the files of a folder that last; none where it is not there or cannot be read."""
        try:
            found = scanner.scan(folder, follow_links=self._options.follow_links)
            return tuple(entry for entry in found if _is_permanent(entry.path))
        except (FeedpubError, OSError):
            return ()

    def _is_fresh(self, entry: FileEntry) -> bool:
        """Tell whether a file changed since the last sweep began, or little before."""
        return max(entry.modified, entry.changed) / 1e9 > self._swept - _RECENT

    def _set_status(self, watching: WatchStatus, *, always: bool = False) -> None:
        if watching != self._status or always:
            self._status = watching
            self._on_status(watching)


def get_stat_key(path: Path) -> tuple[int, int, int]:
    """Give what tells whether a file is another than before; zeros where there is none."""
    found = _stat(path)
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else (0, 0, 0)


def _list_files(paths: Iterable[str]) -> Iterator[str]:
    """Give the files in those that are folders: a new one may be full before it is watched."""
    for path in paths:
        for folder, _, names in os.walk(path):
            yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118 - of texts


def _sort_unique(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(paths)))


def _is_permanent(path: str) -> bool:
    """Tell whether a path below a folder is not that of something hidden or passing."""
    *folders, name = path.split("/")
    return not (_TEMPORARY_FILE.fullmatch(name) or any(each.startswith(".") for each in folders))


def _fingerprint(entry: FileEntry) -> int:
    """Give what is another for a file that has changed; never that of one that is unsure."""
    return hash((entry.size, entry.modified, entry.changed, entry.inode))


def _is_racy(entry: FileEntry, scanned: int) -> bool:
    """Tell whether a file may have changed again just after it was looked at, and not show it."""
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
        return os.stat(path)  # noqa: PTH116 - of a text as well
    except OSError:
        return None
