"""All that is due → its readers, over several connections at once."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
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
from feedpub.newsletter.posting.times import Clock

_GLANCE = 0.2  # seconds between two looks at whether to stop
_IN_HAND = 5.0  # seconds for messages in hand, until all that was not begun is given back


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
            office.finish()
        return Posted(office.sent, office.why)

    def _post(self, office: Office, ways: Sequence[Gate]) -> None:
        """Run a carrier for each connection there may be, and who records what they do."""
        number = sum(each.connections for each in ways)
        connections = Connections(ways, self._now)
        carriers: list[Future[None]] = []
        with ThreadPoolExecutor(number + 1, "feedpub-post") as threads:
            recording = threads.submit(office.recorder.run)
            try:
                crew = [
                    Carrier(office, connections, self._printer, self._way) for _ in range(number)
                ]
                carriers = [threads.submit(each.run) for each in crew]
                self._attend(office, recording, carriers)
            finally:
                office.halt()
                wait(carriers)
                office.recorder.end()
        for each in (recording, *carriers):
            each.result()

    def _attend(
        self, office: Office, recording: Future[None], carriers: list[Future[None]]
    ) -> None:
        """Wait for the carriers; stop all where one breaks down, or we are asked to.

        Should a server keep one waiting, the rest does not wait for that.
        """
        is_over, due = False, math.inf
        others = set(carriers)
        while others:
            done, others = wait(others, _GLANCE, FIRST_EXCEPTION)
            broken = recording.done() or any(each.exception() for each in done)
            if not is_over and (broken or self._stop.is_set()):
                is_over, due = True, time.monotonic() + _IN_HAND
                office.halt()
            if time.monotonic() >= due:
                due = math.inf
                office.release()
