"""What is to be sent: claimed by one worker, put in doubt, settled."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from feedpub.mailing import ACTIVE, AHEAD, Content, Delivery, Settled
from feedpub.store import claiming, restored, rows
from feedpub.store.database import Database
from feedpub.store.errors import StoreError, StoreUnavailable
from feedpub.store.schema import EPOCH, Moment, among, delivery, issue, selection, subscriber

_MOMENT = Moment()
_AGAIN = frozenset(("deferred", "planned"))  # states from which there is another attempt

_DOUBT = (
    update(delivery)
    .where(
        among(delivery.c.id, "ids"),
        delivery.c.worker == bindparam("owner"),
        # In doubt already: asked by two threads, say, since the lease had ended between. Only where
        # the answer to the first was lost on its way has nobody sent it.
        or_(
            and_(
                delivery.c.state == "claimed",
                select(issue.c.state).where(issue.c.id == delivery.c.issue).scalar_subquery()
                == "sending",
            ),
            and_(delivery.c.state == "doubt", among(delivery.c.id, "unsure")),
        ),
        # A scalar is looked up by its key; EXISTS lets PostgreSQL read all readers for it.
        select(subscriber.c.state).where(subscriber.c.id == delivery.c.subscriber).scalar_subquery()
        == ACTIVE,
    )
    .values(state="doubt", next_at=None, doubts=delivery.c.doubts + 1, at=bindparam("now"))
    .returning(delivery.c.id)
)
_SETTLE = (
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
_STAND = (
    select(issue.c.id)
    .where(issue.c.id.in_(select(delivery.c.issue).where(among(delivery.c.id, "ids"))))
    .order_by(issue.c.id)
    .with_for_update(read=True)
)
_END = (
    update(delivery)
    .where(
        among(delivery.c.id, "ids"),
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
_ABANDONED = update(delivery).where(
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
_AHEAD = (
    update(delivery)
    .where(
        delivery.c.issue.in_(select(issue.c.id).where(issue.c.ended.is_(None))),
        delivery.c.next_at > bindparam("ahead", type_=_MOMENT),
    )
    .values(next_at=bindparam("now", type_=_MOMENT))
)
_UNSETTLED = select(func.min(delivery.c.at, type_=_MOMENT)).where(
    delivery.c.issue == bindparam("which"), delivery.c.state == "doubt", delivery.c.worker != ""
)


class Deliveries:
    """The outbox. Every method raises StoreUnavailable where the database is away for now.

    A worker is one run of a process, or of one thread of it: its name must never have been used
    before, since what carries the name is its own. Every method may be called again after
    StoreUnavailable, even where the first call was done and only the answer got lost.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking = Lock()  # should two threads ask for the same, one is granted it
        self._unsure: set[int] = set()  # whose doubt may be committed, and has not been granted

    def claim(
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
        with self._database.writing() as connection:
            return claiming.claimed(connection, claiming.Claim(worker, limit, now + lease, now))

    def doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[Settled] = ()
    ) -> frozenset[int]:
        """Record, before the final dot, that these may be sent; give those that may be.

        When it returns this is committed, and outlives kill -9 and a power cut: such a delivery
        is not claimed again, and nobody else is given it. What is not among those given must not
        be sent, and need not be settled: its lease has ended and it was claimed anew, the issue
        was paused or cancelled, or the reader has left. One commit serves them all, and what is
        `settled`, which is recorded first, as by `settle`.
        """
        with self._asking:
            try:
                granted = self._granted(worker, ids, now, settled)
            except StoreUnavailable:
                self._unsure.update(ids)
                raise
            self._unsure.difference_update(ids)
            return granted

    def settle(self, worker: str, settled: Sequence[Settled], now: datetime) -> None:
        """Record what became of deliveries; one transaction.

        Those that are no longer this worker's are left as they are. All but what is given back
        (planned) counts as an attempt. `next_attempt` says when something deferred or given back
        may be claimed: at once where it is None; of an issue that was cancelled meanwhile it never
        is, and is suppressed instead.
        """
        if settled:
            with self._database.writing() as connection:
                _settle(connection, worker, settled, now)

    def release(self, worker: str) -> int:
        """Give back all that a worker has claimed and not put in doubt; tell how many."""
        with self._database.writing() as connection:
            return connection.execute(_RELEASE, {"owner": worker}).rowcount

    def workers(self) -> frozenset[str]:
        """Give all who have claimed anything that they have not put in doubt."""
        query = select(delivery.c.worker).where(
            delivery.c.issue.in_(select(issue.c.id).where(issue.c.ended.is_(None))),
            delivery.c.next_at.is_not(None),
            delivery.c.state == "claimed",
        )
        with self._database.reading() as connection:
            return frozenset(connection.execute(query.distinct()).scalars())

    def abandoned(self, before: datetime, now: datetime, *, resend: bool) -> int:
        """Settle what workers that died left in doubt before a time; tell how much.

        With `resend` it is deferred until `now`, and may reach its reader a second time, with the
        same Message-ID; else it stays in doubt. It counts as an attempt. `before` must be longer
        ago than any transaction of SMTP takes. What is of a time long after now counts as well: a
        clock ran ahead.
        """
        with self._database.writing() as connection:
            statement = _ABANDONED.values(
                state="deferred" if resend else "doubt",
                next_at=now if resend else None,
                worker="",
                attempts=delivery.c.attempts + 1,
                at=now,
                code=0,
                status="",
                text="feedpub ended before the answer to the message came",
            )
            values = {"before": before, "ahead": now + AHEAD}
            return connection.execute(statement, values).rowcount

    def make_due(self, now: datetime) -> int:
        """Let what a clock that ran ahead put off be claimed now; return how much that is.

        Where a worker has claimed it, and is still there, that one is not allowed to send it.
        """
        with self._database.writing() as connection:
            return connection.execute(_AHEAD, {"ahead": now + AHEAD, "now": now}).rowcount

    def next_due(self) -> datetime | None:
        """Give when the next delivery may be claimed; None where none is to come.

        A time in the past means at once. Those of paused issues do not count, nor those that come
        after an earlier issue; what is claimed counts with the end of its lease.
        """
        with self._database.reading() as connection:
            return claiming.first_due(connection)

    def next_attempt(self, number: int) -> datetime | None:
        """Return when the next delivery of an issue may be claimed; None where none is to come.

        A time in the past means at once. What is claimed counts with the end of its lease.
        """
        with self._database.reading() as connection:
            found: datetime | None = connection.scalar(claiming.FIRST, {"which": number})
        return found

    def unsettled(self) -> datetime | None:
        """Give since when something is left to do about issues that are sending; None for nothing.

        Whatever may be claimed aside: what a worker has put in doubt and not settled is to be
        `abandoned` some day, and since EPOCH an issue with nothing unsent is to be marked as done.
        """
        with self._database.reading() as connection:
            found = []
            for number in claiming.sending(connection):
                which = {"which": number}
                since = connection.scalar(_UNSETTLED, which)
                is_over = since is None and connection.scalar(claiming.FIRST, which) is None
                found.append(EPOCH if is_over else since)
        return min((each for each in found if each is not None), default=None)

    def content(self, number: int, key: str) -> Content:
        """Give what an issue says to those with one selection. Raises StoreError for none."""
        which = (selection.c.issue == number, selection.c.key == key)
        with self._database.reading() as connection:
            octets = connection.scalar(select(selection.c.content).where(*which))
        if octets is None:
            raise StoreError(
                f"{self._database.place}: issue {number} has no selection {key}; was the database "
                "replaced?"
            )
        return rows.content(octets)

    def _granted(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[Settled]
    ) -> frozenset[int]:
        """Commit what a worker tells, and then what it asks for; give what it may send."""
        values = {
            "owner": worker,
            "ids": sorted(ids),
            "unsure": sorted(self._unsure.intersection(ids)),
            "now": now,
        }
        with self._database.writing() as connection:
            if settled:
                _settle(connection, worker, settled, now)
            granted = frozenset(connection.execute(_DOUBT, values).scalars())
            number = restored.count_batch(connection, now) if granted else 0
        if number:
            restored.note_sent(self._database, number)
        return granted


def _settle(connection: Connection, worker: str, settled: Sequence[Settled], now: datetime) -> None:
    """Write what became of deliveries."""
    ordered = sorted(settled, key=lambda one: one.delivery)  # two that meet do not dead-lock
    again = {"ids": [one.delivery for one in ordered if one.state in _AGAIN]}
    if again["ids"]:
        connection.execute(_STAND, again)
    connection.execute(_SETTLE, [_outcome(worker, one, now) for one in ordered])
    if again["ids"]:
        connection.execute(_END, {**again, "now": now})


def _outcome(worker: str, one: Settled, now: datetime) -> rows.Values:
    """Give the values of _SETTLE."""
    again = one.next_attempt or now if one.state in _AGAIN else None
    return {
        "one": one.delivery,
        "owner": worker,
        "new_state": one.state,
        "new_next": again,
        "tried": 0 if one.state == "planned" else 1,
        "now": now,
        "new_code": one.outcome.code,
        "new_status": one.outcome.status,
        "new_text": one.outcome.text,
        "new_relay": one.outcome.relay,
    }
