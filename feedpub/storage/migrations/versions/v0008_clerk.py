"""Record which worker holds a sign-up request."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column("signup", sa.Column("worker", sa.Text))
