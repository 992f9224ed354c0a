"""Record when the last soft bounce of a subscriber came."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; of bounces from before nobody knows when they came."""
    op.add_column("subscriber", sa.Column("soft_bounced", sa.BigInteger))
