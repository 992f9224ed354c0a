"""What is counted day by day: who reads the feeds, and how many are on the list."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import case, delete, func, select, type_coerce

from feedpub.mailing import ACTIVE
from feedpub.readership import FeedHits
from feedpub.store.database import Database
from feedpub.store.schema import (
    BIG_INTEGER,
    UtcDateTime,
    delivery,
    headcount,
    insert,
    issue,
    signup,
    subscriber,
    visit,
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
