"""Store the introduction of an issue, for its page."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; issues from before have none."""
    op.add_column("issue", sa.Column("intro", sa.Text, nullable=False, server_default=""))
