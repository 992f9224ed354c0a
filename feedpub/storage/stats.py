"""Daily statistics, and the snapshots that digests take of the posts.

`StatsStore` keeps feed requests and subscriber counts; `SnapshotStore` keeps the posts seen and
those still waiting when a digest last looked for new ones.
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

_DAY = 86_400_000_000  # microseconds, the unit of UtcDateTime


class StatsStore:
    """Daily statistics. Every method raises StoreUnavailable if the database is down for now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_feed_hits(self, visits: Iterable[FeedHits]) -> None:
        """Add feed requests to the day's totals per feed and user agent."""
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
        """Return the feed requests since a day."""
        query = select(visit).where(visit.c.day >= since.isoformat())
        ordered = query.order_by(visit.c.day, visit.c.feed, visit.c.agent)
        with self._database.begin_read() as connection:
            return tuple(FeedHits(*row) for row in connection.execute(ordered))

    def record_subscriber_counts(self, today: date, keep: date) -> None:
        """Record how many subscribers are in each state today; delete days older than `keep`."""
        day, states = today.isoformat(), subscriber.c.state
        with self._database.begin_write() as connection:
            found = connection.execute(select(states, func.count()).group_by(states)).all()
            connection.execute(delete(headcount).where(headcount.c.day == day))
            # Always store a row for ACTIVE: a day with no subscriber counts as recorded, too.
            numbers = {ACTIVE: 0, **dict(found)}
            values = [
                {"day": day, "state": state, "number": number} for state, number in numbers.items()
            ]
            connection.execute(headcount.insert(), values)
            for table in (visit, headcount):
                connection.execute(delete(table).where(table.c.day < keep.isoformat()))

    def list_active_counts(self, since: date) -> Mapping[str, int]:
        """Return the number of active subscribers on each recorded day since a day."""
        query = select(headcount.c.day, headcount.c.number).where(
            headcount.c.day >= since.isoformat(), headcount.c.state == ACTIVE
        )
        with self._database.begin_read() as connection:
            return dict(connection.execute(query.order_by(headcount.c.day)).all())

    def count_open_deliveries(self) -> tuple[tuple[str, int], ...]:
        """Count deliveries by state, over all issues that have not ended."""
        going = select(issue.c.id).where(issue.c.ended.is_(None), issue.c.state != "skipped")
        query = select(delivery.c.state, func.count()).where(delivery.c.issue.in_(going))
        grouped = query.group_by(delivery.c.state).order_by(delivery.c.state)
        with self._database.begin_read() as connection:
            return tuple((state, number) for state, number in connection.execute(grouped))

    def count_pending_signups(self) -> tuple[int, datetime | None]:
        """Return the number of unanswered sign-ups, and the time of the oldest."""
        first = func.min(signup.c.asked, type_=UtcDateTime())
        query = select(func.count(), first).where(signup.c.due.is_not(None))
        with self._database.begin_read() as connection:
            number, since = connection.execute(query).one()
            return number, since

    def compute_daily_growth(self) -> Mapping[int, int]:
        """Return the net change of active subscribers per day, keyed by days since 1970.

        Computed from consent and departure times of the rows that exist, so removed and erased
        subscribers are missing.
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


_ROWS = 500  # per statement
_KNOWN = get_columns(known, [each.name for each in fields(SeenPost)])


class SnapshotStore:
    """Posts as a digest last saw them.

    Every method raises StoreUnavailable if the database is down or locked for now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_seen_posts(self) -> dict[str, SeenPost]:
        """Return every post seen so far, by its place."""
        query = select(known.c.place, *_KNOWN)
        with self._database.begin_read() as connection:
            return {place: SeenPost(*values) for place, *values in connection.execute(query)}

    def save_seen_posts(
        self, learnt: Mapping[str, SeenPost], forgotten: Iterable[str] = ()
    ) -> None:
        """Save posts by their place, and delete places that are no longer used."""
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
        """Return the last snapshot of a digest, None if it has none."""
        at = select(look.c.at).where(look.c.digest == digest)
        posts = select(waiting.c.post).where(waiting.c.digest == digest)
        with self._database.begin_read() as connection:
            found = connection.scalar(at)
            waits = frozenset(connection.execute(posts).scalars())
        return None if found is None else Snapshot(found, waits)

    def save_snapshot(self, digest: str, posts: Iterable[str], now: datetime) -> None:
        """Save that a digest looked for new posts and found these waiting.

        Posts that were waiting before and are not mailed keep waiting: one that is empty, broken or
        a draft for now may return.
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
