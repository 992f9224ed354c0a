"""Somebody who comes again → what is new about them: one rule, for `add` and for imports."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, case, literal, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from feedpub.mailing import ACTIVE, DELAYED_CADENCES, SUBSCRIBER_STATES
from feedpub.store.schema import UtcDateTime, insert, subscriber

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
