"""Add issues, the ledger, variants and deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _issues()
    _selections()
    _deliveries()


def _issues() -> None:
    op.create_table(
        "issue",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("posts", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("digest", "slot", name="issue_slot"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ledger",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("post", sa.Text, primary_key=True),
        sa.Column("issue", _NUMBER, sa.ForeignKey("issue.id"), nullable=False),
    )


def _selections() -> None:
    op.create_table(
        "selection",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("issue", _NUMBER, sa.ForeignKey("issue.id"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("issue", "key", name="selection_key"),
    )
    op.create_table(
        "selected",
        sa.Column("selection", _NUMBER, sa.ForeignKey("selection.id"), primary_key=True),
        sa.Column("post", sa.Text, primary_key=True),
    )
    op.create_index("selected_post", "selected", ["post"])


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("issue", _NUMBER, sa.ForeignKey("issue.id"), nullable=False),
        sa.Column("subscriber", _NUMBER, nullable=False),
        sa.Column("selection", _NUMBER, sa.ForeignKey("selection.id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_at", sa.BigInteger),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("doubts", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("relay", sa.Text, nullable=False),
        sa.UniqueConstraint("issue", "subscriber", name="delivery_reader"),
    )
    op.create_index("delivery_selection", "delivery", ["selection"])
    op.create_index(
        "delivery_due",
        "delivery",
        ["issue", "next_at", "id"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
