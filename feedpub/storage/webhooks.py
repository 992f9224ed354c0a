"""Queue of outgoing webhooks and hub pings; it survives restarts.

`WebhookStore` is used by the webhook job of the daemon.
"""

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
    """The webhook queue. Every method raises StoreUnavailable if the database is down for now.

    One process should work on it per site: there are no claims, so two might send a webhook twice.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue_webhooks(self, deliveries: Iterable[WebhookDelivery], now: datetime) -> None:
        """Queue webhooks that may repeat, due at `now`.

        Each replaces a queued or completed one with the same kind, target and topic.
        """
        values = [_row(each, now) for each in deliveries]
        with self._database.begin_write() as connection:
            new = insert(connection, ping)
            again = {"version": ping.c.version + 1, "attempts": 0}
            taken = {name: new.excluded[name] for name in ("body", "next_at", "at", "text")}
            key = ("kind", "target", "topic")
            keep = new.on_conflict_do_update(index_elements=key, set_={**again, **taken})
            if values:
                connection.execute(keep, values)

    def enqueue_unique_webhooks(self, deliveries: Iterable[WebhookDelivery], now: datetime) -> None:
        """Queue webhooks that must not repeat, due at `now`.

        One with the same kind, target and topic as an earlier one is ignored.
        """
        values = [_row(each, now) for each in deliveries]
        with self._database.begin_write() as connection:
            if values:
                connection.execute(insert(connection, ping).on_conflict_do_nothing(), values)

    def find_due_webhooks(self, now: datetime, limit: int) -> tuple[WebhookDelivery, ...]:
        """Return due webhooks, longest waiting first, then by fewest attempts."""
        order = (ping.c.next_at, ping.c.attempts, ping.c.id)
        query = select(*_DELIVERY_COLUMNS).where(ping.c.next_at <= now).order_by(*order)
        with self._database.begin_read() as connection:
            return tuple(WebhookDelivery(*row) for row in connection.execute(query.limit(limit)))

    def get_next_webhook_time(self) -> datetime | None:
        """Return when the next webhook is due; None if the queue is empty."""
        with self._database.begin_read() as connection:
            first: datetime | None = connection.scalar(
                select(func.min(ping.c.next_at, type_=UtcDateTime()))
            )
        return first

    def load_last_payloads(self, kind: str) -> Mapping[tuple[str, str], str]:
        """Return the last payload, sent or not, by target and topic."""
        query = select(ping.c.target, ping.c.topic, ping.c.body).where(ping.c.kind == kind)
        with self._database.begin_read() as connection:
            return {(target, topic): body for target, topic, body in connection.execute(query)}

    def count_pending_webhooks(self) -> int:
        """Return the number of webhooks still to be sent."""
        with self._database.begin_read() as connection:
            query = select(func.count()).where(ping.c.next_at.is_not(None))
            return connection.scalar(query) or 0

    def complete_webhook(self, delivery: WebhookDelivery, now: datetime, text: str) -> None:
        """Mark a webhook as completed, unless it was enqueued again in the meantime."""
        same = (ping.c.id == delivery.id, ping.c.version == delivery.version)
        with self._database.begin_write() as connection:
            connection.execute(update(ping).where(*same).values(next_at=None, at=now, text=text))

    def reschedule_webhook(
        self,
        delivery: WebhookDelivery,
        next_at: datetime,
        now: datetime,
        text: str,
        *,
        others: bool,
    ) -> None:
        """Retry a webhook later; with `others`, also everything else due for the same target.

        A webhook that was enqueued again in the meantime is not postponed.
        """
        one = (ping.c.id == delivery.id, ping.c.version == delivery.version)
        same = (ping.c.kind == delivery.kind, ping.c.target == delivery.target)
        with self._database.begin_write() as connection:
            later = {"next_at": next_at, "text": text}
            tried = update(ping).where(*one)
            connection.execute(tried.values(attempts=ping.c.attempts + 1, at=now, **later))
            if others:
                due = (ping.c.next_at <= now, ping.c.id != delivery.id)
                connection.execute(update(ping).where(*same, *due).values(**later))

    def purge_webhooks(self, keep: Iterable[tuple[str, str]], before: datetime) -> None:
        """Delete webhooks of targets not in `keep`, and those completed before a time.

        The last pings of hubs are kept.
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
        """Return the issues completed since a time, oldest first."""
        done = (issue.c.state == "done", issue.c.ended >= since)
        query = select(*rows.ISSUE_COLUMNS).where(*done).order_by(issue.c.ended, issue.c.id)
        with self._database.begin_read() as connection:
            return tuple(map(rows.parse_issue, connection.execute(query)))


def _row(delivery: WebhookDelivery, now: datetime) -> rows.Values:
    return {
        "kind": delivery.kind,
        "target": delivery.target,
        "topic": delivery.topic,
        "body": delivery.body,
        "version": 1,
        "attempts": 0,
        "next_at": now,
        "at": now,
        "text": "",
    }
