"""Tell a database that was restored from a backup by what is kept outside of it.

Each time messages are released to a server the database counts one more, in the same transaction,
and `Outside.note_sent` writes the number down elsewhere before the first of them goes out. A
database that has counted less than what is written there is older than what went out. Whoever
leaves is written down elsewhere as well, before it is committed: what a restored database has not
heard of is read again from there.

Bring into a database that was restored from a backup what is known to have gone out since.

What went out is told by keys of deliveries, which messages carry in their Message-IDs.
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
"""What becomes of a reader, beside the states that they may be in."""


_PURPOSE = "departures"  # of transactions that write down who left


@dataclass(frozen=True, slots=True)
class DatabasePosition:
    """How far a database has come."""

    nonce: str
    log: str  # which log of departures it has read last
    log_offset: int  # octets of it
    sent_batches: int  # times that messages were released to a server
    newest_issue: datetime | None  # when the newest issue was planned; None where none ever was

    @property
    def has_issues(self) -> bool:
        """Whether anything was ever planned."""
        return self.newest_issue is not None


class RestoreCheckStore:
    """What a database knows of itself. Every method raises StoreUnavailable as elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_position(self) -> DatabasePosition:
        """Return how far the database has come."""
        newest = select(func.coalesce(func.max(sent_batch.c.id), 0)).scalar_subquery()
        planned = select(func.max(issue.c.created)).scalar_subquery()
        query = select(identity.c.nonce, identity.c.log, identity.c.departures, newest, planned)
        with self._database.begin_read() as connection:
            return DatabasePosition(*connection.execute(query).one())

    def advance_position(self, sent: int, nonce: str, now: datetime) -> None:
        """Go on from what is kept outside, once it is settled what went out meanwhile."""
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
        """Return (canonical address, state) of every reader who is not mailed any more."""
        query = select(subscriber.c.key, subscriber.c.state).where(
            subscriber.c.state.not_in((ACTIVE, "pending"))
        )
        with self._database.begin_read() as connection:
            return [(key, state) for key, state in connection.execute(query)]

    def list_forgotten_hashes(self) -> Iterable[bytes]:
        """Return the hash of everybody who asked to be forgotten."""
        with self._database.begin_read() as connection:
            return list(connection.execute(select(forgotten.c.hash)).scalars())

    def reset_log(self, log: str, length: int) -> None:
        """Record that all of a log of departures that was begun anew is in the database."""
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
        """Let readers leave who did, as the log of departures says; return them as they were.

        Args:
            states: The last state of each hash in the part of the log that was not read yet.
            hashes: Return what a canonical address may be in the log.
            salt: What the addresses of those to be forgotten were hashed with.
            log: Which log that is.
            length: Of the whole log.
            now: When they are said to have left.
        """
        query = select(subscriber.c.key, *rows.SUBSCRIBER_COLUMNS)
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, _PURPOSE)  # who has written to the log commits first
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
    """Count that messages are released to a server; return how many times that was."""
    statement = insert(connection, sent_batch).values(at=now).returning(sent_batch.c.id)
    return int(connection.execute(statement).scalar_one())


def prune_sent_batches(connection: Connection) -> None:
    """Delete all counts but the newest."""
    acquire_advisory_lock(connection, "prune")
    newest = select(func.max(sent_batch.c.id)).scalar_subquery()
    connection.execute(delete(sent_batch).where(sent_batch.c.id < newest))


def log_sent(database: Database, number: int) -> None:
    """Write outside how many times messages were released. Raises StoreUnavailable."""
    if database.recovery_log is not None:
        try:
            database.recovery_log.log_sent(number)
        except OSError as error:
            raise _unwritable(error) from error


def log_state_changes(
    database: Database, connection: Connection, departed: Sequence[tuple[str, str]]
) -> None:
    """Write outside who is in another state from now on, before that is committed.

    Raises StoreUnavailable where it cannot be written, and nothing is to be committed then.
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
    """Keep everybody out who asked to be forgotten, whether they are there or not."""
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
        f"{error.filename}: {error.strerror}; what is kept there tells a restored database from "
        "this one: see to the disk and the file's permissions"
    )


_ROWS = 5_000  # at once
_OPEN = frozenset(("planned", "claimed", "deferred", "doubt"))
_FOUND = "found among what went out, after the database was restored"
_ACCEPTED = (
    update(delivery)
    .where(delivery.c.id == bindparam("one"))
    .values(state="accepted", next_at=None, worker="", at=bindparam("now"), text=_FOUND)
)


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """What came of comparing the deliveries of a database with what went out."""

    settled: int  # deliveries that had gone out, and were not known to have
    matched: frozenset[str]  # keys that are those of deliveries


class RecoveryStore:
    """Every method raises StoreUnavailable where the database is away or locked for now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reconcile_sent(self, keys: AbstractSet[str], now: datetime) -> ReconcileResult:
        """Record as accepted what went out; failed, suppressed and accepted ones stay so."""
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
        """Record an issue that the database knows nothing of; return the keys that it has.

        Readers whom it reached are not sent its posts again. Its posts count as mailed where it
        reached as many as it was planned for; else they wait, and the others get them with the
        next issue. Nothing is recorded where it reached nobody, or where the slot has an issue.
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
        """Put posts into the ledger of a digest, and mail nobody."""
        plan = IssuePlan(digest, slot, tuple(posts), "", now)
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, "plan")
            found = planning.skip_slot(connection, plan, reason)
            planning.record_in_ledger(connection, plan, found.id)


def _find_reached(
    connection: Connection, plan: IssuePlan, keys: AbstractSet[str]
) -> dict[str, int]:
    """Return the readers, by key, to whom an issue went."""
    ids = connection.execute(select(subscriber.c.id)).scalars()
    made = ((rows.make_message_key(plan.digest, plan.slot, plan.now, each), each) for each in ids)
    return {key: each for key, each in made if key in keys}


def _keep_waiting(connection: Connection, plan: IssuePlan) -> None:
    """Keep posts from growing too old before they are mailed."""
    known = select(ledger.c.post).where(ledger.c.digest == plan.digest)
    mailed = frozenset(connection.execute(known).scalars())
    found = [{"digest": plan.digest, "post": each} for each in plan.posts if each not in mailed]
    if found:
        connection.execute(insert(connection, waiting).on_conflict_do_nothing(), found)


def _insert_accepted(
    connection: Connection, plan: IssuePlan, number: int, readers: Sequence[int], now: datetime
) -> None:
    """Write down that readers have the posts of an issue; what it said is known no more."""
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
