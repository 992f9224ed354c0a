"""What is to be told to others: kept until it is done, whatever happens to the program."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update

from feedpub.models.newsletter import Issue
from feedpub.models.webhooks import HUB, WebhookDelivery
from feedpub.storage import rows
from feedpub.storage.database import Database
from feedpub.storage.schema import UtcDateTime, insert, issue, ping

_DELIVERY_COLUMNS = (
    ping.c.kind,
    ping.c.target,
    ping.c.topic,
    ping.c.body,
    ping.c.id,
    ping.c.version,
    ping.c.attempts,
)


class WebhookStore:
    """What others are to be told. Every method raises StoreUnavailable where the database is away.

    One process does the errands of a site; where two do, something may be told twice.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue_webhooks(self, errands: Iterable[WebhookDelivery], now: datetime) -> None:
        """Keep what is to be told again each time: what was not told yet is told once, at `now`."""
        values = [_row(each, now) for each in errands]
        with self._database.begin_write() as connection:
            new = insert(connection, ping)
            again = {"version": ping.c.version + 1, "attempts": 0}
            taken = {name: new.excluded[name] for name in ("body", "next_at", "at", "text")}
            key = ("kind", "target", "topic")
            keep = new.on_conflict_do_update(index_elements=key, set_={**again, **taken})
            if values:
                connection.execute(keep, values)

    def enqueue_unique_webhooks(self, errands: Iterable[WebhookDelivery], now: datetime) -> None:
        """Keep what is to be told once for ever; what was asked for before changes nothing."""
        values = [_row(each, now) for each in errands]
        with self._database.begin_write() as connection:
            if values:
                connection.execute(insert(connection, ping).on_conflict_do_nothing(), values)

    def find_due_webhooks(self, now: datetime, limit: int) -> tuple[WebhookDelivery, ...]:
        """Give what is due, what has waited longest first; of that what was tried least."""
        order = (ping.c.next_at, ping.c.attempts, ping.c.id)
        query = select(*_DELIVERY_COLUMNS).where(ping.c.next_at <= now).order_by(*order)
        with self._database.begin_read() as connection:
            return tuple(WebhookDelivery(*row) for row in connection.execute(query.limit(limit)))

    def get_next_webhook_time(self) -> datetime | None:
        """Give when something is due next; None where nothing waits."""
        with self._database.begin_read() as connection:
            first: datetime | None = connection.scalar(
                select(func.min(ping.c.next_at, type_=UtcDateTime()))
            )
        return first

    def load_last_payloads(self, kind: str) -> Mapping[tuple[str, str], str]:
        """Give what was last to be told, whether it was or not, by target and topic."""
        query = select(ping.c.target, ping.c.topic, ping.c.body).where(ping.c.kind == kind)
        with self._database.begin_read() as connection:
            return {(target, topic): body for target, topic, body in connection.execute(query)}

    def count_pending_webhooks(self) -> int:
        """Count what is still to be told."""
        with self._database.begin_read() as connection:
            query = select(func.count()).where(ping.c.next_at.is_not(None))
            return connection.scalar(query) or 0

    def complete_webhook(self, errand: WebhookDelivery, now: datetime, text: str) -> None:
        """Record that nothing more is to be done, unless it was asked for again meanwhile."""
        same = (ping.c.id == errand.id, ping.c.version == errand.version)
        with self._database.begin_write() as connection:
            connection.execute(update(ping).where(*same).values(next_at=None, at=now, text=text))

    def reschedule_webhook(
        self, errand: WebhookDelivery, next_at: datetime, now: datetime, text: str, *, others: bool
    ) -> None:
        """Try an errand again later, and with `others` all that is due for the same target.

        What was asked for again meanwhile is not put off.
        """
        one = (ping.c.id == errand.id, ping.c.version == errand.version)
        same = (ping.c.kind == errand.kind, ping.c.target == errand.target)
        with self._database.begin_write() as connection:
            later = {"next_at": next_at, "text": text}
            tried = update(ping).where(*one)
            connection.execute(tried.values(attempts=ping.c.attempts + 1, at=now, **later))
            if others:
                due = (ping.c.next_at <= now, ping.c.id != errand.id)
                connection.execute(update(ping).where(*same, *due).values(**later))

    def purge_webhooks(self, keep: Iterable[tuple[str, str]], before: datetime) -> None:
        """Forget what is for no (kind, target) of these, and what was done before a time.

        What hubs were told of last stays known.
        """
        kept = frozenset(keep)
        with self._database.begin_write() as connection:
            for kind, target in connection.execute(select(ping.c.kind, ping.c.target).distinct()):
                if (kind, target) not in kept:
                    gone = (ping.c.kind == kind, ping.c.target == target)
                    connection.execute(delete(ping).where(*gone))
            done = (ping.c.next_at.is_(None), ping.c.kind != HUB, ping.c.at < before)
            connection.execute(delete(ping).where(*done))

    def list_completed_issues(self, since: datetime) -> tuple[Issue, ...]:
        """Give the issues that went out whole since a time, oldest first."""
        done = (issue.c.state == "done", issue.c.ended >= since)
        query = select(*rows.ISSUE_COLUMNS).where(*done).order_by(issue.c.ended, issue.c.id)
        with self._database.begin_read() as connection:
            return tuple(map(rows.parse_issue, connection.execute(query)))


def _row(errand: WebhookDelivery, now: datetime) -> rows.Values:
    return {
        "kind": errand.kind,
        "target": errand.target,
        "topic": errand.topic,
        "body": errand.body,
        "version": 1,
        "attempts": 0,
        "next_at": now,
        "at": now,
        "text": "",
    }
