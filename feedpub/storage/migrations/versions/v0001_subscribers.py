"""Add subscribers, and the hashes of erased addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "subscriber",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("everything", sa.Boolean, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("cadence", sa.Text, nullable=False),
        sa.Column("soft_bounces", sa.Integer, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("consent_at", sa.BigInteger, nullable=False),
        sa.Column("consent_how", sa.Text, nullable=False),
        sa.Column("consent_source", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("subscriber_state", "subscriber", ["state", "id"])
    op.create_table(
        "forgotten",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_forgotten_salt", "forgotten", ["salt"])
