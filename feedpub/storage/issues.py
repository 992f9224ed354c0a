"""Issues of every digest: plan, pause, resume, cancel, retry, finish, and statistics.

`IssueStore` is the entry point. A plan is written completely or not at all. The module also
moves the records of a renamed digest to its new name.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from feedpub.models.newsletter import DELAYED_CADENCES, MAX_CLOCK_SKEW, Issue, IssueStats, Variant
from feedpub.storage import planning, restore_check
from feedpub.storage import rows as storage_rows
from feedpub.storage.database import Database, acquire_advisory_lock
from feedpub.storage.errors import StoreError
from feedpub.storage.planning import IssuePlan
from feedpub.storage.schema import (
    EPOCH,
    UtcDateTime,
    delivery,
    insert,
    issue,
    known,
    ledger,
    look,
    selected,
    subscriber,
    waiting,
)

_OTHERS = (ledger, waiting, look)
"""Other tables with rows keyed by digest."""


def is_rename_needed(connection: Connection, old: str, new: str) -> bool:
    """Return whether any record of the old name can be moved to the new one."""
    found = [select(issue.c.id).where(*_match_renamable(old, new))]
    found += [select(literal(1)).where(each.c.digest == old) for each in _OTHERS]
    return any(connection.execute(each.limit(1)).first() is not None for each in found)


def rename_digest(connection: Connection, old: str, new: str) -> None:
    """Move all records of the old name to the new one; existing ones of the new name stay."""
    acquire_advisory_lock(connection, "plan")
    named = case((issue.c.named == "", issue.c.digest), else_=issue.c.named)
    connection.execute(
        update(issue).where(*_match_renamable(old, new)).values(named=named, digest=new)
    )
    for table in _OTHERS:
        _move(connection, table, old, new)


def _match_renamable(old: str, new: str) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for issues of the old name whose slot is free under the new."""
    other = issue.alias()
    taken = select(other.c.slot).where(other.c.digest == new)
    return issue.c.digest == old, issue.c.slot.not_in(taken)


def _move(connection: Connection, table: Table, old: str, new: str) -> None:
    others = [each for each in table.c if each.name != "digest"]
    rows = select(literal(new), *others).where(table.c.digest == old)
    names = ["digest", *(each.name for each in others)]
    statement = insert(connection, table).from_select(names, rows).on_conflict_do_nothing()
    connection.execute(statement)
    connection.execute(delete(table).where(table.c.digest == old))


_CHUNK = 500
_STATES_WITH_REASON = {"deferred", "failed", "suppressed", "doubt"}  # counted by reply


class IssueStore:
    """Issues of every digest, and the ledger of the posts in them.

    Every method raises StoreUnavailable if the database is down or locked for now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_mailed_posts(self, digest: str) -> frozenset[str]:
        """Return the ids of all posts that a digest has planned, or that predate it."""
        query = select(ledger.c.post).where(ledger.c.digest == digest)
        with self._database.begin_read() as connection:
            return frozenset(connection.execute(query).scalars())

    def get_last_slot(self, digest: str, now: datetime) -> datetime | None:
        """Return the newest recorded slot of a digest; None if there is none.

        Slots more than a day in the future are ignored, since a clock that ran ahead recorded them:
        otherwise the digest might stay silent for years. If there is no other, EPOCH is returned.
        """
        query = select(issue.c.slot).where(issue.c.digest == digest)
        credible = query.where(issue.c.slot <= now + MAX_CLOCK_SKEW).order_by(issue.c.slot.desc())
        with self._database.begin_read() as connection:
            found = connection.scalar(credible.limit(1))
            if found is None and connection.scalar(query.limit(1)) is not None:
                return EPOCH
            return found

    def get_last_slots(self, since: datetime) -> dict[str, datetime]:
        """Return the newest slot of every digest that had one after `since`, by its name."""
        newest = func.max(issue.c.slot, type_=UtcDateTime())
        query = select(issue.c.digest, newest).group_by(issue.c.digest).having(newest > since)
        with self._database.begin_read() as connection:
            return dict(connection.execute(query).all())

    def plan_issue(  # noqa: PLR0913, PLR0917 - all parts of an issue
        self,
        digest: str,
        slot: datetime,
        posts: Sequence[str],
        subject: str,
        selections: Iterable[Variant],
        audience: Iterable[tuple[int, str]],
        now: datetime,
        intro: str = "",
        title: str = "",
    ) -> Issue:
        """Plan an issue: ledger, variants and one delivery per subscriber, in one transaction.

        `audience` holds (subscriber id, key of their variant), each id once. Both iterables are
        consumed inside the write transaction, which blocks all other writers on SQLite: prepare
        them first, and do not write to the store from them. If the slot has an issue (or a skip)
        already, that one is returned and nothing is changed.

        Raises:
            ConcurrentUpdateError: Since the posts were selected, one was added to the ledger of
                this digest, or planned for one of the same subscribers in another digest: select
                again.
        """
        plan = IssuePlan(digest, slot, tuple(posts), subject, now, intro, title)
        with self._database.begin_write() as connection:
            return planning.plan_issue(connection, plan, selections, audience)

    def rename_digest(self, old: str, new: str) -> bool:
        """Move all records of a digest to a new name; return whether there were any.

        Where both names have an issue for the same slot, the one of the old name is left alone.
        """
        with self._database.begin_read() as connection:
            if not is_rename_needed(connection, old, new):
                return False
        with self._database.begin_write() as connection:
            rename_digest(connection, old, new)
        return True

    def skip_slot(self, digest: str, slot: datetime, reason: str, now: datetime) -> Issue:
        """Record that a slot is skipped; return its existing issue or skip, if it has one."""
        with self._database.begin_write() as connection:
            return planning.skip_slot(connection, IssuePlan(digest, slot, (), "", now), reason)

    def initialize_digest(
        self, digest: str, slot: datetime, posts: Sequence[str], now: datetime
    ) -> Issue:
        """Start a digest: posts published so far count as mailed, and nothing is sent.

        If the digest was started before, return its first issue and change nothing.
        """
        with self._database.begin_write() as connection:
            return planning.initialize_digest(
                connection, IssuePlan(digest, slot, tuple(posts), "", now)
            )

    def list_issues(self, digest: str | None = None) -> tuple[Issue, ...]:
        """Return all issues, or those of one digest, newest slot first."""
        query = select(*storage_rows.ISSUE_COLUMNS).order_by(issue.c.slot.desc(), issue.c.id.desc())
        if digest is not None:
            query = query.where(issue.c.digest == digest)
        with self._database.begin_read() as connection:
            return tuple(map(storage_rows.parse_issue, connection.execute(query)))

    def list_sent_issues(self) -> tuple[Issue, ...]:
        """Return all issues except skipped ones, newest slot first.

        Posts whose files have moved appear under their current ids.
        """
        query = select(*storage_rows.ISSUE_COLUMNS).where(issue.c.state != "skipped")
        ordered = query.order_by(issue.c.slot.desc(), issue.c.id.desc())
        here = func.substr(known.c.name, func.length(known.c.name) - func.length(known.c.place) + 1)
        moved = select(known.c.name, known.c.place).where(here != known.c.place)
        with self._database.begin_read() as connection:
            issues = [storage_rows.parse_issue(row) for row in connection.execute(ordered)]
            places = dict(connection.execute(moved).all())
        return tuple(
            replace(each, posts=tuple(places.get(post, post) for post in each.posts))
            for each in issues
        )

    def get_issue(self, number: int) -> Issue:
        """Return the issue with an id. Raises StoreError if there is none."""
        with self._database.begin_read() as connection:
            return _issue(connection, number)

    def list_received_posts(
        self, posts: Sequence[str], waited: datetime | None = None
    ) -> Iterator[tuple[int, str]]:
        """Yield (subscriber, post) for each of these posts planned for a subscriber in any issue.

        Failed deliveries count, since they may be retried; suppressed and cancelled ones do not.
        With `waited`, only for subscribers with a delayed cadence, or who left one at that time or
        later.
        """
        query = (
            select(delivery.c.subscriber, selected.c.post)
            .join(selected, selected.c.selection == delivery.c.selection)
            .where(delivery.c.state != "suppressed")
            .execution_options(yield_per=_CHUNK)
        )
        if waited is not None:
            query = query.where(_has_delayed_posts(waited))
        with self._database.begin_read() as connection:
            for start in range(0, len(posts), _CHUNK):
                chunk = posts[start : start + _CHUNK]
                found = connection.execute(query.where(selected.c.post.in_(chunk)))
                yield from found

    def list_last_mailed(
        self, digest: str, since: datetime, until: datetime, waited: datetime
    ) -> Iterator[tuple[int, datetime]]:
        """Yield (subscriber, newest slot) for each recipient of a digest.

        Only slots after `since` and up to `until` count. Deliveries and subscribers are selected as
        by `list_received_posts`.
        """
        query = (
            select(delivery.c.subscriber, func.max(issue.c.slot, type_=UtcDateTime()))
            .join(issue, issue.c.id == delivery.c.issue)
            .where(issue.c.digest == digest, issue.c.slot > since, issue.c.slot <= until)
            .where(delivery.c.state != "suppressed", _has_delayed_posts(waited))
            .group_by(delivery.c.subscriber)
            .execution_options(yield_per=_CHUNK)
        )
        with self._database.begin_read() as connection:
            yield from connection.execute(query)

    def pause_issue(self, number: int, reason: str = "") -> Issue:
        """Stop claims of an issue. Raises StoreError if the issue has ended."""
        return self._change_state(number, {"sending", "paused"}, "paused", reason)

    def resume_issue(self, number: int) -> Issue:
        """Resume a paused issue. Raises StoreError if the issue has ended."""
        return self._change_state(number, {"sending", "paused"}, "sending", "")

    def set_wait_reason(self, number: int, reason: str) -> Issue:
        """Record why a sending issue is waiting; "" if it is not."""
        return self._change_state(number, {"sending"}, "sending", reason)

    def cancel_issue(self, number: int, now: datetime, reason: str = "") -> Issue:
        """End an issue: deliveries neither sent nor in doubt are suppressed ("cancelled").

        Raises StoreError if the issue has ended otherwise.
        """
        unsent = (delivery.c.issue == number, delivery.c.next_at.is_not(None))
        with self._database.begin_write() as connection:
            _expect(connection, number, {"sending", "paused", "cancelled"})
            connection.execute(
                update(delivery)
                .where(*unsent)
                .values(
                    state="suppressed",
                    code=0,
                    status="cancelled",
                    text="",
                    next_at=None,
                    worker="",
                    at=now,
                )
            )
            return _set(connection, number, state="cancelled", reason=reason, ended=now)

    def retry_failed(self, number: int, now: datetime) -> int:
        """Plan failed deliveries again, from the first attempt on; return how many.

        Raises StoreError if the issue was cancelled or skipped.
        """
        with self._database.begin_write() as connection:
            return _replan(connection, number, delivery.c.state == "failed", now=now)

    def resend_in_doubt(self, number: int, before: datetime, now: datetime) -> int:
        """Plan deliveries again that have been in doubt since before a time; return how many.

        Each may be a second copy, with the same Message-ID. `before` must be longer ago than any
        SMTP transaction lasts. Raises StoreError if the issue was cancelled or skipped.
        """
        with self._database.begin_write() as connection:
            old = (delivery.c.state == "doubt", delivery.c.at < before)
            return _replan(connection, number, *old, now=now)

    def finish_issue(self, number: int, now: datetime) -> bool:
        """Mark an issue as done if nothing is left to send; return whether it is done.

        A delivery that a worker holds in doubt keeps it open, since it may still be deferred; see
        `DeliveryStore.resolve_abandoned`.
        """
        answered = or_(delivery.c.state != "doubt", delivery.c.worker == "")
        unsent = select(delivery.c.id).where(
            delivery.c.issue == number, or_(delivery.c.next_at.is_not(None), ~answered)
        )
        going = issue.c.state.in_(("sending", "paused"))
        with self._database.begin_write() as connection:
            # Lock first, so that no delivery is planned again meanwhile. The UPDATE alone would
            # wait for the lock on PostgreSQL, but evaluate `unsent` on its older snapshot.
            _lock_issue(connection, number)
            connection.execute(
                update(issue)
                .where(issue.c.id == number, going, ~unsent.exists())
                .values(state="done", reason="", ended=now)
            )
            is_done = _issue(connection, number).state == "done"
            if is_done:
                restore_check.prune_sent_batches(connection)
            return is_done

    def get_issue_stats(self, number: int) -> IssueStats:
        """Return the delivery statistics of an issue. Raises StoreError if there is none."""
        by = (delivery.c.state, delivery.c.code, delivery.c.status)
        query = select(*by, func.count()).where(delivery.c.issue == number).group_by(*by)
        with self._database.begin_read() as connection:
            _issue(connection, number)
            return _sum_stats(connection.execute(query).all())

    def _change_state(self, number: int, among: AbstractSet[str], state: str, reason: str) -> Issue:
        with self._database.begin_write() as connection:
            _expect(connection, number, among)
            return _set(connection, number, state=state, reason=reason, ended=None)


def _has_delayed_posts(waited: datetime) -> ColumnElement[bool]:
    """Return the condition for subscribers with a delayed cadence, or one until `waited`."""
    which = or_(subscriber.c.cadence.in_(DELAYED_CADENCES), subscriber.c.waited >= waited)
    return delivery.c.subscriber.in_(select(subscriber.c.id).where(which))


def _issue(connection: Connection, number: int) -> Issue:
    """Return the issue with an id. Raises StoreError if there is none."""
    row = connection.execute(
        select(*storage_rows.ISSUE_COLUMNS).where(issue.c.id == number)
    ).first()
    if row is None:
        raise StoreError(f"there is no issue {number}; `feedpub digest status` lists all")
    return storage_rows.parse_issue(row)


def _lock_issue(connection: Connection, number: int) -> None:
    """Lock the row of an issue until the transaction ends."""
    connection.execute(select(issue.c.id).where(issue.c.id == number).with_for_update())


def _expect(connection: Connection, number: int, states: AbstractSet[str]) -> None:
    """Lock an issue; raise StoreError if it is in none of these states."""
    _lock_issue(connection, number)
    found = _issue(connection, number)
    if found.state not in states:
        raise StoreError(
            f"issue {number} is {found.state}; it must be {' or '.join(sorted(states))}"
        )


def _set(
    connection: Connection, number: int, *, state: str, reason: str, ended: datetime | None
) -> Issue:
    connection.execute(
        update(issue).where(issue.c.id == number).values(state=state, reason=reason, ended=ended)
    )
    return _issue(connection, number)


def _replan(connection: Connection, number: int, *which: ColumnElement[bool], now: datetime) -> int:
    """Plan deliveries again, and reopen an issue that was done."""
    _expect(connection, number, {"sending", "paused", "done"})
    found = connection.execute(
        update(delivery)
        .where(delivery.c.issue == number, *which)
        .values(
            state="planned",
            next_at=now,
            worker="",
            attempts=0,
            at=now,
            code=0,
            status="",
            text="",
            relay="",
        )
    ).rowcount
    if found:
        connection.execute(
            update(issue)
            .where(issue.c.id == number, issue.c.state == "done")
            .values(state="sending", ended=None)
        )
    return found


def _sum_stats(counted: Sequence[tuple[str, int, str, int]]) -> IssueStats:
    """Add up (state, code, status, number) rows."""
    by_state: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for state, code, status, number in counted:
        by_state[state] += number
        if state in _STATES_WITH_REASON:
            words = " ".join(filter(None, (str(code or ""), status)))
            reasons[words or "no answer"] += number
    return IssueStats(
        audience=by_state.total(),
        accepted=by_state["accepted"],
        deferred=by_state["deferred"],
        failed=by_state["failed"],
        suppressed=by_state["suppressed"],
        doubt=by_state["doubt"],
        waiting=by_state["planned"] + by_state["claimed"],
        reasons=tuple(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
    )
