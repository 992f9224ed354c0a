"""What all connections of one round share: what waits, how fast it may go, what became of it."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Condition, Lock

from feedpub import outbox
from feedpub.mailing import Delivery, Issue, Outcome, Settled
from feedpub.message import Letter
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.posting.brake import Brake
from feedpub.newsletter.posting.lines import Gate
from feedpub.newsletter.posting.paces import Paces, slows_relay
from feedpub.newsletter.posting.printing import Printer
from feedpub.newsletter.posting.recording import Recorder, patiently
from feedpub.newsletter.posting.times import Clock
from feedpub.newsletter.posting.waiting import Waiting, domain
from feedpub.store import StoreError

_BATCH = 200  # claimed at once
_FEW = 100  # waiting: time to claim more
_MOST = 500  # waiting, all for domains that are slow: give some back
_LETTERS = 64  # kept encoded, some 100 kB each
_LEASE = timedelta(minutes=15)  # longer than the wait for the answer to a final dot
_SPARED = timedelta(minutes=5)
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
        self._printer = printer
        self._now = now
        self._progress = progress
        number = sum(each.connections for each in gates)
        self.recorder = Recorder(desk.store, worker, now, time.sleep, number)
        self._changed = Condition()  # guards all that follows
        self._paces = Paces({each.name: each.rate for each in gates})
        self._waiting = Waiting(self._paces)
        self._held: set[int] = set()  # deliveries that are waiting or being carried
        self._carried: set[int] = set()  # of these: being carried
        self._brakes: dict[int, Brake] = {}
        self._stopped: dict[int, str] = {}  # issues, by their brake, and why
        self._noted: set[int] = set()  # issues that were said to wait
        self._claiming = False
        self._is_dry = False  # nothing more is due, as long as what is being carried is
        self._was_dry_alone = False  # it was so while nothing was being carried
        self._is_over = False
        self._is_losing = False  # somebody left while their message was on its way
        self._offline = ""  # why nothing can be sent
        self.sent = 0
        self._letters: OrderedDict[tuple[int, str], tuple[Letter, str]] = OrderedDict()
        self._encoding = Lock()

    @property
    def why(self) -> str:
        """Why not all was sent, "" where all was."""
        return "; ".join(filter(None, (*self._stopped.values(), self._offline)))

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
                spared = () if few or self._is_dry else self._spared(found)
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
        """Give the content of a delivery, encoded once, and its language."""
        which = delivery.issue, delivery.selection
        with self._encoding:
            if which in self._letters:
                self._letters.move_to_end(which)
            else:
                self._letters[which] = patiently(lambda: self._encoded(delivery), time.sleep)
            if len(self._letters) > _LETTERS:
                self._letters.popitem(last=False)
            return self._letters[which]

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
        """Wait until a relay may have another message; False where the round ends before."""
        with self._changed:
            while not self._is_over:
                seconds = self._paces.wait(relay, self._now())
                if not seconds:
                    return True
                self._changed.wait(seconds)
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

    def done(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record what became of a delivery, and learn from it."""
        now = self._now()
        chance = secrets.randbelow(1000) / 1000
        decided = outbox.decide(
            delivery.attempts, outcome, now, chance, self._desk.config.mail.on_doubt
        )
        settled = Settled(delivery.id, decided.state, outcome, decided.next_attempt)
        self.recorder.settle(settled)
        with self._changed:
            self._held.discard(delivery.id)
            self._put_down(delivery)
            self._learn(delivery, outcome)
            brake = self._brakes.setdefault(delivery.issue, Brake(delivery.issue))
            believed: Sequence[int] = ()
            if outcome.kind == "failed":
                brake.refused(delivery.subscriber.id, gone=bool(decided.suppress))
            elif outcome.kind == "accepted":
                believed = brake.taken()
            pulled = brake.is_pulled and delivery.issue not in self._stopped
            if pulled:
                self._stopped[delivery.issue] = str(brake)
                self._waiting.drop(delivery.issue)
            goes_on = outcome.kind == "accepted" and delivery.issue in self._noted
            self._noted.difference_update([delivery.issue] * goes_on)
            self.sent += 1
            self._progress(self.sent)
        if pulled:
            self._mark(self._desk.store.pause, delivery.issue, self._stopped[delivery.issue])
        if goes_on:
            self._mark(self._desk.store.note, delivery.issue, "")
        self._suppress(believed)

    def release(self) -> None:
        """Give back what nobody has begun to send."""
        patiently(lambda: self._desk.store.release(self._worker), time.sleep)

    def finish(self) -> None:
        """Write what is left to write, and give back what was not sent."""
        for brake in self._brakes.values():
            self._suppress(brake.believed())
        if self._offline:
            for issue in self._waiting.issues():
                self._mark(self._desk.store.note, issue, self._offline)
        store = self._desk.store
        self.release()
        if self._is_losing and self._is_empty():
            # To claim is what settles the deliveries of those who left.
            patiently(lambda: store.claim(self._worker, _BATCH, _LEASE, self._now()), time.sleep)
            self.release()

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

    def _spared(self, found: Delivery | float) -> tuple[Delivery, ...]:
        """Take out what waits for a domain too slow for it, where nothing else is left."""
        return () if isinstance(found, Delivery) else self._waiting.spare()

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

    def _suppress(self, readers: Sequence[int]) -> None:
        """Mail readers no more, whose addresses are gone."""
        limit = self._desk.config.mail.soft_bounces

        def suppressed() -> None:
            for each in readers:
                self._desk.store.bounced(each, hard=True, limit=limit, now=self._now())

        patiently(suppressed, time.sleep)

    def _mark(self, how: Callable[[int, str], Issue], issue: int, why: str) -> None:
        """Record why an issue waits, unless somebody stopped or ended it meanwhile."""

        def marked() -> None:
            if self._desk.store.issue(issue).state != "sending":
                return
            try:
                how(issue, why)
            except StoreError:
                if self._desk.store.issue(issue).state == "sending":
                    raise

        patiently(marked, time.sleep)

    def _encoded(self, delivery: Delivery) -> tuple[Letter, str]:
        issue = self._desk.store.issue(delivery.issue)
        if issue.reason:
            self._noted.add(issue.id)
        content = self._desk.store.content(delivery.issue, delivery.selection)
        created = min(issue.created, self._now())
        letter = self._printer.letter(issue.origin, created, content, issue.title)
        return letter, content.language
