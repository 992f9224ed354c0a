"""Write the results of a round of sending to the store.

`ResultWriter` batches the workers' delivery results into few transactions, `StoreWriter` records
everything else, and `RefusalTracker` finds out whether a relay refuses single messages or us.
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
"""Seconds to wait for an unavailable database. SMTP servers wait 300 for the rest of a message."""

_FIRST, _LONGEST = 0.05, 5.0  # seconds between two attempts
_RESULT_DELAY = 0.02  # seconds a result waits for the worker's next request
_REQUEST_DELAY = 0.001  # seconds a request waits for those of other workers
_MAX_BATCH = 100  # items per transaction
_WRITER_CLOSED = "delivery results can no longer be recorded"

ReturnType = TypeVar("ReturnType")


class LeaseLostError(Exception):
    """The delivery must not be sent: it was reclaimed or cancelled, or its subscriber left."""


def retry_on_database_error(
    call: Callable[[], ReturnType],
    sleep: Callable[[float], object],
    timeout: float = DATABASE_TIMEOUT,
) -> ReturnType:
    """Call until the database is available; raise StoreUnavailable after `timeout` seconds.

    Args:
        call: An idempotent call: it may have succeeded although the reply was lost.
        sleep: Waits for a number of seconds.
        timeout: Seconds to wait in all.
    """
    pause = _FIRST
    while True:
        try:
            return call()
        except StoreUnavailable:
            if timeout <= 0:
                raise
        sleep(min(pause, timeout))
        timeout -= pause
        pause = min(pause * 2, _LONGEST)


@dataclass(frozen=True, slots=True)
class _WriteRequest:
    """A worker's request to have its results on disk and, for a delivery, permission to send it."""

    delivery: int | None  # the delivery to send, None to wait only
    reply: "SimpleQueue[bool | None]" = field(default_factory=SimpleQueue)  # None: write failed


_QueueItem = DeliveryUpdate | _WriteRequest


class ResultWriter:
    """Writes results to the store in a thread of its own, in batches (group commit).

    One fsync costs as much for many results as for one. A worker's result is written before its
    next request or together with it, so no more deliveries are in doubt than there are connections.
    """

    def __init__(
        self,
        store: Store,
        worker: str,
        now: Clock,
        sleep: Callable[[float], object],
        connections: int = 1,
    ) -> None:
        """Prepare to write; `connections` workers may make requests at the same time."""
        self._store = store
        self._worker = worker
        self._now = now
        self._sleep = sleep
        self._connections = connections
        self._queue: SimpleQueue[_QueueItem | None] = SimpleQueue()  # None ends it
        self._lock = Lock()  # so that nothing is enqueued after the writer has ended
        self._is_closed = False

    def enqueue_result(self, settled: DeliveryUpdate) -> None:
        """Have a result written soon. Raises StoreError if nothing can be written."""
        self._put(settled)

    def mark_in_doubt(self, delivery: int) -> None:
        """Mark a delivery as in doubt, on disk, before its final dot is sent.

        Raises:
            LeaseLostError: It must not be sent.
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
        """Wait until all results so far are on disk, or nothing can be written."""
        question = _WriteRequest(None)
        with suppress(StoreError):
            self._put(question)
            question.reply.get()

    def close(self) -> None:
        """Write the remaining results and let `run` return; nothing may be enqueued after this."""
        self._queue.put(None)

    def run(self) -> None:
        """Write until closed. Raises StoreError if the store cannot be written."""
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
        """Enqueue an item. Raises StoreError if the writer has ended."""
        with self._lock:
            if self._is_closed:
                raise StoreError(_WRITER_CLOSED)
            self._queue.put(news)

    def _collect_batch(self) -> list[_QueueItem | None]:
        """Wait for items to write, at most `_MAX_BATCH`.

        A worker that reports a result soon makes a request, and requests of several workers come
        close together, so waiting briefly lets them share one transaction.
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
        """Write a batch and reply to its requests."""
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
        """Write to the store in one transaction; return the deliveries that may be sent."""
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
    """Reply to a request; of two requests for the same delivery, only the first may send it."""
    if isinstance(news, _WriteRequest):
        news.reply.put(None if granted is None else news.delivery in granted)
        if granted:
            granted.discard(news.delivery)


class StoreWriter:
    """Writes to the store, waiting for an unavailable database. Thread-safe.

    Every method raises StoreError if the database is unusable or unavailable for too long.
    """

    def __init__(self, newsletter: NewsletterContext, now: Clock) -> None:
        self._newsletter = newsletter
        self._now = now

    def find_sending_issues(self) -> frozenset[int]:
        """Return the ids of the issues being sent."""
        issues = retry_on_database_error(self._newsletter.store.list_issues, time.sleep)
        return frozenset(each.id for each in issues if each.state == "sending")

    def set_waiting_reason(self, issue: int, why: str) -> None:
        """Record why an issue waits, "" if it does not, unless it is no longer being sent."""
        self._update_issue(self._newsletter.store.set_wait_reason, issue, why)

    def pause_issue(self, issue: int, why: str) -> None:
        """Pause an issue unless it has been stopped or has ended meanwhile."""
        self._update_issue(self._newsletter.store.pause_issue, issue, why)

    def record_bounces(self, reports: Sequence[RecipientRejection]) -> None:
        """Record hard and soft bounces of subscribers."""
        limit = self._newsletter.config.mail.soft_bounces

        def suppressed() -> None:
            for each in reports:
                self._newsletter.store.record_bounce(
                    each.subscriber_id, hard=each.hard, limit=limit, now=self._now()
                )

        retry_on_database_error(suppressed, time.sleep)

    def suspend_relay(self, suspension: RelaySuspension) -> None:
        """Record the suspension of a relay."""
        retry_on_database_error(
            lambda: self._newsletter.store.suspend_relay(suspension), time.sleep
        )

    def record_refusal(self, outcome: SendResult, reader: Subscriber | None = None) -> None:
        """Record that a subscriber's domain, or else the relay itself, refused us."""
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
    """Return a server's reply on one line."""
    return " ".join(filter(None, (str(outcome.code or ""), outcome.status, outcome.text)))


_MAX_HELD = 5  # consecutive refusals after which the relay refuses us
_MAX_OVER_QUOTA = 2  # the same, if the relay itself says that a quota is used up
_MAX_RETRIES = 5  # refusals of one message after which the message is at fault


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that a relay refused."""

    delivery: Delivery
    outcome: SendResult
    at: datetime


class RefusalTracker:
    """The refusals of each relay since it last accepted a message. Not thread-safe.

    A refusal that may be about us is held: another message accepted later shows that it was not.
    """

    def __init__(self) -> None:
        self._held: dict[str, list[RefusedMessage]] = {}
        self._over_quota: dict[str, list[datetime]] = {}
        self._retry_counts: Counter[int] = Counter()  # refusals by delivery id

    def hold(self, refused: RefusedMessage) -> bool:
        """Hold a message; return True once the relay must be taken to refuse us."""
        kept = self._held.setdefault(refused.outcome.relay, [])
        kept.append(refused)
        return len(kept) >= _MAX_HELD

    def record_retry(self, refused: RefusedMessage, *, over_quota: bool) -> bool:
        """Count a refusal before a retry; return True once the relay's quota is used up."""
        self._retry_counts[refused.delivery.id] += 1
        if not over_quota:
            return False
        over = self._over_quota.setdefault(refused.outcome.relay, [])
        over.append(refused.at)
        return len(over) >= _MAX_OVER_QUOTA

    def is_message_at_fault(self, delivery: Delivery) -> bool:
        """Return whether a message has been refused so often that the cause must be the message."""
        return self._retry_counts[delivery.id] >= _MAX_RETRIES

    def record_success(self, relay: str, began: datetime) -> tuple[RefusedMessage, ...]:
        """Note an accepted message; return the held ones that were refused before it was begun.

        Since the relay accepts mail from us, it refused those messages and not us.
        """
        if relay in self._over_quota:
            self._over_quota[relay] = [each for each in self._over_quota[relay] if each >= began]
        kept = self._held.get(relay, [])
        self._held[relay] = [each for each in kept if each.at >= began]
        return tuple(each for each in kept if each.at < began)

    def pop_held(self, relay: str) -> tuple[RefusedMessage, ...]:
        """Remove and return the messages held for a relay."""
        return tuple(self._held.pop(relay, ()))

    def get_held_relays(self) -> tuple[str, ...]:
        """Return the relays with held messages."""
        return tuple(name for name, kept in self._held.items() if kept)
