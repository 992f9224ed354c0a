"""What goes out of a digest: planned whole or not at all, and how it stands.

Carry what is known of a digest over to its new name.
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
"""Tables that have a row for each digest, beside that of issues."""


def is_rename_needed(connection: Connection, old: str, new: str) -> bool:
    """Tell whether anything is recorded under the old name that can have the new one."""
    found = [select(issue.c.id).where(*_match_renamable(old, new))]
    found += [select(literal(1)).where(each.c.digest == old) for each in _OTHERS]
    return any(connection.execute(each.limit(1)).first() is not None for each in found)


def rename_digest(connection: Connection, old: str, new: str) -> None:
    """Give the new name to all that has the old one; what has the new one stays."""
    acquire_advisory_lock(connection, "plan")
    named = case((issue.c.named == "", issue.c.digest), else_=issue.c.named)
    connection.execute(
        update(issue).where(*_match_renamable(old, new)).values(named=named, digest=new)
    )
    for table in _OTHERS:
        _move(connection, table, old, new)


def _match_renamable(old: str, new: str) -> tuple[ColumnElement[bool], ...]:
    """Tell the issues of the old name whose slot is free under the new one."""
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
_STATES_WITH_REASON = {"deferred", "failed", "suppressed", "doubt"}  # states with a reason


class IssueStore:
    """The issues of every digest, and the ledger of what was in them.

    Every method raises StoreUnavailable where the database is away for now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_mailed_posts(self, digest: str) -> frozenset[str]:
        """Give the ids of all posts that a digest has planned, or found there when it started."""
        query = select(ledger.c.post).where(ledger.c.digest == digest)
        with self._database.begin_read() as connection:
            return frozenset(connection.execute(query).scalars())

    def get_last_slot(self, digest: str, now: datetime) -> datetime | None:
        """Give the newest slot of a digest for which something is recorded; None where none is.

        What is recorded for more than a day after now was so by a clock that ran ahead: years of
        silence would follow if it counted. Where there is nothing else it is as good as EPOCH.
        """
        query = select(issue.c.slot).where(issue.c.digest == digest)
        credible = query.where(issue.c.slot <= now + MAX_CLOCK_SKEW).order_by(issue.c.slot.desc())
        with self._database.begin_read() as connection:
            found = connection.scalar(credible.limit(1))
            if found is None and connection.scalar(query.limit(1)) is not None:
                return EPOCH
            return found

    def get_last_slots(self, since: datetime) -> dict[str, datetime]:
        """Give the newest slot of every digest that had one after a time, by its name."""
        newest = func.max(issue.c.slot, type_=UtcDateTime())
        query = select(issue.c.digest, newest).group_by(issue.c.digest).having(newest > since)
        with self._database.begin_read() as connection:
            return dict(connection.execute(query).all())

    def plan_issue(  # noqa: PLR0913, PLR0917 - an issue is all of these at once
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
        """Plan an issue: ledger, selections and a delivery for each reader, in one transaction.

        `audience` holds ids of subscribers, once each, with the key of their selection. Both are
        read as a stream while nobody else can write on SQLite: have them ready, and do not call
        what writes to the store while making them. Where the slot has an issue (or a skip) already
        that is given, and nothing is changed.

        Raises:
            OvertakenError: A post is in the ledger of this digest, or was planned for one of the
                same readers in another digest, since they were chosen: choose again.
        """
        plan = IssuePlan(digest, slot, tuple(posts), subject, now, intro, title)
        with self._database.begin_write() as connection:
            return planning.plan_issue(connection, plan, selections, audience)

    def rename_digest(self, old: str, new: str) -> bool:
        """Let a digest go on under another name with all that it has; tell whether it had anything.

        Where both have an issue of one slot, that of the old name stays as it is.
        """
        with self._database.begin_read() as connection:
            if not is_rename_needed(connection, old, new):
                return False
        with self._database.begin_write() as connection:
            rename_digest(connection, old, new)
        return True

    def skip_slot(self, digest: str, slot: datetime, reason: str, now: datetime) -> Issue:
        """Record that nothing goes out in a slot; gives what the slot had already, if anything."""
        with self._database.begin_write() as connection:
            return planning.skip_slot(connection, IssuePlan(digest, slot, (), "", now), reason)

    def initialize_digest(
        self, digest: str, slot: datetime, posts: Sequence[str], now: datetime
    ) -> Issue:
        """Begin a digest: what is published so far counts as mailed, and nothing goes out.

        Of one that has begun already this gives the first issue, and changes nothing.
        """
        with self._database.begin_write() as connection:
            return planning.initialize_digest(
                connection, IssuePlan(digest, slot, tuple(posts), "", now)
            )

    def list_issues(self, digest: str | None = None) -> tuple[Issue, ...]:
        """Give all issues, or those of one digest, newest slot first."""
        query = select(*storage_rows.ISSUE_COLUMNS).order_by(issue.c.slot.desc(), issue.c.id.desc())
        if digest is not None:
            query = query.where(issue.c.digest == digest)
        with self._database.begin_read() as connection:
            return tuple(map(storage_rows.parse_issue, connection.execute(query)))

    def list_sent_issues(self) -> tuple[Issue, ...]:
        """Give all issues but those that were skipped, newest slot first.

        Posts whose files have moved are told by the `specific` ids that they have now.
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
        """Give the issue with an id. Raises StoreError where there is none."""
        with self._database.begin_read() as connection:
            return _issue(connection, number)

    def list_received_posts(
        self, posts: Sequence[str], waited: datetime | None = None
    ) -> Iterator[tuple[int, str]]:
        """Give (subscriber, post) for each of these posts planned for somebody in any issue.

        What failed counts, since it may be retried; what was suppressed or cancelled does not.
        With `waited` only of those for whom posts wait, or did until that time or later.
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
        """Return (subscriber, newest slot) for each who gets an issue of a digest.

        Only slots after `since` count, and those up to `until`. What else counts, and who, is as
        with `received`.
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
        """Let nobody claim any more of an issue. Raises StoreError for one that has ended."""
        return self._change_state(number, {"sending", "paused"}, "paused", reason)

    def resume_issue(self, number: int) -> Issue:
        """Let a paused issue go on. Raises StoreError for one that has ended."""
        return self._change_state(number, {"sending", "paused"}, "sending", "")

    def set_wait_reason(self, number: int, reason: str) -> Issue:
        """Record why a sending issue waits, or with "" that it does not."""
        return self._change_state(number, {"sending"}, "sending", reason)

    def cancel_issue(self, number: int, now: datetime, reason: str = "") -> Issue:
        """End an issue: what was neither sent nor put in doubt is suppressed ("cancelled").

        Raises StoreError for one that has ended otherwise.
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
        """Plan again, from the first attempt on, what failed; tell how many.

        Raises StoreError for an issue that was cancelled or skipped.
        """
        with self._database.begin_write() as connection:
            return _replan(connection, number, delivery.c.state == "failed", now=now)

    def resend_in_doubt(self, number: int, before: datetime, now: datetime) -> int:
        """Plan again what has been in doubt since before a time; tell how many.

        Each may be a second copy, with the same Message-ID. `before` must be longer ago than any
        transaction of SMTP takes. Raises StoreError for one that was cancelled or skipped.
        """
        with self._database.begin_write() as connection:
            old = (delivery.c.state == "doubt", delivery.c.at < before)
            return _replan(connection, number, *old, now=now)

    def finish_issue(self, number: int, now: datetime) -> bool:
        """Mark an issue as done where nothing is unsent; tell whether it is.

        What a worker has put in doubt and not settled may be deferred yet; see `abandoned`.
        """
        answered = or_(delivery.c.state != "doubt", delivery.c.worker == "")
        unsent = select(delivery.c.id).where(
            delivery.c.issue == number, or_(delivery.c.next_at.is_not(None), ~answered)
        )
        going = issue.c.state.in_(("sending", "paused"))
        with self._database.begin_write() as connection:
            # What is unsent is looked at once nobody plans any of it again: in one statement,
            # PostgreSQL would wait for them and count what was unsent before.
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
        """Give how an issue stands. Raises StoreError where there is none."""
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
    """Tell deliveries to those for whom posts wait, or did until a time or later."""
    which = or_(subscriber.c.cadence.in_(DELAYED_CADENCES), subscriber.c.waited >= waited)
    return delivery.c.subscriber.in_(select(subscriber.c.id).where(which))


def _issue(connection: Connection, number: int) -> Issue:
    """Give the issue with an id. Raises StoreError where there is none."""
    row = connection.execute(
        select(*storage_rows.ISSUE_COLUMNS).where(issue.c.id == number)
    ).first()
    if row is None:
        raise StoreError(f"there is no issue {number}; `feedpub digest status` tells of all")
    return storage_rows.parse_issue(row)


def _lock_issue(connection: Connection, number: int) -> None:
    """Let nobody else change how an issue stands until the transaction ends."""
    connection.execute(select(issue.c.id).where(issue.c.id == number).with_for_update())


def _expect(connection: Connection, number: int, states: AbstractSet[str]) -> None:
    """Raise StoreError where an issue is in none of these states; else it stays as it is."""
    _lock_issue(connection, number)
    found = _issue(connection, number)
    if found.state not in states:
        raise StoreError(
            f"issue {number} is {found.state}; this needs one that is {' or '.join(sorted(states))}"
        )


def _set(
    connection: Connection, number: int, *, state: str, reason: str, ended: datetime | None
) -> Issue:
    connection.execute(
        update(issue).where(issue.c.id == number).values(state=state, reason=reason, ended=ended)
    )
    return _issue(connection, number)


def _replan(connection: Connection, number: int, *which: ColumnElement[bool], now: datetime) -> int:
    """Plan deliveries again, and open an issue that was done."""
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
    """Sum up (state, code, status, number)."""
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
