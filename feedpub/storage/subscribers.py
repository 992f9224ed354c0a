"""Subscribers: one person, one row. `SubscriberStore` is the entry point.

The module also decides when soft bounces end a subscription. They count while consecutive, and a
bounce does not say which message it belongs to. Therefore:

- At most one counts per day: where each post is mailed by itself, a mailbox that is full for an
  afternoon causes ten.
- The count starts again once a message got through between two bounces. Acceptance alone does not
  prove that, since bounces follow it: the message must have been accepted longer ago than servers
  keep retrying, without a bounce since.
- Time alone does not reset the count: with a monthly digest, consecutive bounces are a month apart.
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

_DAY = timedelta(hours=20)  # not 24: the bounces of a daily digest vary in time
# Servers retry for up to 5 days (RFC 5321 section 4.5.4.1), and report after the last attempt. A
# week would be too long: the previous issue of a weekly digest would never count as delivered.
_TRYING = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message that was returned."""

    hard: bool
    limit: int  # consecutive soft bounces that count as a hard one
    at: datetime  # when it arrived
    now: datetime


def record_bounce(connection: Connection, number: int, bounce: Bounce) -> None:
    """Apply a bounce to a subscriber; one who has left is not changed."""
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
    """Return whether a message was accepted between two times.

    Had it bounced, the bounce would have come after `after`, and so have been the last to count.
    """
    if before <= after:
        return False
    # Through the issues: the index on deliveries starts with the issue.
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
    """Subscribers and erased addresses.

    Every method raises StoreUnavailable if the database is down or locked for now; those that take
    an address raise InvalidValueError if it is invalid.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_subscriber(self, subscriber: Subscriber, now: datetime) -> Subscriber:
        """Add a subscriber, or merge the new values into an existing one, in one transaction.

        A subscriber who is unsubscribed, bounced, complained or suppressed is returned unchanged.
        The first spelling of an address, and the first consent of an active subscriber, are kept.
        Values of `subscriber` that are at their default (name "", cadence "digest", ...) change
        nothing.

        Raises:
            AddressForgottenError: The person asked to be erased.
        """
        key = normalize_address(subscriber.address)
        with self._database.begin_write() as connection:
            if is_address_forgotten(connection, key):
                raise AddressForgottenError(
                    f"{subscriber.address}: this person asked to be forgotten and is not mailed"
                )
            row = connection.execute(
                imports.build_upsert(connection, now).returning(*rows.SUBSCRIBER_COLUMNS),
                rows.dump_subscriber(subscriber, key, now),
            ).first()
            one = rows.parse_subscriber(row) if row else _by_key(connection, key)
            if one.state != "pending":  # a pending subscriber has not left
                restore_check.log_state_changes(self._database, connection, [(key, one.state)])
            return one

    def import_subscribers(
        self, found: Iterable[Subscriber], now: datetime, *, dry: bool = False
    ) -> ImportCounts:
        """Add many subscribers, each as by `add_subscriber`; all or nothing, in constant memory.

        Rows are staged in a temporary table first, so that a slow file blocks no other writer, then
        merged in one transaction (about 20 s for a million on SQLite). A repeated person counts
        once, and then as unchanged. With `dry`, only count.
        """
        return imports.import_subscribers(self._database, found, now, dry=dry)

    def find_subscriber(self, address: str) -> Subscriber | None:
        """Return the subscriber with an address, regardless of its spelling."""
        return self._find(subscriber.c.key == normalize_address(address))

    def get_subscriber(self, number: int) -> Subscriber | None:
        """Return the subscriber with an id."""
        return self._find(subscriber.c.id == number)

    def iter_subscribers(
        self, state: str | None = None, batch: int = 1_000
    ) -> Iterator[Subscriber]:
        """Yield all subscribers, or those in a state, ordered by id.

        Each batch is read in a transaction of its own, so a slow consumer blocks nothing, and may
        change subscribers as it goes.
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
        """Change the state of a subscriber and return them; None if there is no such subscriber.

        Only a pending subscriber becomes active here, and none becomes pending again: such a change
        is ignored, and the subscriber returned as they are. Once a subscriber is not active, no
        further delivery is claimed for them or may be sent.
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
        """Set the preferences of a subscriber and return them; None if there is no such subscriber.

        If this ends a delayed cadence, the time is recorded, so that posts held back are still
        sent.
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
        """Record a bounce; a hard one, or `limit` consecutive soft ones, end the subscription.

        `at` is when it arrived, if before now. What counts as consecutive is described at the top
        of this module. Returns the subscriber afterwards, None if there is no such subscriber. One
        who has left is not changed.
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
        """Delete a subscriber; return whether there was one. Unsent deliveries are then suppressed.

        Deliveries stay, without an address, to keep the statistics correct. The same address may be
        added again, unlike after `forget_address`.
        """
        with self._database.begin_write() as connection:
            scrub_delivery_texts(connection, number)
            deleted = delete(subscriber).where(subscriber.c.id == number)
            keys = connection.execute(deleted.returning(subscriber.c.key)).scalars()
            departed = [(key, restore_check.REMOVED) for key in keys]
            restore_check.log_state_changes(self._database, connection, departed)
            return bool(departed)

    def forget_address(self, address: str, salt: bytes, *older: bytes) -> bool:
        """Erase a person, except for a salted hash that prevents mailing them again.

        The salt is stored with the hash, so changing it does not invalidate older hashes; sign-ups
        may be stored under one of the `older` salts. Returns whether the person was a subscriber;
        the address is blocked in either case.
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
        """Return whether the owner of an address asked to be erased."""
        with self._database.begin_read() as connection:
            return is_address_forgotten(connection, normalize_address(address))

    def count_by_state(self) -> tuple[tuple[str, int], ...]:
        """Return the number of subscribers in each of SUBSCRIBER_STATES, including zeros."""
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
