"""A database that goes away, or is locked, and comes back: told, waited for, and nothing lost."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import postgres
import pytest
from mailings import LEASE, NOW, Place, planned, reader, sent, with_readers
from sqlalchemy import create_engine

from feedpub import storage
from feedpub.models.newsletter import Subscriber
from feedpub.storage import Store
from feedpub.storage.database import Database
from feedpub.storage.errors import StoreUnavailable
from feedpub.storage.upgrade import has_schema

AWAY = "the database is unavailable"


@pytest.fixture
def name(server: postgres.Server, tmp_path: Path) -> Iterator[str]:
    """Give the name of a database on PostgreSQL, new and empty."""
    name = f"away_{tmp_path.parent.name}_{tmp_path.name}"[-60:]
    server.create(name)
    yield name
    server.drop(name)


@pytest.fixture
def distant(server: postgres.Server, name: str, tmp_path: Path) -> Iterator[Store]:
    """Give that database, open."""
    store = Place(server.url(name), tmp_path).open()
    yield store
    store.close()


def test_a_connection_that_was_ended_is_made_anew(
    server: postgres.Server, name: str, distant: Store
) -> None:
    """Between two calls nobody notices."""
    distant.add_subscriber(reader(), NOW)

    server.hang_up(name)

    assert 1 == len(tuple(distant.iter_subscribers()))


def test_a_connection_that_is_ended_in_the_middle_is_told(
    server: postgres.Server, name: str, distant: Store
) -> None:
    """Nothing of the import is there; called again, it is done."""

    def cut() -> Iterator[Subscriber]:
        yield reader()
        server.hang_up(name)

    with pytest.raises(StoreUnavailable, match=AWAY):
        distant.import_subscribers(cut(), NOW)

    assert () == tuple(distant.iter_subscribers())
    assert 1 == distant.import_subscribers([reader()], NOW).added


def test_a_server_that_is_away_is_told_and_comes_back(
    server: postgres.Server, distant: Store
) -> None:
    """Every call says so until it is there again; then all goes on where it was."""
    issue = planned(distant, with_readers(distant, 2), "one")
    first, second = distant.claim_deliveries("w", 9, LEASE, NOW)
    distant.mark_in_doubt("w", [first.id], NOW)
    with server.away():
        with pytest.raises(StoreUnavailable, match=AWAY):
            distant.mark_in_doubt("w", [second.id], NOW)
        with pytest.raises(StoreUnavailable, match=AWAY):
            distant.count_by_state()

    sent(distant, "w", [first, second])

    assert 2 == distant.get_issue_stats(issue.id).accepted


def test_a_server_that_is_away_at_the_start_is_told(server: postgres.Server, name: str) -> None:
    """Opening says so, without the password."""
    url = server.url(name).replace("postgres:@", "postgres:secret@")
    with server.away(), pytest.raises(StoreUnavailable, match=AWAY) as told:
        Place(url, Path()).open()

    assert "secret" not in str(told.value)


def test_who_only_reads_makes_no_tables(server: postgres.Server, name: str) -> None:
    """An empty database stays empty, and one that is away is told."""
    url = server.url(name)

    assert () == storage.load_sent_issues(url, Path())
    with closing(Database(url, Path())) as database:
        assert not has_schema(database)
    with server.away(), pytest.raises(StoreUnavailable, match=AWAY):
        storage.load_sent_issues(url, Path())


def test_threads_that_ask_at_the_same_time_are_all_told(
    server: postgres.Server, distant: Store
) -> None:
    """Each may ask again."""
    planned(distant, with_readers(distant, 8), "one")
    claimed = distant.claim_deliveries("w", 9, LEASE, NOW)
    told: list[str] = []

    def ask(number: int) -> None:
        try:
            distant.mark_in_doubt("w", [number], NOW)
        except StoreUnavailable as error:
            told.append(str(error))

    threads = [Thread(target=ask, args=(each.id,)) for each in claimed]
    with server.away():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert 8 == len(told)
    assert 8 == len(distant.mark_in_doubt("w", [each.id for each in claimed], NOW))


def test_a_file_that_another_process_writes_is_told(tmp_path: Path) -> None:
    """After some patience; who reads is not held up, and afterwards all goes on."""
    Place("", tmp_path).open().close()
    database = Database("", tmp_path, timeout=0.1)
    store = Store(database)
    other = create_engine(f"sqlite:///{tmp_path}/newsletter.sqlite")
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match=r"newsletter\.sqlite: the database"):
            store.add_subscriber(reader(), NOW)
        assert () == tuple(store.iter_subscribers())

        connection.exec_driver_sql("ROLLBACK")
    other.dispose()

    assert 0 < store.add_subscriber(reader(), NOW).id

    store.close()


def test_who_waits_for_a_file_writes_once_it_is_free(tmp_path: Path) -> None:
    """Though SQLite itself waits for less long than another process writes."""
    Place("", tmp_path).open().close()
    store = storage.open_store("", tmp_path, 60)
    other = create_engine(f"sqlite:///{tmp_path}/newsletter.sqlite")
    added: list[Subscriber] = []
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        thread = Thread(target=lambda: added.append(store.add_subscriber(reader(), NOW)))
        thread.start()
        thread.join(1.0)

        assert thread.is_alive()

        connection.exec_driver_sql("ROLLBACK")
    other.dispose()
    thread.join(60)

    assert added == list(store.iter_subscribers())

    store.close()


def test_a_thread_that_writes_keeps_no_other_waiting_for_long(tmp_path: Path) -> None:
    """Each waits for its turn as long as it has patience, not as long as all before it have."""
    store = storage.open_store("", tmp_path, 0.1)
    faults: list[str] = []

    def add() -> None:
        with pytest.raises(StoreUnavailable) as told:
            store.add_subscriber(reader(), NOW)
        faults.append(str(told.value))

    with store._database.begin_write():
        threads = [Thread(target=add) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    assert 3 == sum("waiting for another write" in each for each in faults)
    assert 0 < store.add_subscriber(reader(), NOW).id

    store.close()
