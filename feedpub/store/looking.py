"""What a digest saw when it looked for what is new: the posts there were, and those that waited."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import delete, select

from feedpub.mailing import SeenPost, Snapshot
from feedpub.store.batches import iter_batches
from feedpub.store.database import Database
from feedpub.store.schema import get_columns, insert, known, ledger, look, waiting

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
