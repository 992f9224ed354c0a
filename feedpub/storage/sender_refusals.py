"""Refusals by mail servers that concern the sender, kept for a month to warn the operator."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from feedpub.models.newsletter import SenderRefusal
from feedpub.storage.database import Database
from feedpub.storage.schema import refusal

_DAY = timedelta(hours=20)  # a report that is read again or arrives twice counts once
_KEPT = timedelta(days=30)
_MOST = 20  # groups returned


class SenderRefusalStore:
    """Refusals of the sender: policies, block lists, authentication, limits.

    Every method raises StoreUnavailable if the database is down or locked for now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_refusal(self, subscriber: int, domain: str, text: str, at: datetime) -> bool:
        """Record a refusal of the sender; return whether it counts.

        At most one counts per subscriber and day. Subscriber 0 stands for a refusal that concerns
        no particular one; of these, one counts per domain and day. `text` must not contain an
        address.
        """
        near = [refusal.c.at > at - _DAY, refusal.c.at < at + _DAY]
        if not subscriber:
            near.append(refusal.c.domain == domain)
        with self._database.begin_write() as connection:
            connection.execute(delete(refusal).where(refusal.c.at < at - _KEPT))
            same = select(refusal.c.id).where(refusal.c.subscriber == subscriber, *near).limit(1)
            if connection.execute(same).first() is not None:
                return False
            row = {"at": at, "subscriber": subscriber, "domain": domain, "text": text}
            connection.execute(insert(refusal).values(**row))
            return True

    def list_refusals(self, since: datetime) -> tuple[SenderRefusal, ...]:
        """Return the refusals since then by domain and text, most frequent first."""
        last, number = func.max(refusal.c.at), func.count()
        query = (
            select(refusal.c.domain, refusal.c.text, number, last)
            .where(refusal.c.at >= since)
            .group_by(refusal.c.domain, refusal.c.text)
            .order_by(number.desc(), last.desc(), refusal.c.domain)
            .limit(_MOST)
        )
        with self._database.begin_read() as connection:
            return tuple(SenderRefusal(*row) for row in connection.execute(query).all())

    def count_refusals(self, since: datetime) -> int:
        """Return the number of refusals since then."""
        query = select(func.count()).select_from(refusal).where(refusal.c.at >= since)
        with self._database.begin_read() as connection:
            return int(connection.execute(query).scalar() or 0)
