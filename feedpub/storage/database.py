"""Connections to SQLite or PostgreSQL, and transactions that are safe among processes.

`Database` is the entry point. This module also parses database URLs and keeps their passwords
out of messages.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from feedpub.storage.errors import StoreError, StoreUnavailable

DEFAULT_FILE = "newsletter.sqlite"

_KNOWN = (
    'use SQLite ("sqlite:///news.sqlite") or PostgreSQL ("postgresql://user@host/name", '
    "the password in PGPASSWORD or percent-encoded after the user)"
)
_POSTGRESQL = frozenset(("postgres", "postgresql", "postgresql+psycopg"))
_CONFIG_KEY = "subscribers.database"


def is_sqlite(url: URL) -> bool:
    """Return whether a URL names a SQLite file."""
    return url.get_backend_name() == "sqlite"


def parse_database_url(url: str, folder: Path) -> URL:
    """Return the SQLAlchemy URL for a configured one; empty and relative ones lie in the folder.

    Raises:
        StoreError: It is not a URL, or not of a supported database. The message omits the URL,
            since in a malformed one there is no telling where the password is.
    """
    try:
        parsed = make_url(url) if url else URL.create("sqlite", database=DEFAULT_FILE)
    except (ArgumentError, ValueError):
        raise StoreError(f"{_CONFIG_KEY} is not a database URL; {_KNOWN}") from None
    name = parsed.drivername.partition("+")[0]
    if name == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise StoreError(f'{_CONFIG_KEY} names no file; write it like "sqlite:///news.sqlite"')
        return parsed.set(drivername="sqlite", database=str(folder / str(parsed.database)))
    if parsed.drivername not in _POSTGRESQL:
        shown = parsed.drivername if re.fullmatch(r"[a-z0-9+_]{1,40}", parsed.drivername) else ""
        raise StoreError(f'{_CONFIG_KEY}: unsupported database "{shown}://"; {_KNOWN}')
    if any("@" in (part or "") for part in (parsed.host, parsed.database)):
        raise StoreError(
            f'{_CONFIG_KEY} has too many "@"; write %40 for one in a password, or set PGPASSWORD'
        )
    return parsed.set(drivername="postgresql+psycopg")


def describe_url(url: URL) -> str:
    """Return a display name for a database, without its password and options."""
    if is_sqlite(url):
        return str(url.database or "")
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return shown.render_as_string()


def redact_passwords(text: str, url: URL) -> str:
    """Return a driver's message on one line, without the passwords of a URL."""
    values = [url.password or ""]
    for value in url.query.values():
        values += [value] if isinstance(value, str) else list(value)
    text = " ".join(text.split())
    for secret in sorted({each for each in values if each}, key=len, reverse=True):
        for form in {secret, quote(secret, safe=""), quote_plus(secret)}:
            # Whole words only: a short password may be part of many words.
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", "***", text)
    return text


LOCK_TIMEOUT = 60.0  # seconds to wait for another process that writes
_SLICE = 0.2  # seconds SQLite itself waits for a lock; no signal is handled meanwhile
_PAUSE = 0.02  # seconds before the next try: for some locks SQLite does not wait
_PRAGMAS = (
    "journal_mode = WAL",  # readers do not wait for the writer
    # FULL: a commit survives a power cut. With NORMAL it would survive kill -9 only: after a
    # power cut, the record of a sent message might be gone, and it would be sent twice. One
    # fsync serves a whole batch (see `DeliveryStore.mark_in_doubt`).
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # overwrite what is erased
    "cache_size = -32000",  # kB
    "journal_size_limit = 64000000",
)
_BEGIN = "feedpub_begin"  # execution option: the statement that begins a transaction on SQLite
# Not deferred: of two transactions that read before they write, one would fail.
_WRITING = {_BEGIN: "BEGIN IMMEDIATE"}
_SERVER = {  # libpq: a connection that died silently is dropped after a minute
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_BROKEN = (
    "SQLITE_CANTOPEN",
    "SQLITE_CORRUPT",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_NOTADB",
    "SQLITE_PERM",
    "SQLITE_READONLY",
)


@dataclass(frozen=True, slots=True)
class RecoveryLog:
    """Hooks that record, outside the database, what a restored backup would lack.

    Both raise OSError if their file cannot be written.
    """

    log_sent: Callable[[int], None]  # written when it returns, not necessarily synced
    log_state_changes: Callable[[Sequence[tuple[str, str]]], int]
    """Append (canonical address, state) pairs, synced to disk; returns the log's new length."""


class Database:
    """One database, shared by all threads of a process."""

    def __init__(self, url: str, folder: Path, timeout: float = LOCK_TIMEOUT) -> None:
        """Parse the URL; nothing is connected yet. Raises StoreError for an unusable URL.

        Args:
            url: As in `open_store`.
            folder: As in `open_store`.
            timeout: Seconds to wait on SQLite for another process or thread that writes.
        """
        parsed = parse_database_url(url, folder)
        self.display_name = describe_url(parsed)
        self._url = parsed
        self._patience = timeout
        self.recovery_log: RecoveryLog | None = None
        self._engine = _engine(parsed, timeout)
        # Threads of one process queue here: SQLite itself would make them sleep and poll.
        self._write_lock = RLock() if is_sqlite(parsed) else None
        self._write = self._engine.execution_options(**_WRITING)

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """Yield a connection in a read transaction. Raises StoreUnavailable, StoreError."""
        with self._translate_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Yield a connection in a write transaction: commit at the end, roll back on an exception.

        Raises StoreUnavailable, also if another process has been writing for too long, and
        StoreError.
        """
        with (
            self._translate_errors(),
            self._hold_write_lock(),
            self._write.connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def connect_detached(self) -> Iterator[Connection]:
        """Yield a connection without a transaction, closed at the end with its temporary tables.

        Raises StoreUnavailable and StoreError.
        """
        with self._translate_errors(), self._engine.connect() as connection:
            connection.detach()
            yield connection

    @contextmanager
    def begin_write_on(self, connection: Connection) -> Iterator[None]:
        """Begin a write transaction on a detached connection; see `begin_write`."""
        with self._hold_write_lock(), connection.execution_options(**_WRITING).begin():
            yield

    def checkpoint(self) -> None:
        """Copy the write-ahead log of SQLite into the database file and truncate it.

        Erased data stays in the log until then. A concurrent reader may prevent this; the next
        checkpoint will do it.
        """
        if is_sqlite(self._engine.url):
            with (
                self._translate_errors(),
                self._hold_write_lock(),
                closing(self._engine.raw_connection()) as raw,
            ):
                raw.cursor().execute("PRAGMA busy_timeout = 1000")
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raw.cursor().execute(f"PRAGMA busy_timeout = {_SLICE * 1000:.0f}")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _hold_write_lock(self) -> Iterator[None]:
        """Hold the write lock of this process, on SQLite."""
        if self._write_lock is None:
            yield
            return
        if not self._write_lock.acquire(timeout=self._patience):
            raise self._unavailable(TimeoutError("timed out waiting for another write"))
        try:
            yield
        finally:
            self._write_lock.release()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Translate exceptions of SQLAlchemy and the driver into StoreErrors."""
        try:
            yield
        except PoolTimeout as error:
            raise self._unavailable(error) from error
        except DBAPIError as error:
            name = getattr(error.orig, "sqlite_errorname", "")
            if name.startswith(_BROKEN):
                raise StoreError(
                    f"{self.display_name}: {error.orig}; check the disk and the file's "
                    "permissions, or restore the file from a backup"
                ) from error
            passing = isinstance(error, (OperationalError, InterfaceError)) and not name
            if passing or error.connection_invalidated or name.startswith(_BUSY):
                raise self._unavailable(error.orig or error) from error
            if error.statement is None and not name:  # connecting failed
                raise _unusable(self._url, error.orig or error) from None
            raise

    def _unavailable(self, error: BaseException) -> StoreUnavailable:
        words = redact_passwords(str(error), self._url)
        return StoreUnavailable(
            f"{self.display_name}: the database is unavailable ({words}); check that it is running"
        )


def database_exists(url: str, folder: Path) -> bool:
    """Return whether a database file exists and is not empty; True for any server.

    Raises StoreError for an unusable URL.
    """
    parsed = parse_database_url(url, folder)
    path = Path(str(parsed.database))
    return not is_sqlite(parsed) or (path.is_file() and path.stat().st_size > 0)


def acquire_advisory_lock(connection: Connection, purpose: str) -> None:
    """Take the lock of this name until the end of the transaction.

    On SQLite this does nothing, since there is only one writer.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"feedpub {purpose}"))))


def analyze_table(connection: Connection, table: str) -> None:
    """Update the planner statistics of PostgreSQL: autovacuum would be a minute late."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"ANALYZE {table}")


def _engine(url: URL, timeout: float) -> Engine:
    if is_sqlite(url):
        return _file_engine(url, timeout)
    settings = {name: value for name, value in _SERVER.items() if name not in url.query}
    try:
        return create_engine(url, connect_args=settings, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL needs a driver that is not installed: pip install 'feedpub[postgres]'"
        ) from error
    except ArgumentError as error:  # an invalid option after "?"
        raise _unusable(url, error) from None


def _unusable(url: URL, error: BaseException) -> StoreError:
    words = redact_passwords(str(error), url)
    return StoreError(f"{describe_url(url)}: cannot connect: {words}")


def _file_engine(url: URL, timeout: float) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # the file holds addresses: only its owner may read it
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}; the subscriber list is stored there"
        ) from error
    engine = create_engine(
        url, connect_args={"timeout": min(_SLICE, timeout)}, hide_parameters=True
    )
    event.listen(engine, "connect", partial(_prepare, timeout))
    event.listen(engine, "begin", _begin)
    event.listen(engine, "do_execute", partial(_execute, timeout))
    event.listen(engine, "commit", _commit)
    return engine


def _prepare(timeout: float, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Set up a new SQLite connection."""
    del entry
    connection.isolation_level = None  # no implicit BEGIN: see `_begin`
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        _wait_for_lock(partial(cursor.execute, f"PRAGMA {pragma}"), timeout)
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _commit(connection: Connection) -> None:
    """Commit by a statement, so that it waits for locks as every other statement does.

    Where the file system does not support the write-ahead log, a commit waits for readers.
    """
    connection.exec_driver_sql("COMMIT")


def _execute(
    timeout: float,
    cursor: DBAPICursor,
    statement: str,
    parameters: Sequence[object] | Mapping[str, object],
    context: object,
) -> bool:
    """Execute a statement in place of SQLAlchemy, waiting for locks of other connections."""
    del context
    _wait_for_lock(partial(cursor.execute, statement, parameters), timeout)
    return True


def _wait_for_lock(call: Callable[[], object], timeout: float) -> None:
    """Repeat a call while SQLite reports that the database is busy, for `timeout` seconds.

    Waits in short slices, because Python handles signals such as Ctrl-C only between SQLite calls.
    """
    end = monotonic() + timeout
    while True:
        try:
            call()
        except Exception as error:
            name = getattr(error, "sqlite_errorname", "")
            if not name.startswith("SQLITE_BUSY") or monotonic() >= end:
                raise
        else:
            return
        sleep(_PAUSE)
