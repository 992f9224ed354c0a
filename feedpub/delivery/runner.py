"""Run a round of sending over several connections at once.

`DeliveryRunner.run_once` sends everything that is due. `stop_on_signals` provides the stop event
that makes SIGINT and SIGTERM end a round cleanly.
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
    """Call `call` in a daemon thread and return a future for its end.

    Executors join their threads at exit; a daemon thread that waits for a server or a database does
    not keep the process alive.
    """
    future: Future[None] = Future()

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - re-raised by future.result()
            future.set_exception(error)
        else:
            future.set_result(None)

    Thread(target=run, name=name, daemon=True).start()
    return future


_POLL_INTERVAL = 0.2  # seconds between two checks of the stop event
_GRACE_PERIOD = 5.0  # seconds for messages in flight before unstarted deliveries are released
_FINAL_TIMEOUT = 1.0  # seconds for each remaining step, so that stopping takes at most ten


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of a round of sending."""

    sent: int
    stop_reason: str  # why it stopped early, "" if it did not


class DeliveryRunner:
    """Sends everything that is due, in rounds."""

    def __init__(
        self,
        newsletter: NewsletterContext,
        renderer: MessageRenderer,
        transport: Transport,
        now: Clock,
        progress: Callable[[int], None],
        stop: Event | None = None,
    ) -> None:
        """Prepare to send. Setting `stop` lets messages in flight finish and starts no others."""
        self._newsletter = newsletter
        self._renderer = renderer
        self._transport = transport
        self._now = now
        self._progress = progress
        self._stop = stop or Event()

    def run_once(self) -> RunResult:
        """Send everything that is due now, and return to the store what cannot be sent.

        Raises StoreError if the database is unusable or unavailable for too long.
        """
        ways = load_relay_limits(self._newsletter)
        dispatcher = Dispatcher(
            self._newsletter,
            relays.create_worker_id(),
            self._renderer,
            ways,
            self._now,
            self._progress,
        )
        try:
            dispatcher.start()
            self._run_workers(dispatcher, ways)
        finally:  # even after KeyboardInterrupt
            self._finish(dispatcher)
        return RunResult(dispatcher.sent, dispatcher.stop_reason)

    def _run_workers(self, dispatcher: Dispatcher, ways: Sequence[RelayLimits]) -> None:
        """Run one worker per allowed connection, and the thread that writes results."""
        number = sum(each.connections for each in ways)
        connections = ConnectionLimiter(ways, self._now)
        crew = [
            DeliveryWorker(dispatcher, connections, self._renderer, self._transport)
            for _ in range(number)
        ]
        recording = start_thread(dispatcher.result_writer.run, "feedpub-record")
        carriers: list[Future[None]] = []
        try:
            carriers = [start_thread(each.run, "feedpub-post") for each in crew]
            self._wait_for_workers(dispatcher, recording, crew, carriers)
        finally:
            dispatcher.stop()
            self._wait_for_all(carriers, 0)  # one that still waits sends nothing more
            dispatcher.result_writer.close()
            self._wait_for_all([recording], _FINAL_TIMEOUT)
        for each in (recording, *carriers):
            if each.done():
                each.result()
        if not recording.done():
            raise _build_unrecorded_error()

    def _wait_for_workers(
        self,
        dispatcher: Dispatcher,
        recording: Future[None],
        crew: Sequence[DeliveryWorker],
        carriers: list[Future[None]],
    ) -> None:
        """Wait for the workers; stop them all if one fails or `stop` is set.

        After the grace period, unstarted deliveries are released so that other processes can send
        them, even if a server still keeps a worker waiting. If `stop` is set, the workers are then
        aborted.
        """
        is_over, due, end = False, math.inf, math.inf
        others = set(carriers)
        while others and time.monotonic() < end:
            done, others = wait(others, _POLL_INTERVAL, FIRST_EXCEPTION)
            broken = recording.done() or any(each.exception() for each in done)
            if not is_over and (broken or self._stop.is_set()):
                is_over, due = True, time.monotonic() + _GRACE_PERIOD
                dispatcher.stop()
            if time.monotonic() >= due:
                due = math.inf
                start_thread(dispatcher.release, "feedpub-release")
                if self._stop.is_set():
                    end = time.monotonic() + _FINAL_TIMEOUT
                    for each in crew:
                        each.abort()

    def _finish(self, dispatcher: Dispatcher) -> None:
        """Finish the round. Raises StoreUnavailable if that takes too long once `stop` is set."""
        finishing = start_thread(dispatcher.finish, "feedpub-finish")
        self._wait_for_all([finishing], _FINAL_TIMEOUT)
        if not finishing.done():
            raise _build_unrecorded_error()
        finishing.result()

    def _wait_for_all(self, calls: Sequence[Future[None]], seconds: float) -> None:
        """Wait for all calls; once `stop` is set, at most `seconds` longer."""
        others = set(calls)
        end = math.inf
        while others and time.monotonic() < end:
            _, others = wait(others, _POLL_INTERVAL)
            if self._stop.is_set() and math.isinf(end):
                end = time.monotonic() + seconds


def _build_unrecorded_error() -> StoreUnavailable:
    return StoreUnavailable(
        "stopped while the database was unavailable: messages in progress are in doubt; "
        "the next `feedpub digest send` sends the rest"
    )


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; a second signal has its usual effect.

    Python handles signals in the main thread only, so elsewhere the event is never set.
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
