"""The relays that are not used for a while, so that one over its quota is not asked again."""

from datetime import datetime

from sqlalchemy import delete, select

from feedpub.models.newsletter import MAX_CLOCK_SKEW, RelaySuspension
from feedpub.storage.database import Database
from feedpub.storage.schema import insert, relay


class RelayStore:
    """Suspended relays. Every method raises StoreUnavailable where the database is away for now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def suspend_relay(self, suspension: RelaySuspension) -> None:
        """Record that a relay is not used until a time, and why."""
        values = {"until": suspension.until, "reason": suspension.reason}
        with self._database.begin_write() as connection:
            statement = insert(connection, relay).values(name=suspension.relay, **values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_=values)
            )

    def list_suspensions(self, now: datetime) -> tuple[RelaySuspension, ...]:
        """Return the relays that are not used now, by name.

        One that is suspended for long was so by a clock that ran ahead, and is used.
        """
        query = select(relay.c.name, relay.c.until, relay.c.reason).where(
            relay.c.until > now, relay.c.until <= now + MAX_CLOCK_SKEW
        )
        with self._database.begin_read() as connection:
            found = connection.execute(query.order_by(relay.c.name)).all()
        return tuple(RelaySuspension(*row) for row in found)

    def clear_suspensions(self) -> None:
        """Let every relay be used again, at once."""
        with self._database.begin_write() as connection:
            connection.execute(delete(relay))
