"""Database tables in their current form.

To change one, edit it here and add a revision to `migrations/versions`; a test compares the two.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    bindparam,
)
from sqlalchemy.dialects import postgresql, sqlite

HEAD = "0015"
"""The newest revision in `migrations/versions`; an older database is migrated to it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 in UTC.

    Exact, and compared the same way by every database.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds."""
        del dialect
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the datetime, in UTC."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


BIG_INTEGER = BigInteger().with_variant(Integer, "sqlite")  # SQLite autoincrements INTEGER only
metadata = MetaData()

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # normalize_address(address)
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("fields", Text, nullable=False),  # JSON, "" for none
    Column("state", Text, nullable=False),
    Column("language", Text, nullable=False),
    # The filter is part of the row: no query asks for the followers of a tag.
    Column("everything", Boolean, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, "" for none
    Column("authors", Text, nullable=False),  # JSON, "" for none
    Column("cadence", Text, nullable=False),
    Column("soft_bounces", Integer, nullable=False),  # consecutive; see `storage.subscribers`
    Column("changed", UtcDateTime, nullable=False),
    Column("consent_at", UtcDateTime, nullable=False),
    Column("consent_how", Text, nullable=False),
    Column("consent_source", Text, nullable=False),
    Column("soft_bounced", UtcDateTime),  # when the last soft bounce counted came
    Column("waited", UtcDateTime),  # when they last left a delayed cadence
    Index("subscriber_state", "state", "id"),
    sqlite_autoincrement=True,  # never reuse an id: tokens contain it
)

forgotten = Table(
    "forgotten",
    metadata,
    Column("hash", LargeBinary, primary_key=True),  # HMAC-SHA256 of the canonical address
    Column("salt", LargeBinary, nullable=False, index=True),  # HMAC key
)

issue = Table(
    "issue",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("slot", UtcDateTime, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("ended", UtcDateTime),
    Column("state", Text, nullable=False),
    Column("posts", Text, nullable=False),  # JSON
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("intro", Text, nullable=False, server_default=""),  # safe HTML
    # The digest's name when the issue was planned, if it has been renamed since: Message-IDs,
    # List-Ids and addresses are derived from it. Then its title at that time, "" for none.
    Column("named", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False, server_default=""),
    UniqueConstraint("digest", "slot", name="issue_slot"),
    sqlite_autoincrement=True,
)

ledger = Table(
    "ledger",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("post", Text, primary_key=True),
    Column("issue", BIG_INTEGER, ForeignKey("issue.id"), nullable=False),
)

# Seen posts by their current place, with the id under which the ledger has them.
known = Table(
    "known",
    metadata,
    Column("place", Text, primary_key=True),  # the part of the id that does not depend on the host
    Column("name", Text, nullable=False),
    Column("mark", Text, nullable=False),  # hash of title and date
    # Hashes; see `SeenPost`.
    Column("title", Text, nullable=False, server_default=""),
    Column("date", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False, server_default=""),
    Column("gone", UtcDateTime),  # when the file was first found missing; NULL while it exists
)

look = Table(
    "look",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),  # when it last looked for new posts
)

waiting = Table(
    "waiting",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("post", Text, primary_key=True),
)

selection = Table(
    "selection",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("issue", BIG_INTEGER, ForeignKey("issue.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # zlib of JSON
    UniqueConstraint("issue", "key", name="selection_key"),
)

selected = Table(
    "selected",
    metadata,
    Column("selection", BIG_INTEGER, ForeignKey("selection.id"), primary_key=True),
    Column("post", Text, primary_key=True),
    Index("selected_post", "post"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("issue", BIG_INTEGER, ForeignKey("issue.id"), nullable=False),
    # No foreign key: deliveries outlive a removed subscriber, or the totals would change.
    Column("subscriber", BIG_INTEGER, nullable=False),
    Column("selection", BIG_INTEGER, ForeignKey("selection.id"), nullable=False),
    Column("state", Text, nullable=False),
    # When it may be claimed: now, at the next attempt, or when the lease of its worker ends.
    # NULL once it is in doubt or settled.
    Column("next_at", UtcDateTime),
    Column("worker", Text, nullable=False),  # holder of the claim or of the doubt; "" once settled
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),  # how often it was marked in doubt
    Column("at", UtcDateTime, nullable=False),  # when the state last changed
    Column("code", Integer, nullable=False),
    Column("status", Text, nullable=False),  # enhanced status code, or the reason it was suppressed
    Column("text", Text, nullable=False),
    Column("relay", Text, nullable=False),
    UniqueConstraint("issue", "subscriber", name="delivery_reader"),
    Index("delivery_selection", "selection"),
)
Index(
    "delivery_due",
    delivery.c.issue,
    delivery.c.next_at,
    delivery.c.id,
    sqlite_where=delivery.c.next_at.is_not(None),
    postgresql_where=delivery.c.next_at.is_not(None),
)

# Refusals because of the sender. No foreign key: the counts outlive a removed subscriber.
refusal = Table(
    "refusal",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("subscriber", BigInteger, nullable=False),
    Column("domain", Text, nullable=False),  # of the recipient whose server refused
    Column("text", Text, nullable=False),  # the server's reply, without addresses
    Index("refusal_at", "at"),
)

# Distinguishes this database from a restored backup of it; see `storage.restore_check`.
identity = Table(
    "identity",
    metadata,
    Column("nonce", Text, primary_key=True),  # shared only by this database and its copies; one row
    Column("log", Text, nullable=False),  # header of the departure log last read
    Column("departures", BigInteger, nullable=False),  # and how many bytes of it
)

# The highest id counts how often messages were released to a server. Rows instead of a counter,
# so that several processes can add theirs without waiting for each other.
sent_batch = Table(
    "sent_batch",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# Relays suspended until a time, because they accept no more mail for now.
relay = Table(
    "relay",
    metadata,
    Column("name", Text, primary_key=True),  # as shown in messages
    Column("until", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),  # the relay's reply
)

# Outgoing webhooks and hub pings. Completed ones stay for a while where none may be repeated.
ping = Table(
    "ping",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime),  # NULL once completed
    Column("at", UtcDateTime, nullable=False),  # when it was last enqueued, tried or completed
    Column("text", Text, nullable=False),  # the last response
    UniqueConstraint("kind", "target", "topic", name="ping_once"),
    Index("ping_due", "next_at", "id"),
    sqlite_autoincrement=True,
)

# Feed requests by day and user agent; no data about people.
visit = Table(
    "visit",
    metadata,
    Column("day", Text, primary_key=True),  # 2025-01-30, in UTC
    Column("feed", Text, primary_key=True),  # path below the site's URL
    Column("agent", Text, primary_key=True),  # product name only
    Column("readers", Integer, nullable=False),  # as the agent reports; 0 if it does not
    Column("requests", Integer, nullable=False),
)

headcount = Table(
    "headcount",
    metadata,
    Column("day", Text, primary_key=True),  # 2025-01-30, in UTC
    Column("state", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)

signup = Table(
    "signup",
    metadata,
    # The hash identifies a request after its address has been erased.
    Column("mark", LargeBinary, primary_key=True),  # HMAC-SHA256 of the canonical address
    Column("address", Text, nullable=False),  # "" once the request is closed
    Column("everything", Boolean, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, "" for none
    Column("authors", Text, nullable=False),  # JSON, "" for none
    Column("cadence", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("network", LargeBinary, nullable=False),  # hash with a salt that is not stored
    Column("asked", UtcDateTime, nullable=False),
    Column("due", UtcDateTime),  # when a confirmation may be sent; NULL if none is due
    Column("worker", Text),  # holder of the claim until `due`; NULL if unclaimed
    Column("sent", UtcDateTime),  # when the last one was sent; NULL if none was
    Column("mails", Integer, nullable=False),  # sent since the last confirmation
    Column("mailbox", LargeBinary),  # HMAC of the mailbox, shared by its aliases
    Column("domain", LargeBinary),  # HMAC of the domain, b"" for a public provider's
    Index("signup_mailbox", "mailbox"),
    Index("signup_domain", "domain", "asked"),
    Index("signup_network", "network", "asked"),
    Index("signup_sent", "sent"),
    Index("signup_asked", "asked"),
)
Index(
    "signup_due",
    signup.c.due,
    sqlite_where=signup.c.due.is_not(None),
    postgresql_where=signup.c.due.is_not(None),
)


def insert(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT of the database's dialect, which supports ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def build_in_clause(column: Column[int], name: str) -> ColumnElement[bool]:
    """Return the condition that a column is in a list bound under a name."""
    return column.in_(bindparam(name, expanding=True, type_=BIG_INTEGER))


def get_columns(table: Table, names: Sequence[str]) -> list[Column[object]]:
    """Return the columns with these names."""
    return [table.c[name] for name in names]
