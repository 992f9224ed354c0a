"""What becomes of deliveries, told by many threads → the store, in as few commits as will do.

Write to the store what a round of sending learns beside what became of each delivery.

Messages that a relay refused for a reason that may be us: it is, until it takes another.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TypeVar

from feedpub.app import NewsletterContext
from feedpub.delivery import bounce_classifier
from feedpub.delivery.relays import Clock
from feedpub.delivery.throttle import RecipientRejection
from feedpub.models.newsletter import (
    Delivery,
    DeliveryUpdate,
    Issue,
    RelaySuspension,
    SendResult,
    Subscriber,
)
from feedpub.storage import Store
from feedpub.storage.errors import StoreError, StoreUnavailable

DATABASE_TIMEOUT = 120.0
"""Seconds to wait for a database that is away: servers wait 300 for the rest of a message."""

_FIRST, _LONGEST = 0.05, 5.0  # seconds between two tries
_RESULT_DELAY = 0.02  # seconds that an outcome waits for what is asked next
_REQUEST_DELAY = 0.001  # seconds that a question waits for those of the other connections
_MAX_BATCH = 100  # written at once
_WRITER_CLOSED = "what became of messages cannot be recorded any more"

ReturnType = TypeVar("ReturnType")


class LeaseLostError(Exception):
    """A delivery was taken from us, cancelled, or its reader left, just before it was sent."""


def retry_on_database_error(
    call: Callable[[], ReturnType],
    sleep: Callable[[float], object],
    patience: float = DATABASE_TIMEOUT,
) -> ReturnType:
    """Call until the database is there; at last raise what it raises (StoreUnavailable).

    Args:
        call: What may be called again although it was done and only the answer got lost.
        sleep: Waits for so many seconds.
        patience: Seconds to wait in all.
    """
    pause = _FIRST
    while True:
        try:
            return call()
        except StoreUnavailable:
            if patience <= 0:
                raise
        sleep(min(pause, patience))
        patience -= pause
        pause = min(pause * 2, _LONGEST)


@dataclass(frozen=True, slots=True)
class _WriteRequest:
    """What a thread waits for: that all it told is on the disk, and whether it may send."""

    delivery: int | None  # that it wants to send; None where it only waits
    reply: "SimpleQueue[bool | None]" = field(default_factory=SimpleQueue)  # None: who knows


_QueueItem = DeliveryUpdate | _WriteRequest


class ResultWriter:
    """Writes to the store in a thread of its own, always all that has come together.

    The disk is slow to promise that it keeps something, and promises many things in the time of
    one. What a connection tells is written before what it asks later, or with it: so no more
    deliveries are in doubt at any time than there are connections.
    """

    def __init__(
        self,
        store: Store,
        worker: str,
        now: Clock,
        sleep: Callable[[float], object],
        connections: int = 1,
    ) -> None:
        """Nothing is written yet. So many connections may ask at once."""
        self._store = store
        self._worker = worker
        self._now = now
        self._sleep = sleep
        self._connections = connections
        self._queue: SimpleQueue[_QueueItem | None] = SimpleQueue()  # None is the last
        self._lock = Lock()  # nothing is told once this has ended:
        self._is_closed = False

    def enqueue_result(self, settled: DeliveryUpdate) -> None:
        """Have an outcome written, soon. Raises StoreError where nothing can be written."""
        self._put(settled)

    def mark_in_doubt(self, delivery: int) -> None:
        """Record that a delivery may be sent from now on; it is on the disk when this returns.

        Raises:
            NotOursError: It must not be sent.
            StoreError: Nothing can be written.
        """
        question = _WriteRequest(delivery)
        self._put(question)
        granted = question.reply.get()
        if granted is None:
            raise StoreError(_WRITER_CLOSED)
        if not granted:
            raise LeaseLostError

    def flush(self) -> None:
        """Wait until all outcomes told so far are on the disk, or nothing can be written."""
        question = _WriteRequest(None)
        with suppress(StoreError):
            self._put(question)
            question.reply.get()

    def close(self) -> None:
        """Write what is left, and let `run` return; nothing may be told or asked any more."""
        self._queue.put(None)

    def run(self) -> None:
        """Write until the end. Raises StoreError where the store cannot be written."""
        goes_on = True
        try:
            while goes_on:
                batch = self._collect_batch()
                goes_on = batch[-1] is not None
                self._write([each for each in batch if each is not None])
        finally:
            with self._lock:
                self._is_closed = True
            while not self._queue.empty():
                _reply(self._queue.get(), None)

    def _put(self, news: _QueueItem) -> None:
        """Hand something to whoever writes. Raises StoreError where nobody does any more."""
        with self._lock:
            if self._is_closed:
                raise StoreError(_WRITER_CLOSED)
            self._queue.put(news)

    def _collect_batch(self) -> list[_QueueItem | None]:
        """Wait for something to write, at most `_MANY`.

        Who tells an outcome has something to ask soon, and who asks is seldom alone: those who wait
        a little for each other are all on the disk for the price of one.
        """
        batch = [self._queue.get()]
        asked = 0
        while batch[-1] is not None and len(batch) < _MAX_BATCH:
            asked += isinstance(batch[-1], _WriteRequest)
            pause = (
                (_REQUEST_DELAY if asked < self._connections else 0.0) if asked else _RESULT_DELAY
            )
            try:
                batch.append(self._queue.get(timeout=pause))
            except Empty:
                break
        return batch

    def _write(self, batch: Sequence[_QueueItem]) -> None:
        """Write it, and answer what is asked."""
        settled = [each for each in batch if isinstance(each, DeliveryUpdate)]
        questions = [each for each in batch if isinstance(each, _WriteRequest)]
        granted: set[int | None] | None = None
        try:
            granted = set(self._write_transaction(settled, [each.delivery for each in questions]))
        finally:
            for each in questions:
                _reply(each, granted)

    def _write_transaction(
        self, settled: Sequence[DeliveryUpdate], asked: Sequence[int | None]
    ) -> Iterable[int]:
        """Write to the store in one transaction; give what may be sent."""
        store, now = self._store, self._now()
        ids = [each for each in asked if each is not None]
        if ids:
            return retry_on_database_error(
                lambda: store.mark_in_doubt(self._worker, ids, now, settled), self._sleep
            )
        retry_on_database_error(
            lambda: store.record_results(self._worker, settled, now), self._sleep
        )
        return ()


def _reply(news: _QueueItem | None, granted: set[int | None] | None) -> None:
    """Answer a question: one alone may send, should two have asked for the same."""
    if isinstance(news, _WriteRequest):
        news.reply.put(None if granted is None else news.delivery in granted)
        if granted:
            granted.discard(news.delivery)


class StoreWriter:
    """Writes as soon as the database is there; its methods are for all threads.

    Every method raises StoreError where the database cannot be used, or is away for too long.
    """

    def __init__(self, desk: NewsletterContext, now: Clock) -> None:
        """Nothing is written yet."""
        self._newsletter = desk
        self._now = now

    def find_sending_issues(self) -> frozenset[int]:
        """Return the issues that are being sent."""
        issues = retry_on_database_error(self._newsletter.store.list_issues, time.sleep)
        return frozenset(each.id for each in issues if each.state == "sending")

    def set_waiting_reason(self, issue: int, why: str) -> None:
        """Record why an issue waits, "" where it goes on, unless somebody stopped or ended it."""
        self._update_issue(self._newsletter.store.set_wait_reason, issue, why)

    def pause_issue(self, issue: int, why: str) -> None:
        """Pause an issue, unless somebody stopped or ended it meanwhile."""
        self._update_issue(self._newsletter.store.pause_issue, issue, why)

    def record_bounces(self, reports: Sequence[RecipientRejection]) -> None:
        """Record of readers that their addresses are gone, or their mailboxes took nothing."""
        limit = self._newsletter.config.mail.soft_bounces

        def suppressed() -> None:
            for each in reports:
                self._newsletter.store.record_bounce(
                    each.subscriber_id, hard=each.hard, limit=limit, now=self._now()
                )

        retry_on_database_error(suppressed, time.sleep)

    def suspend_relay(self, suspension: RelaySuspension) -> None:
        """Record that a relay is not used for a while."""
        retry_on_database_error(
            lambda: self._newsletter.store.suspend_relay(suspension), time.sleep
        )

    def record_refusal(self, outcome: SendResult, reader: Subscriber | None = None) -> None:
        """Record that we were refused, by a reader's domain or else by the relay itself."""
        domain = reader.address.rpartition("@")[2].lower() if reader else outcome.relay
        number, words = (
            reader.id if reader else 0,
            bounce_classifier.redact_addresses(format_reply(outcome)),
        )
        retry_on_database_error(
            lambda: self._newsletter.store.record_refusal(number, domain, words, self._now()),
            time.sleep,
        )

    def _update_issue(self, how: Callable[[int, str], Issue], issue: int, why: str) -> None:
        def marked() -> None:
            if self._newsletter.store.get_issue(issue).state != "sending":
                return
            try:
                how(issue, why)
            except StoreError:
                if self._newsletter.store.get_issue(issue).state == "sending":
                    raise

        retry_on_database_error(marked, time.sleep)


def format_reply(outcome: SendResult) -> str:
    """Return what a server answered, in one line."""
    return " ".join(filter(None, (str(outcome.code or ""), outcome.status, outcome.text)))


_MAX_HELD = 5  # refused in a row: it is us
_MAX_OVER_QUOTA = 2  # likewise, where the relay itself says that it takes no more
_MAX_RETRIES = (
    5  # refusals of one message, between which others were taken: it is about that message
)


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """One message that a relay refused."""

    delivery: Delivery
    outcome: SendResult
    at: datetime


class RefusalTracker:
    """What each relay refused since it last took a message. For one thread."""

    def __init__(self) -> None:
        """Nothing was refused yet."""
        self._held: dict[str, list[RefusedMessage]] = {}
        self._over_quota: dict[str, list[datetime]] = {}
        self._retry_counts: Counter[int] = Counter()  # deliveries, and how often in vain

    def hold(self, refused: RefusedMessage) -> bool:
        """Keep a message until more is known; True where the relay refuses us by now."""
        kept = self._held.setdefault(refused.outcome.relay, [])
        kept.append(refused)
        return len(kept) >= _MAX_HELD

    def record_retry(self, refused: RefusedMessage, *, over_quota: bool) -> bool:
        """Count a message that is tried again; True where the relay takes no more by now."""
        self._retry_counts[refused.delivery.id] += 1
        if not over_quota:
            return False
        over = self._over_quota.setdefault(refused.outcome.relay, [])
        over.append(refused.at)
        return len(over) >= _MAX_OVER_QUOTA

    def is_message_at_fault(self, delivery: Delivery) -> bool:
        """Tell whether a message was refused so often, while others were taken, that it is it."""
        return self._retry_counts[delivery.id] >= _MAX_RETRIES

    def record_success(self, relay: str, began: datetime) -> tuple[RefusedMessage, ...]:
        """Count a message that a relay took; return those that it refused before it was begun.

        It refused them, and not us.
        """
        if relay in self._over_quota:
            self._over_quota[relay] = [each for each in self._over_quota[relay] if each >= began]
        kept = self._held.get(relay, [])
        self._held[relay] = [each for each in kept if each.at >= began]
        return tuple(each for each in kept if each.at < began)

    def pop_held(self, relay: str) -> tuple[RefusedMessage, ...]:
        """Take out what was set aside of a relay."""
        return tuple(self._held.pop(relay, ()))

    def get_held_relays(self) -> tuple[str, ...]:
        """Return the relays of which something is set aside."""
        return tuple(name for name, kept in self._held.items() if kept)
