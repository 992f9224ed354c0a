"""What Alembic runs for `feedpub.storage.upgrade`: the revisions, on the connection it is given."""

from alembic import context

# SQLite can undo a CREATE TABLE like PostgreSQL; Alembic leaves that to whoever knows.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
