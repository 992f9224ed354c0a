"""What is told by many threads, and written by one."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from mailings import ACCEPTED, LEASE, NOW, planned, with_readers

import feedpub.store
from feedpub.mailing import Settled
from feedpub.newsletter.posting.recording import NotOursError, Recorder, patiently
from feedpub.store import Store, StoreError, StoreUnavailable
from feedpub.store.database import Database


def nothing(_: float) -> None:
    """Do not sleep."""


@contextmanager
def recording(store: Store, worker: str = "w") -> Iterator[Recorder]:
    """Give a recorder that runs."""
    recorder = Recorder(store, worker, lambda: NOW, nothing)
    thread = threading.Thread(target=recorder.run)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.end()
        thread.join(10)


class Away(Store):
    """A store whose database is away for a number of calls, or broken."""

    calls = 0
    error: StoreError = StoreUnavailable("away")

    def settle(self, worker: str, settled: Sequence[Settled], now: datetime) -> None:
        """Settle once the database is back."""
        self._miss()
        super().settle(worker, settled, now)

    def doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[Settled] = ()
    ) -> frozenset[int]:
        """Put in doubt once the database is back."""
        self._miss()
        return super().doubt(worker, ids, now, settled)

    def _miss(self) -> None:
        if self.calls:
            self.calls -= 1
            raise self.error


class Counting(Store):
    """A store that counts what it is told and asked, call by call."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.written: list[tuple[int, int]] = []

    def settle(self, worker: str, settled: Sequence[Settled], now: datetime) -> None:
        """Count, and settle."""
        self.written.append((len(settled), 0))
        super().settle(worker, settled, now)

    def doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[Settled] = ()
    ) -> frozenset[int]:
        """Count, and put in doubt."""
        self.written.append((len(settled), len(ids)))
        return super().doubt(worker, ids, now, settled)


def test_a_call_is_repeated_until_the_database_is_back() -> None:
    """After ever longer pauses."""
    pauses: list[float] = []

    def call() -> str:
        if len(pauses) < 9:
            raise StoreUnavailable("away")
        return "done"

    assert "done" == patiently(call, pauses.append)
    assert [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0] == pytest.approx(pauses)


def test_patience_ends() -> None:
    """After so many seconds in all."""
    pauses: list[float] = []

    def call() -> None:
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable, match="away"):
        patiently(call, pauses.append, 10)

    assert 10 == pytest.approx(sum(pauses))


def test_a_delivery_is_in_doubt_when_that_returns(tmp_path: Path) -> None:
    """And settled in the end."""
    with closing(feedpub.store.open("", tmp_path)) as store:
        issue = planned(store, with_readers(store, 2), "a")
        first, second = store.claim("w", 2, LEASE, NOW)
        with recording(store) as recorder:
            recorder.doubt(first.id)

            assert 1 == store.tally(issue.id).doubt

            recorder.settle(Settled(first.id, "accepted", ACCEPTED))
            recorder.doubt(second.id)
            recorder.settle(Settled(second.id, "accepted", ACCEPTED))

        assert 2 == store.tally(issue.id).accepted


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    """The reader left meanwhile."""
    with closing(feedpub.store.open("", tmp_path)) as store:
        readers = with_readers(store, 1)
        planned(store, readers, "a")
        (delivery,) = store.claim("w", 1, LEASE, NOW)
        store.change(readers[0], "unsubscribed", NOW)
        with recording(store) as recorder, pytest.raises(NotOursError):
            recorder.doubt(delivery.id)


def test_outcomes_wait_for_the_database(tmp_path: Path) -> None:
    """What a server said is not forgotten because of it."""
    with closing(feedpub.store.open("", tmp_path)) as plain:
        issue = planned(plain, with_readers(plain, 1), "a")
        (delivery,) = plain.claim("w", 1, LEASE, NOW)
        away = Away(plain._database)
        away.calls = 3
        with recording(away) as recorder:
            recorder.settle(Settled(delivery.id, "accepted", ACCEPTED))

        assert (1, 0) == (plain.tally(issue.id).accepted, away.calls)


def test_who_asks_at_once_shares_a_commit(tmp_path: Path) -> None:
    """Four connections that tell what they did last, and ask: the store is called once."""
    with closing(feedpub.store.open("", tmp_path)) as plain:
        issue = planned(plain, with_readers(plain, 8), "a")
        claimed = plain.claim("w", 8, LEASE, NOW)
        counting = Counting(plain._database)
        recorder = Recorder(counting, "w", lambda: NOW, nothing, 4)
        plain.doubt("w", [each.id for each in claimed[:4]], NOW)
        asking = [threading.Thread(target=recorder.doubt, args=(each.id,)) for each in claimed[4:]]
        for each in claimed[:4]:
            recorder.settle(Settled(each.id, "accepted", ACCEPTED))
        for thread in asking:
            thread.start()
        while recorder._news.qsize() < len(claimed):
            time.sleep(0.001)
        recorder.end()
        recorder.run()
        for thread in asking:
            thread.join(10)

        assert [(4, 4)] == counting.written
        assert (4, 4) == (plain.tally(issue.id).accepted, plain.tally(issue.id).doubt)


def test_outcomes_of_which_there_is_no_end_are_written(tmp_path: Path) -> None:
    """They do not wait for company for ever."""
    with closing(feedpub.store.open("", tmp_path)) as plain:
        issue = planned(plain, with_readers(plain, 120), "a")
        counting = Counting(plain._database)
        recorder = Recorder(counting, "w", lambda: NOW, nothing)
        for each in plain.claim("w", 120, LEASE, NOW):
            recorder.settle(Settled(each.id, "accepted", ACCEPTED))
        recorder.end()
        recorder.run()

        assert [(100, 0), (20, 0)] == counting.written
        assert 120 == plain.tally(issue.id).accepted


def test_one_of_two_who_ask_for_the_same_may_send(tmp_path: Path) -> None:
    """A lease that ended while it waited may bring a worker its own delivery a second time."""
    with closing(feedpub.store.open("", tmp_path)) as store:
        planned(store, with_readers(store, 1), "a")
        (delivery,) = store.claim("w", 1, LEASE, NOW)
        recorder = Recorder(store, "w", lambda: NOW, nothing, 2)
        told: list[str] = []

        def ask() -> None:
            try:
                recorder.doubt(delivery.id)
                told.append("sent")
            except NotOursError:
                told.append("not ours")

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        while recorder._news.qsize() < len(asking):
            time.sleep(0.001)
        recorder.end()
        recorder.run()
        for thread in asking:
            thread.join(10)

        assert ["not ours", "sent"] == sorted(told)


def test_nobody_waits_for_what_has_ended(tmp_path: Path) -> None:
    """Who asks whether all is written is let go."""
    with closing(feedpub.store.open("", tmp_path)) as store:
        recorder = Recorder(store, "w", lambda: NOW, nothing)
        recorder.end()
        recorder.run()

        recorder.wait()


def test_a_broken_database_ends_it(tmp_path: Path) -> None:
    """Whoever waits, tells or asks hears of it, and so does who runs it."""
    with closing(feedpub.store.open("", tmp_path)) as plain:
        away = Away(plain._database)
        away.calls, away.error = 1, StoreError("broken")
        recorder = Recorder(away, "w", lambda: NOW, nothing)
        heard: list[str] = []

        def ask() -> None:
            try:
                recorder.doubt(1)
            except StoreError as error:
                heard.append(str(error))

        asking = threading.Thread(target=ask)
        asking.start()
        recorder.settle(Settled(1, "accepted", ACCEPTED))
        with pytest.raises(StoreError, match="broken"):
            recorder.run()
        asking.join(10)

        assert ["what became of messages cannot be recorded any more"] == heard
        with pytest.raises(StoreError, match="any more"):
            recorder.settle(Settled(1, "accepted", ACCEPTED))


def test_who_came_too_late_is_told(tmp_path: Path) -> None:
    """What was not even looked at when the database broke is answered too."""
    with closing(feedpub.store.open("", tmp_path)) as plain:
        away = Away(plain._database)
        away.calls, away.error = 1, StoreError("broken")
        recorder = Recorder(away, "w", lambda: NOW, nothing)
        for _ in range(101):
            recorder.settle(Settled(1, "accepted", ACCEPTED))
        waiting = threading.Thread(target=recorder.wait)
        waiting.start()
        while recorder._news.qsize() < 102:
            time.sleep(0.001)
        with pytest.raises(StoreError, match="broken"):
            recorder.run()
        waiting.join(10)

        assert not waiting.is_alive()
