"""Bring into a database that was restored from a backup what is known to have gone out since.

What went out is told by keys of deliveries, which messages carry in their Message-IDs.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy import insert as plain_insert

from feedpub.mailing import MessageContent, Variant
from feedpub.store import planning, rows
from feedpub.store.batches import iter_batches
from feedpub.store.database import Database, acquire_advisory_lock
from feedpub.store.planning import IssuePlan
from feedpub.store.schema import delivery, insert, issue, ledger, subscriber, waiting

_ROWS = 5_000  # at once
_OPEN = frozenset(("planned", "claimed", "deferred", "doubt"))
_FOUND = "found among what went out, after the database was restored"
_ACCEPTED = (
    update(delivery)
    .where(delivery.c.id == bindparam("one"))
    .values(state="accepted", next_at=None, worker="", at=bindparam("now"), text=_FOUND)
)


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """What came of comparing the deliveries of a database with what went out."""

    settled: int  # deliveries that had gone out, and were not known to have
    matched: frozenset[str]  # keys that are those of deliveries


class RecoveryStore:
    """Every method raises StoreUnavailable where the database is away or locked for now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reconcile_sent(self, keys: AbstractSet[str], now: datetime) -> ReconcileResult:
        """Record as accepted what went out; failed, suppressed and accepted ones stay so."""
        query = select(
            delivery.c.id,
            delivery.c.state,
            delivery.c.subscriber,
            rows.ORIGINAL_DIGEST.label("origin"),
            issue.c.slot,
            issue.c.created,
        ).join(issue, issue.c.id == delivery.c.issue)
        matched: set[str] = set()
        settled: list[dict[str, object]] = []
        with self._database.begin_write() as connection:
            for row in connection.execute(query.execution_options(yield_per=_ROWS)):
                key = rows.make_message_key(row.origin, row.slot, row.created, row.subscriber)
                if key in keys:
                    matched.add(key)
                    if row.state in _OPEN:
                        settled.append({"one": row.id, "now": now})
            for some in iter_batches(settled, _ROWS):
                connection.execute(_ACCEPTED, some)
        return ReconcileResult(len(settled), frozenset(matched))

    def restore_issue(
        self, plan: IssuePlan, audience: int, keys: AbstractSet[str], now: datetime
    ) -> frozenset[str]:
        """Record an issue that the database knows nothing of; return the keys that it has.

        Readers whom it reached are not sent its posts again. Its posts count as mailed where it
        reached as many as it was planned for; else they wait, and the others get them with the
        next issue. Nothing is recorded where it reached nobody, or where the slot has an issue.
        """
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, "plan")
            reached = _find_reached(connection, plan, keys)
            number = None
            if reached:
                number = planning.insert_issue(connection, plan, state="done", reason=_FOUND)
            if number is None:
                return frozenset()
            if len(reached) >= audience:
                planning.record_in_ledger(connection, plan, number)
            else:
                _keep_waiting(connection, plan)
            _insert_accepted(connection, plan, number, list(reached.values()), now)
            return frozenset(reached)

    def mark_as_mailed(
        self, digest: str, slot: datetime, posts: Sequence[str], reason: str, now: datetime
    ) -> None:
        """Put posts into the ledger of a digest, and mail nobody."""
        plan = IssuePlan(digest, slot, tuple(posts), "", now)
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, "plan")
            found = planning.skip_slot(connection, plan, reason)
            planning.record_in_ledger(connection, plan, found.id)


def _find_reached(
    connection: Connection, plan: IssuePlan, keys: AbstractSet[str]
) -> dict[str, int]:
    """Return the readers, by key, to whom an issue went."""
    ids = connection.execute(select(subscriber.c.id)).scalars()
    made = ((rows.make_message_key(plan.digest, plan.slot, plan.now, each), each) for each in ids)
    return {key: each for key, each in made if key in keys}


def _keep_waiting(connection: Connection, plan: IssuePlan) -> None:
    """Keep posts from growing too old before they are mailed."""
    known = select(ledger.c.post).where(ledger.c.digest == plan.digest)
    mailed = frozenset(connection.execute(known).scalars())
    found = [{"digest": plan.digest, "post": each} for each in plan.posts if each not in mailed]
    if found:
        connection.execute(insert(connection, waiting).on_conflict_do_nothing(), found)


def _insert_accepted(
    connection: Connection, plan: IssuePlan, number: int, readers: Sequence[int], now: datetime
) -> None:
    """Write down that readers have the posts of an issue; what it said is known no more."""
    one = Variant("restored", plan.posts, MessageContent(plan.subject, "", "", "", ""))
    chosen = planning.insert_variants(connection, number, [one])[one.key]
    statement = plain_insert(delivery).values(
        issue=number,
        selection=chosen,
        state="accepted",
        worker="",
        attempts=1,
        doubts=1,
        at=now,
        code=0,
        status="",
        text=_FOUND,
        relay="",
    )
    for some in iter_batches(readers, _ROWS):
        connection.execute(statement, [{"subscriber": each} for each in some])
