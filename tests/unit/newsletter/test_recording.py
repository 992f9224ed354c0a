"""What is told by many threads, and written by one."""

import threading
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
        if self.calls:
            self.calls -= 1
            raise self.error
        super().settle(worker, settled, now)


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
