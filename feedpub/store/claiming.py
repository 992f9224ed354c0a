"""What is due → what one worker has, and nobody else until its lease ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from feedpub.mailing import ACTIVE, Delivery
from feedpub.store import rows
from feedpub.store.schema import Moment, among, delivery, issue, selection, subscriber

_HEAD = (
    delivery.c.id,
    delivery.c.issue,
    delivery.c.subscriber,
    delivery.c.attempts,
    selection.c.key,
    issue.c.digest,
    issue.c.slot,
    issue.c.created,
)
# First the ids alone: an index has them in order, and the limit is reached at once.
_DUE = (
    select(delivery.c.id)
    .where(
        delivery.c.issue == bindparam("which"),
        delivery.c.next_at <= bindparam("now", type_=Moment()),
    )
    .order_by(delivery.c.next_at, delivery.c.id)
    .limit(bindparam("most"))
    # Several may claim at once on PostgreSQL. SQLite has no such words: there who writes is alone.
    .with_for_update(skip_locked=True)
)
_WHOLE = (
    select(*_HEAD, *rows.SUBSCRIBER)
    .select_from(delivery)
    .join(selection, selection.c.id == delivery.c.selection)
    .join(issue, issue.c.id == delivery.c.issue)
    .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber)
    .where(among(delivery.c.id, "ids"))
    .order_by(delivery.c.id)
)
_CLAIM = (
    update(delivery)
    .where(among(delivery.c.id, "ids"))
    .values(
        state="claimed", worker=bindparam("owner"), next_at=bindparam("until"), at=bindparam("now")
    )
)
_SUPPRESS = (
    update(delivery)
    .where(delivery.c.id == bindparam("one"))
    .values(
        state="suppressed",
        next_at=None,
        worker="",
        code=0,
        status=bindparam("why"),
        text="",
        at=bindparam("now"),
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker asks for."""

    worker: str
    limit: int
    until: datetime
    now: datetime


def claimed(connection: Connection, claim: Claim) -> tuple[Delivery, ...]:
    """Claim what is due; see `Deliveries.claim`."""
    while ids := _due(connection, claim):
        found = connection.execute(_WHOLE, {"ids": ids}).all()
        gone = [
            {"one": row.id, "why": row.state or "removed", "now": claim.now}
            for row in found
            if row.state != ACTIVE
        ]
        if gone:
            connection.execute(_SUPPRESS, gone)
        active = [row for row in found if row.state == ACTIVE]
        if active:
            values = {"owner": claim.worker, "until": claim.until, "now": claim.now}
            connection.execute(_CLAIM, {**values, "ids": [row.id for row in active]})
            return tuple(_delivery(row) for row in active)
    return ()


def sending(connection: Connection) -> Sequence[int]:
    """Give the ids of the issues that are going out."""
    query = select(issue.c.id).where(issue.c.state == "sending").order_by(issue.c.id)
    return connection.execute(query).scalars().all()


def _due(connection: Connection, claim: Claim) -> list[int]:
    """Give what may be claimed, shared evenly among the issues that are going out."""
    found: list[int] = []
    issues = sending(connection)
    for place, number in enumerate(issues):
        share = math.ceil((claim.limit - len(found)) / (len(issues) - place))
        values = {"which": number, "now": claim.now, "most": share}
        found += connection.execute(_DUE, values).scalars()
    return found


def _delivery(row: Row[Any]) -> Delivery:
    number, issue_number, reader, attempts, key, digest, slot, created = row[: len(_HEAD)]
    return Delivery(
        id=number,
        issue=issue_number,
        subscriber=rows.subscriber(row[len(_HEAD) :]),
        selection=key,
        key=rows.message_key(digest, slot, created, reader),
        attempts=attempts,
    )
