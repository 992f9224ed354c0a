"""Hold jobs back while the clock is behind the last published post; see `ClockGuard`.

A machine without a battery-backed clock boots years in the past, until a time server corrects it.
With such a clock, posts would be unpublished and mail misdated.
"""

from datetime import datetime, timedelta
from threading import Lock

from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.settings import CurrentSite
from feedpub.files import scanner, writer
from feedpub.models.log import EventLogger
from feedpub.site.clock_check import find_latest_date, is_clock_behind

_AGAIN = timedelta(seconds=10)  # between checks; a clock that jumps is checked at once


class ClockGuard:
    """Holds jobs back while the clock is behind the last published post; thread-safe."""

    def __init__(self, site: CurrentSite, logger: EventLogger) -> None:
        """Set up; the clock is not checked yet."""
        self._site = site
        self._logger = logger
        self._turn = Lock()
        self._listed: tuple[object, ...] = ()  # path and stat of the list `_newest` was read from
        self._newest: datetime | None = None
        self.waiting_reason = ""  # why jobs are held back, "" if they are not

    def wrap_job(self, job: PeriodicJob) -> PeriodicJob:
        """Return a job that does nothing while the clock is behind."""

        def run(now: datetime) -> datetime | None:
            # `now` may have been read before the clock was set, so check both times.
            held = self.is_behind() or is_clock_behind(now, self._newest)
            return self._site.now() + _AGAIN if held else job.run(now)

        return PeriodicJob(job.name, run)

    def is_behind(self) -> bool:
        """Return whether the clock is behind the last published post, and log changes of that."""
        with self._turn:
            last = self._last()
            behind = is_clock_behind(self._site.now(), last)
            if behind and last and not self.waiting_reason:
                self._logger.info(
                    "clock behind",
                    published=last.isoformat(timespec="seconds"),
                    kept="publishing, unpublishing and mail are suspended until the clock is "
                    "correct; if it is correct, run `feedpub build` once",
                )
            elif self.waiting_reason and not behind:
                self._logger.info("clock right again")
            self.waiting_reason = (
                f"this machine's clock is behind the latest published post ({last:%Y-%m-%d}): "
                "publishing and mail are suspended until it is correct"
                if behind
                else ""
            )
            return behind

    def _last(self) -> datetime | None:
        """Return the date of the newest published post, from the list in the output folder."""
        output = self._site.paths.output
        listed = (output, writer.stat_file(output / scanner.LIST_FILE))
        if listed != self._listed:
            self._newest = find_latest_date(scanner.read_publications(output))
            self._listed = listed
        return self._newest
