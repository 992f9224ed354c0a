"""What the daemon is doing → the file that tells `feedpub status` of it."""

import json
import os
from collections.abc import Callable
from datetime import datetime

from feedpub import __version__, files
from feedpub.daemon.site import Site
from feedpub.journal import discreet
from feedpub.scheduler import Standing
from feedpub.watch import Watching


class Record:
    """Keeps what is known, and writes it down where it has changed."""

    def __init__(
        self, site: Site, since: datetime, standings: Callable[[], tuple[Standing, ...]]
    ) -> None:
        self._site = site
        self._since = since
        self._standings = standings
        self._kept = ""
        self.watching = Watching()
        self.clock = ""  # why its clock cannot be right
        self.fault = ""  # of the configuration as it is on the disk
        self.refused: datetime | None = None  # when that was found

    def keep(self, *, ended: bool = False) -> None:
        """Write it down, where it is not what was written last."""
        text = json.dumps(self._told(ended=ended))
        if text != self._kept:
            files.keep_state(self._site.home, text)
            self._kept = text

    def _told(self, *, ended: bool) -> dict[str, object]:
        watching = self.watching
        return {
            "pid": os.getpid(),
            "version": __version__,
            "since": self._since.isoformat(timespec="seconds"),
            "ended": ended,
            "clock": self.clock,
            "config": self.fault,
            "refused": self.refused.isoformat(timespec="seconds") if self.refused else None,
            "zone": self._site.config.site.timezone,
            "watching": {
                "by": watching.how,
                "no_events": watching.why,
                "away": watching.away,
                "sweep": round(watching.pause),
            },
            "duties": [
                {
                    "name": each.duty,
                    "due": each.due.isoformat(timespec="seconds") if each.due else None,
                    "running": each.running,
                    "failures": each.failures,
                    "why": discreet(each.why),
                }
                for each in self._standings()
            ],
        }
