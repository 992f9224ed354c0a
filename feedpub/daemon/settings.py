"""The configuration in force, shared by all threads and reloaded at run time: `CurrentSite`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from feedpub.app import BuildRequest, SitePaths, resolve_paths
from feedpub.config.schema import Config
from feedpub.files.watch import get_stat_key


class StoppedError(Exception):
    """Work was abandoned because the daemon is stopping."""


class CurrentSite:
    """A site with a reloadable configuration; thread-safe."""

    def __init__(self, request: BuildRequest, stop: Event, now: Callable[[], datetime]) -> None:
        """Load the configuration. Setting `stop` aborts builds; `now` is the clock.

        Raises FeedpubError if the configuration is invalid.
        """
        self.stop = stop
        self.now = now
        self.files_in_progress: frozenset[str] = frozenset()  # absolute, still being written
        self._config_stat = get_stat_key(request.config_path)
        config = resolve_paths(request).config
        self._request = replace(
            request, config=config, refuse_empty=True, progress=self._check_stop
        )

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self.paths.config

    @property
    def paths(self) -> SitePaths:
        """The folders and files of the site."""
        return resolve_paths(self._request)

    @property
    def state_folder(self) -> Path:
        """The folder `.feedpub/`."""
        return self.paths.cache.parent

    @property
    def timezone(self) -> ZoneInfo:
        """The time zone in which times are displayed."""
        return ZoneInfo(self.config.site.timezone)

    def build_request(self, now: datetime) -> BuildRequest:
        """Return a request with the configuration in force."""
        return replace(self._request, now=now, unfinished=self.files_in_progress)

    def has_config_changed(self) -> bool:
        """Return whether the configuration file has changed since it was last loaded."""
        return get_stat_key(self._request.config_path) != self._config_stat

    def reload(self) -> bool:
        """Load the configuration again, and return whether it differs.

        Raises FeedpubError if it is invalid; the previous one then stays in force.
        """
        self._config_stat = get_stat_key(self._request.config_path)
        config = resolve_paths(replace(self._request, config=None)).config
        changed = config != self._request.config
        self._request = replace(self._request, config=config)
        return changed

    def _check_stop(self, stage: str, done: int, total: int) -> None:
        """Abort a build when the daemon stops; the site is consistent at any moment of a build."""
        del done, total
        if self.stop.is_set() and stage in {"reading", "writing"}:
            raise StoppedError
