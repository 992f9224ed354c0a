"""What became of an issue for one reader or another, with the words of the server that said so."""

from collections.abc import Sequence

from sqlalchemy import select

from feedpub.mailing import DeliveryStatus, SendResult
from feedpub.store import rows
from feedpub.store.database import Database
from feedpub.store.schema import delivery, issue, subscriber

_COLUMNS = (
    issue.c.id,
    issue.c.digest,
    subscriber.c.address,
    delivery.c.at,
    delivery.c.state,
    delivery.c.code,
    delivery.c.status,
    delivery.c.text,
    delivery.c.relay,
)
_JOINED = (
    select(*_COLUMNS)
    .join(delivery, delivery.c.issue == issue.c.id)
    .join(subscriber, subscriber.c.id == delivery.c.subscriber)
)
_RECENT_ISSUES = 100  # issues


class DeliveryStatusStore:
    """Deliveries as people ask for them. Raises StoreUnavailable where the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_delivery_statuses(
        self, number: int, states: Sequence[str], most: int
    ) -> tuple[DeliveryStatus, ...]:
        """Give what became of an issue for those to whom it is in some states, the first ones."""
        query = _JOINED.where(issue.c.id == number, delivery.c.state.in_(states))
        with self._database.begin_read() as connection:
            found = connection.execute(query.order_by(delivery.c.id).limit(most))
            return tuple(map(_parse_status, found))

    def get_last_delivery_status(self, reader: int) -> DeliveryStatus | None:
        """Give what became of the last issue that was for a reader, if it is not long ago."""
        lately = select(issue.c.id).order_by(issue.c.id.desc()).limit(_RECENT_ISSUES)
        query = _JOINED.where(issue.c.id.in_(lately), subscriber.c.id == reader)
        with self._database.begin_read() as connection:
            row = connection.execute(query.order_by(issue.c.id.desc()).limit(1)).first()
            return _parse_status(row) if row else None


def _parse_status(row: rows.Row) -> DeliveryStatus:
    number, digest, address, at = row[:4]
    return DeliveryStatus(number, digest, address, at, SendResult(*row[4:]))
