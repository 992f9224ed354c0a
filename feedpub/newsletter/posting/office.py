"""What all connections of one round share: what waits, how fast it may go, what became of it."""

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Condition
from zoneinfo import ZoneInfo

from feedpub import outbox
from feedpub.mailing import Delivery, Outcome, Settled, Suspension
from feedpub.message import Letter
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.posting.brake import Brake, Report
from feedpub.newsletter.posting.letters import Letters
from feedpub.newsletter.posting.lines import Gate, told
from feedpub.newsletter.posting.paces import Paces, slows_relay
from feedpub.newsletter.posting.printing import Printer
from feedpub.newsletter.posting.recording import Recorder, patiently
from feedpub.newsletter.posting.refused import Refusals, Refused
from feedpub.newsletter.posting.throttling import Throttle
from feedpub.newsletter.posting.times import Clock
from feedpub.newsletter.posting.waiting import Waiting, domain
from feedpub.newsletter.posting.writing import StoreWriter, said
from feedpub.outbox import Cause

_BATCH = 200  # claimed at once
_FEW = 100  # waiting: time to claim more
_MOST = 500  # waiting, all for domains that are slow: give some back
_LEASE = timedelta(minutes=15)  # longer than the wait for the answer to a final dot
_SPARED = timedelta(minutes=5)
_GLANCE = 0.25  # seconds between two looks at the pace of a relay
_AGAIN = 5.0  # seconds until a connection that was refused is tried again


class Office:
    """One round of sending; its methods are for all threads."""

    def __init__(
        self,
        desk: Desk,
        worker: str,
        printer: Printer,
        gates: Sequence[Gate],
        now: Clock,
        progress: Callable[[int], None],
    ) -> None:
        self._desk = desk
        self._worker = worker
        self._now = now
        self._progress = progress
        self.now = now
        number = sum(each.connections for each in gates)
        self.recorder = Recorder(desk.store, worker, now, time.sleep, number)
        self._changed = Condition()  # guards all that follows
        self._paces = Paces({each.name: each.rate for each in gates})
        self._throttle = Throttle()
        self._refusals = Refusals()
        self._relays = frozenset(each.name for each in gates)
        self._zone = ZoneInfo(desk.config.site.timezone)
        self._suspended: dict[str, Suspension] = {}
        self._returned: set[int] = set()  # issues of which something was given back
        self._waiting = Waiting(self._paces)
        self._held: set[int] = set()  # deliveries that are waiting or being carried
        self._carried: set[int] = set()  # of these: being carried
        self._brakes: dict[int, Brake] = {}
        self._stopped: dict[int, str] = {}  # issues, by their brake, and why
        self._claiming = False
        self._is_dry = False  # nothing more is due, as long as what is being carried is
        self._was_dry_alone = False  # it was so while nothing was being carried
        self._is_over = False
        self._is_losing = False  # somebody left while their message was on its way
        self._offline = ""  # why nothing can be sent
        self.sent = 0
        self._letters = Letters(desk, printer, now)
        self._writer = StoreWriter(desk, now)

    @property
    def why(self) -> str:
        """Why not all was sent, "" where all was."""
        return "; ".join(filter(None, (*self._stopped.values(), self._offline)))

    def begin(self) -> None:
        """Learn which relays are not to be used; where that is all, the round ends at once."""
        suspensions = patiently(lambda: self._desk.store.suspensions(self._now()), time.sleep)
        with self._changed:
            self._suspended.update({each.relay: each for each in suspensions})
        self._end_without_relays()

    def suspended(self) -> frozenset[str]:
        """Return the relays that are not to be used."""
        with self._changed:
            return frozenset(self._suspended)

    def halt(self) -> None:
        """Let nobody begin another message."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def next(self) -> Delivery | None:
        """Give a delivery to send, after some time maybe; None where there will be none."""
        while True:
            with self._changed:
                if self._is_over:
                    return None
                found = self._waiting.take(self._now())
                few = len(self._waiting) < (_FEW if isinstance(found, Delivery) else _MOST)
                claims = few and not (self._claiming or self._is_dry)
                self._claiming |= claims
                spared = (
                    ()
                    if few or self._is_dry or isinstance(found, Delivery)
                    else self._waiting.spare()
                )
                if isinstance(found, Delivery):
                    self._carried.add(found.id)
                elif not claims and not spared:
                    if self._is_empty():
                        self._changed.notify_all()
                        return None
                    self._changed.wait(min(found, _AGAIN))
            for each in spared:
                self._give_back(each)
            if claims:
                self._claim()
            if isinstance(found, Delivery):
                return found

    def back(self, delivery: Delivery) -> None:
        """Take a delivery back that was not sent; somebody else may get it."""
        with self._changed:
            if delivery.issue not in self._stopped:
                self._waiting.back(delivery)
            self._put_down(delivery)
            self._changed.notify_all()

    def letter(self, delivery: Delivery) -> tuple[Letter, str]:
        """Return the content of a delivery, encoded once, and its language."""
        return self._letters.letter(delivery)

    def end(self, why: str) -> None:
        """End the round, since nothing can be sent."""
        with self._changed:
            self._offline = self._offline or why
        self.halt()

    def rest(self) -> None:
        """Wait a little, or until there is nothing more to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._is_empty(), _AGAIN)

    def pace(self, relay: str) -> bool:
        """Wait until a relay may have another message; False where it may have none any more."""
        with self._changed:
            while not self._is_over and relay not in self._suspended:
                now = self._now()
                seconds = self._throttle.wait(relay, now) or self._paces.wait(relay, now)
                if not seconds:
                    self._throttle.take(relay, now)
                    return True
                self._changed.wait(min(seconds, _GLANCE))
        return False

    def lost(self, delivery: Delivery) -> None:
        """Note that a delivery was not ours to send any more.

        Nor is anything else of an issue that somebody has stopped.
        """
        issue = patiently(lambda: self._desk.store.issue(delivery.issue), time.sleep)
        with self._changed:
            self._held.discard(delivery.id)
            self._put_down(delivery)
            self._is_losing = True
            if issue.state != "sending" and issue.id not in self._stopped:
                self._stopped[issue.id] = f"issue {issue.id} is {issue.state}"
                self._waiting.drop(issue.id)
                self._changed.notify_all()

    def done(self, delivery: Delivery, outcome: Outcome, began: datetime | None = None) -> None:
        """Record what became of a delivery that was begun at a time, and learn from it.

        What the relay refuses for its own sake, or ours, is given back: it counts against nobody.
        """
        began = began or self._now()
        cause = outbox.cause(outcome)
        if cause in {Cause.RATE, Cause.QUOTA} and not self._is_about_message(delivery, outcome):
            self._return(delivery, outcome, cause, began)
        elif cause is Cause.SENDER:
            self._set_aside(delivery, outcome)
        else:
            refused: tuple[Refused, ...] = ()
            if outcome.kind == "accepted":
                with self._changed:
                    self._throttle.accepted(outcome.relay, self._now())
                    refused = self._refusals.accepted(outcome.relay, began)
            for each in refused:
                self._settle(each.delivery, each.outcome)
            self._settle(delivery, outcome)

    def _is_about_message(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Tell whether it is about the message after all, whatever the relay says."""
        with self._changed:
            return outcome.kind != "offline" and self._refusals.is_about_message(delivery)

    def _return(self, delivery: Delivery, outcome: Outcome, cause: Cause, began: datetime) -> None:
        """Give a delivery back, and send slower to the relay, or no more for a while."""
        now = self._now()
        self.recorder.settle(Settled(delivery.id, "planned", outcome, now))
        refused = Refused(delivery, outcome, now)
        with self._changed:
            self._held.discard(delivery.id)
            self._returned.add(delivery.issue)
            self._put_down(delivery)
            self._is_dry = False
            is_over = self._refusals.return_(refused, over_quota=cause is Cause.QUOTA)
            length = outbox.suspended(outcome)
            if cause is Cause.RATE:
                is_over = not self._throttle.refused(outcome.relay, began, now)
                length = max(length if outbox.says_when(outcome) else _SPARED, _SPARED)
            self._changed.notify_all()
        if is_over or (cause is Cause.QUOTA and outcome.kind == "offline"):
            self._suspend(outcome, length)

    def _set_aside(self, delivery: Delivery, outcome: Outcome) -> None:
        """Keep a delivery that was refused because of us, until it is known whether it was."""
        with self._changed:
            self._returned.add(delivery.issue)
            is_us = self._refusals.set_aside(Refused(delivery, outcome, self._now()))
            self._put_down(delivery)
        if is_us:
            self._suspend(outcome, outbox.suspended(outcome))

    def refused(self, outcome: Outcome) -> None:
        """Learn that a relay refused a connection; where that is for long, use it no more."""
        if outbox.cause(outcome) in {Cause.QUOTA, Cause.SENDER}:
            self._suspend(outcome, outbox.suspended(outcome))

    def _suspend(self, outcome: Outcome, length: timedelta) -> None:
        """Use a relay no more for a while, nor in the next rounds; others get what it refused."""
        now = self._now()
        suspension = Suspension(outcome.relay, now + length, said(outcome))
        with self._changed:
            if outcome.relay in self._suspended:
                return
            self._suspended[outcome.relay] = suspension
            refused = self._refusals.take(outcome.relay)
            self._held.difference_update(each.delivery.id for each in refused)
            self._is_dry = False
            self._changed.notify_all()
        for each in refused:
            self.recorder.settle(Settled(each.delivery.id, "planned", each.outcome, now))
        self._writer.suspend(suspension)
        self._writer.record_refusal(outcome)
        self._end_without_relays()

    def _end_without_relays(self) -> None:
        """End the round where there is no relay to use."""
        with self._changed:
            is_over = self._relays <= self._suspended.keys()
            why = "; ".join(told(each, self._zone) for each in self._suspended.values())
        if is_over:
            self.end(why)

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record the end of an attempt."""
        now = self._now()
        chance = secrets.randbelow(1000) / 1000
        decided = outbox.decide(
            delivery.attempts, outcome, now, chance, self._desk.config.mail.on_doubt
        )
        settled = Settled(delivery.id, decided.state, outcome, decided.next_attempt)
        self.recorder.settle(settled)
        if decided.state == "failed" and outbox.is_about_sender(outcome):
            self._writer.record_refusal(outcome, delivery.subscriber)
        with self._changed:
            self._held.discard(delivery.id)
            self._put_down(delivery)
            self._learn(delivery, outcome)
            brake = self._brakes.setdefault(delivery.issue, Brake(delivery.issue))
            believed: Sequence[Report] = ()
            if outcome.kind == "failed":
                report = Report(delivery.subscriber.id, hard=bool(decided.suppress))
                brake.refused(report if report.hard or outbox.is_soft(outcome) else None)
            elif outcome.kind == "accepted":
                believed = brake.taken()
            pulled = brake.is_pulled and delivery.issue not in self._stopped
            if pulled:
                self._stopped[delivery.issue] = str(brake)
                self._waiting.drop(delivery.issue)
            self.sent += 1
            self._progress(self.sent)
        if pulled:
            self._writer.pause(delivery.issue, self._stopped[delivery.issue])
        if outcome.kind == "accepted" and self._letters.goes_on(delivery.issue):
            self._writer.note(delivery.issue, "")
        self._writer.suppress(believed)

    def release(self) -> None:
        """Give back what nobody has begun to send."""
        patiently(lambda: self._desk.store.release(self._worker), time.sleep)

    def finish(self) -> None:
        """Write what is left to write, and give back what was not sent."""
        for brake in self._brakes.values():
            self._writer.suppress(brake.believed())
        store = self._desk.store
        self._give_up_set_aside()
        if self._offline:
            for issue in self._waiting.issues() | self._returned or self._writer.sending():
                self._writer.note(issue, self._offline)
        self.release()
        if self._is_losing and self._is_empty():
            # To claim is what settles the deliveries of those who left.
            patiently(lambda: store.claim(self._worker, _BATCH, _LEASE, self._now()), time.sleep)
            self.release()

    def _give_up_set_aside(self) -> None:
        """Give back what was refused, where nothing was taken later that would clear us."""
        for relay in self._refusals.relays():
            refused = self._refusals.take(relay)
            now, last = self._now(), refused[-1].outcome
            settled = [Settled(one.delivery.id, "planned", one.outcome, now) for one in refused]
            patiently(lambda: self._desk.store.settle(self._worker, settled, now), time.sleep)  # noqa: B023 - called at once
            self._suspend(last, outbox.suspended(last))
            self._offline = self._offline or told(self._suspended[relay], self._zone)

    def _put_down(self, delivery: Delivery) -> None:
        """Note that a delivery is being carried no more; the lock is held.

        Once the last one is, more may be due: the next issue for those who have this one now.
        """
        self._carried.discard(delivery.id)
        if self._is_idle() and not self._was_dry_alone:
            self._is_dry = False
            self._changed.notify_all()

    def _is_empty(self) -> bool:
        """Whether nothing waits, and nothing more is to come; the lock is held."""
        return self._is_dry and self._is_idle()

    def _is_idle(self) -> bool:
        """Whether nothing waits, and nothing is being carried; the lock is held."""
        return not len(self._waiting) and not self._carried

    def _claim(self) -> None:
        """Claim more; one thread at a time."""
        found: tuple[Delivery, ...] = ()
        with self._changed:
            alone = self._is_idle()
        if alone:
            self.recorder.wait()  # what became of the last ones decides what is due
        try:
            found = patiently(self._claimed, time.sleep)
        finally:
            with self._changed:
                self._claiming = False
                self._is_dry = not found and (alone or not self._is_idle())
                self._was_dry_alone = self._is_dry and alone
                self._waiting.add(each for each in found if self._is_news(each))
                self._held.update(each.id for each in found)
                self._changed.notify_all()

    def _is_news(self, delivery: Delivery) -> bool:
        """Whether to keep what was claimed: what waited longer than a lease is given once more."""
        return delivery.issue not in self._stopped and delivery.id not in self._held

    def _claimed(self) -> tuple[Delivery, ...]:
        if self._is_over:
            return ()
        return self._desk.store.claim(self._worker, _BATCH, _LEASE, self._now())

    def _give_back(self, delivery: Delivery) -> None:
        outcome = Outcome("offline", text="the domain takes mail slowly")
        again = self._now() + _SPARED
        self.recorder.settle(Settled(delivery.id, "planned", outcome, again))
        with self._changed:
            self._held.discard(delivery.id)

    def _learn(self, delivery: Delivery, outcome: Outcome) -> None:
        """Slow down for who asked for it, and quicken for who takes messages."""
        if outcome.kind == "accepted":
            self._paces.quicken(domain(delivery))
            self._paces.quicken(outcome.relay)
        elif outbox.slows(outcome):
            self._paces.slow(domain(delivery), self._now())
            if slows_relay(outcome):
                self._paces.slow(outcome.relay, self._now())
