"""All that is due → its readers, over several connections at once.

Ctrl-C and SIGTERM → a word to those who work: finish what is in hand, and stop.

Threads that nobody waits for at the end of the process.
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from types import FrameType

from feedpub.app import NewsletterContext
from feedpub.delivery import relays
from feedpub.delivery.dispatcher import Dispatcher
from feedpub.delivery.relays import Clock, RelayLimits, load_relay_limits
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.transport import Transport
from feedpub.delivery.worker import ConnectionLimiter, DeliveryWorker
from feedpub.storage.errors import StoreUnavailable


def start_thread(call: Callable[[], object], name: str) -> Future[None]:
    """Call in a thread of its own; return what tells how that ends.

    A server, or a database, may keep it waiting for longer than a process has to end.
    """
    future: Future[None] = Future()

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result is told
            future.set_exception(error)
        else:
            future.set_result(None)

    Thread(target=run, name=name, daemon=True).start()
    return future


_POLL_INTERVAL = 0.2  # seconds between two looks at whether to stop
_GRACE_PERIOD = 5.0  # seconds for messages in hand, until all that was not begun is given back
_FINAL_TIMEOUT = 1.0  # seconds for each thing that is left to do then: ten in all, at most


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a round of sending."""

    sent: int
    stop_reason: str  # why it stopped before the end, "" where it did not


class DeliveryRunner:
    """Takes what is due to its readers."""

    def __init__(
        self,
        desk: NewsletterContext,
        printer: MessageRenderer,
        way: Transport,
        now: Clock,
        progress: Callable[[int], None],
        stop: Event | None = None,
    ) -> None:
        """Nothing is sent yet. Once `stop` is set, only what is in hand is finished."""
        self._newsletter = desk
        self._renderer = printer
        self._transport = way
        self._now = now
        self._progress = progress
        self._stop = stop or Event()

    def run_once(self) -> RunResult:
        """Send all that is due now. What cannot be sent now is given back, and told why.

        Raises StoreError where the database cannot be used, or is away for too long.
        """
        ways = load_relay_limits(self._newsletter)
        office = Dispatcher(
            self._newsletter,
            relays.create_worker_id(),
            self._renderer,
            ways,
            self._now,
            self._progress,
        )
        try:
            office.start()
            self._run_workers(office, ways)
        finally:  # also after Ctrl-C
            self._finish(office)
        return RunResult(office.sent, office.stop_reason)

    def _run_workers(self, office: Dispatcher, ways: Sequence[RelayLimits]) -> None:
        """Run a carrier for each connection there may be, and who records what they do."""
        number = sum(each.connections for each in ways)
        connections = ConnectionLimiter(ways, self._now)
        crew = [
            DeliveryWorker(office, connections, self._renderer, self._transport)
            for _ in range(number)
        ]
        recording = start_thread(office.result_writer.run, "feedpub-record")
        carriers: list[Future[None]] = []
        try:
            carriers = [start_thread(each.run, "feedpub-post") for each in crew]
            self._wait_for_workers(office, recording, crew, carriers)
        finally:
            office.stop()
            self._wait_for_all(carriers, 0)  # who still waits sends nothing any more
            office.result_writer.close()
            self._wait_for_all([recording], _FINAL_TIMEOUT)
        for each in (recording, *carriers):
            if each.done():
                each.result()
        if not recording.done():
            raise _build_unrecorded_error()

    def _wait_for_workers(
        self,
        office: Dispatcher,
        recording: Future[None],
        crew: Sequence[DeliveryWorker],
        carriers: list[Future[None]],
    ) -> None:
        """Wait for the carriers; stop all where one breaks down, or we are asked to.

        Should a server keep one waiting, the rest does not wait for that; and nobody does for long
        where we are asked to stop.
        """
        is_over, due, end = False, math.inf, math.inf
        others = set(carriers)
        while others and time.monotonic() < end:
            done, others = wait(others, _POLL_INTERVAL, FIRST_EXCEPTION)
            broken = recording.done() or any(each.exception() for each in done)
            if not is_over and (broken or self._stop.is_set()):
                is_over, due = True, time.monotonic() + _GRACE_PERIOD
                office.stop()
            if time.monotonic() >= due:
                due = math.inf
                start_thread(office.release, "feedpub-release")
                if self._stop.is_set():
                    end = time.monotonic() + _FINAL_TIMEOUT
                    for each in crew:
                        each.abort()

    def _finish(self, office: Dispatcher) -> None:
        """Write what is left to write. Raises StoreUnavailable where that takes too long."""
        finishing = start_thread(office.finish, "feedpub-finish")
        self._wait_for_all([finishing], _FINAL_TIMEOUT)
        if not finishing.done():
            raise _build_unrecorded_error()
        finishing.result()

    def _wait_for_all(self, calls: Sequence[Future[None]], seconds: float) -> None:
        """Wait for all of them; once we are asked to stop, for so many seconds."""
        others = set(calls)
        end = math.inf
        while others and time.monotonic() < end:
            _, others = wait(others, _POLL_INTERVAL)
            if self._stop.is_set() and math.isinf(end):
                end = time.monotonic() + seconds


def _build_unrecorded_error() -> StoreUnavailable:
    return StoreUnavailable(
        "stopped while the database was not there for now: messages that were under way are in "
        "doubt, and what was not begun goes out with the next `feedpub digest send`"
    )


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that is set by Ctrl-C and SIGTERM; a second signal does what it always did.

    In another thread than the main one, which signals never reach, the event is never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def halt(number: int, frame: FrameType | None) -> None:
        del number, frame
        restore()
        stop.set()

    for each in _SIGNALS:
        signal.signal(each, halt)
    try:
        yield stop
    finally:
        restore()
