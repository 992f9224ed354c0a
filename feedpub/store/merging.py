"""Somebody who comes again → what is new about them: one rule, for `add` and for imports."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, case, literal, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from feedpub.mailing import ACTIVE, SELDOM, STATES
from feedpub.store.schema import Moment, insert, subscriber

HELD = tuple(state for state in STATES if state not in {ACTIVE, "pending"})
"""The states that nobody comes back from by being added or imported."""

_SILENT = {"name": "", "fields": "", "language": "", "cadence": "digest"}
_FOLLOWS = ("everything", "tags", "authors")
_CONSENT = ("consent_at", "consent_how", "consent_source")

Columns = ReadOnlyColumnCollection[str, ColumnElement[object]]


def upsert(
    connection: Connection, now: datetime | None, table: Table = subscriber
) -> "postgresql.Insert | sqlite.Insert":
    """Give the INSERT of a reader that merges them with the row of the same person.

    It returns no row where that person is held, and then changes nothing. `now` is None where the
    row is not yet one that anybody is mailed by: no post has waited for it.
    """
    statement = insert(connection, table)
    merged = _merged(table.c, statement.excluded)
    if now is not None:
        cadence = statement.excluded["cadence"]
        sooner = case((cadence == _SILENT["cadence"], table.c.cadence), else_=cadence)
        merged["waited"] = waited(table.c, sooner, now)
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_=merged,
        where=is_free(table.c.state),
    )


def differs(old: Columns, new: Columns) -> ColumnElement[bool]:
    """Tell whether merging would change a row that is not held."""
    says = [and_(new[name] != silent, new[name] != old[name]) for name, silent in _SILENT.items()]
    chosen = and_(_chooses(new), or_(*(new[name] != old[name] for name in _FOLLOWS)))
    return or_(new["state"].not_in(("pending", old["state"])), chosen, *says)


def waited(old: Columns, cadence: ColumnElement[str], now: datetime) -> ColumnElement[object]:
    """Give until when posts waited for a reader who wants mail at a cadence from `now` on."""
    sooner = and_(old["cadence"].in_(SELDOM), cadence.not_in(SELDOM))
    return case((sooner, literal(now, Moment())), else_=old["waited"])


def is_free(state: ColumnElement[str]) -> ColumnElement[bool]:
    """Tell whether a state is none of those in HELD."""
    return and_(*(state != each for each in HELD))  # IN () is not for many rows at once


def _merged(old: Columns, new: Columns) -> dict[str, ColumnElement[object]]:
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
            for name, silent in _SILENT.items()
        },
        **{name: case((_chooses(new), new[name]), else_=old[name]) for name in _FOLLOWS},
        **{name: case((or_(agrees, asks), new[name]), else_=old[name]) for name in _CONSENT},
    }


def _chooses(new: Columns) -> ColumnElement[bool]:
    """Tell whether somebody says what they follow: other than everything."""
    return or_(new["everything"].is_(False), new["tags"] != "", new["authors"] != "")
