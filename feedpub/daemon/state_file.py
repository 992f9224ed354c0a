"""The state file that a running daemon writes for `feedpub status`; see `StateFile`."""

import json
import os
from collections.abc import Callable
from datetime import datetime

from feedpub import __version__
from feedpub.daemon.scheduler import JobStatus
from feedpub.daemon.settings import CurrentSite
from feedpub.files import lock
from feedpub.files.watch import WatchStatus
from feedpub.models.log import redact


class StateFile:
    """The daemon's state, saved to the state folder when it changes."""

    def __init__(
        self, site: CurrentSite, since: datetime, statuses: Callable[[], tuple[JobStatus, ...]]
    ) -> None:
        self._site = site
        self._since = since
        self._get_statuses = statuses
        self._saved = ""
        self.watch_status = WatchStatus()
        self.clock_problem = ""  # why jobs are held back by `ClockGuard`
        self.config_error = ""  # of the configuration file on disk
        self.config_error_at: datetime | None = None  # when it was found

    def save(self, *, ended: bool = False) -> None:
        """Write the file, unless it is unchanged."""
        text = json.dumps(self._to_dict(ended=ended))
        if text != self._saved:
            lock.save_state(self._site.state_folder, text)
            self._saved = text

    def _to_dict(self, *, ended: bool) -> dict[str, object]:
        watching = self.watch_status
        return {
            "pid": os.getpid(),
            "version": __version__,
            "since": self._since.isoformat(timespec="seconds"),
            "ended": ended,
            "clock": self.clock_problem,
            "config": self.config_error,
            "refused": self.config_error_at.isoformat(timespec="seconds")
            if self.config_error_at
            else None,
            "zone": self._site.config.site.timezone,
            "watching": {
                "by": watching.mode,
                "no_events": watching.no_events_reason,
                "away": watching.missing_folders,
                "sweep": round(watching.sweep_interval),
            },
            "duties": [
                {
                    "name": each.job_name,
                    "due": each.next_run.isoformat(timespec="seconds") if each.next_run else None,
                    "running": each.is_running,
                    "failures": each.failures,
                    "why": redact(each.last_error),
                }
                for each in self._get_statuses()
            ],
        }
