"""Detect and repair a database that was restored from a backup.

Whenever messages are released to a server, `insert_sent_batch` raises a counter in the same
transaction, and `RecoveryLog.log_sent` writes it outside the database before the first of them is
sent. A database whose counter is lower than the one outside is older than the mail sent.
Departures are logged outside as well, before they are committed, and `RestoreCheckStore.replay_log`
applies those that a restored database lacks.

`RecoveryStore` reconciles deliveries with what was sent since the backup, identified by the
delivery keys in Message-IDs. `feedpub digest recover` uses it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy import insert as plain_insert

from feedpub.models.newsletter import ACTIVE, MessageContent, Subscriber, Variant
from feedpub.storage import planning, rows
from feedpub.storage.database import Database, acquire_advisory_lock
from feedpub.storage.errors import StoreUnavailable
from feedpub.storage.planning import IssuePlan
from feedpub.storage.rows import iter_batches
from feedpub.storage.schema import (
    delivery,
    forgotten,
    identity,
    insert,
    issue,
    ledger,
    sent_batch,
    subscriber,
    waiting,
)

REMOVED, FORGOTTEN = "removed", "forgotten"
"""Logged for a departure, in addition to the states of a subscriber."""


_PURPOSE = "departures"  # of the advisory lock: transactions that log departures


@dataclass(frozen=True, slots=True)
class DatabasePosition:
    """The counters by which a database is compared with the records outside it."""

    nonce: str
    log: str  # header of the departure log last read
    log_offset: int  # bytes of it
    sent_batches: int  # how often messages were released to a server
    newest_issue: datetime | None  # when it was planned; None if none ever was

    @property
    def has_issues(self) -> bool:
        """Whether any issue was ever planned."""
        return self.newest_issue is not None


class RestoreCheckStore:
    """The position of a database. Every method raises StoreUnavailable if it is down for now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_position(self) -> DatabasePosition:
        """Return the position of the database."""
        newest = select(func.coalesce(func.max(sent_batch.c.id), 0)).scalar_subquery()
        planned = select(func.max(issue.c.created)).scalar_subquery()
        query = select(identity.c.nonce, identity.c.log, identity.c.departures, newest, planned)
        with self._database.begin_read() as connection:
            return DatabasePosition(*connection.execute(query).one())

    def advance_position(self, sent: int, nonce: str, now: datetime) -> None:
        """Adopt the nonce and counter kept outside, after a recovery."""
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, _PURPOSE)
            connection.execute(update(identity).values(nonce=nonce))
            newest = connection.scalar(select(func.max(sent_batch.c.id))) or 0
            if sent > newest:
                connection.execute(insert(connection, sent_batch).values(id=sent, at=now))
                if connection.dialect.name != "sqlite":
                    sequence = func.pg_get_serial_sequence("sent_batch", "id")
                    connection.execute(select(func.setval(sequence, sent)))

    def list_suppressed(self) -> Iterable[tuple[str, str]]:
        """Return (canonical address, state) of every subscriber who is no longer mailed."""
        query = select(subscriber.c.key, subscriber.c.state).where(
            subscriber.c.state.not_in((ACTIVE, "pending"))
        )
        with self._database.begin_read() as connection:
            return [(key, state) for key, state in connection.execute(query)]

    def list_forgotten_hashes(self) -> Iterable[bytes]:
        """Return the hashes of all erased addresses."""
        with self._database.begin_read() as connection:
            return list(connection.execute(select(forgotten.c.hash)).scalars())

    def reset_log(self, log: str, length: int) -> None:
        """Record that a newly started departure log agrees with the database."""
        with self._database.begin_write() as connection:
            connection.execute(update(identity).values(log=log, departures=length))

    def replay_log(
        self,
        states: Mapping[bytes, str],
        hashes: Callable[[str], Iterable[bytes]],
        salt: bytes,
        log: str,
        length: int,
        now: datetime,
    ) -> tuple[Subscriber, ...]:
        """Apply departures that the database lacks; return the subscribers as they were before.

        Args:
            states: Last state of each hash in the unread part of the log.
            hashes: Returns the hashes under which a canonical address may be logged.
            salt: Key of the hashes of erased addresses.
            log: Header that identifies the log.
            length: Length of the whole log in bytes.
            now: Recorded as the time of departure.
        """
        query = select(subscriber.c.key, *rows.SUBSCRIBER_COLUMNS)
        with self._database.begin_write() as connection:
            # Wait until pending log entries are committed.
            acquire_advisory_lock(connection, _PURPOSE)
            read, done = connection.execute(select(identity.c.log, identity.c.departures)).one()
            if read == log and done >= length:
                return ()
            connection.execute(update(identity).values(log=log, departures=length))
            _forget(connection, states, salt)
            gone = []
            for key, *row in connection.execute(query).all():
                state = next((states[each] for each in hashes(key) if each in states), ACTIVE)
                one = rows.parse_subscriber(row)
                if state not in {ACTIVE, "pending", one.state}:
                    _change_state(connection, one.id, state, now)
                    gone.append(one)
            return tuple(gone)


def insert_sent_batch(connection: Connection, now: datetime) -> int:
    """Count a release of messages to a server; return the new total."""
    statement = insert(connection, sent_batch).values(at=now).returning(sent_batch.c.id)
    return int(connection.execute(statement).scalar_one())


def prune_sent_batches(connection: Connection) -> None:
    """Delete all rows of the counter but the newest."""
    acquire_advisory_lock(connection, "prune")
    newest = select(func.max(sent_batch.c.id)).scalar_subquery()
    connection.execute(delete(sent_batch).where(sent_batch.c.id < newest))


def log_sent(database: Database, number: int) -> None:
    """Write the total of releases outside the database. Raises StoreUnavailable."""
    if database.recovery_log is not None:
        try:
            database.recovery_log.log_sent(number)
        except OSError as error:
            raise _unwritable(error) from error


def log_state_changes(
    database: Database, connection: Connection, departed: Sequence[tuple[str, str]]
) -> None:
    """Write state changes to the log outside the database, before they are committed.

    Raises StoreUnavailable if that fails; the transaction must not be committed then.
    """
    if database.recovery_log is None or not departed:
        return
    acquire_advisory_lock(connection, _PURPOSE)
    try:
        length = database.recovery_log.log_state_changes(departed)
    except OSError as error:
        raise _unwritable(error) from error
    connection.execute(update(identity).values(departures=length))


def _forget(connection: Connection, states: Mapping[bytes, str], salt: bytes) -> None:
    """Block erased addresses, whether or not they are subscribers."""
    found = [{"hash": each, "salt": salt} for each, state in states.items() if state == FORGOTTEN]
    if found:
        connection.execute(insert(connection, forgotten).on_conflict_do_nothing(), found)


def _change_state(connection: Connection, number: int, state: str, now: datetime) -> None:
    which = subscriber.c.id == number
    if state in {REMOVED, FORGOTTEN}:
        connection.execute(delete(subscriber).where(which))
    else:
        connection.execute(update(subscriber).where(which).values(state=state, changed=now))


def _unwritable(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"{error.filename}: {error.strerror}; this file shows whether the database was "
        "restored; check the disk and the file's permissions"
    )


_ROWS = 5_000  # per statement
_OPEN = frozenset(("planned", "claimed", "deferred", "doubt"))
_FOUND = "found among what went out, after the database was restored"
_ACCEPTED = (
    update(delivery)
    .where(delivery.c.id == bindparam("one"))
    .values(state="accepted", next_at=None, worker="", at=bindparam("now"), text=_FOUND)
)


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """The outcome of comparing the deliveries of a database with what was sent."""

    settled: int  # deliveries newly marked as accepted
    matched: frozenset[str]  # keys for which there is a delivery


class RecoveryStore:
    """Repairs after a restore, used by `feedpub digest recover`.

    Every method raises StoreUnavailable if the database is down or locked for now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def reconcile_sent(self, keys: AbstractSet[str], now: datetime) -> ReconcileResult:
        """Mark open deliveries as accepted whose keys were sent; settled ones are not changed."""
        query = select(
            delivery.c.id,
            delivery.c.state,
            delivery.c.subscriber,
            rows.ORIGINAL_DIGEST.label("origin"),
            issue.c.slot,
            issue.c.created,
        ).join(issue, issue.c.id == delivery.c.issue)
        matched: set[str] = set()
        settled: list[dict[str, object]] = []
        with self._database.begin_write() as connection:
            for row in connection.execute(query.execution_options(yield_per=_ROWS)):
                key = rows.make_message_key(row.origin, row.slot, row.created, row.subscriber)
                if key in keys:
                    matched.add(key)
                    if row.state in _OPEN:
                        settled.append({"one": row.id, "now": now})
            for some in iter_batches(settled, _ROWS):
                connection.execute(_ACCEPTED, some)
        return ReconcileResult(len(settled), frozenset(matched))

    def restore_issue(
        self, plan: IssuePlan, audience: int, keys: AbstractSet[str], now: datetime
    ) -> frozenset[str]:
        """Record an issue that is missing from the database; return the keys it matched.

        Subscribers it reached do not get its posts again. If it reached its whole audience, its
        posts count as mailed; otherwise they wait, and the other subscribers get them in the next
        issue. Nothing is recorded if it reached no subscriber, or if the slot has an issue.
        """
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, "plan")
            reached = _find_reached(connection, plan, keys)
            number = None
            if reached:
                number = planning.insert_issue(connection, plan, state="done", reason=_FOUND)
            if number is None:
                return frozenset()
            if len(reached) >= audience:
                planning.record_in_ledger(connection, plan, number)
            else:
                _keep_waiting(connection, plan)
            _insert_accepted(connection, plan, number, list(reached.values()), now)
            return frozenset(reached)

    def mark_as_mailed(
        self, digest: str, slot: datetime, posts: Sequence[str], reason: str, now: datetime
    ) -> None:
        """Add posts to the ledger of a digest without sending them."""
        plan = IssuePlan(digest, slot, tuple(posts), "", now)
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, "plan")
            found = planning.skip_slot(connection, plan, reason)
            planning.record_in_ledger(connection, plan, found.id)


def _find_reached(
    connection: Connection, plan: IssuePlan, keys: AbstractSet[str]
) -> dict[str, int]:
    """Return the subscribers whom an issue reached, by delivery key."""
    ids = connection.execute(select(subscriber.c.id)).scalars()
    made = ((rows.make_message_key(plan.digest, plan.slot, plan.now, each), each) for each in ids)
    return {key: each for key, each in made if key in keys}


def _keep_waiting(connection: Connection, plan: IssuePlan) -> None:
    """Record posts as waiting, so that they do not become too old to mail."""
    known = select(ledger.c.post).where(ledger.c.digest == plan.digest)
    mailed = frozenset(connection.execute(known).scalars())
    found = [{"digest": plan.digest, "post": each} for each in plan.posts if each not in mailed]
    if found:
        connection.execute(insert(connection, waiting).on_conflict_do_nothing(), found)


def _insert_accepted(
    connection: Connection, plan: IssuePlan, number: int, readers: Sequence[int], now: datetime
) -> None:
    """Insert accepted deliveries of an issue; its content is lost."""
    one = Variant("restored", plan.posts, MessageContent(plan.subject, "", "", "", ""))
    chosen = planning.insert_variants(connection, number, [one])[one.key]
    statement = plain_insert(delivery).values(
        issue=number,
        selection=chosen,
        state="accepted",
        worker="",
        attempts=1,
        doubts=1,
        at=now,
        code=0,
        status="",
        text=_FOUND,
        relay="",
    )
    for some in iter_batches(readers, _ROWS):
        connection.execute(statement, [{"subscriber": each} for each in some])
