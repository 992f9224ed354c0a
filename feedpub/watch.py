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

from feedpub import files
from feedpub.errors import FeedpubError
from feedpub.files import Entry
from feedpub.files.sources import RACY, unsure_until
from feedpub.files.unfinished import is_being_written

_STEP = 50  # milliseconds without another change that end a batch
_DEBOUNCE = 400  # milliseconds that a batch may take
_GLANCE = 1.0  # seconds between two looks at where the folders are
_SHARE = 200  # of the time, a sweep may take one part in so many
_RECENT = 2.0  # seconds around a sweep: a file that changed then may still be being written
_POLL = 0.05  # seconds between two looks at files that are not told of yet
_REST = 0.3  # seconds without a change after which a new file is whole
_UNKNOWN_REST = 0.5  # the same where the system does not tell whether it is open for writing
_LONG_REST = 2.0  # the same for one that was seen to grow
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
    unfinished: frozenset[str] = frozenset()  # files that are being written, and not told of yet
    slow: tuple[str, ...] = ()  # those of them that have been for long
    sweeps: int = 0
    seconds: float = 0.0  # that the last sweep took
    pause: float = 0.0  # seconds until the next one


@dataclass(frozen=True, slots=True)
class Manner:
    """How to watch."""

    events: bool = True
    sweep: float = 60.0  # seconds between two sweeps at least
    patience: float = 60.0  # seconds until it is noted that a file is being written for long
    again: float = 600.0  # seconds until events are tried again that could not be had
    follow_links: bool = False  # of what they lead to, sweeps alone know


@dataclass(frozen=True, slots=True)
class _Hold:
    """A file that is not told of before it has rested."""

    facts: tuple[int, ...]  # how it was when it was looked at
    changed: float  # on the monotonic clock: when that was seen first
    rest: float  # seconds without a change that are needed
    since: float  # on the monotonic clock
    how: str  # as in Batch


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
        self._held: dict[str, _Hold] = {}
        # When files were told of a moment ago, and how large they were.
        self._told: dict[str, tuple[float, int]] = {}

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
                self._sweep()
            wait = _POLL if self._held else _GLANCE
            if eyes:
                try:
                    found = eyes.watch(_DEBOUNCE, _STEP, round(wait * 1000), stop)
                except (OSError, RuntimeError):
                    return  # the kernel lost count: begin again
                if not isinstance(found, str):
                    self._noticed([path for _, path in found])
            else:
                stop.wait(min(wait, max(self._next - time.monotonic(), 0)))
            self._release()
            tries = self._watching.why and time.monotonic() - began > self._manner.again
            if tries or places != self._places():
                return

    def _places(self) -> tuple[tuple[int, int] | None, ...]:
        """Give what tells a folder from another that takes its place, or is mounted over it."""
        return tuple(_place(each) for each in self._folders)

    def _noticed(self, paths: Sequence[str]) -> None:
        """Tell of events, but of files that are being written only when they have rested."""
        meant = [path for path in paths if self._is_meant(path)]
        if meant:
            every = dict.fromkeys([*meant, *filter(self._is_meant, _inside(meant))])
            self._hold(every, "events")
            self._hear(path for path in every if path not in self._held)
            ready = [path for path in meant if path not in self._held]
            if ready:
                self._tell_of(ready, "events")

    def _tell_of(self, paths: Sequence[str], how: str) -> None:
        """Tell of changes; who is told knows by then which files are being written."""
        now = time.monotonic()
        self._note_held()
        recent = {path: each for path, each in self._told.items() if now - each[0] < _LONG_REST}
        sizes = ((path, found.st_size) for path in paths if (found := _stat(path)))
        self._told = recent | {path: (now, size) for path, size in sizes}
        self._tell(Batch(_each(paths), how))

    def _hold(self, paths: Iterable[str], how: str) -> None:
        """Hold back those of these files that are being written, or may be."""
        now = time.monotonic()
        for path in paths:
            found = _stat(path)
            if found is None or not stat.S_ISREG(found.st_mode):
                self._held.pop(path, None)
                continue
            rest = self._rest(path, found)
            known = self._held.get(path)
            if known:
                rest = max(rest, known.rest)
            if rest:
                since = known.since if known else now
                self._held[path] = _Hold(_facts(found), now, rest, since, how)

    def _rest(self, path: str, found: os.stat_result) -> float:
        """Return for how long a file must not change before it is told of; 0 for not at all."""
        written = is_being_written(path)
        if written:
            return _POLL  # after it is closed
        when, size = self._told.get(path, (0.0, found.st_size))
        if found.st_size > size and time.monotonic() - when < _LONG_REST:
            return _LONG_REST
        if written is None:
            return _UNKNOWN_REST
        return _REST if path not in self._known or not found.st_size else 0.0

    def _release(self) -> None:
        """Tell of the files that have rested."""
        now = time.monotonic()
        ready: dict[str, list[str]] = {}
        for path, hold in list(self._held.items()):
            found = _stat(path)
            facts = _facts(found) if found else ()
            written = found and is_being_written(path)
            if written or (found and facts != hold.facts):
                grows = facts[0] > hold.facts[0] and not written
                rest = _LONG_REST if grows else hold.rest
                self._held[path] = replace(hold, facts=facts, changed=now, rest=rest)
            elif not found or now - hold.changed >= hold.rest:
                del self._held[path]
                ready.setdefault(hold.how, []).append(path)
        for how, paths in ready.items():
            self._hear(paths)
            self._tell_of(paths, how)
        self._note_held()

    def _note_held(self) -> None:
        """Note which files are being written, where that has changed."""
        now = time.monotonic()
        slow = (
            path for path, each in self._held.items() if now - each.since > self._manner.patience
        )
        self._change(replace(self._watching, unfinished=frozenset(self._held), slow=_each(slow)))

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

    def _sweep(self) -> None:
        """Tell where anything is not as it was when it was told of."""
        began, wall = time.monotonic(), time.time_ns()
        found = {
            f"{folder}/{entry.path}": entry
            for folder in self._folders
            for entry in self._listed(folder)
        }
        missed = [path for path, entry in found.items() if self._known.get(path) != _mark(entry)]
        gone = self._known.keys() - found.keys()
        sure = not any(_is_racy(entry, wall) for entry in found.values())
        took = time.monotonic() - began
        pause = max(self._manner.sweep, took * _SHARE)
        fresh = [path for path in missed if self._is_fresh(found[path])]
        self._hold((path for path in fresh if path not in self._held), "sweep")
        if set(missed) - self._held.keys() or gone or not self._watching.sweeps:
            self._tell_of([path for path in fresh if path not in self._held], "sweep")
        self._known = {
            path: _UNSURE if _is_racy(entry, wall) or path in self._held else _mark(entry)
            for path, entry in found.items()
        }
        self._swept = wall / 1e9
        self._next = began + (pause if sure else min(pause, _GLANCE))
        watching = self._watching
        self._change(
            replace(watching, sweeps=watching.sweeps + 1, seconds=took, pause=pause), always=True
        )

    def _listed(self, folder: Path) -> tuple[Entry, ...]:
        """List the files of a folder that last; none where it is not there or cannot be read."""
        try:
            found = files.scan(folder, follow_links=self._manner.follow_links)
            return tuple(entry for entry in found if _lasts(entry.path))
        except (FeedpubError, OSError):
            return ()

    def _is_fresh(self, entry: Entry) -> bool:
        """Tell whether a file changed since the last sweep began, or little before."""
        return max(entry.modified, entry.changed) / 1e9 > self._swept - _RECENT

    def _change(self, watching: Watching, *, always: bool = False) -> None:
        if watching != self._watching or always:
            self._watching = watching
            self._note(watching)


def facts(path: Path) -> tuple[int, int, int]:
    """Give what tells whether a file is another than before; zeros where there is none."""
    found = _stat(path)
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else (0, 0, 0)


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


def _mark(entry: Entry) -> int:
    """Give what is another for a file that has changed; never that of one that is unsure."""
    return hash((entry.size, entry.modified, entry.changed, entry.inode))


def _is_racy(entry: Entry, scanned: int) -> bool:
    """Tell whether a file may have changed again just after it was looked at, and not show it."""
    return any(
        when - RACY <= scanned <= unsure_until(when, entry.changed)
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
