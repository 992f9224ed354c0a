"""Storage of subscribers, issues and deliveries in SQLite or PostgreSQL.

The newsletter's SQL is confined to this package. Open a `Store` with `open_store`:

store = open_store("", Path(".feedpub"))
store.add_subscriber(subscriber, now)
store.plan_issue("weekly", slot, posts, subject, variants, audience, now)
while deliveries := store.claim_deliveries(worker, 200, lease, now): ...
"""

from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from feedpub.models.newsletter import Issue
from feedpub.storage.database import LOCK_TIMEOUT, Database, RecoveryLog, database_exists
from feedpub.storage.deliveries import DeliveryStatusStore, DeliveryStore
from feedpub.storage.errors import StoreError
from feedpub.storage.issues import IssueStore
from feedpub.storage.relays import RelayStore
from feedpub.storage.restore_check import RecoveryStore, RestoreCheckStore
from feedpub.storage.sender_refusals import SenderRefusalStore
from feedpub.storage.signups import SignupStore
from feedpub.storage.stats import SnapshotStore, StatsStore
from feedpub.storage.subscribers import SubscriberStore
from feedpub.storage.upgrade import has_schema, upgrade
from feedpub.storage.webhooks import WebhookStore

_SHORT_TIMEOUT = 2.0  # seconds: a build does not wait long for the newsletter


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
    """All stores of one database behind one object, safe to share among threads.

    After a fork, each child process must open its own.
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
        """Truncate the write-ahead log of SQLite; to be called now and then."""
        self._database.checkpoint()

    def close(self) -> None:
        """Close every connection; a later call would open new ones."""
        self._database.close()


def open_store(
    url: str, folder: Path, timeout: float = LOCK_TIMEOUT, outside: RecoveryLog | None = None
) -> Store:
    """Open a database; create it or migrate it to the current schema if necessary.

    Args:
        url: "" for SQLite in `folder`, "sqlite:///name" (relative to `folder`) or
            "postgresql://user:password@host/name".
        folder: The data folder of feedpub; created if missing.
        timeout: Seconds to wait for another writer on SQLite.
        outside: Records kept outside the database, from which a restored backup is detected.

    Raises:
        StoreError: The URL is invalid, the driver is not installed, the file is not writable, or
            a newer feedpub wrote the database.
        StoreUnavailable: The database is down or locked for now.
    """
    database = Database(url, folder, timeout)
    database.recovery_log = outside
    try:
        upgrade(database)
    except StoreError:
        database.close()
        raise
    return Store(database)


def load_sent_issues(url: str, folder: Path) -> tuple[Issue, ...]:
    """Return all issues sent or being sent, newest first; () if there is no database.

    An existing database is migrated if necessary; none is created. Arguments and exceptions are
    those of `open_store`, and a damaged database raises StoreError too. The wait for a locked one
    is shorter, because a build must not hang on the newsletter.
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
            f"{database.display_name}: the database is damaged ({words}); restore it from a backup"
        ) from error
    finally:
        database.close()
