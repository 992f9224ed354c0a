"""What is kept of readers and of what is sent to them: the only module that knows SQL.

store = open("", Path(".feedpub"))
store.add(subscriber, now)
store.plan("weekly", slot, posts, subject, selections, audience, now)
while deliveries := store.claim(worker, 200, lease, now): ...
"""

from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from feedpub.mailing import Issue
from feedpub.store.counting import Counting
from feedpub.store.database import PATIENCE, Database, is_there
from feedpub.store.deliveries import Deliveries
from feedpub.store.errands import Errands
from feedpub.store.errors import ForgottenError, OvertakenError, StoreError, StoreUnavailable
from feedpub.store.fates import Fates
from feedpub.store.importing import Imported
from feedpub.store.issues import Issues
from feedpub.store.looking import Looking
from feedpub.store.planning import Plan
from feedpub.store.recovery import Recovery
from feedpub.store.refused import SenderRefusals
from feedpub.store.relays import Relays
from feedpub.store.restored import FORGOTTEN, REMOVED, Outside, Position, Restored
from feedpub.store.signups import Signups
from feedpub.store.subscribers import Subscribers
from feedpub.store.upgrading import is_begun, upgrade

__all__ = [
    "FORGOTTEN",
    "PATIENCE",
    "REMOVED",
    "ForgottenError",
    "Imported",
    "Outside",
    "OvertakenError",
    "Plan",
    "Position",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "is_there",
    "open",
    "sent",
]

_BRIEFLY = 2.0  # seconds: pages do not wait for the newsletter


class Store(
    Subscribers,
    Signups,
    Issues,
    Looking,
    Deliveries,
    Errands,
    Counting,
    Fates,
    SenderRefusals,
    Restored,
    Recovery,
    Relays,
):
    """Readers, requests, issues and deliveries in one database; for all threads of a process.

    A process that forks must open its own in each child.
    """

    def __init__(self, database: Database) -> None:
        Subscribers.__init__(self, database)
        Signups.__init__(self, database)
        Issues.__init__(self, database)
        Looking.__init__(self, database)
        Deliveries.__init__(self, database)
        Errands.__init__(self, database)
        Counting.__init__(self, database)
        Fates.__init__(self, database)
        SenderRefusals.__init__(self, database)
        Restored.__init__(self, database)
        Recovery.__init__(self, database)
        Relays.__init__(self, database)

    def tidy(self) -> None:
        """Give back the room that a database needs no more; to be done now and then."""
        self._database.tidy()

    def close(self) -> None:
        """Close every connection; the next call would open new ones."""
        self._database.close()


def open(  # noqa: A001 - store.open says what it does
    url: str, folder: Path, patience: float = PATIENCE, outside: Outside | None = None
) -> Store:
    """Open a database, made or brought up to date where it needs to be.

    Args:
        url: "" for SQLite in `folder`, "sqlite:///name" (relative to `folder`) or
            "postgresql://user:password@host/name".
        folder: Where feedpub keeps what it remembers; made where it is not there.
        patience: Seconds to wait on SQLite for somebody else who writes.
        outside: What is kept outside of the database, to tell whether it was restored.

    Raises:
        StoreError: The URL cannot be used, the driver is not installed, the file cannot be
            written, or a newer feedpub wrote the database.
        StoreUnavailable: It is away or locked for now.
    """
    database = Database(url, folder, patience)
    database.outside = outside
    try:
        upgrade(database)
    except StoreError:
        database.close()
        raise
    return Store(database)


def sent(url: str, folder: Path) -> tuple[Issue, ...]:
    """Give all issues that went out or are going out, newest first; () without a database.

    One that is there is brought up to date where it needs to be; none is made. The arguments are
    those of `open`, and so is what is raised. One that is locked is not waited for as long.
    """
    if not is_there(url, folder):
        return ()
    database = Database(url, folder, _BRIEFLY)
    try:
        if not is_begun(database):
            return ()
        upgrade(database)
        return Issues(database).sent()
    except (SQLAlchemyError, LookupError, TypeError, ValueError) as error:
        words = " ".join(str(error).split())
        raise StoreError(
            f"{database.place}: the database is damaged ({words}); bring it back from a backup"
        ) from error
    finally:
        database.close()
