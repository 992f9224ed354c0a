"""What is kept of readers and of what is sent to them: the only module that knows SQL.

store = open("", Path(".feedpub"))
store.add(subscriber, now)
store.plan("weekly", slot, posts, subject, selections, audience, now)
while deliveries := store.claim(worker, 200, lease, now): ...
"""

from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from feedpub.models.newsletter import Issue
from feedpub.storage.database import LOCK_TIMEOUT, Database, RecoveryLog, database_exists
from feedpub.storage.deliveries import DeliveryStatusStore, DeliveryStore
from feedpub.storage.errors import StoreError
from feedpub.storage.issues import IssueStore
from feedpub.storage.refusals import SenderRefusalStore
from feedpub.storage.relays import RelayStore
from feedpub.storage.restore_check import RecoveryStore, RestoreCheckStore
from feedpub.storage.signups import SignupStore
from feedpub.storage.stats import SnapshotStore, StatsStore
from feedpub.storage.subscribers import SubscriberStore
from feedpub.storage.upgrade import has_schema, upgrade
from feedpub.storage.webhooks import WebhookStore

_SHORT_TIMEOUT = 2.0  # seconds: pages do not wait for the newsletter


class Store(
    SubscriberStore,
    SignupStore,
    IssueStore,
    SnapshotStore,
    DeliveryStore,
    WebhookStore,
    StatsStore,
    DeliveryStatusStore,
    SenderRefusalStore,
    RestoreCheckStore,
    RecoveryStore,
    RelayStore,
):
    """Readers, requests, issues and deliveries in one database; for all threads of a process.

    A process that forks must open its own in each child.
    """

    def __init__(self, database: Database) -> None:
        SubscriberStore.__init__(self, database)
        SignupStore.__init__(self, database)
        IssueStore.__init__(self, database)
        SnapshotStore.__init__(self, database)
        DeliveryStore.__init__(self, database)
        WebhookStore.__init__(self, database)
        StatsStore.__init__(self, database)
        DeliveryStatusStore.__init__(self, database)
        SenderRefusalStore.__init__(self, database)
        RestoreCheckStore.__init__(self, database)
        RecoveryStore.__init__(self, database)
        RelayStore.__init__(self, database)

    def checkpoint(self) -> None:
        """Give back the room that a database needs no more; to be done now and then."""
        self._database.checkpoint()

    def close(self) -> None:
        """Close every connection; the next call would open new ones."""
        self._database.close()


def open_store(
    url: str, folder: Path, patience: float = LOCK_TIMEOUT, outside: RecoveryLog | None = None
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
    database.recovery_log = outside
    try:
        upgrade(database)
    except StoreError:
        database.close()
        raise
    return Store(database)


def load_sent_issues(url: str, folder: Path) -> tuple[Issue, ...]:
    """Give all issues that went out or are going out, newest first; () without a database.

    One that is there is brought up to date where it needs to be; none is made. The arguments are
    those of `open`, and so is what is raised. One that is locked is not waited for as long.
    """
    if not database_exists(url, folder):
        return ()
    database = Database(url, folder, _SHORT_TIMEOUT)
    try:
        if not has_schema(database):
            return ()
        upgrade(database)
        return IssueStore(database).list_sent_issues()
    except (SQLAlchemyError, LookupError, TypeError, ValueError) as error:
        words = " ".join(str(error).split())
        raise StoreError(
            f"{database.display_name}: the database is damaged ({words}); bring it back "
            "from a backup"
        ) from error
    finally:
        database.close()
