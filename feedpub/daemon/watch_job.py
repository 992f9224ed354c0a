"""Watch the content and template folders in a thread, and report changes; see `SiteWatcher`."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from feedpub.daemon.settings import CurrentSite
from feedpub.daemon.state_file import StateFile
from feedpub.files.watch import ChangeBatch, Watcher, WatchOptions, WatchStatus
from feedpub.models.log import EventLogger

_TOLD = 3  # paths logged per batch
_PATIENCE = 5.0  # seconds to wait for the thread to end


@dataclass(frozen=True, slots=True)
class _WatchTarget:
    """The folders that are watched, and the options."""

    folders: tuple[Path, ...]
    options: WatchOptions


class SiteWatcher:
    """Watches a site's folders, and restarts when the configuration changes them."""

    def __init__(
        self,
        logger: EventLogger,
        record: StateFile,
        noticed: Callable[[Iterable[str] | None], object],
    ) -> None:
        """Set up; `noticed` receives changed paths, or None if any may have changed."""
        self._logger = logger
        self._state_file = record
        self._on_change = noticed
        self._target: _WatchTarget | None = None
        self._content = Path()
        self._stop = Event()
        self._thread: Thread | None = None
        self._site: CurrentSite | None = None
        self._slow = set[str]()  # files logged as still being written
        self._last_status: WatchStatus | None = None

    def watch(self, site: CurrentSite) -> None:
        """Watch the folders that the site has now."""
        where, run = site.paths, site.config.run
        folders = tuple(dict.fromkeys(each.absolute() for each in (where.content, where.templates)))
        target = _WatchTarget(
            folders,
            WatchOptions(
                use_events=run.events,
                sweep_interval=run.sweep,
                follow_links=site.config.content.follow_links,
            ),
        )
        if target == self._target:
            return
        self.stop()
        self._target, self._stop, self._site = target, Event(), site
        self._slow = set[str]()
        site.files_in_progress = frozenset()
        self._content = folders[0]
        watcher = Watcher(folders, self._on_batch, self.update_status, target.options)
        self._thread = threading.Thread(
            target=watcher.run, args=(self._stop,), name="feedpub-watch", daemon=True
        )
        self._thread.start()

    def stop(self, seconds: float = _PATIENCE) -> None:
        """Stop watching; wait at most this many seconds for the thread."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join(seconds)

    def _on_batch(self, batch: ChangeBatch) -> None:
        told = [each.removeprefix(f"{self._content}/") for each in batch.paths[:_TOLD]]
        number = len(batch.paths)
        if number:  # empty if a sweep found only removals, or nothing
            self._logger.info("changes", number=number, paths=tuple(told), noticed_by=batch.source)
        # A sweep cannot tell which files were removed, so any path may have changed.
        self._on_change(batch.paths if batch.source == "events" else None)

    def update_status(self, watching: WatchStatus) -> None:
        """Record how folders are watched, and log changes of that."""
        if self._site:
            self._site.files_in_progress = watching.files_in_progress
        slow = [path for path in watching.slow_files if path not in self._slow]
        self._slow = set(watching.slow_files)
        if slow:
            told = tuple(path.removeprefix(f"{self._content}/") for path in slow[:_TOLD])
            self._logger.info(
                "still being written",
                number=len(slow),
                paths=told,
                kept="the published version stays until writing is done",
            )
        # The template folder is optional.
        away = tuple(each for each in watching.missing_folders if each == str(self._content))
        watching = replace(watching, missing_folders=away)
        before, self._last_status = self._last_status, watching
        if before and watching.sweeps > before.sweeps > 0:
            self._on_change(None)  # the output may have been damaged or removed
        self._state_file.watch_status = watching
        now = (watching.mode, watching.no_events_reason, watching.missing_folders)
        if before is None or now != (before.mode, before.no_events_reason, before.missing_folders):
            self._logger.info(
                "watching",
                by=watching.mode,
                no_events=watching.no_events_reason,
                away=watching.missing_folders,
            )
