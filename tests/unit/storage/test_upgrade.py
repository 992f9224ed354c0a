"""A database of any age becomes one of this version, with every row; a newer one is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from mailings import NOW, planned, reader, whole
from sqlalchemy import insert, select, text

from feedpub import storage
from feedpub.models.newsletter import SubscriptionFilter
from feedpub.storage import schema
from feedpub.storage.database import Database
from feedpub.storage.errors import StoreError
from feedpub.storage.rows import dump_subscriber as row_of
from feedpub.storage.upgrade import upgrade


def test_the_tables_are_those_of_the_schema(tmp_path: Path) -> None:
    """The revisions, one after the other, make what the code works with."""
    database = Database("", tmp_path)
    upgrade(database)
    with database.begin_read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), schema.metadata)

        assert [] == found

    database.close()


def test_the_newest_revision_is_the_one_expected() -> None:
    """There is one line of revisions, and its end is what the code works with."""
    folder = Path(storage.__file__).parent / "migrations"
    script = ScriptDirectory(str(folder))

    assert [schema.HEAD] == script.get_heads()


FIRST = [each for each in schema.subscriber.c if each.name not in {"soft_bounced", "waited"}]
"""The columns that readers had at first."""


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004", "0005", "0006"])
def test_an_older_database_keeps_every_row(tmp_path: Path, revision: str) -> None:
    """Readers from before are there afterwards, can be mailed, and their bounces go on counting."""
    database = Database("", tmp_path)
    upgrade(database, revision)
    found = [whole(), *(reader(f"r{each}@example.org") for each in range(1_000))]
    with database.begin_write() as connection:
        rows = [row_of(each, each.address.lower(), NOW) for each in found]
        connection.execute(insert(schema.subscriber), rows)
        before = connection.execute(select(*FIRST)).all()
    database.close()

    store = storage.open_store("", tmp_path)

    with database.begin_read() as connection:
        assert before == connection.execute(select(*FIRST)).all()
    assert 1_001 == len(tuple(store.iter_subscribers()))
    assert "sending" == planned(store, [each.id for each in store.iter_subscribers()], "one").state
    bounced = store.record_bounce(1, hard=False, limit=3, now=NOW)
    assert bounced is not None
    assert ("bounced", 3) == (bounced.state, bounced.soft_bounces)
    assert bounced.delayed_until is None
    sooner = store.update_preferences(1, SubscriptionFilter(), "each", "", NOW)
    assert sooner is not None
    assert sooner.delayed_until == NOW

    store.close()
    database.close()


def test_a_database_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    """Opened again, it has what it had."""
    store = storage.open_store("", tmp_path)
    store.add_subscriber(reader(), NOW)
    store.close()

    again = storage.open_store("", tmp_path)

    assert 1 == len(tuple(again.iter_subscribers()))

    again.close()


def test_a_newer_database_is_refused_and_untouched(tmp_path: Path) -> None:
    """The message says whose it is, and what to do."""
    storage.open_store("", tmp_path).close()
    database = Database("", tmp_path)
    with database.begin_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))

    expected = (
        rf"newsletter\.sqlite: the database was written by a newer feedpub \(schema 0099; "
        rf"this version supports up to {schema.HEAD}\); install that version"
    )
    with pytest.raises(StoreError, match=expected):
        storage.open_store("", tmp_path)

    with database.begin_read() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        assert "0099" == version

    database.close()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    """Tables and revision are those from before, and it can be tried again."""
    database = Database("", tmp_path)
    upgrade(database, "0001")
    with database.begin_write() as connection:
        connection.execute(text("CREATE TABLE selected (in_the_way TEXT)"))

    with pytest.raises(Exception, match="table selected already exists"):
        upgrade(database)

    with database.begin_write() as connection:
        names = set(connection.execute(text("SELECT name FROM sqlite_master")).scalars())
        assert "issue" not in names
        connection.execute(text("DROP TABLE selected"))
    upgrade(database)
    database.close()
