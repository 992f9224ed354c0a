"""The outbox: workers claim deliveries, mark them in doubt before sending, and record results.

`DeliveryStore` is what the dispatcher uses. `DeliveryStatusStore` reports the status of
individual deliveries, with the reply of the server.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from feedpub.models.newsletter import (
    ACTIVE,
    MAX_CLOCK_SKEW,
    Delivery,
    DeliveryStatus,
    DeliveryUpdate,
    MessageContent,
    SendResult,
)
from feedpub.storage import claims, restore_check, rows
from feedpub.storage.database import Database
from feedpub.storage.errors import StoreError, StoreUnavailable
from feedpub.storage.schema import (
    EPOCH,
    UtcDateTime,
    build_in_clause,
    delivery,
    issue,
    selection,
    subscriber,
)

_MOMENT = UtcDateTime()
_RETRYABLE = frozenset(("deferred", "planned"))  # states after which there is another attempt

_DOUBT = (
    update(delivery)
    .where(
        build_in_clause(delivery.c.id, "ids"),
        delivery.c.worker == bindparam("owner"),
        # A delivery already in doubt may have been sent, by another thread of this worker that
        # claimed it after the lease ended. It is granted again only if it is in `_unsure`: the
        # answer to the first request was lost, so it was not sent.
        or_(
            and_(
                delivery.c.state == "claimed",
                select(issue.c.state).where(issue.c.id == delivery.c.issue).scalar_subquery()
                == "sending",
            ),
            and_(delivery.c.state == "doubt", build_in_clause(delivery.c.id, "unsure")),
        ),
        # A scalar subquery uses the key; with EXISTS, PostgreSQL scans all subscribers.
        select(subscriber.c.state).where(subscriber.c.id == delivery.c.subscriber).scalar_subquery()
        == ACTIVE,
    )
    .values(state="doubt", next_at=None, doubts=delivery.c.doubts + 1, at=bindparam("now"))
    .returning(delivery.c.id)
)
_RECORD_RESULT = (
    update(delivery)
    .where(
        delivery.c.id == bindparam("one"),
        delivery.c.worker == bindparam("owner"),
        or_(delivery.c.state == "claimed", delivery.c.state == "doubt"),
    )
    .values(
        state=bindparam("new_state"),
        next_at=bindparam("new_next"),
        worker="",
        attempts=delivery.c.attempts + bindparam("tried"),
        at=bindparam("now"),
        code=bindparam("new_code"),
        status=bindparam("new_status"),
        text=bindparam("new_text"),
        relay=bindparam("new_relay"),
    )
)
# Serialise with `IssueStore.cancel_issue`: each waits for the other.
_LOCK_ISSUES = (
    select(issue.c.id)
    .where(issue.c.id.in_(select(delivery.c.issue).where(build_in_clause(delivery.c.id, "ids"))))
    .order_by(issue.c.id)
    .with_for_update(read=True)
)
_SUPPRESS_CANCELLED = (
    update(delivery)
    .where(
        build_in_clause(delivery.c.id, "ids"),
        delivery.c.next_at.is_not(None),
        select(issue.c.state).where(issue.c.id == delivery.c.issue).scalar_subquery()
        == "cancelled",
    )
    .values(
        state="suppressed", next_at=None, code=0, status="cancelled", text="", at=bindparam("now")
    )
)
_RELEASE = (
    update(delivery)
    .where(
        delivery.c.issue.in_(select(issue.c.id).where(issue.c.ended.is_(None))),
        delivery.c.next_at.is_not(None),
        delivery.c.state == "claimed",
        delivery.c.worker == bindparam("owner"),
    )
    .values(
        state=case((delivery.c.attempts > 0, "deferred"), else_="planned"), next_at=EPOCH, worker=""
    )
)
_RESOLVE_ABANDONED = update(delivery).where(
    # Locked against cancelling: a delivery deferred afterwards would never be settled.
    delivery.c.issue.in_(
        select(issue.c.id)
        .where(issue.c.state.in_(("sending", "paused")))
        .with_for_update(read=True)
    ),
    delivery.c.state == "doubt",
    delivery.c.worker != "",  # unsettled
    or_(
        delivery.c.at < bindparam("before", type_=_MOMENT),
        delivery.c.at > bindparam("ahead", type_=_MOMENT),
    ),
)
_FIX_CLOCK_SKEW = (
    update(delivery)
    .where(
        delivery.c.issue.in_(select(issue.c.id).where(issue.c.ended.is_(None))),
        delivery.c.next_at > bindparam("ahead", type_=_MOMENT),
    )
    .values(next_at=bindparam("now", type_=_MOMENT))
)
_OLDEST_UNRESOLVED = select(func.min(delivery.c.at, type_=_MOMENT)).where(
    delivery.c.issue == bindparam("which"), delivery.c.state == "doubt", delivery.c.worker != ""
)


class DeliveryStore:
    """The outbox. Every method raises StoreUnavailable if the database is down or locked for now.

    A worker is one run of a process or thread. Its name must never have been used before, since
    claims are identified by it. Every method may be called again after StoreUnavailable, even if
    the first call was committed and only its answer was lost.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # If two threads ask for the same delivery, only one is granted it.
        self._doubt_lock = Lock()
        self._unsure: set[int] = set()  # ids possibly marked in doubt, but never granted

    def claim_deliveries(
        self, worker: str, limit: int, lease: timedelta, now: datetime
    ) -> tuple[Delivery, ...]:
        """Claim due deliveries: planned, deferred until now, or claimed under an expired lease.

        Only issues that are sending are considered, and the limit is shared evenly among digests,
        so fewer may be returned; none only if none is due. A delivery waits while an earlier issue
        of the same digest is planned or claimed for the same subscriber. If the subscriber is not
        active, the delivery is suppressed, with the subscriber's state ("removed" if deleted) as
        its status. Deliveries in doubt are not claimed. No other worker gets the returned ones
        until the lease ends.
        """
        with self._database.begin_write() as connection:
            return claims.claim_batch(
                connection, claims.ClaimRequest(worker, limit, now + lease, now)
            )

    def mark_in_doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[DeliveryUpdate] = ()
    ) -> frozenset[int]:
        """Mark deliveries in doubt before the end of SMTP DATA; return the ids that may be sent.

        The mark is committed on return and survives kill -9 and a power cut: while in doubt, a
        delivery cannot be claimed. Ids that are not returned must not be sent and need no result:
        the lease expired and another worker claimed it, the issue was paused or cancelled, or the
        subscriber left. One commit covers them all together with `settled`, which is recorded
        first, as by `record_results`.
        """
        with self._doubt_lock:
            try:
                granted = self._grant(worker, ids, now, settled)
            except StoreUnavailable:
                self._unsure.update(ids)
                raise
            self._unsure.difference_update(ids)
            return granted

    def record_results(self, worker: str, settled: Sequence[DeliveryUpdate], now: datetime) -> None:
        """Record the results of deliveries in one transaction.

        Deliveries no longer held by this worker are left alone. Every result counts as an attempt,
        except returning the delivery unsent (planned). `next_attempt` says when a deferred or
        returned delivery may be claimed again, immediately if None; if its issue was cancelled in
        the meantime, it is suppressed instead.
        """
        if settled:
            with self._database.begin_write() as connection:
                _record_results(connection, worker, settled, now)

    def release_deliveries(self, worker: str) -> int:
        """Release all claims of a worker except those in doubt; return how many."""
        with self._database.begin_write() as connection:
            return connection.execute(_RELEASE, {"owner": worker}).rowcount

    def list_delivery_workers(self) -> frozenset[str]:
        """Return the names of all workers that hold claims not yet in doubt."""
        query = select(delivery.c.worker).where(
            delivery.c.issue.in_(select(issue.c.id).where(issue.c.ended.is_(None))),
            delivery.c.next_at.is_not(None),
            delivery.c.state == "claimed",
        )
        with self._database.begin_read() as connection:
            return frozenset(connection.execute(query.distinct()).scalars())

    def resolve_abandoned(self, before: datetime, now: datetime, *, resend: bool) -> int:
        """Settle deliveries left in doubt before a time by workers that died; return how many.

        With `resend` they are deferred until `now`, and subscribers may get a second copy with the
        same Message-ID; otherwise they stay in doubt. This counts as an attempt. `before` must be
        longer ago than any SMTP transaction lasts. Deliveries dated far in the future are settled
        too: a clock ran ahead.
        """
        with self._database.begin_write() as connection:
            statement = _RESOLVE_ABANDONED.values(
                state="deferred" if resend else "doubt",
                next_at=now if resend else None,
                worker="",
                attempts=delivery.c.attempts + 1,
                at=now,
                code=0,
                status="",
                text="feedpub ended before the answer to the message came",
            )
            values = {"before": before, "ahead": now + MAX_CLOCK_SKEW}
            return connection.execute(statement, values).rowcount

    def fix_clock_skew(self, now: datetime) -> int:
        """Make deliveries due now that a clock running ahead has put off; return how many.

        If a live worker holds the claim of one, it will not be allowed to send it.
        """
        with self._database.begin_write() as connection:
            return connection.execute(
                _FIX_CLOCK_SKEW, {"ahead": now + MAX_CLOCK_SKEW, "now": now}
            ).rowcount

    def get_next_due(self) -> datetime | None:
        """Return when the next delivery may be claimed; None if none is to come.

        A time in the past means now. Paused issues and deliveries behind an earlier issue do not
        count; a claimed delivery counts with the end of its lease.
        """
        with self._database.begin_read() as connection:
            return claims.find_next_due(connection)

    def get_next_attempt(self, number: int) -> datetime | None:
        """Return when the next delivery of an issue may be claimed; None if none is to come.

        A time in the past means now. A claimed delivery counts with the end of its lease.
        """
        with self._database.begin_read() as connection:
            found: datetime | None = connection.scalar(claims.NEXT_DUE_QUERY, {"which": number})
        return found

    def find_oldest_unresolved(self) -> datetime | None:
        """Return since when a sending issue has needed clean-up; None if none does.

        That is the time of the oldest unsettled doubt, for `resolve_abandoned`, or EPOCH if an
        issue has nothing left to send and is to be marked as done. Claimable deliveries do not
        count.
        """
        with self._database.begin_read() as connection:
            found = []
            for number in claims.find_sending_issues(connection):
                which = {"which": number}
                since = connection.scalar(_OLDEST_UNRESOLVED, which)
                is_over = since is None and connection.scalar(claims.NEXT_DUE_QUERY, which) is None
                found.append(EPOCH if is_over else since)
        return min((each for each in found if each is not None), default=None)

    def load_content(self, number: int, key: str) -> MessageContent:
        """Return the content of a variant of an issue. Raises StoreError if there is none."""
        which = (selection.c.issue == number, selection.c.key == key)
        with self._database.begin_read() as connection:
            octets = connection.scalar(select(selection.c.content).where(*which))
        if octets is None:
            raise StoreError(
                f"{self._database.display_name}: issue {number} has no variant {key}; "
                "was the database replaced?"
            )
        return rows.decompress_content(octets)

    def _grant(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[DeliveryUpdate]
    ) -> frozenset[int]:
        """Commit a worker's results and its doubt marks; return the ids it may send."""
        values = {
            "owner": worker,
            "ids": sorted(ids),
            "unsure": sorted(self._unsure.intersection(ids)),
            "now": now,
        }
        with self._database.begin_write() as connection:
            if settled:
                _record_results(connection, worker, settled, now)
            granted = frozenset(connection.execute(_DOUBT, values).scalars())
            number = restore_check.insert_sent_batch(connection, now) if granted else 0
        if number:
            restore_check.log_sent(self._database, number)
        return granted


def _record_results(
    connection: Connection, worker: str, settled: Sequence[DeliveryUpdate], now: datetime
) -> None:
    """Write the results of deliveries."""
    # All transactions lock rows in the same order, so they cannot deadlock.
    ordered = sorted(settled, key=lambda one: one.delivery)
    again = {"ids": [one.delivery for one in ordered if one.state in _RETRYABLE]}
    if again["ids"]:
        connection.execute(_LOCK_ISSUES, again)
    connection.execute(_RECORD_RESULT, [_build_result_values(worker, one, now) for one in ordered])
    if again["ids"]:
        connection.execute(_SUPPRESS_CANCELLED, {**again, "now": now})


def _build_result_values(worker: str, one: DeliveryUpdate, now: datetime) -> rows.Values:
    """Return the parameters of _RECORD_RESULT."""
    again = one.next_attempt or now if one.state in _RETRYABLE else None
    return {
        "one": one.delivery,
        "owner": worker,
        "new_state": one.state,
        "new_next": again,
        "tried": 0 if one.state == "planned" else 1,
        "now": now,
        "new_code": one.result.code,
        "new_status": one.result.status,
        "new_text": one.result.text,
        "new_relay": one.result.relay,
    }


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
    """Delivery status for reports. Raises StoreUnavailable if the database is down for now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_delivery_statuses(
        self, number: int, states: Sequence[str], most: int
    ) -> tuple[DeliveryStatus, ...]:
        """Return the first `most` deliveries of an issue that are in one of these states."""
        query = _JOINED.where(issue.c.id == number, delivery.c.state.in_(states))
        with self._database.begin_read() as connection:
            found = connection.execute(query.order_by(delivery.c.id).limit(most))
            return tuple(map(_parse_status, found))

    def get_last_delivery_status(self, reader: int) -> DeliveryStatus | None:
        """Return the status of a subscriber's last delivery, if it is a recent one."""
        lately = select(issue.c.id).order_by(issue.c.id.desc()).limit(_RECENT_ISSUES)
        query = _JOINED.where(issue.c.id.in_(lately), subscriber.c.id == reader)
        with self._database.begin_read() as connection:
            row = connection.execute(query.order_by(issue.c.id.desc()).limit(1)).first()
            return _parse_status(row) if row else None


def _parse_status(row: rows.Row) -> DeliveryStatus:
    number, digest, address, at = row[:4]
    return DeliveryStatus(number, digest, address, at, SendResult(*row[4:]))
