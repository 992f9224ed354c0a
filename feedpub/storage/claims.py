"""Queries that claim due deliveries for one worker until its lease ends.

Used by `DeliveryStore.claim_deliveries` and `DeliveryStore.get_next_due`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from feedpub.models.newsletter import ACTIVE, Delivery
from feedpub.storage import rows
from feedpub.storage.schema import (
    UtcDateTime,
    build_in_clause,
    delivery,
    issue,
    selection,
    subscriber,
)

_HEAD = (
    delivery.c.id,
    delivery.c.issue,
    delivery.c.subscriber,
    delivery.c.attempts,
    selection.c.key,
    rows.ORIGINAL_DIGEST,
    issue.c.slot,
    issue.c.created,
)
# Ids only: the index has them in order, so the query stops at the limit.
_DUE = (
    select(delivery.c.id)
    .where(
        delivery.c.issue == bindparam("which"),
        delivery.c.next_at <= bindparam("now", type_=UtcDateTime()),
    )
    .order_by(delivery.c.next_at, delivery.c.id)
    .limit(bindparam("most"))
    # Lets workers claim concurrently on PostgreSQL; SQLite ignores it and has one writer anyway.
    .with_for_update(skip_locked=True)
)
_EARLIER = delivery.alias("earlier")
# An earlier issue of the same digest has not been tried for this subscriber. A deferred one has
# been, and no longer holds up the later issue.
_HAS_EARLIER_ISSUE = (
    select(_EARLIER.c.id)
    .where(
        build_in_clause(_EARLIER.c.issue, "earlier"),
        _EARLIER.c.subscriber == delivery.c.subscriber,
        _EARLIER.c.state.in_(("planned", "claimed")),
    )
    .exists()
)
_DUE_IN_TURN = _DUE.where(~_HAS_EARLIER_ISSUE)
NEXT_DUE_QUERY = select(func.min(delivery.c.next_at, type_=UtcDateTime())).where(
    delivery.c.issue == bindparam("which"), delivery.c.next_at.is_not(None)
)
_FIRST_IN_TURN = NEXT_DUE_QUERY.where(~_HAS_EARLIER_ISSUE)
_LOAD = (
    select(*_HEAD, *rows.SUBSCRIBER_COLUMNS)
    .select_from(delivery)
    .join(selection, selection.c.id == delivery.c.selection)
    .join(issue, issue.c.id == delivery.c.issue)
    .outerjoin(subscriber, subscriber.c.id == delivery.c.subscriber)
    .where(build_in_clause(delivery.c.id, "ids"))
    .order_by(delivery.c.id)
)
_CLAIM = (
    update(delivery)
    .where(build_in_clause(delivery.c.id, "ids"))
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
class ClaimRequest:
    """The parameters of a worker's claim."""

    worker: str
    limit: int
    until: datetime
    now: datetime


def claim_batch(connection: Connection, claim: ClaimRequest) -> tuple[Delivery, ...]:
    """Claim due deliveries; see `DeliveryStore.claim_deliveries`."""
    while ids := _find_due(connection, claim):
        found = connection.execute(_LOAD, {"ids": ids}).all()
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


def find_sending_issues(connection: Connection) -> Sequence[int]:
    """Return the ids of all issues that are sending."""
    query = select(issue.c.id).where(issue.c.state == "sending").order_by(issue.c.id)
    return connection.execute(query).scalars().all()


def find_next_due(connection: Connection) -> datetime | None:
    """Return when the next delivery may be claimed; see `DeliveryStore.get_next_due`."""
    found = []
    for series in _sending_by_digest(connection):
        found.append(connection.scalar(NEXT_DUE_QUERY, {"which": series[0]}))
        for place, number in enumerate(series[1:], 1):
            values = {"which": number, "earlier": series[:place]}
            found.append(connection.scalar(_FIRST_IN_TURN, values))
    return min((each for each in found if each is not None), default=None)


def _sending_by_digest(connection: Connection) -> list[list[int]]:
    """Return the ids of issues that are sending: one list per digest, oldest first."""
    query = (
        select(issue.c.digest, issue.c.id).where(issue.c.state == "sending").order_by(issue.c.id)
    )
    found: dict[str, list[int]] = {}
    for digest, number in connection.execute(query):
        found.setdefault(digest, []).append(number)
    return sorted(found.values())


def _find_due(connection: Connection, claim: ClaimRequest) -> list[int]:
    """Return the ids of due deliveries, shared evenly among the digests that are sending.

    Within a digest earlier issues come first: no subscriber gets a later one before them.
    """
    found: list[int] = []
    digests = _sending_by_digest(connection)
    for place, series in enumerate(digests):
        share = math.ceil((claim.limit - len(found)) / (len(digests) - place))
        found += _find_due_in_digest(connection, claim, series, share)
    return found


def _find_due_in_digest(
    connection: Connection, claim: ClaimRequest, series: list[int], most: int
) -> list[int]:
    """Return at most `most` ids of due deliveries from the issues of one digest."""
    found: list[int] = []
    for place, number in enumerate(series):
        if len(found) < most:
            values = {"which": number, "now": claim.now, "most": most - len(found)}
            if place:
                values["earlier"] = series[:place]
            found += connection.execute(_DUE_IN_TURN if place else _DUE, values).scalars()
    return found


def _delivery(row: Row[Any]) -> Delivery:
    number, issue_number, reader, attempts, key, digest, slot, created = row[: len(_HEAD)]
    return Delivery(
        id=number,
        issue=issue_number,
        subscriber=rows.parse_subscriber(row[len(_HEAD) :]),
        variant=key,
        key=rows.make_message_key(digest, slot, created, reader),
        attempts=attempts,
    )
