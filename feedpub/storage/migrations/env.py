"""Alembic environment: `storage.upgrade` runs the revisions on the connection it passes in."""

from alembic import context

# SQLite can roll back DDL, as PostgreSQL can; Alembic assumes by default that it cannot.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
