"""Parse the URL of a database, and talk about it without its passwords."""

import re
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from feedpub.store.errors import StoreError

DEFAULT_FILE = "newsletter.sqlite"

_KNOWN = (
    'it knows SQLite ("sqlite:///news.sqlite") and PostgreSQL ("postgresql://user@host/name", '
    "the password in PGPASSWORD or percent-encoded after the user)"
)
_POSTGRESQL = frozenset(("postgres", "postgresql", "postgresql+psycopg"))
_CONFIG_KEY = "subscribers.database"


def is_sqlite(url: URL) -> bool:
    """Tell whether a database is a file of SQLite."""
    return url.get_backend_name() == "sqlite"


def parse_database_url(url: str, folder: Path) -> URL:
    """Return what a URL means: a file in the folder where it is empty or relative.

    Raises:
        StoreError: It is no URL, or is of another kind of database. What is wrong is said without
            the URL, of which nobody knows where a password stands in it.
    """
    try:
        parsed = make_url(url) if url else URL.create("sqlite", database=DEFAULT_FILE)
    except (ArgumentError, ValueError):
        raise StoreError(f"{_CONFIG_KEY} is not the URL of a database: {_KNOWN}") from None
    name = parsed.drivername.partition("+")[0]
    if name == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise StoreError(f'{_CONFIG_KEY} names no file; "sqlite:///news.sqlite" does')
        return parsed.set(drivername="sqlite", database=str(folder / str(parsed.database)))
    if parsed.drivername not in _POSTGRESQL:
        shown = parsed.drivername if re.fullmatch(r"[a-z0-9+_]{1,40}", parsed.drivername) else ""
        raise StoreError(f'{_CONFIG_KEY}: "{shown}://" is of no kind that feedpub knows: {_KNOWN}')
    if any("@" in (part or "") for part in (parsed.host, parsed.database)):
        raise StoreError(
            f'{_CONFIG_KEY} has an "@" too many: write %40 for one in a password, or set PGPASSWORD'
        )
    return parsed.set(drivername="postgresql+psycopg")


def describe_url(url: URL) -> str:
    """Return what tells one database from another, and no secret: neither password nor options."""
    if is_sqlite(url):
        return str(url.database or "")
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return shown.render_as_string()


def redact_passwords(text: str, url: URL) -> str:
    """Return what a driver says without the passwords of a URL, in one line."""
    values = [url.password or ""]
    for value in url.query.values():
        values += [value] if isinstance(value, str) else list(value)
    text = " ".join(text.split())
    for secret in sorted({each for each in values if each}, key=len, reverse=True):
        for form in {secret, quote(secret, safe=""), quote_plus(secret)}:
            # Where it stands by itself: a short one is part of many words.
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", "***", text)
    return text
