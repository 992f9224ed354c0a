"""A database of any age → one of this version, every row kept; or a refusal."""

from importlib.resources import as_file, files

from sqlalchemy import Connection, inspect, text

from feedpub.storage.database import Database, acquire_advisory_lock
from feedpub.storage.errors import StoreError
from feedpub.storage.schema import HEAD


def upgrade(database: Database, head: str = HEAD) -> None:
    """Bring a database to a revision, the newest unless told, in one transaction.

    Several processes may do so at once: one does it, the others wait. Nothing is written, and
    Alembic is not imported, where there is nothing to do.

    Raises:
        StoreError: A newer feedpub wrote it, or it cannot be used.
        StoreUnavailable: It is away or locked for now.
    """
    with database.begin_read() as connection:
        if _revision(connection) == head:
            return
    with database.begin_write() as connection:
        acquire_advisory_lock(connection, "upgrade")
        _upgrade(connection, database.display_name, head)


def has_schema(database: Database) -> bool:
    """Tell whether a database has tables of feedpub's, of whatever version.

    Raises StoreError and StoreUnavailable, as `upgrade` does.
    """
    with database.begin_read() as connection:
        return bool(_revision(connection))


def _revision(connection: Connection) -> str:
    """Give the revision a database has; "" where it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _upgrade(connection: Connection, place: str, head: str) -> None:
    from alembic import command  # noqa: PLC0415 - takes 0.1 s, and is seldom needed
    from alembic.config import Config  # noqa: PLC0415 - likewise
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - likewise

    with as_file(files("feedpub.storage") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        known = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
        revision = _revision(connection)
        if revision and revision not in known:
            raise StoreError(
                f"{place}: a newer feedpub wrote this database (its schema is {revision}, and this "
                f"feedpub knows it up to {HEAD}); install that feedpub, or a newer one"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, head)
