"""What was published last, and a clock → whether anything may be done by that clock.

A machine without a battery for its clock starts years ago, until a time server tells it better. By
such a clock posts would be taken away, and mail would have wrong dates: until then jobs wait.
"""

from datetime import datetime, timedelta
from threading import Lock

from feedpub import files
from feedpub.agenda import Duty
from feedpub.daemon.site import Site
from feedpub.journal import Journal
from feedpub.publish.clock import is_behind, newest

_AGAIN = timedelta(seconds=10)  # until the clock is looked at anew; one that jumps is at once


class ClockGuard:
    """Holds jobs back as long as the clock is behind what was published; for all threads."""

    def __init__(self, site: Site, journal: Journal) -> None:
        """Nothing is looked at yet."""
        self._site = site
        self._journal = journal
        self._turn = Lock()
        self._listed: tuple[object, ...] = ()  # the list that `_newest` is of, and how it lay there
        self._newest: datetime | None = None
        self.waiting = ""  # why jobs are held back at the moment

    def guard(self, duty: Duty) -> Duty:
        """Return a duty that does nothing as long as the clock cannot be right."""

        def run(now: datetime) -> datetime | None:
            # The time of a call may be that before the clock was set: both must be right.
            held = self.is_behind() or is_behind(now, self._newest)
            return self._site.now() + _AGAIN if held else duty.run(now)

        return Duty(duty.name, run)

    def is_behind(self) -> bool:
        """Tell whether the clock is older than what was published last, and log what changes."""
        with self._turn:
            last = self._last()
            behind = is_behind(self._site.now(), last)
            if behind and last and not self.waiting:
                self._journal.tell(
                    "clock behind",
                    published=last.isoformat(timespec="seconds"),
                    kept="nothing is published, taken away or mailed until the clock is right; "
                    "where it is right, run `feedpub build` once",
                )
            elif self.waiting and not behind:
                self._journal.tell("clock right again")
            self.waiting = (
                f"the clock of this machine is behind what was published last ({last:%Y-%m-%d}): "
                "nothing is published or mailed until it is right"
                if behind
                else ""
            )
            return behind

    def _last(self) -> datetime | None:
        """Return the date of the newest post that was published, as the output folder lists it."""
        output = self._site.place.output
        listed = (output, files.facts(output / files.LIST))
        if listed != self._listed:
            self._newest = newest(files.publications(output))
            self._listed = listed
        return self._newest
