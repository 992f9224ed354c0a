"""The state that all workers of one round of sending share.

`DeliveryRunner` creates one `Dispatcher` per round. Its workers fetch deliveries from it and report
results to it; it decides on rates, suspensions, retries and paused issues.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Condition
from zoneinfo import ZoneInfo

from feedpub.app import NewsletterContext
from feedpub.delivery import retry
from feedpub.delivery.content import PreparedMessageCache
from feedpub.delivery.mime import PreparedMessage
from feedpub.delivery.ready_queue import ReadyQueue, get_domain
from feedpub.delivery.relays import Clock, RelayLimits, describe_suspension
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.results import (
    RefusalTracker,
    RefusedMessage,
    ResultWriter,
    StoreWriter,
    format_reply,
    retry_on_database_error,
)
from feedpub.delivery.retry import FailureCause
from feedpub.delivery.throttle import (
    CircuitBreaker,
    RateLimiter,
    RecipientRejection,
    Throttle,
    is_relay_throttling,
)
from feedpub.models.newsletter import Delivery, DeliveryUpdate, RelaySuspension, SendResult

_BATCH = 200  # deliveries per claim
_LOW_WATER_MARK = 100  # claim more when fewer deliveries are queued
_HIGH_WATER_MARK = 500  # with all of these throttled, return some to the store
_LEASE = timedelta(minutes=15)  # longer than the timeout for the reply to the final dot
_RETURN_DELAY = timedelta(minutes=5)
_POLL_INTERVAL = 0.25  # seconds between two checks of a relay's rate limit
_RETRY_INTERVAL = 5.0  # seconds before a failed connection is tried again


class Dispatcher:
    """The queue, limits and results of one round of sending. Thread-safe."""

    def __init__(
        self,
        newsletter: NewsletterContext,
        worker: str,
        renderer: MessageRenderer,
        gates: Sequence[RelayLimits],
        now: Clock,
        progress: Callable[[int], None],
    ) -> None:
        self._newsletter = newsletter
        self._worker = worker
        self._now = now
        self._progress = progress
        self.now = now
        number = sum(each.connections for each in gates)
        self.result_writer = ResultWriter(newsletter.store, worker, now, time.sleep, number)
        self._changed = Condition()  # guards everything below but the last two attributes
        self._rate_limiter = RateLimiter({each.name: each.rate for each in gates})
        self._throttle = Throttle()
        self._refusals = RefusalTracker()
        self._relays = frozenset(each.name for each in gates)
        self._zone = ZoneInfo(newsletter.config.site.timezone)
        self._suspended: dict[str, RelaySuspension] = {}
        self._returned_issues: set[int] = set()  # issues with deliveries returned to the store
        self._ready_queue = ReadyQueue(self._rate_limiter)
        self._claimed_ids: set[int] = set()  # deliveries queued, held or in flight
        self._in_flight: set[int] = set()  # the ones a worker has
        self._breakers: dict[int, CircuitBreaker] = {}
        self._stopped: dict[int, str] = {}  # issues stopped in this round, with the reason
        self._claiming = False  # one worker at a time claims, without holding the lock
        self._is_drained = False  # nothing else is due until a delivery in flight ends
        self._was_drained_idle = False  # drained, and nothing was in flight: the end
        self._is_over = False
        self._has_lost_leases = False  # a delivery was taken away just before it was sent
        self._abort_reason = ""  # why nothing can be sent
        self.sent = 0
        self._prepared_messages = PreparedMessageCache(newsletter, renderer, now)
        self._store_writer = StoreWriter(newsletter, now)

    @property
    def stop_reason(self) -> str:
        """Why the round ended early, or "" if everything was sent."""
        return "; ".join(filter(None, (*self._stopped.values(), self._abort_reason)))

    def start(self) -> None:
        """Load the relay suspensions; end the round at once if every relay is suspended."""
        suspensions = retry_on_database_error(
            lambda: self._newsletter.store.list_suspensions(self._now()), time.sleep
        )
        with self._changed:
            self._suspended.update({each.relay: each for each in suspensions})
        self._end_without_relays()

    def get_suspended_relays(self) -> frozenset[str]:
        """Return the names of the relays that must not be used."""
        with self._changed:
            return frozenset(self._suspended)

    def stop(self) -> None:
        """Stop workers from starting another message."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def fetch_delivery(self) -> Delivery | None:
        """Return the next delivery, waiting for one if needed; None when the round is over.

        The calling worker also claims more deliveries when the queue runs low.
        """
        while True:
            with self._changed:
                if self._is_over:
                    return None
                found = self._ready_queue.pop(self._now())
                # With only throttled domains queued, claim more in the hope of other domains.
                few = len(self._ready_queue) < (
                    _LOW_WATER_MARK if isinstance(found, Delivery) else _HIGH_WATER_MARK
                )
                claims = few and not (self._claiming or self._is_drained)
                self._claiming |= claims
                spared = (
                    ()
                    if few or self._is_drained or isinstance(found, Delivery)
                    else self._ready_queue.evict_slow()
                )
                if isinstance(found, Delivery):
                    self._in_flight.add(found.id)
                elif not claims and not spared:
                    if self._is_empty():
                        self._changed.notify_all()
                        return None
                    self._changed.wait(min(found, _RETRY_INTERVAL))
            for each in spared:
                self._postpone(each)
            if claims:
                self._claim()
            if isinstance(found, Delivery):
                return found

    def requeue(self, delivery: Delivery) -> None:
        """Put back a delivery that was not sent, for any worker to take."""
        with self._changed:
            if delivery.issue not in self._stopped:
                self._ready_queue.requeue(delivery)
            self._discard_in_flight(delivery)
            self._changed.notify_all()

    def get_prepared_message(self, delivery: Delivery) -> tuple[PreparedMessage, str]:
        """Return the prepared message of a delivery and its language."""
        return self._prepared_messages.get_or_prepare(delivery)

    def abort(self, why: str) -> None:
        """End the round because nothing can be sent."""
        with self._changed:
            self._abort_reason = self._abort_reason or why
        self.stop()

    def wait_before_retry(self) -> None:
        """Wait a few seconds, or until there is nothing left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._is_empty(), _RETRY_INTERVAL)

    def wait_for_rate_limit(self, relay: str) -> bool:
        """Wait until a relay may be sent another message; False if that will not happen.

        The round may have ended, or the relay been suspended.
        """
        with self._changed:
            while not self._is_over and relay not in self._suspended:
                now = self._now()
                seconds = self._throttle.get_delay(relay, now) or self._rate_limiter.acquire(
                    relay, now
                )
                if not seconds:
                    self._throttle.record_send(relay, now)
                    return True
                self._changed.wait(min(seconds, _POLL_INTERVAL))
        return False

    def handle_lost_lease(self, delivery: Delivery) -> None:
        """Drop a delivery that is no longer ours to send.

        If its issue has been paused or cancelled, drop the rest of that issue too.
        """
        issue = retry_on_database_error(
            lambda: self._newsletter.store.get_issue(delivery.issue), time.sleep
        )
        with self._changed:
            self._claimed_ids.discard(delivery.id)
            self._discard_in_flight(delivery)
            self._has_lost_leases = True
            if issue.state != "sending" and issue.id not in self._stopped:
                self._stopped[issue.id] = f"issue {issue.id} is {issue.state}"
                self._ready_queue.discard_issue(issue.id)
                self._changed.notify_all()

    def complete(
        self, delivery: Delivery, outcome: SendResult, began: datetime | None = None
    ) -> None:
        """Record the result of a delivery and adjust to it.

        Deliveries that the relay refused because of its limits or because of us return to the queue
        without counting as an attempt. `began` is when the attempt started.
        """
        began = began or self._now()
        cause = retry.find_cause(outcome)
        if cause in {FailureCause.RATE, FailureCause.QUOTA} and not self._is_about_message(
            delivery, outcome
        ):
            self._return_to_queue(delivery, outcome, cause, began)
        elif cause is FailureCause.SENDER:
            self._hold(delivery, outcome)
        else:
            refused: tuple[RefusedMessage, ...] = ()
            if outcome.kind == "accepted":
                with self._changed:
                    self._throttle.record_success(outcome.relay, self._now())
                    refused = self._refusals.record_success(outcome.relay, began)
            for each in refused:
                self._record_attempt(each.delivery, each.outcome)
            self._record_attempt(delivery, outcome)

    def _is_about_message(self, delivery: Delivery, outcome: SendResult) -> bool:
        """Return whether earlier refusals show that the message is at fault, not the relay."""
        with self._changed:
            return outcome.kind != "offline" and self._refusals.is_message_at_fault(delivery)

    def _return_to_queue(
        self, delivery: Delivery, outcome: SendResult, cause: FailureCause, began: datetime
    ) -> None:
        """Return a delivery to the store and slow down or suspend the relay."""
        now = self._now()
        self.result_writer.enqueue_result(DeliveryUpdate(delivery.id, "planned", outcome, now))
        refused = RefusedMessage(delivery, outcome, now)
        with self._changed:
            self._claimed_ids.discard(delivery.id)
            self._returned_issues.add(delivery.issue)
            self._discard_in_flight(delivery)
            self._is_drained = False
            is_over = self._refusals.record_retry(refused, over_quota=cause is FailureCause.QUOTA)
            length = retry.get_suspension_time(outcome)
            if cause is FailureCause.RATE:
                is_over = not self._throttle.record_refusal(outcome.relay, began, now)
                length = max(
                    length if retry.has_retry_time(outcome) else _RETURN_DELAY, _RETURN_DELAY
                )
            self._changed.notify_all()
        if is_over or (cause is FailureCause.QUOTA and outcome.kind == "offline"):
            self._suspend(outcome, length)

    def _hold(self, delivery: Delivery, outcome: SendResult) -> None:
        """Hold a delivery refused because of us until it is clear whether that was the cause."""
        with self._changed:
            self._returned_issues.add(delivery.issue)
            is_us = self._refusals.hold(RefusedMessage(delivery, outcome, self._now()))
            self._discard_in_flight(delivery)
        if is_us:
            self._suspend(outcome, retry.get_suspension_time(outcome))

    def handle_connection_refusal(self, outcome: SendResult) -> None:
        """Suspend a relay that refused a connection for its quota or because of us."""
        if retry.find_cause(outcome) in {FailureCause.QUOTA, FailureCause.SENDER}:
            self._suspend(outcome, retry.get_suspension_time(outcome))

    def _suspend(self, outcome: SendResult, length: timedelta) -> None:
        """Suspend a relay, across rounds, and return what it refused to the queue."""
        now = self._now()
        suspension = RelaySuspension(outcome.relay, now + length, format_reply(outcome))
        with self._changed:
            if outcome.relay in self._suspended:
                return
            self._suspended[outcome.relay] = suspension
            refused = self._refusals.pop_held(outcome.relay)
            self._claimed_ids.difference_update(each.delivery.id for each in refused)
            self._is_drained = False  # the returned deliveries can be claimed for other relays
            self._changed.notify_all()
        for each in refused:
            self.result_writer.enqueue_result(
                DeliveryUpdate(each.delivery.id, "planned", each.outcome, now)
            )
        self._store_writer.suspend_relay(suspension)
        self._store_writer.record_refusal(outcome)
        self._end_without_relays()

    def _end_without_relays(self) -> None:
        """End the round if every relay is suspended."""
        with self._changed:
            is_over = self._relays <= self._suspended.keys()
            why = "; ".join(
                describe_suspension(each, self._zone) for each in self._suspended.values()
            )
        if is_over:
            self.abort(why)

    def _record_attempt(self, delivery: Delivery, outcome: SendResult) -> None:
        """Record the end of an attempt; stop its issue if the circuit breaker opens."""
        now = self._now()
        chance = secrets.randbelow(1000) / 1000
        decided = retry.decide_retry(
            delivery.attempts, outcome, now, chance, self._newsletter.config.mail.on_doubt
        )
        settled = DeliveryUpdate(delivery.id, decided.state, outcome, decided.next_attempt)
        self.result_writer.enqueue_result(settled)
        if decided.state == "failed" and retry.is_about_sender(outcome):
            self._store_writer.record_refusal(outcome, delivery.subscriber)
        with self._changed:
            self._claimed_ids.discard(delivery.id)
            self._discard_in_flight(delivery)
            self._adjust_rate(delivery, outcome)
            brake = self._breakers.setdefault(delivery.issue, CircuitBreaker(delivery.issue))
            believed: Sequence[RecipientRejection] = ()
            if outcome.kind == "failed":
                report = RecipientRejection(
                    delivery.subscriber.id, hard=bool(decided.subscriber_state)
                )
                brake.record_failure(
                    report if report.hard or retry.is_soft_bounce(outcome) else None
                )
            elif outcome.kind == "accepted":
                believed = brake.record_success()
            pulled = brake.is_open and delivery.issue not in self._stopped
            if pulled:
                self._stopped[delivery.issue] = str(brake)
                self._ready_queue.discard_issue(delivery.issue)
            self.sent += 1
            self._progress(self.sent)
        if pulled:
            self._store_writer.pause_issue(delivery.issue, self._stopped[delivery.issue])
        if outcome.kind == "accepted" and self._prepared_messages.clear_waiting(delivery.issue):
            self._store_writer.set_waiting_reason(delivery.issue, "")
        self._store_writer.record_bounces(believed)

    def release(self) -> None:
        """Return all deliveries that were claimed but not started."""
        retry_on_database_error(
            lambda: self._newsletter.store.release_deliveries(self._worker), time.sleep
        )

    def finish(self) -> None:
        """Write the remaining results and return unsent deliveries to the store."""
        for brake in self._breakers.values():
            self._store_writer.record_bounces(brake.pop_confirmed())
        store = self._newsletter.store
        self._release_held()
        if self._abort_reason:
            for issue in (
                self._ready_queue.get_issue_ids() | self._returned_issues
                or self._store_writer.find_sending_issues()
            ):
                self._store_writer.set_waiting_reason(issue, self._abort_reason)
        self.release()
        if self._has_lost_leases and self._is_empty():
            # Claiming also settles the deliveries of subscribers who have left.
            retry_on_database_error(
                lambda: store.claim_deliveries(self._worker, _BATCH, _LEASE, self._now()),
                time.sleep,
            )
            self.release()

    def _release_held(self) -> None:
        """Return held deliveries whose relay accepted nothing afterwards, and suspend the relay."""
        for relay in self._refusals.get_held_relays():
            refused = self._refusals.pop_held(relay)
            now, last = self._now(), refused[-1].outcome
            settled = [
                DeliveryUpdate(one.delivery.id, "planned", one.outcome, now) for one in refused
            ]
            retry_on_database_error(
                lambda: self._newsletter.store.record_results(self._worker, settled, now),  # noqa: B023
                time.sleep,
            )
            self._suspend(last, retry.get_suspension_time(last))
            self._abort_reason = self._abort_reason or describe_suspension(
                self._suspended[relay], self._zone
            )

    def _discard_in_flight(self, delivery: Delivery) -> None:
        """Note that a delivery is no longer in flight. Requires the lock.

        When the last one ends, more may be due: a subscriber's next issue waits for the current
        one.
        """
        self._in_flight.discard(delivery.id)
        if self._is_idle() and not self._was_drained_idle:
            self._is_drained = False
            self._changed.notify_all()

    def _is_empty(self) -> bool:
        """Return whether nothing is queued, in flight or left to claim. Requires the lock."""
        return self._is_drained and self._is_idle()

    def _is_idle(self) -> bool:
        """Return whether nothing is queued or in flight. Requires the lock."""
        return not len(self._ready_queue) and not self._in_flight

    def _claim(self) -> None:
        """Claim another batch. Only one thread at a time calls this."""
        found: tuple[Delivery, ...] = ()
        with self._changed:
            alone = self._is_idle()
        if alone:
            self.result_writer.flush()  # what is due depends on the last results
        try:
            found = retry_on_database_error(self._claim_batch, time.sleep)
        finally:
            with self._changed:
                self._claiming = False
                # If the last delivery ended during an empty claim, it may have made more due.
                self._is_drained = not found and (alone or not self._is_idle())
                self._was_drained_idle = self._is_drained and alone
                self._ready_queue.add(each for each in found if self._is_new_claim(each))
                self._claimed_ids.update(each.id for each in found)
                self._changed.notify_all()

    def _is_new_claim(self, delivery: Delivery) -> bool:
        """Return whether to queue a claimed delivery.

        A delivery queued for longer than its lease is claimed a second time.
        """
        return delivery.issue not in self._stopped and delivery.id not in self._claimed_ids

    def _claim_batch(self) -> tuple[Delivery, ...]:
        if self._is_over:
            return ()
        return self._newsletter.store.claim_deliveries(self._worker, _BATCH, _LEASE, self._now())

    def _postpone(self, delivery: Delivery) -> None:
        """Return a delivery for a slow domain to the store, to be claimed again later."""
        outcome = SendResult("offline", text="the domain takes mail slowly")
        again = self._now() + _RETURN_DELAY
        self.result_writer.enqueue_result(DeliveryUpdate(delivery.id, "planned", outcome, again))
        with self._changed:
            self._claimed_ids.discard(delivery.id)

    def _adjust_rate(self, delivery: Delivery, outcome: SendResult) -> None:
        """Slow down for a domain or relay that throttles us; speed up for one that accepts."""
        if outcome.kind == "accepted":
            self._rate_limiter.speed_up(get_domain(delivery))
            self._rate_limiter.speed_up(outcome.relay)
        elif retry.is_throttling(outcome):
            self._rate_limiter.slow_down(get_domain(delivery), self._now())
            if is_relay_throttling(outcome):
                self._rate_limiter.slow_down(outcome.relay, self._now())
