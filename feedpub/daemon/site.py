"""The site as it is configured at the moment: the one thing of the daemon that changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from feedpub.config import Config
from feedpub.publish.request import Place, Request, place
from feedpub.watch import facts


class StoppedError(Exception):
    """Work was given up since the daemon ends."""


class Site:
    """A site whose configuration may be read anew; its methods are for all threads."""

    def __init__(self, request: Request, stop: Event, now: Callable[[], datetime]) -> None:
        """Read the configuration; once `stop` is set, builds are given up. `now` is the clock.

        Raises FeedpubError where it cannot be used.
        """
        self.stop = stop
        self.now = now
        self.unfinished: frozenset[str] = frozenset()  # whole paths of files being written
        self._facts = facts(request.config_path)
        config = place(request).config
        self._request = replace(request, config=config, careful=True, progress=self._progress)

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self.place.config

    @property
    def place(self) -> Place:
        """Where the site lies."""
        return place(self._request)

    @property
    def home(self) -> Path:
        """The folder `.feedpub/`."""
        return self.place.memory.parent

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that times are told in."""
        return ZoneInfo(self.config.site.timezone)

    def request(self, now: datetime) -> Request:
        """Give what the use cases ask for, with the configuration in force."""
        return replace(self._request, now=now, unfinished=self.unfinished)

    def touched(self) -> bool:
        """Tell whether the file of the configuration is not as it was when last read."""
        return facts(self._request.config_path) != self._facts

    def reload(self) -> bool:
        """Read the configuration again, and tell whether it says anything else.

        Raises FeedpubError where it cannot be used: the one before stays in force.
        """
        self._facts = facts(self._request.config_path)
        config = place(replace(self._request, config=None)).config
        changed = config != self._request.config
        self._request = replace(self._request, config=config)
        return changed

    def _progress(self, stage: str, done: int, total: int) -> None:
        """Give up a build when the daemon ends: the site is whole at any moment of it."""
        del done, total
        if self.stop.is_set() and stage in {"reading", "writing"}:
            raise StoppedError
