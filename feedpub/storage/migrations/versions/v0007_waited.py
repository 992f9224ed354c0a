"""Record when a subscriber left a delayed cadence."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("subscriber", sa.Column("waited", sa.BigInteger))
