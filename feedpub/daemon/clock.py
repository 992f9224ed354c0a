"""What was published last, and a clock → whether anything may be done by that clock.

A machine without a battery for its clock starts years ago, until a time server tells it better. By
such a clock posts would be taken away, and mail would have wrong dates: until then jobs wait.
"""

from datetime import datetime, timedelta
from threading import Lock

from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.settings import CurrentSite
from feedpub.files import scanner, writer
from feedpub.models.log import EventLogger
from feedpub.site.clock_check import find_latest_date, is_clock_behind

_AGAIN = timedelta(seconds=10)  # until the clock is looked at anew; one that jumps is at once


class ClockGuard:
    """Holds jobs back as long as the clock is behind what was published; for all threads."""

    def __init__(self, site: CurrentSite, journal: EventLogger) -> None:
        """Nothing is looked at yet."""
        self._site = site
        self._logger = journal
        self._turn = Lock()
        self._listed: tuple[object, ...] = ()  # the list that `_newest` is of, and how it lay there
        self._newest: datetime | None = None
        self.waiting_reason = ""  # why jobs are held back at the moment

    def wrap_job(self, duty: PeriodicJob) -> PeriodicJob:
        """Return a duty that does nothing as long as the clock cannot be right."""

        def run(now: datetime) -> datetime | None:
            # The time of a call may be that before the clock was set: both must be right.
            held = self.is_behind() or is_clock_behind(now, self._newest)
            return self._site.now() + _AGAIN if held else duty.run(now)

        return PeriodicJob(duty.name, run)

    def is_behind(self) -> bool:
        """Tell whether the clock is older than what was published last, and log what changes."""
        with self._turn:
            last = self._last()
            behind = is_clock_behind(self._site.now(), last)
            if behind and last and not self.waiting_reason:
                self._logger.info(
                    "clock behind",
                    published=last.isoformat(timespec="seconds"),
                    kept="nothing is published, taken away or mailed until the clock is right; "
                    "where it is right, run `feedpub build` once",
                )
            elif self.waiting_reason and not behind:
                self._logger.info("clock right again")
            self.waiting_reason = (
                f"the clock of this machine is behind what was published last ({last:%Y-%m-%d}): "
                "nothing is published or mailed until it is right"
                if behind
                else ""
            )
            return behind

    def _last(self) -> datetime | None:
        """Return the date of the newest post that was published, as the output folder lists it."""
        output = self._site.paths.output
        listed = (output, writer.stat_file(output / scanner.LIST_FILE))
        if listed != self._listed:
            self._newest = find_latest_date(scanner.read_publications(output))
            self._listed = listed
        return self._newest
