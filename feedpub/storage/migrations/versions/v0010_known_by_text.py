"""Recognise posts by their text too, not only by title and date."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; they are filled when the posts are next read."""
    for name in ("title", "date", "text", "body"):
        op.add_column("known", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("known", sa.Column("gone", sa.BigInteger))
