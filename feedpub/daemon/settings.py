"""The site as it is configured at the moment: the one thing of the daemon that changes."""

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
    """Work was given up since the daemon ends."""


class CurrentSite:
    """A site whose configuration may be read anew; its methods are for all threads."""

    def __init__(self, request: BuildRequest, stop: Event, now: Callable[[], datetime]) -> None:
        """Read the configuration; once `stop` is set, builds are given up. `now` is the clock.

        Raises FeedpubError where it cannot be used.
        """
        self.stop = stop
        self.now = now
        self.files_in_progress: frozenset[str] = frozenset()  # whole paths of files being written
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
        """Where the site lies."""
        return resolve_paths(self._request)

    @property
    def state_folder(self) -> Path:
        """The folder `.feedpub/`."""
        return self.paths.cache.parent

    @property
    def timezone(self) -> ZoneInfo:
        """The time zone that times are told in."""
        return ZoneInfo(self.config.site.timezone)

    def build_request(self, now: datetime) -> BuildRequest:
        """Give what the use cases ask for, with the configuration in force."""
        return replace(self._request, now=now, unfinished=self.files_in_progress)

    def has_config_changed(self) -> bool:
        """Tell whether the file of the configuration is not as it was when last read."""
        return get_stat_key(self._request.config_path) != self._config_stat

    def reload(self) -> bool:
        """Read the configuration again, and tell whether it says anything else.

        Raises FeedpubError where it cannot be used: the one before stays in force.
        """
        self._config_stat = get_stat_key(self._request.config_path)
        config = resolve_paths(replace(self._request, config=None)).config
        changed = config != self._request.config
        self._request = replace(self._request, config=config)
        return changed

    def _check_stop(self, stage: str, done: int, total: int) -> None:
        """Give up a build when the daemon ends: the site is whole at any moment of it."""
        del done, total
        if self.stop.is_set() and stage in {"reading", "writing"}:
            raise StoppedError
