"""Whatever happens in whatever order, nobody gets a message twice unknown, and nobody is lost."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from mailings import ACCEPTED, LEASE, NOW, Place, content, reader, settled

from feedpub.models.newsletter import (
    ACTIVE,
    CADENCES,
    Delivery,
    DeliveryUpdate,
    MessageContent,
    SendResult,
    SubscriptionFilter,
    Variant,
)
from feedpub.storage import Store
from feedpub.storage.errors import ConcurrentUpdateError

TURNS = ["pause", "resume", "resume", "cancel", "retry", "resend", "finish"]
EXAMPLES = 60
WORKERS = 3  # at most, at a time
DIGESTS = ["daily", "weekly"]
EARLY = SendResult("deferred", 450, "4.2.1", "busy")
LATER = SendResult("deferred", 451, "4.7.1", "later")
NEVER = SendResult("failed", 554, "5.7.1", "no")
SILENCE = SendResult("doubt", text="the connection broke after the final dot")
BUSY = SendResult("deferred", 454, "", "sending rate exceeded")  # given back: it is about the relay
ANSWERS = [ACCEPTED, ACCEPTED, EARLY, LATER, NEVER, SILENCE, BUSY]


@dataclass(eq=False)
class Worker:
    """What one process has in its memory, and loses when it is killed."""

    name: str
    claimed: list[Delivery] = field(default_factory=list)
    answers: list[tuple[Delivery, SendResult]] = field(default_factory=list)


class Outbox(RuleBasedStateMachine):
    """Readers, workers and a mail server, all simple; and the store between them."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.store: Store = place.open()
        self.now = NOW
        self.names = 0
        self.workers: list[Worker] = []
        self.active: set[int] = set()
        self.audience: dict[int, int] = {}  # of each issue
        self.said: dict[
            tuple[int, str], MessageContent
        ] = {}  # to those with one selection of an issue
        self.stopped: set[int] = set()  # issues that are paused or cancelled
        self.taken: Counter[str] = Counter()  # messages that the mail server took, by key
        self.resent: Counter[str] = Counter()  # of those, how often somebody chose to send again
        self.read: dict[tuple[int, str], str] = {}  # by which message a reader got a post
        self.doubtful: dict[int, tuple[Delivery, datetime]] = {}  # dots without an answer
        self.held: set[int] = set()  # of those, whose worker knows that there will be none

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Have somebody to write to, something to write, and two who do."""
        self.subscribe(data)
        self.start(data)
        self.start(data)
        self.plan(data)

    @rule(data=st.data())
    def happen(self, data: st.DataObject) -> None:
        """Let one thing happen, the usual ones more often.

        Were each a rule, Hypothesis would leave most of them out of most of its examples, and
        hardly ever come to send anything.
        """
        usual = [self.claim, self.send, self.send] * 4 + [self.settle, self.wait] * 2
        seldom = [self.plan, self.subscribe, self.start, self.stop, self.leave, self.turn]
        seldom += [self.edit, self.prefer]
        data.draw(st.sampled_from([*usual, *seldom, self.abandon]))(data)

    def subscribe(self, data: st.DataObject) -> None:
        """Add readers."""
        for _ in range(data.draw(st.integers(2, 4))):
            self.names += 1
            self.active.add(
                self.store.add_subscriber(reader(f"r{self.names}@example.org"), self.now).id
            )

    def start(self, data: st.DataObject) -> None:
        """Start a worker where there are few."""
        del data
        if len(self.workers) < WORKERS:
            self.names += 1
            self.workers.append(Worker(f"worker-{self.names}"))

    def plan(self, data: st.DataObject) -> None:
        """Plan new posts; and where it can be, one that the other digest has had as well."""
        digest, size = data.draw(st.sampled_from(DIGESTS)), data.draw(st.integers(1, 3))
        self.now += timedelta(minutes=1)
        posts = [f"post-{self.names}-{each}" for each in range(size)]
        self.names += 1
        mailed = self.store.list_mailed_posts(digest)
        others = sorted(
            (self.store.list_mailed_posts("daily") | self.store.list_mailed_posts("weekly"))
            - mailed
        )
        posts += others[: data.draw(st.integers(0, 1))]
        had = set(self.store.list_received_posts(posts))
        chosen = {
            each.id: tuple(post for post in posts if (each.id, post) not in had)
            for each in self.store.iter_subscribers(ACTIVE)
        }
        distinct = {"+".join(some): some for some in chosen.values()}
        issue = self.store.plan_issue(
            digest,
            self.now,
            posts,
            "News",
            [Variant(key, some, content()) for key, some in distinct.items() if some],
            [(who, "+".join(some)) for who, some in chosen.items() if some],
            self.now,
        )
        self.audience[issue.id] = sum(map(bool, chosen.values()))
        self.said.update({(issue.id, key): content() for key in distinct if key})

    def edit(self, data: st.DataObject) -> None:
        """Edit the posts of an issue: what it says stays, and nobody plans them again."""
        issue = self.store.get_issue(data.draw(st.sampled_from(sorted(self.audience))))
        self.now += timedelta(minutes=1)
        readers = [each.id for each in self.store.iter_subscribers(ACTIVE)]
        again = data.draw(st.sampled_from([issue.slot, self.now]))
        edited = Variant("edited", issue.posts, content("Edited"))
        plan = partial(
            self.store.plan_issue,
            issue.digest,
            again,
            issue.posts,
            "Edited",
            [edited],
            [(each, "edited") for each in readers],
            self.now,
        )
        if again == issue.slot:
            assert issue == plan()
        else:
            with pytest.raises(ConcurrentUpdateError):
                plan()

        for (number, key), said in self.said.items():
            assert said == self.store.load_content(number, key)

    def prefer(self, data: st.DataObject) -> None:
        """Let a reader choose other posts and another cadence: what is planned goes out."""
        if not self.active:
            return
        who = data.draw(st.sampled_from(sorted(self.active)))
        follows = SubscriptionFilter(everything=data.draw(st.booleans()), tags=("other",))
        cadence = data.draw(st.sampled_from(CADENCES))
        found = self.store.update_preferences(who, follows, cadence, "de", self.now)

        assert found is not None
        assert (ACTIVE, follows) == (found.state, found.follows)

    def claim(self, data: st.DataObject) -> None:
        """Let a worker take what is due: nothing that is stopped, nobody who left."""
        if not self.workers:
            self.start(data)
        worker, limit = data.draw(st.sampled_from(self.workers)), data.draw(st.integers(1, 4))
        claimed = self.store.claim_deliveries(worker.name, limit, LEASE, self.now)

        assert len(claimed) <= limit
        assert {each.subscriber.id for each in claimed} <= self.active
        assert not {each.issue for each in claimed} & self.stopped

        # What it has already, and was given again since the lease had ended, it has once.
        has = {each.id for each in (*worker.claimed, *(one for one, _ in worker.answers))}
        worker.claimed.extend(each for each in claimed if each.id not in has)

    def send(self, data: st.DataObject) -> None:
        """Send one message where the store lets it: the final dot, and what the server says."""
        if not any(each.claimed for each in self.workers):
            self.claim(data)
        busy = [each for each in self.workers if each.claimed]
        if not busy:
            return
        worker, answer = data.draw(st.sampled_from(busy)), data.draw(st.sampled_from(ANSWERS))
        one = worker.claimed.pop(0)
        if answer is EARLY:  # before the dot
            after = DeliveryUpdate(one.id, "deferred", EARLY, self.now + timedelta(minutes=5))
            self.store.record_results(worker.name, [after], self.now)
        elif self._granted(data, worker, one):
            self._dot(worker, one, answer)

    def _granted(self, data: st.DataObject, worker: Worker, one: Delivery) -> bool:
        """Ask for the final dot, maybe in one commit with all answers that the worker has."""
        if not data.draw(st.booleans()):
            return bool(self.store.mark_in_doubt(worker.name, [one.id], self.now))
        told = self._told(worker)
        granted = self.store.mark_in_doubt(worker.name, [one.id], self.now, told)
        self._learn(worker)
        return bool(granted)

    def _dot(self, worker: Worker, one: Delivery, answer: SendResult) -> None:
        assert one.subscriber.id in self.active
        assert one.issue not in self.stopped

        self.doubtful[one.id] = (one, self.now)
        if answer in {ACCEPTED, SILENCE}:  # it may have been taken, and that is what counts
            self._take(one)
        worker.answers.append((one, answer))

    def _take(self, one: Delivery) -> None:
        """Hold what the mail server takes against all that it took before."""
        self.taken[one.key] += 1

        assert self.taken[one.key] <= 1 + self.resent[one.key]
        for post in one.variant.split("+"):
            assert one.key == self.read.setdefault((one.subscriber.id, post), one.key)

    def settle(self, data: st.DataObject) -> None:
        """Record every answer a worker has."""
        waiting = [each for each in self.workers if each.answers]
        if not waiting:
            return
        worker = data.draw(st.sampled_from(waiting))
        self.store.record_results(worker.name, self._told(worker), self.now)
        self._learn(worker)

    def _told(self, worker: Worker) -> list[DeliveryUpdate]:
        return [
            DeliveryUpdate(
                one.id,
                "planned" if answer is BUSY else answer.kind,
                answer,
                self.now + timedelta(minutes=0 if answer is BUSY else 5),
            )
            for one, answer in worker.answers
        ]

    def _learn(self, worker: Worker) -> None:
        """Know what the store knows now."""
        for one, answer in worker.answers:
            held = self.doubtful.pop(one.id, None)
            if held and answer is SILENCE:
                self.doubtful[one.id] = (one, self.now)
                self.held.add(one.id)
        worker.answers.clear()

    def stop(self, data: st.DataObject) -> None:
        """Kill a worker, let it end by itself, or start everything anew: memory is lost."""
        if not self.workers:
            return
        how = data.draw(st.sampled_from(["crash", "crash", "end", "restart"]))
        worker = data.draw(st.sampled_from(self.workers))
        self.workers.remove(worker)
        if how == "end":
            self.store.release_deliveries(worker.name)
        elif how == "restart":
            self.workers.clear()
            self.store.close()
            self.store = self.place.open()

    def abandon(self, data: st.DataObject) -> None:
        """Settle what dead workers left in doubt, an hour after the last dot."""
        resend = data.draw(st.booleans())
        self.now += timedelta(hours=1)
        for worker in self.workers:  # whose answers would come too late
            worker.answers.clear()
        going = [
            one
            for one, _ in self.doubtful.values()
            if self.store.get_issue(one.issue).state in {"sending", "paused"}
            and one.id not in self.held
        ]

        assert len(going) == self.store.resolve_abandoned(self.now, self.now, resend=resend)

        for one in going:
            if resend:
                del self.doubtful[one.id]
                self._again(one)
            else:
                self.doubtful[one.id] = (one, self.now)
                self.held.add(one.id)

    def wait(self, data: st.DataObject) -> None:
        """Let time pass: leases end, and what was deferred is due."""
        self.now += timedelta(minutes=data.draw(st.sampled_from([5, 15])))

    def leave(self, data: st.DataObject) -> None:
        """Let a reader unsubscribe, or be forgotten."""
        if not self.active:
            return
        who = data.draw(st.sampled_from(sorted(self.active)))
        self.active.remove(who)
        found = self.store.get_subscriber(who)
        assert found is not None
        if data.draw(st.booleans()):
            self.store.forget_address(found.address, b"salt")
        else:
            self.store.change_state(who, "unsubscribed", self.now)

    def turn(self, data: st.DataObject) -> None:
        """Pause, resume, cancel, retry, resend or finish an issue that is going out."""
        issue = self.store.get_issue(data.draw(st.sampled_from(sorted(self.audience))))
        to = data.draw(st.sampled_from(TURNS))
        if to == "finish":
            self.store.finish_issue(issue.id, self.now)
        elif to == "resend" and issue.state in {"sending", "paused", "done"}:
            self._resend(issue.id)
        elif to == "retry" and issue.state == "done":
            self.store.retry_failed(issue.id, self.now)
        elif issue.state in {"sending", "paused"}:
            self._turn(issue.id, to)

    def _turn(self, issue: int, to: str) -> None:
        match to:
            case "pause":
                self.store.pause_issue(issue)
                self.stopped.add(issue)
            case "resume":
                self.store.resume_issue(issue)
                self.stopped.discard(issue)
            case "cancel":
                self.store.cancel_issue(issue, self.now)
                self.stopped.add(issue)
            case _:
                self.store.retry_failed(issue, self.now)

    def _resend(self, issue: int) -> None:
        """Send again what is in doubt: somebody chose that there may be copies."""
        again = [
            one for one, since in self.doubtful.values() if one.issue == issue and since < self.now
        ]

        assert len(again) == self.store.resend_in_doubt(issue, self.now, self.now)

        for one in again:
            del self.doubtful[one.id]
            self.held.discard(one.id)
            self._again(one)
            for worker in self.workers:  # whose answer would come too late
                worker.answers = [each for each in worker.answers if each[0] is not one]

    def _again(self, one: Delivery) -> None:
        """Have a message sent again: what it told may be told twice.

        By itself, or, where its issue is cancelled before that, by another digest.
        """
        self.resent[one.key] += 1
        for post in one.variant.split("+"):
            self.read.pop((one.subscriber.id, post), None)

    @invariant()
    def the_sum_holds(self) -> None:
        """Check that everybody is somewhere, in every issue."""
        for issue, audience in self.audience.items():
            tally = self.store.get_issue_stats(issue)
            parts = (tally.accepted, tally.deferred, tally.failed, tally.suppressed)

            assert audience == tally.audience
            assert audience == sum(parts) + tally.doubt + tally.waiting

    @invariant()
    def what_is_in_doubt_is_recorded(self) -> None:
        """Check that each dot without an answer is known as one."""
        doubtful = Counter(one.issue for one, _ in self.doubtful.values())

        assert doubtful == +Counter(
            {each: self.store.get_issue_stats(each).doubt for each in self.audience}
        )

    def teardown(self) -> None:
        """Let one more worker send what is left: nothing may be."""
        self.now += timedelta(days=1)
        for issue in self.audience:
            if self.store.get_issue(issue).state == "paused":
                self.store.resume_issue(issue)
        while claimed := self.store.claim_deliveries("last", 9, LEASE, self.now):
            granted = self.store.mark_in_doubt("last", [each.id for each in claimed], self.now)
            assert {each.id for each in claimed} == granted
            for each in claimed:
                self._take(each)
            self.store.record_results("last", settled(claimed), self.now)
        for issue in self.audience:
            tally = self.store.get_issue_stats(issue)
            assert (0, 0) == (tally.waiting, tally.deferred)
        self.store.close()


@pytest.mark.timeout(3600)  # a hang is known by then, on a busy machine too
def test_the_outbox_holds(fresh: Callable[[], Place]) -> None:
    """No message is taken twice unless somebody chose to resend it; the rest in the machine."""

    class Here(Outbox):
        def __init__(self) -> None:
            super().__init__(fresh())

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
