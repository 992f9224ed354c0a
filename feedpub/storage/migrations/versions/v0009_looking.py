"""Add seen posts, and what each digest found when it last looked."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "known",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
    )
    op.create_table(
        "look",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "waiting",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("post", sa.Text, primary_key=True),
    )
