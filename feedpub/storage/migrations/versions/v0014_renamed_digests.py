"""Store the name and title of a digest when an issue was planned."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns; "" is what it is called now."""
    op.add_column("issue", sa.Column("named", sa.Text, nullable=False, server_default=""))
    op.add_column("issue", sa.Column("title", sa.Text, nullable=False, server_default=""))
