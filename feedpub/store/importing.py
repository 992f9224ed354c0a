"""A stream of readers → rows, all or none, and a count of what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    and_,
    delete,
    func,
    select,
)

from feedpub.mailing import Subscriber
from feedpub.roster import normalize_address
from feedpub.store import merging, restored, rows
from feedpub.store.batches import iter_batches
from feedpub.store.database import Database, analyze_table
from feedpub.store.privacy import find_forgotten, list_salts
from feedpub.store.schema import subscriber

_BATCH = 2_000
_COLUMNS = tuple(column.name for column in subscriber.c if column.name != "id")

# Temporary tables are written without keeping anybody from the others.
_staged = Table(
    "staged",
    MetaData(),
    Column("seq", BigInteger, nullable=False),
    *(
        Column(each.name, each.type, nullable=each.nullable, primary_key=each.name == "key")
        for each in subscriber.c
        if each.name != "id"
    ),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import did, or would do: the sum is the number of rows it was given."""

    added: int
    updated: int
    unchanged: int  # those that came twice among them
    held: int  # left, bounced, complained, suppressed or forgotten: not taken back


def import_subscribers(
    database: Database, found: Iterable[Subscriber], now: datetime, *, dry: bool
) -> ImportCounts:
    """Add many readers; see `Subscribers.import_`."""
    with database.connect_detached() as connection:
        with connection.begin():
            _staged.create(connection)
        seen = _stage_rows(connection, found)
        with connection.begin() if dry else database.begin_write_on(connection):
            forgotten = _drop_forgotten(connection)
            counted = _count_changes(connection, seen, forgotten)
            if not dry:
                restored.log_state_changes(database, connection, _find_departures(connection))
                _merge_staged(connection, now)
                analyze_table(connection, "subscriber")
        return counted


def _stage_rows(connection: Connection, found: Iterable[Subscriber]) -> int:
    """Write readers into the temporary table, merging those who come twice; tell how many came."""
    statement = merging.build_upsert(connection, None, _staged)
    seen = 0
    for batch in iter_batches(found, _BATCH):
        with connection.begin():
            connection.execute(
                statement,
                [
                    {
                        "seq": seen + at,
                        **rows.dump_subscriber(
                            one, normalize_address(one.address), one.changed or one.consent.at
                        ),
                    }
                    for at, one in enumerate(batch)
                ],
            )
        seen += len(batch)
    return seen


def _drop_forgotten(connection: Connection) -> int:
    """Take those out who asked to be forgotten; tell how many."""
    known, dropped, last = list_salts(connection), 0, ""
    query = select(_staged.c.key).order_by(_staged.c.key).limit(_BATCH)
    while known and (keys := connection.execute(query.where(_staged.c.key > last)).scalars().all()):
        gone = find_forgotten(connection, known, keys)
        connection.execute(delete(_staged).where(_staged.c.key.in_(gone)))
        dropped += len(gone)
        last = keys[-1]
    return dropped


def _count_changes(connection: Connection, seen: int, forgotten: int) -> ImportCounts:
    """Count what taking over will do."""
    free = merging.is_mergeable(subscriber.c.state)
    known = _staged.join(subscriber, subscriber.c.key == _staged.c.key)
    back = and_(~free, merging.is_mergeable(_staged.c.state))
    changed = and_(free, merging.is_changed(subscriber.c, _staged.c))
    there, held, updated = connection.execute(
        select(
            func.count(),
            func.count().filter(back),
            func.count().filter(changed),
        ).select_from(known)
    ).one()
    added = connection.execute(select(func.count()).select_from(_staged)).scalar_one() - there
    return ImportCounts(
        added=added,
        updated=updated,
        unchanged=seen - added - updated - held - forgotten,
        held=held + forgotten,
    )


def _find_departures(connection: Connection) -> list[tuple[str, str]]:
    """Return who was mailed so far, and leaves by what the file says of them."""
    query = (
        select(_staged.c.key, _staged.c.state)
        .join(subscriber, subscriber.c.key == _staged.c.key)
        .where(merging.is_mergeable(subscriber.c.state), ~merging.is_mergeable(_staged.c.state))
    )
    return [(key, state) for key, state in connection.execute(query)]


def _merge_staged(connection: Connection, now: datetime) -> None:
    """Write the temporary table into the real one, in the order of the file."""
    chosen = select(*(_staged.c[name] for name in _COLUMNS)).order_by(_staged.c.seq)
    connection.execute(merging.build_upsert(connection, now).from_select(_COLUMNS, chosen))
