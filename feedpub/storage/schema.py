"""The tables, as this version of feedpub knows them.

To change them, change them here and add a revision to `migrations/versions`; a test holds one
against the other.
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
"""The newest revision in `migrations/versions`: what a database must have to be used."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time ⇄ microseconds since 1970 in UTC: exact, and compared alike everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Give the microseconds."""
        del dialect
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Give the time, in UTC."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


BIG_INTEGER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER only
metadata = MetaData()

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # roster.canonical(address)
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("fields", Text, nullable=False),  # JSON, "" for none
    Column("state", Text, nullable=False),
    Column("language", Text, nullable=False),
    # What is followed lies in the row: nothing asks the database who follows a tag.
    Column("everything", Boolean, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, "" for none
    Column("authors", Text, nullable=False),  # JSON, "" for none
    Column("cadence", Text, nullable=False),
    Column("soft_bounces", Integer, nullable=False),  # in a row; see `bouncing`
    Column("changed", UtcDateTime, nullable=False),
    Column("consent_at", UtcDateTime, nullable=False),
    Column("consent_how", Text, nullable=False),
    Column("consent_source", Text, nullable=False),
    Column("soft_bounced", UtcDateTime),  # when the last of the soft bounces came
    Column(
        "waited", UtcDateTime
    ),  # when they last came to want mail as it goes out, and had not before
    Index("subscriber_state", "state", "id"),
    sqlite_autoincrement=True,  # a token of somebody forgotten must never mean another person
)

forgotten = Table(
    "forgotten",
    metadata,
    Column("hash", LargeBinary, primary_key=True),  # HMAC-SHA256 of the canonical address
    Column("salt", LargeBinary, nullable=False, index=True),  # its key
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
    # What the digest was called when it was planned, where it has another name now: Message-IDs,
    # List-Ids and addresses are made of it. And its title then, "" where it had none.
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

# Posts under the names that the ledger calls them by, wherever their files are now.
known = Table(
    "known",
    metadata,
    Column("place", Text, primary_key=True),  # what stays of an id when the site has another host
    Column("name", Text, nullable=False),
    Column("mark", Text, nullable=False),  # hash of title and date
    Column("title", Text, nullable=False, server_default=""),  # hashes; see `mailing.Known`
    Column("date", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False, server_default=""),
    Column("gone", UtcDateTime),  # when the file was first missed; NULL while it is there
)

look = Table(
    "look",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),  # when it last looked for what is new
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
    # No foreign key: whoever is forgotten leaves the number behind, or the sum would not hold.
    Column("subscriber", BIG_INTEGER, nullable=False),
    Column("selection", BIG_INTEGER, ForeignKey("selection.id"), nullable=False),
    Column("state", Text, nullable=False),
    # When it may be claimed: at once, at the next attempt, or when the lease of a worker ends.
    # NULL once it is in doubt or has ended, and so never again.
    Column("next_at", UtcDateTime),
    Column("worker", Text, nullable=False),  # who has it, or had it when it came into doubt
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),  # how often the final dot went out
    Column("at", UtcDateTime, nullable=False),  # when the state last changed
    Column("code", Integer, nullable=False),
    Column("status", Text, nullable=False),  # enhanced status code, or why it was suppressed
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

# What servers refused because of the sender. No foreign key: who is removed changes no figure.
refusal = Table(
    "refusal",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("subscriber", BigInteger, nullable=False),
    Column("domain", Text, nullable=False),  # whose server refused
    Column("text", Text, nullable=False),  # its words, without addresses
    Index("refusal_at", "at"),
)

# What tells this database from one that was restored from a backup of it; see `store.restored`.
identity = Table(
    "identity",
    metadata,
    Column("nonce", Text, primary_key=True),  # of this database and its copies alone; one row
    Column("log", Text, nullable=False),  # which log of departures it has read last, and …
    Column("departures", BigInteger, nullable=False),  # … how many octets of it
)

# The newest is how many times messages were released to a server. Rows and no counter: several
# processes add theirs without waiting for each other.
sent_batch = Table(
    "sent_batch",
    metadata,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# Relays that take no more for now, and are not used until a time.
relay = Table(
    "relay",
    metadata,
    Column("name", Text, primary_key=True),  # as messages to people call it
    Column("until", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),  # the relay's words
)

# What is to be told to others. What is done stays for a while where it must not be told twice.
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
    Column("next_at", UtcDateTime),  # NULL once it is done
    Column("at", UtcDateTime, nullable=False),  # when it was last asked for, tried or done
    Column("text", Text, nullable=False),  # what the last answer said
    UniqueConstraint("kind", "target", "topic", name="ping_once"),
    Index("ping_due", "next_at", "id"),
    sqlite_autoincrement=True,
)

# Who reads the feeds, day by day: programs and not people.
visit = Table(
    "visit",
    metadata,
    Column("day", Text, primary_key=True),  # 2025-01-30, in UTC
    Column("feed", Text, primary_key=True),  # path below the site's address
    Column("agent", Text, primary_key=True),  # what the program is called, and no more
    Column("readers", Integer, nullable=False),  # as it says itself; 0 where it says nothing
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
    # A request is known again by its hash when the address itself is not kept any more.
    Column("mark", LargeBinary, primary_key=True),  # HMAC-SHA256 of the canonical address
    Column("address", Text, nullable=False),  # "" once nothing can come of it
    Column("everything", Boolean, nullable=False),
    Column("tags", Text, nullable=False),  # JSON, "" for none
    Column("authors", Text, nullable=False),  # JSON, "" for none
    Column("cadence", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("network", LargeBinary, nullable=False),  # a hash whose salt nobody keeps
    Column("asked", UtcDateTime, nullable=False),
    Column("due", UtcDateTime),  # when a mail may be sent; NULL where none is to be
    Column("worker", Text),  # whose it is to send it, until `due`; NULL where it is nobody's
    Column("sent", UtcDateTime),  # when the last one was; NULL where none was
    Column("mails", Integer, nullable=False),  # since it was confirmed last
    Column("mailbox", LargeBinary),  # like `mark`, of what all addresses of a mailbox have alike
    Column("domain", LargeBinary),  # likewise of the domain, b"" for a public provider's
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
    """Give an INSERT that can say what to do where the row is there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def build_in_clause(column: Column[int], name: str) -> ColumnElement[bool]:
    """Tell rows whose number is among those handed over under a name."""
    return column.in_(bindparam(name, expanding=True, type_=BIG_INTEGER))


def get_columns(table: Table, names: Sequence[str]) -> list[Column[object]]:
    """Give the columns of these names."""
    return [table.c[name] for name in names]
