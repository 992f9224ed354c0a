"""What is counted day by day: who reads the feeds, and how many are on the list.

What a digest saw when it looked for what is new: the posts there were, and those that waited.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import date, datetime

from sqlalchemy import case, delete, func, select, type_coerce

from feedpub.models.newsletter import ACTIVE, SeenPost, Snapshot
from feedpub.models.stats import FeedHits
from feedpub.storage.database import Database
from feedpub.storage.rows import iter_batches
from feedpub.storage.schema import (
    BIG_INTEGER,
    UtcDateTime,
    delivery,
    get_columns,
    headcount,
    insert,
    issue,
    known,
    ledger,
    look,
    signup,
    subscriber,
    visit,
    waiting,
)

_DAY = 86_400_000_000  # microseconds, as Moment counts


class StatsStore:
    """Counts of each day. Every method raises StoreUnavailable where the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_feed_hits(self, visits: Iterable[FeedHits]) -> None:
        """Add what programs did to feeds to what they did on the same day."""
        values = [
            {
                "day": each.day,
                "feed": each.feed,
                "agent": each.agent,
                "readers": each.subscribers,
                "requests": each.requests,
            }
            for each in visits
        ]
        with self._database.begin_write() as connection:
            new = insert(connection, visit)
            most = case(
                (new.excluded.readers > visit.c.readers, new.excluded.readers),
                else_=visit.c.readers,
            )
            requests = visit.c.requests + new.excluded.requests
            add = new.on_conflict_do_update(
                index_elements=("day", "feed", "agent"),
                set_={"readers": most, "requests": requests},
            )
            if values:
                connection.execute(add, values)

    def list_feed_hits(self, since: date) -> tuple[FeedHits, ...]:
        """Give what programs did to feeds since a day."""
        query = select(visit).where(visit.c.day >= since.isoformat())
        ordered = query.order_by(visit.c.day, visit.c.feed, visit.c.agent)
        with self._database.begin_read() as connection:
            return tuple(FeedHits(*row) for row in connection.execute(ordered))

    def record_subscriber_counts(self, today: date, keep: date) -> None:
        """Record how many readers are in each state today; forget what is older than `keep`."""
        day, states = today.isoformat(), subscriber.c.state
        with self._database.begin_write() as connection:
            found = connection.execute(select(states, func.count()).group_by(states)).all()
            connection.execute(delete(headcount).where(headcount.c.day == day))
            # Somebody active or not: a day with nobody is known for one, too.
            numbers = {ACTIVE: 0, **dict(found)}
            values = [
                {"day": day, "state": state, "number": number} for state, number in numbers.items()
            ]
            connection.execute(headcount.insert(), values)
            for table in (visit, headcount):
                connection.execute(delete(table).where(table.c.day < keep.isoformat()))

    def list_active_counts(self, since: date) -> Mapping[str, int]:
        """Give how many were active on each day that was counted since a day."""
        query = select(headcount.c.day, headcount.c.number).where(
            headcount.c.day >= since.isoformat(), headcount.c.state == ACTIVE
        )
        with self._database.begin_read() as connection:
            return dict(connection.execute(query.order_by(headcount.c.day)).all())

    def count_open_deliveries(self) -> tuple[tuple[str, int], ...]:
        """Count the deliveries in each state, of all issues that have not ended."""
        going = select(issue.c.id).where(issue.c.ended.is_(None), issue.c.state != "skipped")
        query = select(delivery.c.state, func.count()).where(delivery.c.issue.in_(going))
        grouped = query.group_by(delivery.c.state).order_by(delivery.c.state)
        with self._database.begin_read() as connection:
            return tuple((state, number) for state, number in connection.execute(grouped))

    def count_pending_signups(self) -> tuple[int, datetime | None]:
        """Count who asked to be mailed and was not answered yet; give when the first one did."""
        first = func.min(signup.c.asked, type_=UtcDateTime())
        query = select(func.count(), first).where(signup.c.due.is_not(None))
        with self._database.begin_read() as connection:
            number, since = connection.execute(query).one()
            return number, since

    def compute_daily_growth(self) -> Mapping[int, int]:
        """Give by how many the active readers grew on each day, counted from 1970.

        Made of when those who are on the list agreed, and when they left: whoever was removed or
        forgotten is in none of it.
        """
        came = type_coerce(subscriber.c.consent_at, BIG_INTEGER) // _DAY
        went = type_coerce(subscriber.c.changed, BIG_INTEGER) // _DAY
        ever = subscriber.c.state != "pending"
        left = ever & (subscriber.c.state != ACTIVE)
        with self._database.begin_read() as connection:
            days: dict[int, int] = {}
            for query, sign in (
                (select(came, func.count()).where(ever).group_by(came), 1),
                (select(went, func.count()).where(left).group_by(went), -1),
            ):
                for day, number in connection.execute(query):
                    days[day] = days.get(day, 0) + sign * number
        return days


_ROWS = 500  # at once
_KNOWN = get_columns(known, [each.name for each in fields(SeenPost)])


class SnapshotStore:
    """What the next look has to know of the last one.

    Every method raises StoreUnavailable where the database is away or locked for now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_seen_posts(self) -> dict[str, SeenPost]:
        """Give every post that was ever seen, by its `specific` id."""
        query = select(known.c.place, *_KNOWN)
        with self._database.begin_read() as connection:
            return {place: SeenPost(*values) for place, *values in connection.execute(query)}

    def save_seen_posts(
        self, learnt: Mapping[str, SeenPost], forgotten: Iterable[str] = ()
    ) -> None:
        """Remember posts, and forget where others were."""
        rows = [{"place": place, **asdict(each)} for place, each in learnt.items()]
        with self._database.begin_write() as connection:
            for some in iter_batches(forgotten, _ROWS):
                connection.execute(delete(known).where(known.c.place.in_(some)))
            statement = insert(connection, known)
            changed = {each.name: statement.excluded[each.name] for each in _KNOWN}
            for part in iter_batches(rows, _ROWS):
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["place"], set_=changed), part
                )

    def load_snapshot(self, digest: str) -> Snapshot | None:
        """Give what a digest saw when it last looked, None where it never did."""
        at = select(look.c.at).where(look.c.digest == digest)
        posts = select(waiting.c.post).where(waiting.c.digest == digest)
        with self._database.begin_read() as connection:
            found = connection.scalar(at)
            waits = frozenset(connection.execute(posts).scalars())
        return None if found is None else Snapshot(found, waits)

    def save_snapshot(self, digest: str, posts: Iterable[str], now: datetime) -> None:
        """Remember that a digest looked, and what it found: that may wait as long as it must.

        So may what it found before and has not mailed: a post that is empty, broken or a draft for
        now comes back.
        """
        mailed = select(ledger.c.post).where(ledger.c.digest == digest)
        rows = [{"digest": digest, "post": each} for each in posts]
        with self._database.begin_write() as connection:
            statement = insert(connection, look).values(digest=digest, at=now)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["digest"], set_={"at": now})
            )
            over = (waiting.c.digest == digest, waiting.c.post.in_(mailed))
            connection.execute(delete(waiting).where(*over))
            if rows:
                connection.execute(insert(connection, waiting).on_conflict_do_nothing(), rows)
