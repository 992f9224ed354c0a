"""What is to be sent: claimed by one worker, put in doubt, settled.

What became of an issue for one reader or another, with the words of the server that said so.
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
_RETRYABLE = frozenset(("deferred", "planned"))  # states from which there is another attempt

_DOUBT = (
    update(delivery)
    .where(
        build_in_clause(delivery.c.id, "ids"),
        delivery.c.worker == bindparam("owner"),
        # In doubt already: asked by two threads, say, since the lease had ended between. Only where
        # the answer to the first was lost on its way has nobody sent it.
        or_(
            and_(
                delivery.c.state == "claimed",
                select(issue.c.state).where(issue.c.id == delivery.c.issue).scalar_subquery()
                == "sending",
            ),
            and_(delivery.c.state == "doubt", build_in_clause(delivery.c.id, "unsure")),
        ),
        # A scalar is looked up by its key; EXISTS lets PostgreSQL read all readers for it.
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
# Whoever cancels an issue waits for this, and this for them.
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
    # Nobody cancels one of them meanwhile: what is deferred then would be so for ever.
    delivery.c.issue.in_(
        select(issue.c.id)
        .where(issue.c.state.in_(("sending", "paused")))
        .with_for_update(read=True)
    ),
    delivery.c.state == "doubt",
    delivery.c.worker != "",  # nobody has settled it
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
    """The outbox. Every method raises StoreUnavailable where the database is away for now.

    A worker is one run of a process, or of one thread of it: its name must never have been used
    before, since what carries the name is its own. Every method may be called again after
    StoreUnavailable, even where the first call was done and only the answer got lost.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._doubt_lock = Lock()  # should two threads ask for the same, one is granted it
        self._unsure: set[int] = set()  # whose doubt may be committed, and has not been granted

    def claim_deliveries(
        self, worker: str, limit: int, lease: timedelta, now: datetime
    ) -> tuple[Delivery, ...]:
        """Take what is due: planned, deferred until now, or of a worker whose lease has ended.

        Only of issues that are sending, shared evenly among their digests: so it may give fewer
        than the limit, and gives none only where none is due. No reader is given an issue while an
        earlier one of the same digest is planned for them, or claimed. What goes to somebody who
        is not active is settled as suppressed, with their state ("removed" where they are gone) as
        its status. What is in doubt is not claimed. Nobody else gets what this gives until the
        lease ends.
        """
        with self._database.begin_write() as connection:
            return claims.claim_batch(
                connection, claims.ClaimRequest(worker, limit, now + lease, now)
            )

    def mark_in_doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[DeliveryUpdate] = ()
    ) -> frozenset[int]:
        """Record, before the final dot, that these may be sent; give those that may be.

        When it returns this is committed, and outlives kill -9 and a power cut: such a delivery
        is not claimed again, and nobody else is given it. What is not among those given must not
        be sent, and need not be settled: its lease has ended and it was claimed anew, the issue
        was paused or cancelled, or the reader has left. One commit serves them all, and what is
        `settled`, which is recorded first, as by `settle`.
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
        """Record what became of deliveries; one transaction.

        Those that are no longer this worker's are left as they are. All but what is given back
        (planned) counts as an attempt. `next_attempt` says when something deferred or given back
        may be claimed: at once where it is None; of an issue that was cancelled meanwhile it never
        is, and is suppressed instead.
        """
        if settled:
            with self._database.begin_write() as connection:
                _record_results(connection, worker, settled, now)

    def release_deliveries(self, worker: str) -> int:
        """Give back all that a worker has claimed and not put in doubt; tell how many."""
        with self._database.begin_write() as connection:
            return connection.execute(_RELEASE, {"owner": worker}).rowcount

    def list_delivery_workers(self) -> frozenset[str]:
        """Give all who have claimed anything that they have not put in doubt."""
        query = select(delivery.c.worker).where(
            delivery.c.issue.in_(select(issue.c.id).where(issue.c.ended.is_(None))),
            delivery.c.next_at.is_not(None),
            delivery.c.state == "claimed",
        )
        with self._database.begin_read() as connection:
            return frozenset(connection.execute(query.distinct()).scalars())

    def resolve_abandoned(self, before: datetime, now: datetime, *, resend: bool) -> int:
        """Settle what workers that died left in doubt before a time; tell how much.

        With `resend` it is deferred until `now`, and may reach its reader a second time, with the
        same Message-ID; else it stays in doubt. It counts as an attempt. `before` must be longer
        ago than any transaction of SMTP takes. What is of a time long after now counts as well: a
        clock ran ahead.
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
        """Let what a clock that ran ahead put off be claimed now; return how much that is.

        Where a worker has claimed it, and is still there, that one is not allowed to send it.
        """
        with self._database.begin_write() as connection:
            return connection.execute(
                _FIX_CLOCK_SKEW, {"ahead": now + MAX_CLOCK_SKEW, "now": now}
            ).rowcount

    def get_next_due(self) -> datetime | None:
        """Give when the next delivery may be claimed; None where none is to come.

        A time in the past means at once. Those of paused issues do not count, nor those that come
        after an earlier issue; what is claimed counts with the end of its lease.
        """
        with self._database.begin_read() as connection:
            return claims.find_next_due(connection)

    def get_next_attempt(self, number: int) -> datetime | None:
        """Return when the next delivery of an issue may be claimed; None where none is to come.

        A time in the past means at once. What is claimed counts with the end of its lease.
        """
        with self._database.begin_read() as connection:
            found: datetime | None = connection.scalar(claims.NEXT_DUE_QUERY, {"which": number})
        return found

    def find_oldest_unresolved(self) -> datetime | None:
        """Give since when something is left to do about issues that are sending; None for nothing.

        Whatever may be claimed aside: what a worker has put in doubt and not settled is to be
        `abandoned` some day, and since EPOCH an issue with nothing unsent is to be marked as done.
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
        """Give what an issue says to those with one selection. Raises StoreError for none."""
        which = (selection.c.issue == number, selection.c.key == key)
        with self._database.begin_read() as connection:
            octets = connection.scalar(select(selection.c.content).where(*which))
        if octets is None:
            raise StoreError(
                f"{self._database.display_name}: issue {number} has no selection {key}; "
                "was the database "
                "replaced?"
            )
        return rows.decompress_content(octets)

    def _grant(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[DeliveryUpdate]
    ) -> frozenset[int]:
        """Commit what a worker tells, and then what it asks for; give what it may send."""
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
    """Write what became of deliveries."""
    ordered = sorted(settled, key=lambda one: one.delivery)  # two that meet do not dead-lock
    again = {"ids": [one.delivery for one in ordered if one.state in _RETRYABLE]}
    if again["ids"]:
        connection.execute(_LOCK_ISSUES, again)
    connection.execute(_RECORD_RESULT, [_build_result_values(worker, one, now) for one in ordered])
    if again["ids"]:
        connection.execute(_SUPPRESS_CANCELLED, {**again, "now": now})


def _build_result_values(worker: str, one: DeliveryUpdate, now: datetime) -> rows.Values:
    """Give the values of _SETTLE."""
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
