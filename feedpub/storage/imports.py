"""Merge subscribers into the table, one by one or as a whole list, and count the changes.

The same merge rule serves `SubscriberStore.add_subscriber` and `import_subscribers`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from feedpub.models.address import normalize_address
from feedpub.models.newsletter import ACTIVE, DELAYED_CADENCES, SUBSCRIBER_STATES, Subscriber
from feedpub.storage import restore_check, rows
from feedpub.storage.database import Database, analyze_table
from feedpub.storage.rows import find_forgotten, iter_batches, list_salts
from feedpub.storage.schema import UtcDateTime, insert, subscriber

PROTECTED_STATES = tuple(state for state in SUBSCRIBER_STATES if state not in {ACTIVE, "pending"})
"""States that adding or importing a subscriber does not change."""

_DEFAULTS = {"name": "", "fields": "", "language": "", "cadence": "digest"}
_FOLLOWS = ("everything", "tags", "authors")
_CONSENT = ("consent_at", "consent_how", "consent_source")

Columns = ReadOnlyColumnCollection[str, ColumnElement[object]]


def build_upsert(
    connection: Connection, now: datetime | None, table: Table = subscriber
) -> "postgresql.Insert | sqlite.Insert":
    """Return the INSERT of a subscriber that merges with an existing row of the same person.

    It changes and returns nothing if that row is in a protected state. `now` is None for the
    staging table, whose rows are not mailed and have no delayed posts.
    """
    statement = insert(connection, table)
    merged = _merge_columns(table.c, statement.excluded)
    if now is not None:
        cadence = statement.excluded["cadence"]
        sooner = case((cadence == _DEFAULTS["cadence"], table.c.cadence), else_=cadence)
        merged["waited"] = build_delayed_until(table.c, sooner, now)
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_=merged,
        where=is_mergeable(table.c.state),
    )


def is_changed(old: Columns, new: Columns) -> ColumnElement[bool]:
    """Return the condition that merging changes a row that is not protected."""
    says = [and_(new[name] != silent, new[name] != old[name]) for name, silent in _DEFAULTS.items()]
    chosen = and_(_has_filter(new), or_(*(new[name] != old[name] for name in _FOLLOWS)))
    return or_(new["state"].not_in(("pending", old["state"])), chosen, *says)


def build_delayed_until(
    old: Columns, cadence: ColumnElement[str], now: datetime
) -> ColumnElement[object]:
    """Return the new value of `waited` for a subscriber whose cadence changes now."""
    sooner = and_(old["cadence"].in_(DELAYED_CADENCES), cadence.not_in(DELAYED_CADENCES))
    return case((sooner, literal(now, UtcDateTime())), else_=old["waited"])


def is_mergeable(state: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a state is not in PROTECTED_STATES."""
    # Not an expanding IN: that does not work with executemany.
    return and_(*(state != each for each in PROTECTED_STATES))


def _merge_columns(old: Columns, new: Columns) -> dict[str, ColumnElement[object]]:
    """Return the new value of each column. Default values in `new` change nothing."""
    stays = new["state"].in_(("pending", old["state"]))
    agrees = and_(old["state"] == "pending", new["state"] == ACTIVE)
    # A repeated sign-up restarts the time to confirm.
    form = and_(old["consent_how"] == "form", new["consent_how"] == "form")
    asks = and_(old["state"] == "pending", new["state"] == "pending", form)
    return {
        "state": case((new["state"] == "pending", old["state"]), else_=new["state"]),
        "changed": case((stays, old["changed"]), else_=new["changed"]),
        **{
            name: case((new[name] == silent, old[name]), else_=new[name])
            for name, silent in _DEFAULTS.items()
        },
        **{name: case((_has_filter(new), new[name]), else_=old[name]) for name in _FOLLOWS},
        **{name: case((or_(agrees, asks), new[name]), else_=old[name]) for name in _CONSENT},
    }


def _has_filter(new: Columns) -> ColumnElement[bool]:
    """Return the condition that a filter other than everything is given."""
    return or_(new["everything"].is_(False), new["tags"] != "", new["authors"] != "")


_BATCH = 2_000
_COLUMNS = tuple(column.name for column in subscriber.c if column.name != "id")

# A temporary table can be filled without blocking other writers.
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
    """The outcome of an import, actual or simulated; they add up to the number of rows."""

    added: int
    updated: int
    unchanged: int  # includes repeated ones
    held: int  # in a protected state, or erased: not added again


def import_subscribers(
    database: Database, found: Iterable[Subscriber], now: datetime, *, dry: bool
) -> ImportCounts:
    """Add many subscribers; see `SubscriberStore.import_subscribers`."""
    with database.connect_detached() as connection:
        with connection.begin():
            _staged.create(connection)
        seen = _stage_rows(connection, found)
        with connection.begin() if dry else database.begin_write_on(connection):
            forgotten = _drop_forgotten(connection)
            counted = _count_changes(connection, seen, forgotten)
            if not dry:
                restore_check.log_state_changes(database, connection, _find_departures(connection))
                _merge_staged(connection, now)
                analyze_table(connection, "subscriber")
        return counted


def _stage_rows(connection: Connection, found: Iterable[Subscriber]) -> int:
    """Write rows into the staging table, merging repeated ones; return their number."""
    statement = build_upsert(connection, None, _staged)
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
    """Delete the staged rows of erased people; return how many."""
    known, dropped, last = list_salts(connection), 0, ""
    query = select(_staged.c.key).order_by(_staged.c.key).limit(_BATCH)
    while known and (keys := connection.execute(query.where(_staged.c.key > last)).scalars().all()):
        gone = find_forgotten(connection, known, keys)
        connection.execute(delete(_staged).where(_staged.c.key.in_(gone)))
        dropped += len(gone)
        last = keys[-1]
    return dropped


def _count_changes(connection: Connection, seen: int, forgotten: int) -> ImportCounts:
    """Count what merging the staged rows will do."""
    free = is_mergeable(subscriber.c.state)
    known = _staged.join(subscriber, subscriber.c.key == _staged.c.key)
    back = and_(~free, is_mergeable(_staged.c.state))
    changed = and_(free, is_changed(subscriber.c, _staged.c))
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
    """Return (key, state) of subscribers whom the import moves to a protected state."""
    query = (
        select(_staged.c.key, _staged.c.state)
        .join(subscriber, subscriber.c.key == _staged.c.key)
        .where(is_mergeable(subscriber.c.state), ~is_mergeable(_staged.c.state))
    )
    return [(key, state) for key, state in connection.execute(query)]


def _merge_staged(connection: Connection, now: datetime) -> None:
    """Merge the staged rows into the subscribers, in the order of the file."""
    chosen = select(*(_staged.c[name] for name in _COLUMNS)).order_by(_staged.c.seq)
    connection.execute(build_upsert(connection, now).from_select(_COLUMNS, chosen))
