"""What a digest saw when it looked for what is new: the posts there were, and those that waited."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import delete, select

from feedpub.mailing import Known, Look
from feedpub.store.batches import batches
from feedpub.store.database import Database
from feedpub.store.schema import insert, known, ledger, look, numbered, waiting

_ROWS = 500  # at once
_KNOWN = numbered(known, [each.name for each in fields(Known)])


class Looking:
    """What the next look has to know of the last one.

    Every method raises StoreUnavailable where the database is away or locked for now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self) -> dict[str, Known]:
        """Give every post that was ever seen, by its `specific` id."""
        query = select(known.c.place, *_KNOWN)
        with self._database.reading() as connection:
            return {place: Known(*values) for place, *values in connection.execute(query)}

    def know(self, learnt: Mapping[str, Known], forgotten: Iterable[str] = ()) -> None:
        """Remember posts, and forget where others were."""
        rows = [{"place": place, **asdict(each)} for place, each in learnt.items()]
        with self._database.writing() as connection:
            for some in batches(forgotten, _ROWS):
                connection.execute(delete(known).where(known.c.place.in_(some)))
            statement = insert(connection, known)
            changed = {each.name: statement.excluded[each.name] for each in _KNOWN}
            for part in batches(rows, _ROWS):
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["place"], set_=changed), part
                )

    def look(self, digest: str) -> Look | None:
        """Give what a digest saw when it last looked, None where it never did."""
        at = select(look.c.at).where(look.c.digest == digest)
        posts = select(waiting.c.post).where(waiting.c.digest == digest)
        with self._database.reading() as connection:
            found = connection.scalar(at)
            waits = frozenset(connection.execute(posts).scalars())
        return None if found is None else Look(found, waits)

    def looked(self, digest: str, posts: Iterable[str], now: datetime) -> None:
        """Remember that a digest looked, and what it found: that may wait as long as it must.

        So may what it found before and has not mailed: a post that is empty, broken or a draft for
        now comes back.
        """
        mailed = select(ledger.c.post).where(ledger.c.digest == digest)
        rows = [{"digest": digest, "post": each} for each in posts]
        with self._database.writing() as connection:
            statement = insert(connection, look).values(digest=digest, at=now)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["digest"], set_={"at": now})
            )
            over = (waiting.c.digest == digest, waiting.c.post.in_(mailed))
            connection.execute(delete(waiting).where(*over))
            if rows:
                connection.execute(insert(connection, waiting).on_conflict_do_nothing(), rows)
