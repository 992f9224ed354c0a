"""Count sign-up requests by mailbox and domain too."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns; requests of before are counted by their address alone."""
    op.add_column("signup", sa.Column("mailbox", sa.LargeBinary))
    op.add_column("signup", sa.Column("domain", sa.LargeBinary))
    op.create_index("signup_mailbox", "signup", ["mailbox"])
    op.create_index("signup_domain", "signup", ["domain", "asked"])
