"""Readers: one person, one row."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, literal, select, update

from feedpub.mailing import ACTIVE, STATES, Follows, Subscriber
from feedpub.roster import canonical
from feedpub.store import bouncing, importing, merging, restored, rows
from feedpub.store.bouncing import Bounce
from feedpub.store.database import Database
from feedpub.store.errors import ForgottenError
from feedpub.store.importing import Imported
from feedpub.store.privacy import hashed, is_known, salts, scrub
from feedpub.store.schema import forgotten, insert, signup, subscriber


class Subscribers:
    """All that is known of readers.

    Every method raises StoreUnavailable where the database is away or locked for now; those that
    take an address raise `roster.Faulty` (a ValueError) for what is none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, subscriber: Subscriber, now: datetime) -> Subscriber:
        """Add a reader, or make what is new about one that is there already; one transaction.

        Who is unsubscribed, bounced, complained or suppressed stays so, and nothing is changed. An
        address as first written, and the first consent of somebody active, stay. What is at its
        default in `subscriber` (name "", cadence "digest", ...) says nothing, and leaves what is.

        Raises:
            ForgottenError: The person asked to be forgotten.
        """
        key = canonical(subscriber.address)
        with self._database.writing() as connection:
            if is_known(connection, key):
                raise ForgottenError(
                    f"{subscriber.address}: this person asked to be forgotten, and is not mailed"
                )
            row = connection.execute(
                merging.upsert(connection, now).returning(*rows.SUBSCRIBER),
                rows.reader(subscriber, key, now),
            ).first()
            one = rows.subscriber(row) if row else _by_key(connection, key)
            if one.state != "pending":  # who left and came back has not left
                restored.note_departures(self._database, connection, [(key, one.state)])
            return one

    def import_(self, found: Iterable[Subscriber], now: datetime, *, dry: bool = False) -> Imported:
        """Add many readers, each as `add` would; all or nothing, in steady memory.

        The rows are put aside while they come, so that nobody waits for a slow file, and then
        taken over in one transaction (about 20 s for a million on SQLite). Somebody who comes
        twice counts once, and then as unchanged. `dry` counts, and changes nothing.
        """
        return importing.taken(self._database, found, now, dry=dry)

    def find(self, address: str) -> Subscriber | None:
        """Give the reader with an address, however it is spelled."""
        return self._one(subscriber.c.key == canonical(address))

    def get(self, number: int) -> Subscriber | None:
        """Give the reader with an id."""
        return self._one(subscriber.c.id == number)

    def all(self, state: str | None = None, batch: int = 1_000) -> Iterator[Subscriber]:
        """Give all readers, or those in a state, by id.

        They are read in batches, each in a transaction of its own: whoever takes long holds
        nothing up, and may change them meanwhile.
        """
        query = select(*rows.SUBSCRIBER).order_by(subscriber.c.id).limit(batch)
        if state is not None:
            query = query.where(subscriber.c.state == state)
        last: int = 0
        while True:
            with self._database.reading() as connection:
                found = connection.execute(query.where(subscriber.c.id > last)).all()
            yield from map(rows.subscriber, found)
            if len(found) < batch:
                return
            last = found[-1].id

    def change(self, number: int, state: str, now: datetime) -> Subscriber | None:
        """Put a reader in a state; None where there is no such reader.

        Only somebody pending becomes active, and nobody becomes pending again: asked to bring
        back who left, this changes nothing, and tells the state they are in. From the next claim
        and the next doubt on, nothing goes to whoever is not active.
        """
        allowed = [subscriber.c.id == number, subscriber.c.state != state]
        if state in {ACTIVE, "pending"}:
            allowed.append(subscriber.c.state == "pending")
        with self._database.writing() as connection:
            changed = update(subscriber).where(*allowed).values(state=state, changed=now)
            keys = connection.execute(changed.returning(subscriber.c.key)).scalars()
            departed = [(key, state) for key in keys]
            restored.note_departures(self._database, connection, departed)
            return _by_id(connection, number)

    def prefer(
        self, number: int, follows: Follows, cadence: str, language: str, now: datetime
    ) -> Subscriber | None:
        """Set what a reader wants; None where there is no such reader.

        Who wants mail as it goes out from now on, and had posts waiting, is still to get these.
        """
        chosen = {
            **rows.follows(follows),
            "cadence": cadence,
            "language": language,
            "waited": merging.waited(subscriber.c, literal(cadence), now),
        }
        with self._database.writing() as connection:
            connection.execute(update(subscriber).where(subscriber.c.id == number).values(**chosen))
            return _by_id(connection, number)

    def bounced(
        self, number: int, *, hard: bool, limit: int, now: datetime, at: datetime | None = None
    ) -> Subscriber | None:
        """Record a bounce: a hard one, or the soft one that makes `limit` in a row, ends it.

        `at` is when it came, if that was before now; what is in a row `store.bouncing` tells.
        Gives the reader as it is now, None where there is no such reader. Who left before is as
        they were.
        """
        with self._database.writing() as connection:
            before = _by_id(connection, number)
            bouncing.record(connection, number, Bounce(hard, limit, at or now, now))
            after = _by_id(connection, number)
            if before and after and before.state != after.state:
                departed = [(canonical(after.address), after.state)]
                restored.note_departures(self._database, connection, departed)
            return after

    def remove(self, number: int) -> bool:
        """Delete a reader; what was not sent yet will not be. Tells whether there was one.

        Their deliveries stay as numbers without an address, or the sums would not hold. The same
        address may come again; see `forget`.
        """
        with self._database.writing() as connection:
            scrub(connection, number)
            deleted = delete(subscriber).where(subscriber.c.id == number)
            keys = connection.execute(deleted.returning(subscriber.c.key)).scalars()
            departed = [(key, restored.REMOVED) for key in keys]
            restored.note_departures(self._database, connection, departed)
            return bool(departed)

    def forget(self, address: str, salt: bytes, *older: bytes) -> bool:
        """Delete a person for good, but for a salted hash that keeps them from being mailed again.

        The salt is kept beside the hash, so that a new salt leaves old hashes as good as they
        were. What they asked for in the form may be marked by an older one. Tells whether the
        person was there; who was not is kept out all the same.
        """
        key = canonical(address)
        with self._database.writing() as connection:
            number = connection.execute(
                delete(subscriber).where(subscriber.c.key == key).returning(subscriber.c.id)
            ).scalar()
            if number is not None:
                scrub(connection, number)
            restored.note_departures(self._database, connection, [(key, restored.FORGOTTEN)])
            marks = [hashed(key, each) for each in {salt, *older, *salts(connection)}]
            connection.execute(delete(signup).where(signup.c.mark.in_(marks)))
            connection.execute(
                insert(connection, forgotten)
                .values(hash=hashed(key, salt), salt=salt)
                .on_conflict_do_nothing()
            )
        self._database.tidy()
        return number is not None

    def is_forgotten(self, address: str) -> bool:
        """Tell whether somebody asked to be forgotten."""
        with self._database.reading() as connection:
            return is_known(connection, canonical(address))

    def counts(self) -> tuple[tuple[str, int], ...]:
        """Give how many readers are in each state, in the order of STATES, with the zeros."""
        query = select(subscriber.c.state, func.count()).group_by(subscriber.c.state)
        with self._database.reading() as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return tuple((state, found.get(state, 0)) for state in STATES)

    def _one(self, which: ColumnElement[bool]) -> Subscriber | None:
        with self._database.reading() as connection:
            row = connection.execute(select(*rows.SUBSCRIBER).where(which)).first()
        return rows.subscriber(row) if row else None


def _by_id(connection: Connection, number: int) -> Subscriber | None:
    query = select(*rows.SUBSCRIBER).where(subscriber.c.id == number)
    row = connection.execute(query).first()
    return rows.subscriber(row) if row else None


def _by_key(connection: Connection, key: str) -> Subscriber:
    query = select(*rows.SUBSCRIBER).where(subscriber.c.key == key)
    return rows.subscriber(connection.execute(query).one())
