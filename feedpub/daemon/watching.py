"""The folders of a site → a word of what in them has changed, whenever something has."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from feedpub.daemon.record import Record
from feedpub.daemon.site import Site
from feedpub.journal import Journal
from feedpub.watch import Batch, Manner, Watcher, Watching

_TOLD = 3  # paths of one batch
_PATIENCE = 5.0  # seconds for a thread that is told to end


@dataclass(frozen=True, slots=True)
class _Target:
    """What is watched, and how."""

    folders: tuple[Path, ...]
    manner: Manner


class Watch:
    """Watches a site in a thread of its own, and begins anew where the site is elsewhere."""

    def __init__(
        self,
        journal: Journal,
        record: Record,
        noticed: Callable[[Iterable[str] | None], object],
    ) -> None:
        """Nothing is watched yet; `noticed` is told of paths, or of None where it may be any."""
        self._journal = journal
        self._record = record
        self._heard = noticed
        self._target: _Target | None = None
        self._content = Path()
        self._stop = Event()
        self._thread: Thread | None = None
        self._site: Site | None = None
        self._slow = set[str]()  # files that are being written for long, as was told
        self._before: Watching | None = None

    def follow(self, site: Site) -> None:
        """Watch the folders that a site has now."""
        where, run = site.place, site.config.run
        folders = tuple(dict.fromkeys(each.absolute() for each in (where.content, where.templates)))
        target = _Target(
            folders,
            Manner(
                events=run.events, sweep=run.sweep, follow_links=site.config.content.follow_links
            ),
        )
        if target == self._target:
            return
        self.end()
        self._target, self._stop, self._site = target, Event(), site
        self._slow = set[str]()
        site.unfinished = frozenset()
        self._content = folders[0]
        watcher = Watcher(folders, self._noticed, self.noted, target.manner)
        self._thread = threading.Thread(
            target=watcher.run, args=(self._stop,), name="feedpub-watch", daemon=True
        )
        self._thread.start()

    def end(self, seconds: float = _PATIENCE) -> None:
        """Watch no more; wait so long for a thread that is looking at the disk."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join(seconds)

    def _noticed(self, batch: Batch) -> None:
        told = [each.removeprefix(f"{self._content}/") for each in batch.paths[:_TOLD]]
        number = len(batch.paths)
        if number:  # of what is gone a sweep knows no name, and nothing may have changed at all
            self._journal.tell("changes", number=number, paths=tuple(told), noticed_by=batch.how)
        # A sweep knows which files are new, and not which are gone.
        self._heard(batch.paths if batch.how == "events" else None)

    def noted(self, watching: Watching) -> None:
        """Tell how folders are watched, where that has changed."""
        if self._site:
            self._site.unfinished = watching.unfinished
        slow = [path for path in watching.slow if path not in self._slow]
        self._slow = set(watching.slow)
        if slow:
            told = tuple(path.removeprefix(f"{self._content}/") for path in slow[:_TOLD])
            self._journal.tell(
                "still being written",
                number=len(slow),
                paths=told,
                kept="published as it was, until whoever writes it is done",
            )
        # A site need not have templates of its own.
        away = tuple(each for each in watching.away if each == str(self._content))
        watching = replace(watching, away=away)
        before, self._before = self._before, watching
        if before and watching.sweeps > before.sweeps > 0:
            self._heard(None)  # what is written may have been damaged, or removed
        self._record.watching = watching
        now = (watching.how, watching.why, watching.away)
        if before is None or now != (before.how, before.why, before.away):
            self._journal.tell(
                "watching", by=watching.how, no_events=watching.why, away=watching.away
            )
