"""What is told by many threads, and written by one."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from mailings import ACCEPTED, LEASE, NOW, planned, with_readers

from feedpub import storage
from feedpub.delivery.results import LeaseLostError, ResultWriter, retry_on_database_error
from feedpub.models.newsletter import DeliveryUpdate
from feedpub.storage import Store
from feedpub.storage.database import Database
from feedpub.storage.errors import StoreError, StoreUnavailable


def nothing(_: float) -> None:
    """Do not sleep."""


@contextmanager
def recording(store: Store, worker: str = "w") -> Iterator[ResultWriter]:
    """Give a recorder that runs."""
    recorder = ResultWriter(store, worker, lambda: NOW, nothing)
    thread = threading.Thread(target=recorder.run)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.close()
        thread.join(10)


class Away(Store):
    """A store whose database is away for a number of calls, or broken."""

    calls = 0
    error: StoreError = StoreUnavailable("away")

    def record_results(self, worker: str, settled: Sequence[DeliveryUpdate], now: datetime) -> None:
        """Settle once the database is back."""
        self._miss()
        super().record_results(worker, settled, now)

    def mark_in_doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[DeliveryUpdate] = ()
    ) -> frozenset[int]:
        """Put in doubt once the database is back."""
        self._miss()
        return super().mark_in_doubt(worker, ids, now, settled)

    def _miss(self) -> None:
        if self.calls:
            self.calls -= 1
            raise self.error


class Counting(Store):
    """A store that counts what it is told and asked, call by call."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.written: list[tuple[int, int]] = []

    def record_results(self, worker: str, settled: Sequence[DeliveryUpdate], now: datetime) -> None:
        """Count, and settle."""
        self.written.append((len(settled), 0))
        super().record_results(worker, settled, now)

    def mark_in_doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[DeliveryUpdate] = ()
    ) -> frozenset[int]:
        """Count, and put in doubt."""
        self.written.append((len(settled), len(ids)))
        return super().mark_in_doubt(worker, ids, now, settled)


def test_a_call_is_repeated_until_the_database_is_back() -> None:
    """After ever longer pauses."""
    pauses: list[float] = []

    def call() -> str:
        if len(pauses) < 9:
            raise StoreUnavailable("away")
        return "done"

    assert "done" == retry_on_database_error(call, pauses.append)
    assert [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0] == pytest.approx(pauses)


def test_patience_ends() -> None:
    """After so many seconds in all."""
    pauses: list[float] = []

    def call() -> None:
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable, match="away"):
        retry_on_database_error(call, pauses.append, 10)

    assert 10 == pytest.approx(sum(pauses))


def test_a_delivery_is_in_doubt_when_that_returns(tmp_path: Path) -> None:
    """And settled in the end."""
    with closing(storage.open_store("", tmp_path)) as store:
        issue = planned(store, with_readers(store, 2), "a")
        first, second = store.claim_deliveries("w", 2, LEASE, NOW)
        with recording(store) as recorder:
            recorder.mark_in_doubt(first.id)

            assert 1 == store.get_issue_stats(issue.id).doubt

            recorder.enqueue_result(DeliveryUpdate(first.id, "accepted", ACCEPTED))
            recorder.mark_in_doubt(second.id)
            recorder.enqueue_result(DeliveryUpdate(second.id, "accepted", ACCEPTED))

        assert 2 == store.get_issue_stats(issue.id).accepted


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    """The reader left meanwhile."""
    with closing(storage.open_store("", tmp_path)) as store:
        readers = with_readers(store, 1)
        planned(store, readers, "a")
        (delivery,) = store.claim_deliveries("w", 1, LEASE, NOW)
        store.change_state(readers[0], "unsubscribed", NOW)
        with recording(store) as recorder, pytest.raises(LeaseLostError):
            recorder.mark_in_doubt(delivery.id)


def test_outcomes_wait_for_the_database(tmp_path: Path) -> None:
    """What a server said is not forgotten because of it."""
    with closing(storage.open_store("", tmp_path)) as plain:
        issue = planned(plain, with_readers(plain, 1), "a")
        (delivery,) = plain.claim_deliveries("w", 1, LEASE, NOW)
        away = Away(plain._database)
        away.calls = 3
        with recording(away) as recorder:
            recorder.enqueue_result(DeliveryUpdate(delivery.id, "accepted", ACCEPTED))

        assert (1, 0) == (plain.get_issue_stats(issue.id).accepted, away.calls)


def test_who_asks_at_once_shares_a_commit(tmp_path: Path) -> None:
    """Four connections that tell what they did last, and ask: the store is called once."""
    with closing(storage.open_store("", tmp_path)) as plain:
        issue = planned(plain, with_readers(plain, 8), "a")
        claimed = plain.claim_deliveries("w", 8, LEASE, NOW)
        counting = Counting(plain._database)
        recorder = ResultWriter(counting, "w", lambda: NOW, nothing, 4)
        plain.mark_in_doubt("w", [each.id for each in claimed[:4]], NOW)
        asking = [
            threading.Thread(target=recorder.mark_in_doubt, args=(each.id,)) for each in claimed[4:]
        ]
        for each in claimed[:4]:
            recorder.enqueue_result(DeliveryUpdate(each.id, "accepted", ACCEPTED))
        for thread in asking:
            thread.start()
        while recorder._queue.qsize() < len(claimed):
            time.sleep(0.001)
        recorder.close()
        recorder.run()
        for thread in asking:
            thread.join(10)

        assert [(4, 4)] == counting.written
        assert (4, 4) == (
            plain.get_issue_stats(issue.id).accepted,
            plain.get_issue_stats(issue.id).doubt,
        )


def test_outcomes_of_which_there_is_no_end_are_written(tmp_path: Path) -> None:
    """They do not wait for company for ever."""
    with closing(storage.open_store("", tmp_path)) as plain:
        issue = planned(plain, with_readers(plain, 120), "a")
        counting = Counting(plain._database)
        recorder = ResultWriter(counting, "w", lambda: NOW, nothing)
        for each in plain.claim_deliveries("w", 120, LEASE, NOW):
            recorder.enqueue_result(DeliveryUpdate(each.id, "accepted", ACCEPTED))
        recorder.close()
        recorder.run()

        assert [(100, 0), (20, 0)] == counting.written
        assert 120 == plain.get_issue_stats(issue.id).accepted


def test_one_of_two_who_ask_for_the_same_may_send(tmp_path: Path) -> None:
    """A lease that ended while it waited may bring a worker its own delivery a second time."""
    with closing(storage.open_store("", tmp_path)) as store:
        planned(store, with_readers(store, 1), "a")
        (delivery,) = store.claim_deliveries("w", 1, LEASE, NOW)
        recorder = ResultWriter(store, "w", lambda: NOW, nothing, 2)
        told: list[str] = []

        def ask() -> None:
            try:
                recorder.mark_in_doubt(delivery.id)
                told.append("sent")
            except LeaseLostError:
                told.append("not ours")

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        while recorder._queue.qsize() < len(asking):
            time.sleep(0.001)
        recorder.close()
        recorder.run()
        for thread in asking:
            thread.join(10)

        assert ["not ours", "sent"] == sorted(told)


def test_nobody_waits_for_what_has_ended(tmp_path: Path) -> None:
    """Who asks whether all is written is let go."""
    with closing(storage.open_store("", tmp_path)) as store:
        recorder = ResultWriter(store, "w", lambda: NOW, nothing)
        recorder.close()
        recorder.run()

        recorder.flush()


def test_a_broken_database_ends_it(tmp_path: Path) -> None:
    """Whoever waits, tells or asks hears of it, and so does who runs it."""
    with closing(storage.open_store("", tmp_path)) as plain:
        away = Away(plain._database)
        away.calls, away.error = 1, StoreError("broken")
        recorder = ResultWriter(away, "w", lambda: NOW, nothing)
        heard: list[str] = []

        def ask() -> None:
            try:
                recorder.mark_in_doubt(1)
            except StoreError as error:
                heard.append(str(error))

        asking = threading.Thread(target=ask)
        asking.start()
        recorder.enqueue_result(DeliveryUpdate(1, "accepted", ACCEPTED))
        with pytest.raises(StoreError, match="broken"):
            recorder.run()
        asking.join(10)

        assert ["delivery results can no longer be recorded"] == heard
        with pytest.raises(StoreError, match="no longer be recorded"):
            recorder.enqueue_result(DeliveryUpdate(1, "accepted", ACCEPTED))


def test_who_came_too_late_is_told(tmp_path: Path) -> None:
    """What was not even looked at when the database broke is answered too."""
    with closing(storage.open_store("", tmp_path)) as plain:
        away = Away(plain._database)
        away.calls, away.error = 1, StoreError("broken")
        recorder = ResultWriter(away, "w", lambda: NOW, nothing)
        for _ in range(101):
            recorder.enqueue_result(DeliveryUpdate(1, "accepted", ACCEPTED))
        waiting = threading.Thread(target=recorder.flush)
        waiting.start()
        while recorder._queue.qsize() < 102:
            time.sleep(0.001)
        with pytest.raises(StoreError, match="broken"):
            recorder.run()
        waiting.join(10)

        assert not waiting.is_alive()
