"""All that is due → its readers, over several connections at once."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass
from threading import Event

from feedpub.mail import Transport
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.posting import workers
from feedpub.newsletter.posting.carrier import Carrier
from feedpub.newsletter.posting.connections import Connections
from feedpub.newsletter.posting.lines import Gate, gates
from feedpub.newsletter.posting.office import Office
from feedpub.newsletter.posting.printing import Printer
from feedpub.newsletter.posting.threads import start
from feedpub.newsletter.posting.times import Clock
from feedpub.store import StoreUnavailable

_GLANCE = 0.2  # seconds between two looks at whether to stop
_IN_HAND = 5.0  # seconds for messages in hand, until all that was not begun is given back
_LAST = 1.0  # seconds for each thing that is left to do then: ten in all, at most


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a round of sending."""

    sent: int
    waiting: str  # why it stopped before the end, "" where it did not


class Postman:
    """Takes what is due to its readers."""

    def __init__(
        self,
        desk: Desk,
        printer: Printer,
        way: Transport,
        now: Clock,
        progress: Callable[[int], None],
        stop: Event | None = None,
    ) -> None:
        """Nothing is sent yet. Once `stop` is set, only what is in hand is finished."""
        self._desk = desk
        self._printer = printer
        self._way = way
        self._now = now
        self._progress = progress
        self._stop = stop or Event()

    def round(self) -> Posted:
        """Send all that is due now. What cannot be sent now is given back, and told why.

        Raises StoreError where the database cannot be used, or is away for too long.
        """
        ways = gates(self._desk)
        office = Office(self._desk, workers.name(), self._printer, ways, self._now, self._progress)
        try:
            office.begin()
            self._post(office, ways)
        finally:  # also after Ctrl-C
            self._finish(office)
        return Posted(office.sent, office.why)

    def _post(self, office: Office, ways: Sequence[Gate]) -> None:
        """Run a carrier for each connection there may be, and who records what they do."""
        number = sum(each.connections for each in ways)
        connections = Connections(ways, self._now)
        crew = [Carrier(office, connections, self._printer, self._way) for _ in range(number)]
        recording = start(office.recorder.run, "feedpub-record")
        carriers: list[Future[None]] = []
        try:
            carriers = [start(each.run, "feedpub-post") for each in crew]
            self._attend(office, recording, crew, carriers)
        finally:
            office.halt()
            self._patiently(carriers, 0)  # who still waits sends nothing any more
            office.recorder.end()
            self._patiently([recording], _LAST)
        for each in (recording, *carriers):
            if each.done():
                each.result()
        if not recording.done():
            raise _unrecorded()

    def _attend(
        self,
        office: Office,
        recording: Future[None],
        crew: Sequence[Carrier],
        carriers: list[Future[None]],
    ) -> None:
        """Wait for the carriers; stop all where one breaks down, or we are asked to.

        Should a server keep one waiting, the rest does not wait for that; and nobody does for long
        where we are asked to stop.
        """
        is_over, due, end = False, math.inf, math.inf
        others = set(carriers)
        while others and time.monotonic() < end:
            done, others = wait(others, _GLANCE, FIRST_EXCEPTION)
            broken = recording.done() or any(each.exception() for each in done)
            if not is_over and (broken or self._stop.is_set()):
                is_over, due = True, time.monotonic() + _IN_HAND
                office.halt()
            if time.monotonic() >= due:
                due = math.inf
                start(office.release, "feedpub-release")
                if self._stop.is_set():
                    end = time.monotonic() + _LAST
                    for each in crew:
                        each.cut()

    def _finish(self, office: Office) -> None:
        """Write what is left to write. Raises StoreUnavailable where that takes too long."""
        finishing = start(office.finish, "feedpub-finish")
        self._patiently([finishing], _LAST)
        if not finishing.done():
            raise _unrecorded()
        finishing.result()

    def _patiently(self, calls: Sequence[Future[None]], seconds: float) -> None:
        """Wait for all of them; once we are asked to stop, for so many seconds."""
        others = set(calls)
        end = math.inf
        while others and time.monotonic() < end:
            _, others = wait(others, _GLANCE)
            if self._stop.is_set() and math.isinf(end):
                end = time.monotonic() + seconds


def _unrecorded() -> StoreUnavailable:
    return StoreUnavailable(
        "stopped while the database was not there for now: messages that were under way are in "
        "doubt, and what was not begun goes out with the next `feedpub digest send`"
    )
