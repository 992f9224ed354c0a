"""Add sign-up requests."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "signup",
        sa.Column("mark", sa.LargeBinary, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("everything", sa.Boolean, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("cadence", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("network", sa.LargeBinary, nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger),
        sa.Column("sent", sa.BigInteger),
        sa.Column("mails", sa.Integer, nullable=False),
    )
    op.create_index("signup_network", "signup", ["network", "asked"])
    op.create_index("signup_sent", "signup", ["sent"])
    op.create_index("signup_asked", "signup", ["asked"])
    op.create_index(
        "signup_due",
        "signup",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
