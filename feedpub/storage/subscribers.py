"""Readers: one person, one row.

Mail that came back from a reader → whether they are mailed any more.

Soft bounces count in a row, and no notice says which message it is about. So:

- Of one day one counts: a mailbox that was full for an afternoon has ten of them where each post
  is mailed by itself.
- They are no longer in a row once a message got through between two of them. Acceptance does not
  show that, since bounces come after it: the message must have been accepted longer ago than
  servers go on trying, and nothing have come back meanwhile.
- Time alone forgets nothing: a monthly digest has a month between two bounces in a row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, literal, or_, select, update

from feedpub.models.address import normalize_address
from feedpub.models.newsletter import ACTIVE, SUBSCRIBER_STATES, Subscriber, SubscriptionFilter
from feedpub.storage import imports, restore_check, rows
from feedpub.storage.database import Database
from feedpub.storage.errors import AddressForgottenError
from feedpub.storage.imports import ImportCounts
from feedpub.storage.rows import (
    hash_address,
    is_address_forgotten,
    list_salts,
    scrub_delivery_texts,
)
from feedpub.storage.schema import delivery, forgotten, insert, issue, signup, subscriber

_DAY = timedelta(hours=20)  # a daily digest bounces now earlier, now later
# Servers try for 5 days (RFC 5321 section 4.5.4.1), and tell when they look the next time. A week
# would be too long: of a weekly digest, the issue before would never be known to have got through.
_TRYING = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One message that came back."""

    hard: bool
    limit: int  # soft ones in a row that count as a hard one
    at: datetime  # when it came
    now: datetime


def record_bounce(connection: Connection, number: int, bounce: Bounce) -> None:
    """Write what a bounce changes about a reader; who left before is as they were."""
    query = select(subscriber.c.soft_bounces, subscriber.c.soft_bounced).where(
        subscriber.c.id == number, subscriber.c.state.in_((ACTIVE, "pending"))
    )
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        return
    ended = {"state": "bounced", "changed": bounce.now}
    if bounce.hard:
        _change(connection, number, ended)
        return
    count, last = row
    if last is not None:
        if bounce.at < last + _DAY:
            return
        if _got_through(connection, number, last + _DAY, bounce.at - _TRYING):
            count = 0
    counted = {"soft_bounces": count + 1, "soft_bounced": bounce.at}
    over = count + 1 >= bounce.limit
    _change(connection, number, {**counted, **ended} if over else counted)


def _change(connection: Connection, number: int, values: dict[str, object]) -> None:
    connection.execute(update(subscriber).where(subscriber.c.id == number).values(**values))


def _got_through(connection: Connection, number: int, after: datetime, before: datetime) -> bool:
    """Tell whether a message was accepted between two times.

    Had it come back, then after the first of them: it would have been the last that counted.
    """
    if before <= after:
        return False
    # By way of the issues: deliveries are found by issue and reader, not by reader alone.
    query = (
        select(delivery.c.id)
        .join(issue, issue.c.id == delivery.c.issue)
        .where(
            or_(issue.c.ended.is_(None), issue.c.ended > after),
            delivery.c.subscriber == number,
            delivery.c.state == "accepted",
            delivery.c.at > after,
            delivery.c.at < before,
        )
    )
    return connection.execute(query.limit(1)).first() is not None


class SubscriberStore:
    """All that is known of readers.

    Every method raises StoreUnavailable where the database is away or locked for now; those that
    take an address raise `roster.Faulty` (a ValueError) for what is none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_subscriber(self, subscriber: Subscriber, now: datetime) -> Subscriber:
        """Add a reader, or make what is new about one that is there already; one transaction.

        Who is unsubscribed, bounced, complained or suppressed stays so, and nothing is changed. An
        address as first written, and the first consent of somebody active, stay. What is at its
        default in `subscriber` (name "", cadence "digest", ...) says nothing, and leaves what is.

        Raises:
            ForgottenError: The person asked to be forgotten.
        """
        key = normalize_address(subscriber.address)
        with self._database.begin_write() as connection:
            if is_address_forgotten(connection, key):
                raise AddressForgottenError(
                    f"{subscriber.address}: this person asked to be forgotten, and is not mailed"
                )
            row = connection.execute(
                imports.build_upsert(connection, now).returning(*rows.SUBSCRIBER_COLUMNS),
                rows.dump_subscriber(subscriber, key, now),
            ).first()
            one = rows.parse_subscriber(row) if row else _by_key(connection, key)
            if one.state != "pending":  # who left and came back has not left
                restore_check.log_state_changes(self._database, connection, [(key, one.state)])
            return one

    def import_subscribers(
        self, found: Iterable[Subscriber], now: datetime, *, dry: bool = False
    ) -> ImportCounts:
        """Add many readers, each as `add` would; all or nothing, in steady memory.

        The rows are put aside while they come, so that nobody waits for a slow file, and then
        taken over in one transaction (about 20 s for a million on SQLite). Somebody who comes
        twice counts once, and then as unchanged. `dry` counts, and changes nothing.
        """
        return imports.import_subscribers(self._database, found, now, dry=dry)

    def find_subscriber(self, address: str) -> Subscriber | None:
        """Give the reader with an address, however it is spelled."""
        return self._find(subscriber.c.key == normalize_address(address))

    def get_subscriber(self, number: int) -> Subscriber | None:
        """Give the reader with an id."""
        return self._find(subscriber.c.id == number)

    def iter_subscribers(
        self, state: str | None = None, batch: int = 1_000
    ) -> Iterator[Subscriber]:
        """Give all readers, or those in a state, by id.

        They are read in batches, each in a transaction of its own: whoever takes long holds
        nothing up, and may change them meanwhile.
        """
        query = select(*rows.SUBSCRIBER_COLUMNS).order_by(subscriber.c.id).limit(batch)
        if state is not None:
            query = query.where(subscriber.c.state == state)
        last: int = 0
        while True:
            with self._database.begin_read() as connection:
                found = connection.execute(query.where(subscriber.c.id > last)).all()
            yield from map(rows.parse_subscriber, found)
            if len(found) < batch:
                return
            last = found[-1].id

    def change_state(self, number: int, state: str, now: datetime) -> Subscriber | None:
        """Put a reader in a state; None where there is no such reader.

        Only somebody pending becomes active, and nobody becomes pending again: asked to bring
        back who left, this changes nothing, and tells the state they are in. From the next claim
        and the next doubt on, nothing goes to whoever is not active.
        """
        allowed = [subscriber.c.id == number, subscriber.c.state != state]
        if state in {ACTIVE, "pending"}:
            allowed.append(subscriber.c.state == "pending")
        with self._database.begin_write() as connection:
            changed = update(subscriber).where(*allowed).values(state=state, changed=now)
            keys = connection.execute(changed.returning(subscriber.c.key)).scalars()
            departed = [(key, state) for key in keys]
            restore_check.log_state_changes(self._database, connection, departed)
            return _by_id(connection, number)

    def update_preferences(
        self, number: int, follows: SubscriptionFilter, cadence: str, language: str, now: datetime
    ) -> Subscriber | None:
        """Set what a reader wants; None where there is no such reader.

        Who wants mail as it goes out from now on, and had posts waiting, is still to get these.
        """
        chosen = {
            **rows.dump_filter(follows),
            "cadence": cadence,
            "language": language,
            "waited": imports.build_delayed_until(subscriber.c, literal(cadence), now),
        }
        with self._database.begin_write() as connection:
            connection.execute(update(subscriber).where(subscriber.c.id == number).values(**chosen))
            return _by_id(connection, number)

    def record_bounce(
        self, number: int, *, hard: bool, limit: int, now: datetime, at: datetime | None = None
    ) -> Subscriber | None:
        """Record a bounce: a hard one, or the soft one that makes `limit` in a row, ends it.

        `at` is when it came, if that was before now; what is in a row `store.bouncing` tells.
        Gives the reader as it is now, None where there is no such reader. Who left before is as
        they were.
        """
        with self._database.begin_write() as connection:
            before = _by_id(connection, number)
            record_bounce(connection, number, Bounce(hard, limit, at or now, now))
            after = _by_id(connection, number)
            if before and after and before.state != after.state:
                departed = [(normalize_address(after.address), after.state)]
                restore_check.log_state_changes(self._database, connection, departed)
            return after

    def remove_subscriber(self, number: int) -> bool:
        """Delete a reader; what was not sent yet will not be. Tells whether there was one.

        Their deliveries stay as numbers without an address, or the sums would not hold. The same
        address may come again; see `forget`.
        """
        with self._database.begin_write() as connection:
            scrub_delivery_texts(connection, number)
            deleted = delete(subscriber).where(subscriber.c.id == number)
            keys = connection.execute(deleted.returning(subscriber.c.key)).scalars()
            departed = [(key, restore_check.REMOVED) for key in keys]
            restore_check.log_state_changes(self._database, connection, departed)
            return bool(departed)

    def forget_address(self, address: str, salt: bytes, *older: bytes) -> bool:
        """Delete a person for good, but for a salted hash that keeps them from being mailed again.

        The salt is kept beside the hash, so that a new salt leaves old hashes as good as they
        were. What they asked for in the form may be marked by an older one. Tells whether the
        person was there; who was not is kept out all the same.
        """
        key = normalize_address(address)
        with self._database.begin_write() as connection:
            number = connection.execute(
                delete(subscriber).where(subscriber.c.key == key).returning(subscriber.c.id)
            ).scalar()
            if number is not None:
                scrub_delivery_texts(connection, number)
            restore_check.log_state_changes(
                self._database, connection, [(key, restore_check.FORGOTTEN)]
            )
            marks = [hash_address(key, each) for each in {salt, *older, *list_salts(connection)}]
            connection.execute(delete(signup).where(signup.c.mark.in_(marks)))
            connection.execute(
                insert(connection, forgotten)
                .values(hash=hash_address(key, salt), salt=salt)
                .on_conflict_do_nothing()
            )
        self._database.checkpoint()
        return number is not None

    def is_forgotten(self, address: str) -> bool:
        """Tell whether somebody asked to be forgotten."""
        with self._database.begin_read() as connection:
            return is_address_forgotten(connection, normalize_address(address))

    def count_by_state(self) -> tuple[tuple[str, int], ...]:
        """Give how many readers are in each state, in the order of STATES, with the zeros."""
        query = select(subscriber.c.state, func.count()).group_by(subscriber.c.state)
        with self._database.begin_read() as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return tuple((state, found.get(state, 0)) for state in SUBSCRIBER_STATES)

    def _find(self, which: ColumnElement[bool]) -> Subscriber | None:
        with self._database.begin_read() as connection:
            row = connection.execute(select(*rows.SUBSCRIBER_COLUMNS).where(which)).first()
        return rows.parse_subscriber(row) if row else None


def _by_id(connection: Connection, number: int) -> Subscriber | None:
    query = select(*rows.SUBSCRIBER_COLUMNS).where(subscriber.c.id == number)
    row = connection.execute(query).first()
    return rows.parse_subscriber(row) if row else None


def _by_key(connection: Connection, key: str) -> Subscriber:
    query = select(*rows.SUBSCRIBER_COLUMNS).where(subscriber.c.key == key)
    return rows.parse_subscriber(connection.execute(query).one())
