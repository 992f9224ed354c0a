"""A stream of readers → rows, all or none, and a count of what became of them.

Somebody who comes again → what is new about them: one rule, for `add` and for imports.
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
"""The states that nobody comes back from by being added or imported."""

_DEFAULTS = {"name": "", "fields": "", "language": "", "cadence": "digest"}
_FOLLOWS = ("everything", "tags", "authors")
_CONSENT = ("consent_at", "consent_how", "consent_source")

Columns = ReadOnlyColumnCollection[str, ColumnElement[object]]


def build_upsert(
    connection: Connection, now: datetime | None, table: Table = subscriber
) -> "postgresql.Insert | sqlite.Insert":
    """Give the INSERT of a reader that merges them with the row of the same person.

    It returns no row where that person is held, and then changes nothing. `now` is None where the
    row is not yet one that anybody is mailed by: no post has waited for it.
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
    """Tell whether merging would change a row that is not held."""
    says = [and_(new[name] != silent, new[name] != old[name]) for name, silent in _DEFAULTS.items()]
    chosen = and_(_has_filter(new), or_(*(new[name] != old[name] for name in _FOLLOWS)))
    return or_(new["state"].not_in(("pending", old["state"])), chosen, *says)


def build_delayed_until(
    old: Columns, cadence: ColumnElement[str], now: datetime
) -> ColumnElement[object]:
    """Give until when posts waited for a reader who wants mail at a cadence from `now` on."""
    sooner = and_(old["cadence"].in_(DELAYED_CADENCES), cadence.not_in(DELAYED_CADENCES))
    return case((sooner, literal(now, UtcDateTime())), else_=old["waited"])


def is_mergeable(state: ColumnElement[str]) -> ColumnElement[bool]:
    """Tell whether a state is none of those in HELD."""
    return and_(*(state != each for each in PROTECTED_STATES))  # IN () is not for many rows at once


def _merge_columns(old: Columns, new: Columns) -> dict[str, ColumnElement[object]]:
    """Give what each column becomes. What is at its default in `new` says nothing."""
    stays = new["state"].in_(("pending", old["state"]))
    agrees = and_(old["state"] == "pending", new["state"] == ACTIVE)
    # Who asks again has as long to confirm it as if they had not asked before.
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
    """Tell whether somebody says what they follow: other than everything."""
    return or_(new["everything"].is_(False), new["tags"] != "", new["authors"] != "")


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
                restore_check.log_state_changes(database, connection, _find_departures(connection))
                _merge_staged(connection, now)
                analyze_table(connection, "subscriber")
        return counted


def _stage_rows(connection: Connection, found: Iterable[Subscriber]) -> int:
    """Write readers into the temporary table, merging those who come twice; tell how many came."""
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
    """Return who was mailed so far, and leaves by what the file says of them."""
    query = (
        select(_staged.c.key, _staged.c.state)
        .join(subscriber, subscriber.c.key == _staged.c.key)
        .where(is_mergeable(subscriber.c.state), ~is_mergeable(_staged.c.state))
    )
    return [(key, state) for key, state in connection.execute(query)]


def _merge_staged(connection: Connection, now: datetime) -> None:
    """Write the temporary table into the real one, in the order of the file."""
    chosen = select(*(_staged.c[name] for name in _COLUMNS)).order_by(_staged.c.seq)
    connection.execute(build_upsert(connection, now).from_select(_COLUMNS, chosen))
