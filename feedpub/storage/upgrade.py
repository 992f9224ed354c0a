"""Migrate a database of any older version to the current schema, without losing data.

`open_store` calls `upgrade`; a database of a newer version is refused.
"""

from importlib.resources import as_file, files

from sqlalchemy import Connection, inspect, text

from feedpub.storage.database import Database, acquire_advisory_lock
from feedpub.storage.errors import StoreError
from feedpub.storage.schema import HEAD


def upgrade(database: Database, head: str = HEAD) -> None:
    """Migrate a database to a revision, by default the newest, in one transaction.

    Safe to call from several processes at once: one migrates, the others wait. If there is nothing
    to do, nothing is written and Alembic is not imported.

    Raises:
        StoreError: A newer feedpub wrote the database, or it is unusable.
        StoreUnavailable: It is down or locked for now.
    """
    with database.begin_read() as connection:
        if _revision(connection) == head:
            return
    with database.begin_write() as connection:
        acquire_advisory_lock(connection, "upgrade")
        _upgrade(connection, database.display_name, head)


def has_schema(database: Database) -> bool:
    """Return whether a database contains the tables of any version of feedpub.

    Raises StoreError and StoreUnavailable, as `upgrade` does.
    """
    with database.begin_read() as connection:
        return bool(_revision(connection))


def _revision(connection: Connection) -> str:
    """Return the revision of a database; "" if it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _upgrade(connection: Connection, place: str, head: str) -> None:
    from alembic import command  # noqa: PLC0415 - importing takes 0.1 s, and is rarely needed
    from alembic.config import Config  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    with as_file(files("feedpub.storage") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        known = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
        revision = _revision(connection)
        if revision and revision not in known:
            raise StoreError(
                f"{place}: the database was written by a newer feedpub (schema {revision}; this "
                f"version supports up to {HEAD}); install that version or a newer one"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, head)
