"""What is taken from deliveries, without reading them all while nobody else can write."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, event

from feedpub.storage.database import Database
from feedpub.storage.rows import scrub_delivery_texts
from feedpub.storage.upgrade import upgrade


def test_the_deliveries_of_a_reader_are_found_by_an_index(tmp_path: Path) -> None:
    """There may be millions of other people's."""
    plans: list[str] = []

    def explain(connection: Connection, _: object, statement: str, values: tuple[int, ...]) -> None:
        if statement.startswith("UPDATE"):
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(row.detail for row in found)

    with closing(Database("", tmp_path)) as database:
        upgrade(database)
        event.listen(database._engine, "before_cursor_execute", lambda *told: explain(*told[:4]))
        with database.begin_write() as connection:
            scrub_delivery_texts(connection, 7)

    assert plans
    assert not [each for each in plans if each.startswith("SCAN")]
