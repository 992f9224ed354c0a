"""Suspended relays: one that is over its quota is not tried again until a given time."""

from datetime import datetime

from sqlalchemy import delete, select

from feedpub.models.newsletter import MAX_CLOCK_SKEW, RelaySuspension
from feedpub.storage.database import Database
from feedpub.storage.schema import insert, relay


class RelayStore:
    """Suspended relays. Every method raises StoreUnavailable if the database is down for now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def suspend_relay(self, suspension: RelaySuspension) -> None:
        """Suspend a relay until a time, with a reason."""
        values = {"until": suspension.until, "reason": suspension.reason}
        with self._database.begin_write() as connection:
            statement = insert(connection, relay).values(name=suspension.relay, **values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_=values)
            )

    def list_suspensions(self, now: datetime) -> tuple[RelaySuspension, ...]:
        """Return the relays suspended now, by name.

        A suspension ending more than a day ahead was recorded by a clock that ran ahead, and is
        ignored.
        """
        query = select(relay.c.name, relay.c.until, relay.c.reason).where(
            relay.c.until > now, relay.c.until <= now + MAX_CLOCK_SKEW
        )
        with self._database.begin_read() as connection:
            found = connection.execute(query.order_by(relay.c.name)).all()
        return tuple(RelaySuspension(*row) for row in found)

    def clear_suspensions(self) -> None:
        """End all suspensions."""
        with self._database.begin_write() as connection:
            connection.execute(delete(relay))
