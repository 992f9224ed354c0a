"""Folders → a word whenever something in them may have changed.

Events tell at once. A regular sweep finds by what the disk tells of each file whatever events
missed: on network file systems, say, or where the kernel has no watch left.
"""

import errno
import fcntl
import os
import re
import signal
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

from watchfiles._rust_notify import RustNotify

from feedpub import files
from feedpub.errors import FeedpubError
from feedpub.files import Entry
from feedpub.files.sources import RACY, unsure_until

_STEP = 50  # milliseconds without another change that end a batch
_DEBOUNCE = 1_600  # milliseconds that a batch may take
_GLANCE = 1.0  # seconds between two looks at where the folders are
_SHARE = 200  # of the time, a sweep may take one part in so many
_RECENT = 2.0  # seconds around a sweep: a file that changed then may still be being written
_UNSURE = -1  # the mark of a file that may change and look the same; Python's hash is never -1
# What editors and downloads write beside a file, and take away or rename when it is whole.
_PASSING = re.compile(
    r"\..*|.*~|4913|#.*#|.*___jb_(?:tmp|old)___|.*\.(?:swp|swx|tmp|part|partial|crdownload)"
)


class Eyes(Protocol):
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
class Batch:
    """Changes that came together."""

    paths: tuple[str, ...]  # absolute, each once; of a sweep those that tell when they changed
    how: str  # events, sweep


@dataclass(frozen=True, slots=True)
class Watching:
    """How folders are watched at the moment."""

    how: str = "sweep"  # or events
    why: str = ""  # there are no events
    away: tuple[str, ...] = ()  # folders that are not there
    sweeps: int = 0
    seconds: float = 0.0  # that the last sweep took
    pause: float = 0.0  # seconds until the next one


@dataclass(frozen=True, slots=True)
class Manner:
    """How to watch."""

    events: bool = True
    sweep: float = 60.0  # seconds between two sweeps at least
    patience: float = 20.0  # seconds to wait for files that are being written
    again: float = 600.0  # seconds until events are tried again that could not be had


def opened(folders: Sequence[str]) -> Eyes:
    """Begin to watch folders and all below them.

    Raises OSError or RuntimeError where the kernel gives no more watches.
    """
    return RustNotify(list(folders), False, False, 300, True, False)  # noqa: FBT003 - no keywords


class Watcher:
    """Watches folders, whether they are there or not; `run` is for a thread of its own."""

    def __init__(
        self,
        folders: Sequence[Path],
        tell: Callable[[Batch], object],
        note: Callable[[Watching], object],
        manner: Manner,
        open_eyes: Callable[[Sequence[str]], Eyes] = opened,
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
        self._tell = tell
        self._note = note
        self._manner = manner
        self._open = open_eyes
        self._watching = Watching()
        self._known: dict[str, int] = {}  # a mark of each file that was told of as it is
        self._swept = time.time()  # when it began, in seconds since 1970
        self._next = 0.0  # sweep, on the monotonic clock
        self._facts: dict[str, tuple[int, int]] = {}  # of files that nothing else tells of
        self._slow: set[str] = set()  # files that were waited for in vain

    def run(self, stop: Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            with self._eyes() as eyes:
                self._attend(eyes, stop)

    @contextmanager
    def _eyes(self) -> Iterator[Eyes | None]:
        """Watch the folders that are there, by events where that can be done."""
        there = [str(each) for each in self._folders if each.is_dir()]
        away = tuple(str(each) for each in self._folders if str(each) not in there)
        eyes, why = None, ""
        if self._manner.events and there:
            try:
                eyes = self._open(there)
            except (OSError, RuntimeError) as error:
                why = str(error).partition(" about ")[0].rstrip(".")
        how = "events" if eyes else "sweep"
        self._change(replace(self._watching, how=how, why=why, away=away))
        try:
            yield eyes
        finally:
            if eyes:
                eyes.close()

    def _attend(self, eyes: Eyes | None, stop: Event) -> None:
        """Tell of changes until it is time to look anew at where the folders are."""
        places, began = self._places(), time.monotonic()
        self._next = 0.0  # what happened while nobody watched
        while not stop.is_set():
            if time.monotonic() >= self._next:
                self._sweep(stop)
            if eyes:
                try:
                    found = eyes.watch(_DEBOUNCE, _STEP, round(_GLANCE * 1000), stop)
                except (OSError, RuntimeError):
                    return  # the kernel lost count: begin again
                if not isinstance(found, str):
                    self._noticed([path for _, path in found], stop)
            else:
                stop.wait(min(_GLANCE, max(self._next - time.monotonic(), 0)))
            tries = self._watching.why and time.monotonic() - began > self._manner.again
            if tries or places != self._places():
                return

    def _places(self) -> tuple[tuple[int, int] | None, ...]:
        """Give what tells a folder from another that takes its place, or is mounted over it."""
        return tuple(_place(each) for each in self._folders)

    def _noticed(self, paths: Sequence[str], stop: Event) -> None:
        """Tell of events, once the files are whole."""
        meant = [path for path in paths if self._is_meant(path)]
        if meant:
            every = [*meant, *filter(self._is_meant, _inside(meant))]
            self._settle(every, stop)
            self._hear(every)
            self._tell(Batch(_each(meant), "events"))

    def _hear(self, paths: Iterable[str]) -> None:
        """Keep how files are, just before it is told: a sweep need not tell of them again."""
        for path in paths:
            found = _stat(path)
            if found and stat.S_ISREG(found.st_mode):
                times = (found.st_mtime_ns, found.st_ctime_ns)
                seen = Entry(path, found.st_size, *times, found.st_ino)
                self._known[path] = _UNSURE if _is_racy(seen, time.time_ns()) else _mark(seen)
            else:
                self._known.pop(path, None)

    def _is_meant(self, path: str) -> bool:
        """Tell whether a path is not that of something hidden or passing."""
        for folder in self._folders:
            below = path.removeprefix(f"{folder}/")
            if below != path:
                return _lasts(below)
        return True  # a folder itself

    def _sweep(self, stop: Event) -> None:
        """Tell where anything is not as it was when it was told of."""
        began, wall = time.monotonic(), time.time_ns()
        found = {
            f"{folder}/{entry.path}": entry for folder in self._folders for entry in _listed(folder)
        }
        missed = [path for path, entry in found.items() if self._known.get(path) != _mark(entry)]
        gone = self._known.keys() - found.keys()
        sure = not any(_is_racy(entry, wall) for entry in found.values())
        took = time.monotonic() - began
        pause = max(self._manner.sweep, took * _SHARE)
        if missed or gone or not self._watching.sweeps:
            fresh = [path for path in missed if self._is_fresh(found[path])]
            self._settle(fresh, stop)
            self._tell(Batch(_each(fresh), "sweep"))
        self._known = {
            path: _UNSURE if _is_racy(entry, wall) else _mark(entry)
            for path, entry in found.items()
        }
        self._swept = wall / 1e9
        self._next = began + (pause if sure else min(pause, _GLANCE))
        watching = self._watching
        self._change(
            replace(watching, sweeps=watching.sweeps + 1, seconds=took, pause=pause), always=True
        )

    def _is_fresh(self, entry: Entry) -> bool:
        """Tell whether a file changed since the last sweep began, or little before."""
        return max(entry.modified, entry.changed) / 1e9 > self._swept - _RECENT

    def _settle(self, paths: Iterable[str], stop: Event) -> None:
        """Wait until nobody writes to these files, but not for ever."""
        end = time.monotonic() + self._manner.patience
        busy = [path for path in paths if self._is_busy(path)]
        self._slow.intersection_update(busy)
        waiting = [path for path in busy if path not in self._slow]
        while waiting and time.monotonic() < end and not stop.wait(_STEP / 1000):
            waiting = [path for path in waiting if self._is_busy(path)]
        self._slow.update(waiting)
        self._facts.clear()

    def _is_busy(self, path: str) -> bool:
        """Tell whether a file is being written, or may be: where it is not as a moment ago."""
        known = written(path)
        if known is not None:
            return known
        found = _stat(path)
        before = self._facts.get(path)
        self._facts[path] = facts = (found.st_size, found.st_mtime_ns) if found else (-1, -1)
        return before != facts

    def _change(self, watching: Watching, *, always: bool = False) -> None:
        if watching != self._watching or always:
            self._watching = watching
            self._note(watching)


def facts(path: Path) -> tuple[int, int, int]:
    """Give what tells whether a file is another than before; zeros where there is none."""
    found = _stat(path)
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else (0, 0, 0)


def written(path: str) -> bool | None:
    """Tell whether somebody has a file open for writing; None where nobody can tell.

    The kernel grants a lease for reading only where nobody does. It is given back at once.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False  # it is gone, or is none of ours
    try:
        # Who opens the file meanwhile waits, and we would be sent a signal: one that is ignored.
        fcntl.fcntl(number, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    except AttributeError:  # pragma: no cover - not Linux
        return None
    finally:
        os.close(number)
    return False


def _inside(paths: Iterable[str]) -> Iterator[str]:
    """Give the files in those that are folders: a new one may be full before it is watched."""
    for path in paths:
        for folder, _, names in os.walk(path):
            yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118 - of texts


def _each(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(paths)))


def _lasts(path: str) -> bool:
    """Tell whether a path below a folder is not that of something hidden or passing."""
    *folders, name = path.split("/")
    return not (_PASSING.fullmatch(name) or any(each.startswith(".") for each in folders))


def _listed(folder: Path) -> tuple[Entry, ...]:
    """List the files of a folder that last; none where it is not there or cannot be read."""
    try:
        return tuple(entry for entry in files.scan(folder) if _lasts(entry.path))
    except (FeedpubError, OSError):
        return ()


def _mark(entry: Entry) -> int:
    """Give what is another for a file that has changed; never that of one that is unsure."""
    return hash((entry.size, entry.modified, entry.changed, entry.inode))


def _is_racy(entry: Entry, scanned: int) -> bool:
    """Tell whether a file may have changed again just after it was looked at, and not show it."""
    return any(
        when - RACY <= scanned <= unsure_until(when, entry.changed)
        for when in (entry.modified, entry.changed)
    )


def _place(folder: Path) -> tuple[int, int] | None:
    found = _stat(folder)
    return (found.st_dev, found.st_ino) if found else None


def _stat(path: str | Path) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - of a text as well
    except OSError:
        return None
