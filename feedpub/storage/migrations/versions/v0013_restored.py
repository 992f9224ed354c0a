"""Add what distinguishes a database from a restored backup of it."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and give the database a name of its own."""
    identity = op.create_table(
        "identity",
        sa.Column("nonce", sa.Text, primary_key=True),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("departures", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(identity, [{"nonce": secrets.token_hex(12), "log": "", "departures": 0}])
    op.create_table(
        "sent_batch",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
